"""What cannot be worked with: one sentence, the next thing to type, exit 2, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from support import BIN, INI, Project, column

COMMANDS = ("autogenerate", "merge-heads", "check", "upgrade", "history")


def state(project: Project) -> tuple[str, str, set[str]]:
    """Return the index, the status and every file: what must not change."""
    index = project.git("ls-files", "-s", GIT_OPTIONAL_LOCKS="0").stdout
    status = project.git("status", "--porcelain", "-uall", "--ignored", GIT_OPTIONAL_LOCKS="0")
    files = {
        str(path.relative_to(project.path))
        for path in project.path.rglob("*")
        if ".git" not in path.relative_to(project.path).parts
    }
    return index, status.stdout, files


def refused(project: Project, *arguments: str) -> str:
    """Run gitmig and return its one sentence; what was there is still as it was."""
    before = state(project)
    result = project.gitmig(*arguments, code=2)
    lines = result.stderr.splitlines()
    assert result.stdout == ""
    assert lines[0].startswith("gitmig: ") and all(line.startswith("  → ") for line in lines[1:])
    assert len(lines) <= 2
    assert state(project) == before
    return result.stderr


@pytest.mark.parametrize("command", [*COMMANDS, "init", "install", "doctor", "graph"])
def test_no_repository(project: Project, command: str) -> None:
    """Outside of any git work tree every command says so."""
    (project.path / ".git").rename(project.path.parent / "elsewhere")
    result = project.gitmig(command, code=2, GIT_CEILING_DIRECTORIES=str(project.path.parent))
    assert "is not inside a git work tree" in result.stderr
    assert "`git init`" in result.stderr and len(result.stderr.splitlines()) == 2
    assert not (project.path / "app.db").exists()


def test_bare_repository(project: Project) -> None:
    """A bare repository has no work tree to write a revision into."""
    project.git("clone", "-q", "--bare", ".", "../bare")
    said = project.gitmig("check", code=2, cwd="../bare").stderr
    assert "git work tree" in said and "in a clone of that" in said and "git init" not in said


@pytest.mark.parametrize("command", COMMANDS)
def test_no_environment(empty: Project, command: str) -> None:
    """Without an Alembic environment the command that makes one is named."""
    empty.write("models.py", "x = 1\n")
    empty.commit_all()
    told = refused(empty, command)
    assert "No Alembic environment" in told and "gitmig init" in told


def two_environments(project: Project) -> None:
    """Make two services of the project, each with an environment of its own."""
    for name in ("shop", "svc"):
        project.write(f"{name}/alembic.ini", INI)
        project.write(f"{name}/migrations/env.py", project.read("migrations/env.py"))
    project.git("rm", "-rq", "alembic.ini", "migrations")
    project.commit_all("two environments")


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "check"])
def test_several_environments(project: Project, command: str) -> None:
    """With several Alembic environments the one that is meant must be named."""
    two_environments(project)
    told = refused(project, command)
    assert "shop" in told and "svc" in told and "--env " in told


def test_unknown_environment(project: Project) -> None:
    """A wrong name gets the right ones."""
    two_environments(project)
    told = refused(project, "check", "--env", "shup")
    assert "shup" in told and 'did you mean "shop"?' in told


def no_python(project: Project) -> tuple[str, ...]:
    """Name an interpreter that is not there."""
    project.write("gitmig.toml", 'python = "/nowhere/python"\n')
    return ("/nowhere/python",)


def python_without_alembic(project: Project) -> tuple[str, ...]:
    """Name an interpreter without site packages."""
    script = project.write("tools/python", f'#!/bin/sh\nexec "{BIN}/python" -I -S "$@"\n')
    script.chmod(0o755)
    project.write("gitmig.toml", 'python = "tools/python"\n')
    return ("[tool.gitmig] python: no alembic",)


def syntax_error(project: Project) -> tuple[str, ...]:
    """Break the models."""
    project.append("models.py", "    def (\n")
    return ("models.py:12", "SyntaxError")


def markers_in_models(project: Project) -> tuple[str, ...]:
    """Leave conflict markers in the models."""
    project.append("models.py", "<<<<<<< HEAD\n=======\n>>>>>>> other\n")
    return ("models.py:12",)


def markers_in_revision(project: Project) -> tuple[str, ...]:
    """Leave conflict markers in a revision."""
    path = "migrations/versions/base00000000.py"
    project.append(path, "<<<<<<< HEAD\n=======\n>>>>>>> other\n")
    return (path, "conflict markers")


def broken_ini(project: Project) -> tuple[str, ...]:
    """Break the ini file."""
    project.write("alembic.ini", INI + "no option\n")
    return ("alembic.ini",)


def broken_toml(project: Project) -> tuple[str, ...]:
    """Break the settings."""
    project.write("gitmig.toml", "base = main\n")
    return ("gitmig.toml is not valid TOML",)


def unknown_setting(project: Project) -> tuple[str, ...]:
    """Misspell a setting."""
    project.write("gitmig.toml", "stag = true\n")
    return ("gitmig.toml", '"stag"', 'did you mean "stage"?')


def no_env_py(project: Project) -> tuple[str, ...]:
    """Take env.py away."""
    project.git("rm", "-q", "migrations/env.py")
    return ("alembic.ini: no env.py", "migrations")


def no_template(project: Project) -> tuple[str, ...]:
    """Take the template away."""
    project.git("rm", "-q", "migrations/script.py.mako")
    return ("script.py.mako",)


FAULTS: list[Callable[[Project], tuple[str, ...]]] = [
    no_python, python_without_alembic, syntax_error, markers_in_models, markers_in_revision,
    broken_ini, broken_toml, unknown_setting, no_env_py, no_template,
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_staged_cannot_be_used(project: Project, fault: Callable[..., object]) -> None:
    """Whatever is broken in the staged tree is named with its place."""
    told = fault(project)
    if fault not in (syntax_error, markers_in_models):
        project.append("models.py", column("email"))
    project.git("add", "-A")
    sentence = refused(project, "autogenerate")
    assert isinstance(told, tuple) and all(words in sentence for words in told), sentence


def test_locked_index(project: Project) -> None:
    """An index that another git holds is left alone, and the lock is named."""
    project.append("models.py", column("email"))
    project.git("add", "-A")
    lock = project.path / ".git/index.lock"
    lock.touch()
    assert "index.lock" in refused(project, "autogenerate")
    assert lock.exists()
    lock.unlink()
    project.gitmig("autogenerate")


def test_unmerged_files(project: Project) -> None:
    """A conflict that is not resolved is named with its file and what to type."""
    for side in ("left", "right"):
        project.git("switch", "-qc", side, "main")
        project.append("models.py", column(side))
        project.commit_all(side)
    project.git("merge", "left", code=1)
    told = refused(project, "check")
    assert "models.py is unmerged" in told and "`git add models.py`" in told


@pytest.mark.parametrize("unborn", [True, False], ids=["unborn", "detached"])
def test_head_without_a_branch(project: Project, unborn: bool) -> None:
    """An unborn or a detached HEAD is not bad input: it works (C6)."""
    if unborn:
        project.git("checkout", "-q", "--orphan", "fresh")
    else:
        project.git("checkout", "-q", "--detach")
    project.append("models.py", column("email"))
    project.git("add", "-A")
    project.gitmig("check", code=1)
    project.gitmig("autogenerate")
    project.gitmig("check")
    project.gitmig("merge-heads")
    project.gitmig("upgrade")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chekc"], "No such command 'chekc'"),
        (["check", "--formt", "json"], "--formt"),
        (["check", "--format", "yaml"], "'yaml'"),
        (["check", "-C", "nowhere"], "nowhere"),
        (["autogenerate", "-m"], "-m"),
    ],
    ids=["command", "option", "choice", "directory", "value"],
)
def test_usage(project: Project, arguments: list[str], told: str) -> None:
    """A mistake on the command line is exit 2 with click's words."""
    result = project.gitmig(*arguments, code=2)
    assert told in result.stderr


