"""Operations in progress, and failures: nothing generated then, and nothing changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from support import INI, MODELS, Project, column

EMAIL = column("email")
PHONE = column("phone", "String(30)")


def state(project: Project) -> tuple[str, str, str, dict[str, str]]:
    """Return all that a failure must leave alone: commit, index, status and files."""
    files = {
        str(path.relative_to(project.path)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.path.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(project.path).parts
    }
    index = project.git("ls-files", "-s").stdout
    return project.head(), index, project.status(), files


def fails(project: Project, *arguments: str, code: int = 1) -> str:
    """Commit, assert that it fails and that nothing changed; return gitmig's words."""
    before = state(project)
    told = project.git("commit", "-m", "work", *arguments, code=code).stderr
    assert state(project) == before
    lines = [line for line in told.splitlines() if line.startswith("gitmig:")]
    assert len(lines) == 1, told
    return told


@pytest.fixture
def diverged(hooked: Project) -> Project:
    """Return the project on ``topic``, whose commit of the models conflicts with ``main``'s."""
    hooked.git("switch", "-qc", "topic")
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email", GITMIG_SKIP="1")
    hooked.git("switch", "-q", "main")
    hooked.append("models.py", PHONE)
    hooked.git("commit", "-qam", "phone")
    return hooked


def test_cherry_pick(diverged: Project) -> None:
    """``cherry-pick --continue`` generates nothing and says so; ``check`` tells the drift (C9)."""
    diverged.git("cherry-pick", "topic", code=1)
    diverged.write("models.py", MODELS + PHONE + EMAIL)
    diverged.git("add", "models.py")
    told = diverged.git("-c", "core.editor=true", "cherry-pick", "--continue").stderr
    assert "a cherry-pick is in progress: nothing is generated; run `gitmig check`" in told
    assert diverged.files_in() == {"models.py"}
    assert diverged.status() == ""
    checked = diverged.gitmig("check", code=1).stdout
    assert "add users.email" in checked
    assert "gitmig autogenerate" in checked

    diverged.gitmig("autogenerate")
    diverged.git("commit", "-qm", "the revision")
    assert len(diverged.new_revisions()) == 1
    diverged.gitmig("check")


def test_revert(hooked: Project) -> None:
    """A conflicting revert that is finished by ``git commit`` generates nothing (C9)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email", GITMIG_SKIP="1")
    hooked.append("models.py", PHONE)
    hooked.git("commit", "-qam", "phone", GITMIG_SKIP="1")
    hooked.git("revert", "--no-edit", "HEAD~1", code=1)
    hooked.write("models.py", MODELS + PHONE)
    hooked.git("add", "models.py")
    told = hooked.git("commit", "-m", "revert").stderr
    assert "a revert is in progress" in told
    assert hooked.files_in() == {"models.py"}


def test_rebase(diverged: Project) -> None:
    """Amending while a rebase is stopped generates nothing; ``check`` tells the drift (C9)."""
    diverged.git("switch", "-q", "topic")
    diverged.git("rebase", "main", code=1)
    diverged.write("models.py", MODELS + PHONE + EMAIL)
    diverged.git("add", "models.py")
    told = diverged.git("commit", "-m", "email").stderr
    assert "a rebase is in progress" in told
    diverged.git("rebase", "--continue")
    assert diverged.files_in() == {"models.py"}
    assert diverged.status() == ""
    assert "add users.email" in diverged.gitmig("check", code=1).stdout


def test_bisect(hooked: Project) -> None:
    """A commit made while bisecting generates nothing (C9)."""
    hooked.write("README", "words\n")
    hooked.commit_all()
    hooked.git("bisect", "start", "HEAD", "HEAD~1")
    hooked.append("models.py", EMAIL)
    assert "a bisect is in progress" in hooked.git("commit", "-am", "email").stderr
    assert hooked.files_in() == {"models.py"}


def test_the_index_is_locked(hooked: Project) -> None:
    """Another git that holds the index fails the commit, and nothing has changed (R2)."""
    hook = hooked.path / ".git/hooks/pre-commit.before-gitmig"
    hook.write_text("#!/bin/sh\n: >.git/index.lock\n")
    hook.chmod(0o755)
    hooked.append("models.py", EMAIL)
    hooked.git("add", "models.py")
    lock = hooked.path / ".git/index.lock"
    before = state(hooked)
    told = hooked.git("commit", "-m", "email", code=1).stderr
    assert "another git process holds the index" in told
    lock.unlink()
    assert state(hooked) == before
    hook.unlink()
    hooked.git("commit", "-qm", "email")
    assert len(hooked.new_revisions()) == 1


def test_the_index_is_locked_when_a_revision_is_replaced(hooked: Project) -> None:
    """A revision that could not be generated anew in place is as it was before (C8, R2)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email")
    hooked.append("models.py", PHONE)
    hooked.git("add", "models.py")
    hook = hooked.path / ".git/hooks/pre-commit.before-gitmig"
    hook.write_text("#!/bin/sh\n: >.git/index.lock\n")
    hook.chmod(0o755)
    before = state(hooked)
    hooked.git("commit", "--amend", "-m", "both", code=1)
    (hooked.path / ".git/index.lock").unlink()
    assert state(hooked) == before


