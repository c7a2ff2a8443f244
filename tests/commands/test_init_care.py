"""`gitmig init` and what the user has already: nothing is lost, nothing is half done (D1)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import MODELS, Project


@pytest.fixture
def fresh(empty: Project) -> Project:
    """Return a repository with models and nothing else."""
    empty.write("models.py", MODELS)
    return empty


def test_unstaged_edits_are_kept(unwired: Project) -> None:
    """What is edited in env.py and not staged is still there, with the file's mode."""
    path = unwired.path / "migrations/env.py"
    path.chmod(0o755)
    unwired.append("migrations/env.py", "# not staged\n")
    unwired.gitmig("init", "--yes")
    changed = unwired.read("migrations/env.py")
    assert changed.endswith("# not staged\n") and "= Base.metadata\n" in changed
    assert os.access(path, os.X_OK)


def test_bytes_are_kept(unwired: Project) -> None:
    """Line ends and all other bytes of env.py are as they were, but for the wiring."""
    path = unwired.path / "migrations/env.py"
    before = path.read_bytes().replace(b"\n", b"\r\n") + "# gr\u00fc\u00df".encode()
    path.write_bytes(before)
    unwired.gitmig("init", "--yes")
    added = b"\r\nfrom models import Base\r\n"
    changed = path.read_bytes()
    assert changed.replace(added, b"", 1).replace(b"= Base.metadata", b"= None") == before
    assert added in changed


def test_link_is_kept(unwired: Project) -> None:
    """An env.py that is a link stays one; what it leads to is wired."""
    path = unwired.path / "migrations/env.py"
    path.rename(unwired.path / "shared_env.py")
    path.symlink_to("../shared_env.py")
    unwired.commit_all("link")
    unwired.gitmig("init", "--yes")
    assert path.is_symlink() and "= Base.metadata" in unwired.read("shared_env.py")


def test_env_py_that_is_not_utf8(unwired: Project) -> None:
    """An env.py in another encoding is refused in one sentence, and nothing is written."""
    path = unwired.path / "migrations/env.py"
    before = b"# -*- coding: latin-1 -*-\n" + path.read_bytes() + b"# gr\xfc\xdf\n"
    path.write_bytes(before)
    status = unwired.status()
    result = unwired.gitmig("init", "--yes", code=2)
    assert "gitmig: migrations/env.py is not UTF-8" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert path.read_bytes() == before and unwired.status() == status


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"*.log\r\n*.tmp\r\n", b"*.log\r\n*.tmp\r\n/app.db\r\n"),
        (b"gr\xfc\xdf\n", b"gr\xfc\xdf\n/app.db\n"),
    ],
    ids=["CRLF", "latin-1"],
)
def test_gitignore_keeps_its_bytes(fresh: Project, before: bytes, after: bytes) -> None:
    """A line is added to .gitignore as its others are; it need not be UTF-8."""
    ignore = fresh.path / ".gitignore"
    ignore.write_bytes(before)
    fresh.gitmig("init", "--yes")
    assert ignore.read_bytes() == after


def test_python_files_that_cannot_be_read(fresh: Project) -> None:
    """Files that cannot be read, and such as are no Python, do not matter."""
    locked = fresh.write("locked.py", MODELS)
    locked.chmod(0)
    (fresh.path / "loop.py").symlink_to("loop.py")
    (fresh.path / "memory.py").symlink_to("/proc/self/mem")  # cannot be read by root either
    (fresh.path / "null.py").write_bytes(b"Base = \0")
    assert "Base.metadata of" in fresh.gitmig("init").stdout


@pytest.mark.parametrize("hooks", [".husky/_", "/dev/null"])
def test_hooks_that_cannot_be_put_in(fresh: Project, hooks: str) -> None:
    """Where the hooks would be refused, that is said before anything is written."""
    fresh.write(".husky/_/h", "#!/usr/bin/env sh\n")
    fresh.git("config", "core.hooksPath", hooks)
    before = fresh.status()
    result = fresh.gitmig("init", code=2)
    assert "`gitmig init --no-hooks`" in result.stderr
    assert "Traceback" not in result.stderr and len(result.stderr.splitlines()) == 2
    assert fresh.status() == before
    fresh.gitmig("init", "--no-hooks")
    assert (fresh.path / "migrations/env.py").exists()


def test_workflow_is_for_the_branch(fresh: Project) -> None:
    """The workflow is for the branch that init is run on; the settings name none."""
    fresh.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    fresh.gitmig("init")
    assert 'branches: ["trunk"]' in fresh.read(".github/workflows/gitmig.yml")
    assert "trunk" not in fresh.read("gitmig.toml")


def test_tracked_file_in_the_way(fresh: Project) -> None:
    """A tracked file in the way of a new environment is not overwritten."""
    fresh.write("migrations/env.py", "# mine\n")
    fresh.commit_all()
    result = fresh.gitmig("init", "--yes", code=2)
    assert "migrations/env.py is in the way" in result.stderr and "--folder" in result.stderr
    assert fresh.read("migrations/env.py") == "# mine\n" and fresh.status() == ""


@pytest.mark.parametrize("command", ["init", "install", "uninstall"])
def test_no_option_is_ignored(project: Project, command: str) -> None:
    """What concerns the whole repository takes no --env."""
    assert "--env" in project.gitmig(command, "--env", "default", code=2).stderr
    assert not Path(project.path, ".git/hooks/pre-commit").exists()


def test_a_second_service(empty: Project) -> None:
    """A service beside one that has an Alembic environment gets its own (D1, C17)."""
    for service in ("a", "b"):
        empty.write(f"services/{service}/models.py", MODELS)
        empty.gitmig("init", "--yes", cwd=f"services/{service}")
        empty.git("add", "-A")
        empty.git("commit", "-q", "-m", service)
    assert len([path for path in empty.new_revisions() if path.startswith("services/b/")]) == 1
    empty.gitmig("upgrade", cwd="services/b")
    assert "users" in empty.tables("services/b/app.db")


def test_the_pyproject_template(empty: Project) -> None:
    """Alembic's own template with pyproject.toml works as the plain one does (E6)."""
    empty.write("models.py", MODELS)
    empty.gitmig("init", "--template", "pyproject")
    empty.git("add", "-A")
    empty.git("commit", "-q", "-m", "users")
    assert len(empty.new_revisions()) == 1
