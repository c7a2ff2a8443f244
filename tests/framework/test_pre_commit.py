"""Every way to commit, with gitmig as a ``repo:`` hook of the pre-commit framework."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from framed import ONLY_IN_VENV, PRE_COMMIT, Framed
from support import column

from gitmig import revisions

pytest.importorskip("pre_commit")

EMAIL = column("email")
PHONE = column("phone", "String(30)")
PASSED = "gitmig autogenerate......................................................Passed"


def only_revision(framed: Framed, commit: str = "HEAD") -> tuple[str, str]:
    """Return the path and the text of the one revision that a commit touched."""
    (path,) = framed.new_revisions(commit)
    return path, framed.git("show", f"{commit}:{path}").stdout


def identity(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the id and the parents that a revision's text gives."""
    revision = revisions.parse(text, "revision.py")
    assert revision is not None
    return revision.id, revision.parents


@pytest.mark.parametrize(
    ("added", "arguments", "folder"),
    [
        pytest.param(True, ["-m", "email"], ".", id="plain"),
        pytest.param(False, ["-am", "email"], ".", id="-a"),
        pytest.param(False, ["-m", "email", "-i", "models.py"], ".", id="--include"),
        pytest.param(True, ["-m", "email"], "docs", id="sub-directory"),
    ],
)
def test_the_revision_is_in_the_commit(
    framed: Framed, added: bool, arguments: list[str], folder: str
) -> None:
    """The project's own Python makes the revision; it is in the commit (C1, C4, C6, C16)."""
    framed.append("models.py", EMAIL)
    if added:
        framed.git("add", "models.py")
    output = framed.commit(*arguments, cwd=folder)
    path, text = only_revision(framed)
    assert PASSED in output
    assert framed.files_in() == {"models.py", path}
    assert identity(text)[1] == ("base00000000",)
    assert framed.status() == ""
    assert not (framed.path / "app.db").exists()


def test_what_was_committed_is_true(framed: Framed) -> None:
    """The revision upgrades and downgrades, and nothing is left to generate (C1, C16)."""
    framed.append("models.py", EMAIL)
    framed.commit("-am", "email")
    assert PASSED in framed.pre_commit("run", "--all-files")
    framed.python("-m", "alembic", "upgrade", "head")
    assert framed.tables()["users"] == ["id", "name", "email"]
    framed.python("-m", "alembic", "downgrade", "-1")
    assert framed.tables()["users"] == ["id", "name"]


def test_the_hook_environment_has_nothing_of_the_project(framed: Framed) -> None:
    """Without the project's ``.venv`` the hook fails and names what is missing (C16)."""
    store = Path(framed.env["PRE_COMMIT_HOME"])
    assert list(store.glob("repo*/py_env-*/lib/python*/site-packages/click"))
    assert not list(store.rglob(f"{ONLY_IN_VENV}.py"))
    shutil.rmtree(framed.path / ".venv")
    framed.append("models.py", EMAIL)
    before = framed.head()
    output = framed.commit("-am", "email", code=1)
    assert ONLY_IN_VENV in output
    assert "set `python` in [tool.gitmig] to the project's interpreter" in output
    assert "install the package" not in output
    assert "Passed" not in output
    assert framed.head() == before
    assert framed.status() == " M models.py\n"


def test_an_active_environment_elsewhere(framed: Framed, tmp_path: Path) -> None:
    """An active environment outside the repository is found behind pre-commit's own (C16)."""
    active = (framed.path / ".venv").rename(tmp_path / "active")
    path = f"{active / 'bin'}:{framed.env['PATH']}"
    framed.append("models.py", EMAIL)
    output = framed.commit("-am", "email", PATH=path, VIRTUAL_ENV=str(active))
    assert PASSED in output
    assert "email" in only_revision(framed)[1]
    assert framed.status() == ""