def test_the_versions_are_ignored(hooked: Project) -> None:
    """Where git ignores the new revision the commit fails and names the path (R2)."""
    hooked.append(".gitignore", "*_add_*.py\n")
    hooked.commit_all("ignore")
    hooked.append("models.py", EMAIL)
    told = fails(hooked, "-a")
    assert "git ignores migrations/versions/" in told
    assert "git check-ignore -v" in told


def test_a_file_is_in_the_way(hooked: Project) -> None:
    """A file of the new revision's name is never overwritten (C7, R2)."""
    hooked.write("alembic.ini", INI + "file_template = %%(slug)s\n")
    hooked.commit_all("names")
    hooked.write("migrations/versions/add_users_email.py", "mine\n")
    hooked.append("models.py", EMAIL)
    told = fails(hooked, "-a")
    assert "migrations/versions/add_users_email.py exists and is not staged" in told


def test_the_folder_cannot_be_written(hooked: Project) -> None:
    """A folder of revisions that cannot be written fails the commit in one sentence (R2)."""
    folder = hooked.path / "migrations/versions"
    hooked.append("models.py", EMAIL)
    before = state(hooked)
    folder.chmod(0o555)
    try:
        told = hooked.run(*as_anybody(), "git", "commit", "-am", "email", code=1).stderr
    finally:
        folder.chmod(0o755)
    assert "cannot be written: Permission denied" in told
    assert state(hooked) == before


