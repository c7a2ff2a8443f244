"""`gitmig init`: from models to a working project, and nothing of the user's overwritten (D1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import BIN, MODELS, Project, at_terminal, clean_environment, column

MIGRATIONS = {"migrations/README", "migrations/env.py", "migrations/script.py.mako"}
WRITTEN = {
    ".github/workflows/gitmig.yml", ".gitignore", "alembic.ini", "gitmig.toml", *MIGRATIONS
}  # fmt: skip


@pytest.fixture
def fresh(tmp_path: Path, home: Path) -> Project:
    """Return an empty directory, no repository yet."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    return Project(folder, clean_environment(home))


def test_the_whole_way(fresh: Project) -> None:
    """From an empty directory with models to upgrade, downgrade, history and current (D1)."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    result = fresh.gitmig("init")
    assert "migrations/env.py: target_metadata is Base.metadata of models.py" in result.stdout
    assert "next: git add -A && git commit" in result.stdout
    fresh.git("add", "-A")
    fresh.git("commit", "-qm", "users")
    assert fresh.files_in() - {"models.py"} >= WRITTEN
    (first,) = fresh.new_revisions()
    assert fresh.status() == ""
    fresh.append("models.py", column("email"))
    fresh.git("commit", "-qam", "email")
    (second,) = fresh.new_revisions()
    fresh.gitmig("upgrade")
    assert fresh.tables()["users"] == ["id", "name", "email"]
    assert "(head), add users.email" in fresh.gitmig("history").stdout
    fresh.gitmig("downgrade", "-1")
    assert fresh.tables()["users"] == ["id", "name"]
    assert fresh.gitmig("current").stdout.strip() in Path(first).name
    fresh.gitmig("upgrade")
    assert "(head)" in fresh.gitmig("current").stdout
    fresh.gitmig("check")
    assert fresh.status() == ""  # the database is ignored
    assert second != first


def test_src_layout(fresh: Project) -> None:
    """With the models below src, env.py imports them from there (D1, E12)."""
    fresh.write("src/shop/__init__.py", "")
    fresh.write("src/shop/db.py", MODELS.partition("\n\nclass")[0])
    user = "\n\nclass User" + MODELS.partition("\n\nclass User")[2]
    imports = "from sqlalchemy import Column, Integer, String\n\nfrom shop.db import Base\n"
    fresh.write("src/shop/users.py", imports + user)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init")
    env = fresh.read("migrations/env.py")
    assert "import shop.users" in env and "from shop.db import Base" in env
    fresh.git("add", "-A")
    fresh.git("commit", "-qm", "users")
    assert len(fresh.new_revisions()) == 1
    fresh.gitmig("upgrade")
    assert "users" in fresh.tables()


def test_async_template(fresh: Project) -> None:
    """Any of Alembic's templates can be asked for, and any database (E1)."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init", "--template", "async", "--url", "sqlite+aiosqlite:///my%20data.db")
    assert "async_engine_from_config" in fresh.read("migrations/env.py")
    fresh.git("add", "-A")
    fresh.git("commit", "-qm", "users")
    assert len(fresh.new_revisions()) == 1
    assert "gitmig: database sqlite+aiosqlite:///" in fresh.gitmig("upgrade").stderr


def test_unknown_template(fresh: Project) -> None:
    """A template that Alembic has not is refused in Alembic's words, and nothing is written."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    result = fresh.gitmig("init", "--template", "nonsense", code=2)
    assert result.stderr.startswith("gitmig: Alembic says: No such template")
    hint = result.stderr.splitlines()[1]
    assert "generic" in fresh.run(*hint.split("`")[1].split()).stdout
    assert fresh.status() == "?? models.py\n"


def test_folder(fresh: Project) -> None:
    """--folder names the folder of env.py and the revisions."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init", "--folder", "db/schema", "--no-hooks")
    assert (fresh.path / "db/schema/env.py").exists()
    assert not (fresh.path / ".git/hooks/pre-commit").exists()
    fresh.git("add", "-A")
    fresh.gitmig("autogenerate")
    assert "A  db/schema/versions/" in fresh.status()


@pytest.mark.parametrize("folder", ["/absent/up", "../up", "a/../../up", ".git/up", "link/up", ""])
def test_folder_outside(fresh: Project, folder: str) -> None:
    """A folder that is absolute, leads out of the project or into git's own is refused."""
    fresh.git("init", "-q", "-b", "main")
    (fresh.path / "link").symlink_to(fresh.path.parent)
    before = fresh.status()
    folder = folder or str(fresh.path / "migrations")
    result = fresh.gitmig("init", "--folder", folder, code=2)
    assert f"gitmig: --folder {folder} is not a folder of this project" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert fresh.status() == before
    assert not list(fresh.path.parent.rglob("up"))