def test_from_a_gui(framed: Framed) -> None:
    """A program of the desktop, which has no virtual environment on PATH, commits too (C16)."""
    kept = ("HOME", "PRE_COMMIT_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
    env = {name: framed.env[name] for name in kept}
    git = shutil.which("git")
    assert git is not None
    gui = Framed(
        framed.path,
        {**env, "PATH": f"{Path(git).parent}:/usr/bin:/bin"},
        framed.gitmig_repository,
    )
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        gui.git("config", name, value)
    gui.append("models.py", EMAIL)
    gui.git("add", "models.py")
    assert PASSED in gui.commit("-m", "email")
    assert "email" in only_revision(gui)[1]
    assert gui.status() == ""


def test_amend_generates_in_place(framed: Framed) -> None:
    """``--amend`` after another model change keeps the id and stacks nothing (C8)."""
    framed.append("models.py", EMAIL)
    framed.commit("-am", "email")
    first = identity(only_revision(framed)[1])
    framed.append("models.py", PHONE)
    framed.commit("-a", "--amend", "--no-edit")
    path, text = only_revision(framed)
    assert identity(text) == first
    assert "email" in text
    assert "phone" in text
    assert framed.files_in() == {"models.py", path}
    assert framed.status() == ""


def test_partially_staged(framed: Framed) -> None:
    """What pre-commit stashes is not in the revision and comes back; later it gets its own (C3)."""
    framed.append("models.py", EMAIL)
    framed.git("add", "models.py")
    framed.append("models.py", PHONE)
    output = framed.commit("-m", "email")
    assert "Stashing unstaged files" in output
    first, text = only_revision(framed)
    assert "email" in text
    assert "phone" not in text
    assert framed.status() == " M models.py\n"
    assert framed.read("models.py").endswith(EMAIL + PHONE)
    framed.commit("-am", "phone")
    second, later = only_revision(framed)
    assert second != first
    assert identity(later)[1] == (identity(text)[0],)
    assert "email" not in later
    assert framed.status() == ""


def test_untracked_work_is_left_alone(framed: Framed) -> None:
    """Untracked files, which pre-commit does not stash, are neither used nor touched (C7)."""
    draft = "migrations/versions/draft.py"
    broken = 'revision = "draft"\ndown_revision = "base00000000"\n\ndef upgrade(\n'
    framed.write(draft, broken)
    framed.write(f"{ONLY_IN_VENV}.py", "raise SystemExit('imported')\n")
    framed.append("models.py", EMAIL)
    framed.git("add", "models.py")
    framed.commit("-m", "email")
    assert identity(only_revision(framed)[1])[1] == ("base00000000",)
    assert framed.status() == f"?? {ONLY_IN_VENV}.py\n?? {draft}\n"
    assert framed.read(draft) == broken


def test_first_commit(framed: Framed) -> None:
    """On an unborn branch the first commit holds the revision that makes every table (C6)."""
    shutil.rmtree(framed.path / ".git")
    (framed.path / "migrations/versions/base00000000.py").unlink()
    framed.git("init", "-q", "-b", "main")
    framed.run(PRE_COMMIT, "install")
    framed.git("add", "-A")
    assert PASSED in framed.commit("-m", "first")
    _path, text = only_revision(framed)
    assert identity(text)[1] == ()
    assert "create_table('users'" in text
    assert framed.status() == ""


def test_linked_work_tree(framed: Framed, tmp_path: Path) -> None:
    """A linked work tree uses the main one's ``.venv``; a revision lands where it belongs (C6)."""
    framed.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = Framed(tmp_path / "linked", framed.env, framed.gitmig_repository)
    linked.append("models.py", EMAIL)
    linked.git("add", "models.py")
    linked.commit("-m", "email")
    first = identity(only_revision(linked)[1])[0]
    linked.append("models.py", PHONE)
    linked.commit("-am", "phone", cwd="docs")
    assert identity(only_revision(linked)[1])[1] == (first,)
    assert linked.status() == ""
    assert framed.status() == ""
    assert not (linked.path / ".venv").exists()


def test_path_stops_without_the_post_commit_hook(framed: Framed) -> None:
    """``git commit <path>`` stops with a remedy; following it, nothing is lost (C5)."""
    framed.append("models.py", EMAIL)
    output = framed.commit("-m", "email", "models.py", code=1)
    assert "would leave the revision out of the index afterwards" in output
    assert "Passed" not in output
    (path,) = (framed.path / "migrations/versions").glob("*users_email.py")
    name = path.relative_to(framed.path).as_posix()
    assert f"git add {name}, then commit it by its path too" in output
    assert framed.status() == f" M models.py\n?? {name}\n"
    framed.git("add", name)
    framed.commit("-m", "email", "models.py", name)
    assert framed.files_in() == {"models.py", name}
    assert framed.status() == ""


def test_path_with_the_post_commit_hook(framed: Framed) -> None:
    """With ``gitmig-post-commit`` installed the index is whole after ``git commit <path>`` (C5)."""
    framed.use("gitmig-autogenerate", "gitmig-post-commit", types=["post-commit"])
    framed.append("models.py", EMAIL)
    framed.commit("-m", "email", "models.py")
    path, text = only_revision(framed)
    assert framed.files_in() == {"models.py", path}
    assert framed.status() == ""
    framed.append("models.py", PHONE)
    framed.commit("--amend", "--no-edit", "models.py")
    path, amended = only_revision(framed)
    assert identity(amended) == identity(text)
    assert "phone" in amended
    assert framed.status() == ""
    framed.append("docs/index.md", "more words\n")
    framed.commit("-m", "words", "docs/index.md")
    assert framed.files_in() == {"docs/index.md"}
    assert framed.status() == ""