def as_anybody() -> list[str]:
    """Return the command that takes root's right to write anywhere away, where one is root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to change that")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def test_a_file_where_the_folder_belongs(hooked: Project) -> None:
    """A file in the place of the folder of revisions fails the commit in one sentence (R2)."""
    hooked.git("rm", "-qr", "migrations/versions")
    hooked.write("migrations/versions", "not a folder\n")
    hooked.git("commit", "-qm", "gone", "--no-verify")
    hooked.append("models.py", EMAIL)
    assert "migrations/versions" in fails(hooked, "-a")


ENV_FAILURES = [
    ("raise RuntimeError('no secret')", "migrations/env.py:1: env.py failed: RuntimeError"),
    ("import sys; sys.exit(3)", "migrations/env.py:1: env.py ended the process: sys.exit(3)"),
    ("import os; os._exit(3)", "ended without an answer"),
    ("import not_installed_here", "No module named 'not_installed_here'"),
    ("def f(:", "migrations/env.py:1: env.py failed: SyntaxError"),
    ("import os; os.environ['MISSING_SECRET']", "KeyError: 'MISSING_SECRET'"),
]


@pytest.mark.parametrize(("line", "words"), ENV_FAILURES, ids=[line for line, _ in ENV_FAILURES])
def test_env_py_fails(hooked: Project, line: str, words: str) -> None:
    """Whatever env.py does wrong is one sentence; ``GITMIG_SKIP=1`` commits all the same (E10)."""
    hooked.write("migrations/env.py", f"{line}\n{hooked.read('migrations/env.py')}")
    hooked.append("models.py", EMAIL)
    told = fails(hooked, "-a")
    assert words in told
    assert "→" in told
    hooked.git("commit", "-am", "work", GITMIG_SKIP="1")
    assert hooked.files_in() == {"migrations/env.py", "models.py"}


def test_env_py_that_runs_no_migrations(hooked: Project) -> None:
    """An env.py that ends without running migrations is told (E10)."""
    hooked.write("migrations/env.py", "from models import Base\n")
    told = fails(hooked, "-a")
    assert "env.py ended without running any migrations" in told


def test_a_revision_that_cannot_be_proved(hooked: Project) -> None:
    """A revision whose downgrade does not restore the schema is not written, and it is said."""
    forget = (
        "\n\ndef forget(context, revision, directives):\n"
        "    directives[0].downgrade_ops.ops.clear()\n\n\n"
    )
    env = hooked.read("migrations/env.py").replace("\n\ndef run_", f"{forget}def run_", 1)
    directives = "target_metadata=target_metadata, process_revision_directives=forget"
    env = env.replace("target_metadata=target_metadata", directives, 1)
    hooked.write("migrations/env.py", env)
    hooked.append("models.py", EMAIL)
    assert "its downgrade does not restore the schema" in fails(hooked, "-a")


def test_env_py_that_prints(hooked: Project) -> None:
    """What env.py prints does not disturb the commit (E10)."""
    noise = "import os\nprint('hello')\nos.system('echo hello')\n"
    hooked.write("migrations/env.py", noise + hooked.read("migrations/env.py"))
    hooked.append("models.py", EMAIL)
    told = hooked.git("commit", "-am", "email")
    assert len(hooked.new_revisions()) == 1
    assert "hello" not in told.stdout + told.stderr


def test_env_py_that_takes_too_long(hooked: Project) -> None:
    """A worker that does not end within ``timeout`` is ended, and the setting is named (E10)."""
    hooked.write("gitmig.toml", "timeout = 2\n")
    hooked.write("migrations/env.py", "import time\ntime.sleep(600)\n")
    hooked.git("add", "-A")
    told = fails(hooked)
    assert "did not finish within 2 seconds" in told
    assert "timeout" in told


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("models.py", "class User(:\n", "models.py:1"),
        ("migrations/versions/half.py", "revision = 'half\n", "migrations/versions/half.py"),
        (
            "migrations/versions/both.py",
            "<<<<<<< ours\nrevision = 'a'\n=======\nrevision = 'b'\n>>>>>>> theirs\n",
            "conflict markers",
        ),
        (
            "migrations/versions/broken.py",
            "revision = 'broken'\ndown_revision = 'base00000000'\n"
            "def upgrade():\n    raise ValueError('no')\n",
            "migrations/versions/broken.py:4: revision broken fails on upgrade",
        ),
    ],
    ids=["models", "syntax", "conflict", "upgrade"],
)
def test_a_staged_file_is_broken(hooked: Project, path: str, text: str, words: str) -> None:
    """A staged file that cannot be read or run is named, and the commit fails (H7)."""
    hooked.write(path, text)
    hooked.append("models.py", EMAIL)
    hooked.git("add", "-A")
    assert words in fails(hooked)


def test_the_interpreter_is_not_there(hooked: Project, tmp_path: Path) -> None:
    """Settings that name a Python that is not there are told, and the commit fails (E12)."""
    hooked.write("gitmig.toml", f'python = "{tmp_path / "gone"}"\n')
    hooked.append("models.py", EMAIL)
    hooked.git("add", "-A")
    assert str(tmp_path / "gone") in fails(hooked)