@pytest.mark.parametrize(
    ("arguments", "is_json"),
    [
        (["check", "--format", "json"], True),
        (["merge-heads", "-C", ".", "--format=json"], True),
        (["autogenerate", "--format=json", "--format", "text"], False),
        (["autogenerate", "-m", "json"], False),
        (["autogenerate", "-m", "--format=json"], False),
    ],
    ids=["two words", "one word", "the last counts", "message", "message like the option"],
)
def test_json_where_it_was_asked_for(project: Project, arguments: list[str], is_json: bool) -> None:
    """A failure is JSON on stdout where --format says so, not where a message happens to."""
    unknown_setting(project)
    project.git("add", "-A")
    result = project.gitmig(*arguments, code=2)
    assert result.stderr.startswith("gitmig: ")
    if not is_json:
        assert result.stdout == ""
        return
    answer = json.loads(result.stdout)
    assert (answer["command"], answer["ok"]) == (arguments[0], False)
    assert "stag" in answer["error"]["message"]


@pytest.mark.parametrize("verbose", [["-v"], ["-qv"], ["-m", "-v"]], ids=" ".join)
def test_verbose_shows_what_was_printed(project: Project, verbose: list[str]) -> None:
    """-v shows what the project printed before it failed, and only where it is an option."""
    project.append("models.py", 'print("heard")\nraise ValueError("no")\n')
    project.git("add", "-A")
    result = project.gitmig("autogenerate", *verbose, code=2)
    assert ("  | " in result.stderr) is ("-m" not in verbose), result.stderr
