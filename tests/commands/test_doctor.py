"""`gitmig doctor`: what would be used, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import Project, no_postgresql, use_url

Fault = Callable[[Project], tuple[str, str]]


def test_all_is_well(hooked: Project) -> None:
    """In a working project each thing is named, with exit 0."""
    result = hooked.gitmig("doctor")
    assert "✗" not in result.stdout
    for words in ("alembic.ini", "1 in migrations/versions", "hook pre-commit", "env.py",
                  "alembic 1.", "the work tree in place", "sqlite: a file below"):  # fmt: skip
        assert words in result.stdout, result.stdout
    assert hooked.status() == "" and not (hooked.path / "app.db").exists()


def test_private_copy_is_told(hooked: Project) -> None:
    """It says whether the work tree itself or a copy of the index would be used."""
    hooked.append("models.py", "# not staged\n")
    assert "a private copy of the index" in hooked.gitmig("doctor").stdout


def test_one_state_is_no_plural(hooked: Project) -> None:
    """It counts the states that the memo has."""
    assert "0 states known to need nothing" in hooked.gitmig("doctor").stdout
    hooked.gitmig("autogenerate")
    assert "1 state known to need nothing" in hooked.gitmig("doctor").stdout


def no_hooks(project: Project) -> tuple[str, str]:
    """Take the hooks out."""
    project.gitmig("uninstall")
    return "✗ hook pre-commit", "gitmig install"


def no_revisions(project: Project) -> tuple[str, str]:
    """Take the revisions away."""
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    return "0 in migrations/versions", "gitmig autogenerate"


def no_python(project: Project) -> tuple[str, str]:
    """Name an interpreter that is not there."""
    project.write("gitmig.toml", 'python = "/nowhere/python"\n')
    project.git("add", "-A")
    return "/nowhere/python", "set `python`"


def broken_models(project: Project) -> tuple[str, str]:
    """Break the models."""
    project.append("models.py", "import not_installed\n")
    project.git("add", "-A")
    return "models.py:12", "install the package of not_installed"


def no_server(project: Project) -> tuple[str, str]:
    """Ask for PostgreSQL where there is none."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    no_postgresql(project)
    return "the project asks for PostgreSQL", "--database-url"


def no_environment(project: Project) -> tuple[str, str]:
    """Take the configuration away."""
    project.git("rm", "-q", "alembic.ini")
    return "none is tracked by git", "gitmig init"


@pytest.mark.parametrize(
    "fault",
    [no_hooks, no_revisions, no_python, broken_models, no_server, no_environment],
    ids=lambda fault: fault.__name__,
)
def test_what_is_wrong(hooked: Project, fault: Fault) -> None:
    """What is wrong is marked, with what to do, and the exit code is 1."""
    told, remedy = fault(hooked)
    result = hooked.gitmig("doctor", code=1)
    assert told in result.stdout and remedy in result.stdout
    assert "✗" in result.stdout and "  → " in result.stdout


def unknown_environment(project: Project) -> tuple[str, str]:
    """Misspell the environment."""
    return 'No environment is called "defualt"', 'did you mean "default"?'


def broken_settings(project: Project) -> tuple[str, str]:
    """Misspell a setting."""
    project.write("gitmig.toml", "stag = true\n")
    project.git("add", "-A")
    return '"stag" is not a setting', 'did you mean "stage"?'


def broken_toml(project: Project) -> tuple[str, str]:
    """Break the settings file."""
    project.write("gitmig.toml", "python = nowhere\n")
    project.git("add", "-A")
    return "gitmig.toml is not valid TOML", ""


def unmerged(project: Project) -> tuple[str, str]:
    """Leave a merge conflict."""
    for side in ("left", "right"):
        project.git("switch", "-qc", side, "main")
        project.append("models.py", f"# {side}\n")
        project.commit_all(side)
    project.git("merge", "left", code=1)
    return "models.py is unmerged", "`git add models.py`"


@pytest.mark.parametrize(
    "fault",
    [unknown_environment, broken_settings, broken_toml, unmerged],
    ids=lambda fault: fault.__name__,
)
def test_what_cannot_be_opened(
    hooked: Project, fault: Callable[[Project], tuple[str, str]]
) -> None:
    """What would stop every other command is a line; repository and hooks are still shown."""
    told, remedy = fault(hooked)
    name = ["--env", "defualt"] if fault is unknown_environment else []
    result = hooked.gitmig("doctor", *name, code=1)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert told in line and remedy in result.stdout
    assert f"{hooked.path}" in result.stdout and "✓ hook pre-commit" in result.stdout


def test_hooks_that_cannot_be_read(hooked: Project) -> None:
    """A hook that cannot be read is a line too."""
    hook = hooked.path / ".git/hooks/pre-commit"
    hook.unlink()
    hook.symlink_to("/proc/self/mem")  # cannot be read by root either
    result = hooked.gitmig("doctor", code=1)
    assert "✗ hooks" in result.stdout and "env.py" in result.stdout


def test_server_is_told(project: Project, server: str) -> None:
    """With a server it says that databases are made there."""
    project.gitmig("install", "-q")
    use_url(project, "postgresql+psycopg://production.invalid/app")
    result = project.gitmig("doctor", "--database-url", server)
    assert "postgresql: databases of our own on the given server" in result.stdout


def test_rebase_in_progress(hooked: Project) -> None:
    """An operation that is under way is named."""
    hooked.append("models.py", "# one\n")
    hooked.git("commit", "-qam", "one", GITMIG_SKIP="1")
    hooked.git("rebase", "-q", "-x", "false", "HEAD~1", code=1)
    assert "in progress           rebase" in hooked.gitmig("doctor").stdout
