"""Repositories that are not as one expects: nothing of the user's is lost, and no nonsense made."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest
from support import BIN, Project, column

EMAIL = column("email")


def test_a_submodule_keeps_its_work(hooked: Project, tmp_path: Path) -> None:
    """A submodule with work of its own is not touched, also where git recurses by itself."""
    library = Project(tmp_path / "library", hooked.env)
    library.path.mkdir()
    library.git("init", "-q", "-b", "main")
    library.write("lib.txt", "one\n")
    library.commit_all()
    hooked.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "lib"
    )
    hooked.commit_all("with a submodule")
    hooked.git("config", "submodule.recurse", "true")
    inside = Project(hooked.path / "lib", hooked.env)
    inside.git("switch", "-q", "-c", "mine")
    inside.write("work.txt", "mine\n")
    inside.git("add", "work.txt")
    hooked.append("models.py", EMAIL)
    hooked.write("scratch.py", "")  # so that a private copy is used
    hooked.git("commit", "-q", "-m", "email", "models.py")
    assert len(hooked.new_revisions()) == 1
    assert inside.git("branch", "--show-current").stdout == "mine\n"
    assert inside.status() == "A  work.txt\n"


def test_a_file_that_git_does_not_look_at(hooked: Project) -> None:
    """What is marked --skip-worktree counts as it is staged, whatever the work tree says (C3)."""
    hooked.git("update-index", "--skip-worktree", "models.py")
    hooked.append("models.py", EMAIL)
    hooked.write("other.py", "")
    hooked.git("add", "other.py")
    hooked.git("commit", "-q", "-m", "other")
    assert hooked.files_in() == {"other.py"}


def test_a_sparse_checkout_without_the_revisions(hooked: Project) -> None:
    """A revision is staged also where a sparse checkout leaves its folder out."""
    hooked.git("status")  # the index knows the files as they are
    hooked.git("sparse-checkout", "set", "--no-cone", "/*", "!/migrations/versions")
    assert hooked.git("ls-files", "-v", "migrations/versions").stdout.startswith("S ")
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email")
    assert len(hooked.new_revisions()) == 1 and "models.py" in hooked.files_in()


def test_data_that_a_revision_reads(hooked: Project) -> None:
    """An unstaged change of a file that a revision reads does not decide (C3)."""
    hooked.write("seed.sql", "CREATE TABLE seeds (id INTEGER NOT NULL PRIMARY KEY)")
    hooked.revision(
        "seed00000000", "base00000000", 'op.execute(open("seed.sql").read())',
        'op.drop_table("seeds")',
    )  # fmt: skip
    hooked.append("models.py", "\n\nclass Seed(Base):\n    __tablename__ = 'seeds'\n")
    hooked.append("models.py", "    id = Column(Integer, primary_key=True)\n")
    hooked.commit_all("seeds")
    hooked.write("seed.sql", "CREATE TABLE other (id INTEGER)")
    hooked.gitmig("check")


def test_models_made_from_data(hooked: Project) -> None:
    """A model that is computed from a JSON file changes with that file."""
    hooked.write("columns.json", '["a"]')
    hooked.append(
        "models.py",
        "\n    import json as _json\n"
        "    for _name in _json.load(open('columns.json')):\n"
        "        locals()[_name] = Column(String(9))\n",
    )
    hooked.git("add", "-A")
    hooked.git("commit", "-q", "-m", "from data")
    assert "users.a" in hooked.read(hooked.new_revisions()[0])
    hooked.write("columns.json", '["a", "b"]')
    hooked.git("commit", "-q", "-a", "-m", "more data")
    assert "add users.b" in hooked.read(hooked.new_revisions()[0])


def test_two_at_once(hooked: Project) -> None:
    """Two runs in one work tree write one revision (R3)."""
    hooked.append("models.py", EMAIL)
    hooked.git("add", "-A")
    command = [str(BIN / "gitmig"), "autogenerate"]
    runs = [subprocess.Popen(command, cwd=hooked.path, env=hooked.env) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]
    hooked.git("commit", "-q", "-m", "email")
    assert len(hooked.new_revisions()) == 1


def test_a_lock_that_a_killed_run_left(hooked: Project) -> None:
    """A left-over lock of the private copy does not block for good (R1)."""
    hooked.write("scratch.py", "")
    hooked.write(".git/gitmig/snapshot/tree.index.lock", "")
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-q", "-a", "-m", "email")
    assert len(hooked.new_revisions()) == 1


def test_a_file_that_is_only_announced(hooked: Project) -> None:
    """A revision of ``git add -N`` is not part of the commit and does not stop it (C7)."""
    hooked.write("migrations/versions/wip.py", "half a revi")
    hooked.git("add", "-N", "migrations/versions/wip.py")
    hooked.append("models.py", EMAIL)
    hooked.git("add", "models.py")
    hooked.git("commit", "-q", "-m", "email")
    assert "models.py" in hooked.files_in() and len(hooked.new_revisions()) == 1


def test_a_linked_configuration(hooked: Project) -> None:
    """Settings in a symbolic link are those of the file it leads to."""
    hooked.write("config/gitmig.toml", "stage = false\n")
    (hooked.path / "gitmig.toml").symlink_to("config/gitmig.toml")
    hooked.commit_all("settings")
    hooked.append("models.py", EMAIL)
    told = hooked.git("commit", "-a", "-m", "email", code=1).stderr
    assert "is not staged" in told


def test_another_database_is_not_attached(hooked: Project, tmp_path: Path) -> None:
    """A revision that attaches a real SQLite file fails, and the file is as before (E14)."""
    real = tmp_path / "real.db"
    connection = sqlite3.connect(real)
    connection.execute("CREATE TABLE precious (id INTEGER)")
    connection.commit()
    connection.close()
    before = real.read_bytes()
    hooked.revision(
        "more00000000", "base00000000",
        f"op.execute(\"ATTACH '{real}' AS real\"); op.execute('DROP TABLE real.precious')",
    )  # fmt: skip
    hooked.git("add", "-A")
    told = hooked.gitmig("check", code=1).stdout
    assert "not authorized" in told and "attaches and writes no other file" in told
    assert real.read_bytes() == before


@pytest.mark.parametrize("memo", ["", "{", '{"version": 2, "entries": [{}]}', "[]"])
def test_a_damaged_memo(hooked: Project, memo: str) -> None:
    """A damaged memo costs time and nothing else (R2)."""
    hooked.write(".git/gitmig/memo.json", memo)
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-q", "-a", "-m", "email")
    assert len(hooked.new_revisions()) == 1


def test_without_git(hooked: Project, tmp_path: Path) -> None:
    """A machine without git on PATH gets one sentence."""
    told = hooked.gitmig("check", code=2, PATH=str(tmp_path)).stderr
    assert told.startswith("gitmig: git was not found on PATH")


def test_a_folder_that_alembic_does_not_read(hooked: Project) -> None:
    """A file_template with a folder that Alembic would not look into is refused (C15)."""
    ini = hooked.read("alembic.ini")
    hooked.write("alembic.ini", ini + "file_template = %%(year)d/%%(rev)s_%%(slug)s\n")
    hooked.append("models.py", EMAIL)
    told = hooked.git("commit", "-a", "-m", "email", code=1).stderr
    assert "recursive_version_locations" in told
    assert "versions/20" not in hooked.status()


def test_a_terminal_without_utf8(hooked: Project) -> None:
    """Marks that a terminal cannot show do not end in an error."""
    assert "graph" in hooked.gitmig("check", PYTHONIOENCODING="ascii").stdout


def test_a_message_that_looks_like_an_option(hooked: Project) -> None:
    """``git commit -m --amend`` is not an amend: the revision of the last commit stays (C8)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-q", "-a", "-m", "email")
    hooked.append("models.py", column("phone"))
    hooked.git("commit", "-q", "-a", "-m", "--amend")
    assert len(hooked.new_revisions()) == 1
    assert hooked.new_revisions() != hooked.new_revisions("HEAD~1")


def test_a_model_file_that_was_not_added(hooked: Project) -> None:
    """A new module that is imported but not staged is named, with what to type (C7)."""
    hooked.write("pets.py", "KIND = 'dog'\n")
    hooked.append("models.py", "\nimport pets\n")
    hooked.git("add", "models.py")
    told = hooked.git("commit", "-m", "pets", code=1).stderr
    assert "git add pets.py" in told and "models.py" in told and ".git/" not in told