def test_hidden_folder(fresh: Project) -> None:
    """A folder whose name begins with a dot gets its files as any other."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init", "--folder", "db/../.schema/")
    assert (fresh.path / ".schema/env.py").exists() and not (fresh.path / "db").exists()
    fresh.git("add", "-A")
    fresh.gitmig("autogenerate")
    assert "A  .schema/versions/" in fresh.status()


def test_below_the_top(fresh: Project) -> None:
    """In a folder of a repository the environment is laid out there, for the models there."""
    fresh.write("models.py", "nothing = None\n")
    fresh.write("svc/models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init", cwd="svc")
    assert (fresh.path / "svc/alembic.ini").exists()
    assert not (fresh.path / "alembic.ini").exists()
    fresh.git("add", "-A")
    fresh.git("commit", "-qm", "users")
    (path,) = fresh.new_revisions()
    assert path.startswith("svc/migrations/versions/")
    fresh.gitmig("upgrade")
    assert (fresh.path / "svc/app.db").exists() and fresh.status() == ""


def test_existing_environment(unwired: Project) -> None:
    """An env.py without metadata is given it with --yes, and only that is changed in it."""
    before = unwired.read("migrations/env.py")
    unwired.gitmig("init", "--yes")
    changed = unwired.read("migrations/env.py")
    assert "from models import Base\n" in changed
    lines = [line for line in changed.splitlines() if line and line not in before.splitlines()]
    assert lines == ["from models import Base", "target_metadata = Base.metadata"]
    assert unwired.git("diff", "--name-only").stdout == "migrations/env.py\n"
    unwired.git("add", "-A")
    unwired.gitmig("check")


def test_existing_file_is_asked_for(unwired: Project) -> None:
    """Without --yes each change of a file that exists is asked for; "no" leaves it alone."""
    shown = at_terminal(unwired, "n\n", str(BIN / "gitmig"), "init")
    assert "change migrations/env.py?" in shown and "next: git add -A" in shown
    assert unwired.git("diff", "--name-only").stdout == ""
    at_terminal(unwired, "y\n", str(BIN / "gitmig"), "init")
    assert unwired.git("diff", "--name-only").stdout == "migrations/env.py\n"


def test_nobody_to_ask(unwired: Project) -> None:
    """With no terminal nothing is asked or written at all, and --yes is named."""
    before = unwired.status()
    result = unwired.gitmig("init", code=2)
    assert result.stdout == ""
    assert "migrations/env.py would be changed" in result.stderr
    assert "gitmig init --yes" in result.stderr
    assert unwired.status() == before


@pytest.mark.parametrize("path", ["alembic.ini", "migrations/env.py"])
def test_file_in_the_way(fresh: Project, path: str) -> None:
    """A file that stands where one would be written is named, and nothing is written."""
    fresh.write("models.py", MODELS)
    fresh.write(path, "# mine\n")
    fresh.git("init", "-q", "-b", "main")
    before = fresh.status()
    result = fresh.gitmig("init", "--yes", code=2)
    assert path.split("/")[0] in result.stderr
    assert fresh.read(path) == "# mine\n" and fresh.status() == before


def test_other_files_are_kept(fresh: Project) -> None:
    """A .gitignore is added to where that is agreed; settings and workflow are left alone."""
    fresh.write("models.py", MODELS)
    own = {"gitmig.toml": 'base = "trunk"\n', ".github/workflows/gitmig.yml": "name: mine\n"}
    for path, text in own.items():
        fresh.write(path, text)
    fresh.write(".gitignore", "*.log")
    fresh.git("init", "-q", "-b", "main")
    fresh.git("add", "-A")
    fresh.gitmig("init", "--yes")
    assert {path: fresh.read(path) for path in own} == own
    assert fresh.read(".gitignore") == "*.log\n/app.db\n"


@pytest.mark.parametrize("answer", [(), ("migrations/env.py",)], ids=["as it was", "edited"])
def test_again_before_git_add(fresh: Project, answer: tuple[str, ...]) -> None:
    """A second run before `git add` works; with files edited meanwhile it says what to type."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init", "--no-hooks")
    before = fresh.status()
    for path in answer:
        fresh.append(path, "# edited\n")
    result = fresh.gitmig("init", code=2 if answer else 0)
    assert fresh.status() == before
    if answer:
        assert "migrations/env.py exists but git does not track it" in result.stderr
        fresh.run("/bin/sh", "-c", result.stderr.split("`")[1])
        fresh.gitmig("init")
        assert "# edited\n" in fresh.read("migrations/env.py")
    assert (fresh.path / ".git/hooks/pre-commit").exists()
    fresh.git("add", "-A")
    fresh.gitmig("autogenerate")


def test_twice(fresh: Project) -> None:
    """A second run changes nothing."""
    fresh.write("models.py", MODELS)
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init")
    fresh.commit_all()
    fresh.gitmig("init")
    assert fresh.status() == ""
    hook = (fresh.path / ".git/hooks/pre-commit").read_text()
    fresh.gitmig("init")
    assert (fresh.path / ".git/hooks/pre-commit").read_text() == hook


def test_no_models(fresh: Project) -> None:
    """Without models it says what is left to do by hand."""
    fresh.git("init", "-q", "-b", "main")
    result = fresh.gitmig("init")
    assert "no models were found: set target_metadata there by hand" in result.stdout
    assert "target_metadata = None" in fresh.read("migrations/env.py")


def test_metadata_of_tables(fresh: Project) -> None:
    """A bare MetaData with tables is found as well as a declarative base."""
    fresh.write(
        "tables.py",
        "from sqlalchemy import Column, Integer, MetaData, Table\n\nmetadata = MetaData()\n"
        'users = Table("users", metadata, Column("id", Integer, primary_key=True))\n',
    )
    fresh.git("init", "-q", "-b", "main")
    fresh.gitmig("init")
    fresh.git("add", "-A")
    fresh.git("commit", "-qm", "users")
    assert len(fresh.new_revisions()) == 1
