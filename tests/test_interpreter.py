from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gitmig import probe
from gitmig.errors import NoInterpreter
from gitmig.interpreter import Candidate, Place, candidates, find, search

PATH = "/usr/bin:/bin"


def environment(prefix: Path, *, usable: bool = True) -> Path:
    """Make a virtual environment, with this one's packages where it is to be usable."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    if usable:
        (packages,) = prefix.glob("lib/*/site-packages")
        (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return prefix / "bin" / "python"


def installed(prefix: Path) -> Path:
    """Make a virtual environment whose folders alone show Alembic and SQLAlchemy."""
    python = environment(prefix, usable=False)
    (packages,) = prefix.glob("lib/*/site-packages")
    for name in probe.NEEDED:
        (packages / name).mkdir()
        (packages / name / "__init__.py").touch()
    return python


def tool(path: Path, answer: str) -> Path:
    """Write a program that notes that it ran, beside itself, and then does as told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "$PWD: $*" >>"$0.ran"\n{answer}\n')
    path.chmod(0o755)
    return path


def is_ended(process: int) -> bool:
    """Wait until a process is gone, or only not yet collected by its parent."""
    shown = ["ps", "-o", "stat=", "-p", str(process)]
    for _ in range(200):
        state = subprocess.run(shown, capture_output=True, text=True, check=False).stdout
        if not state or state.startswith("Z"):
            return True
        time.sleep(0.05)
    return False


def place(
    root: Path, directory: str = "", *, environ: Mapping[str, str] = {}, **rest: Any
) -> Place:
    """Return a place in which gitmig's own Python is of no use."""
    rest.setdefault("own", str(root / "no-python"))
    home = {"PATH": PATH, "HOME": str(root / "home")}
    return Place(root, root / directory, environ={**home, **environ}, **rest)


def sources(where: Place) -> list[str]:
    """Return the names of all candidates."""
    return [candidate.source for candidate in candidates(where)]


def test_own_python_is_the_last_resort(tmp_path: Path) -> None:
    """With nothing else there, gitmig's own Python is taken."""
    found = find(place(tmp_path, own=sys.executable))
    assert (found.path, found.source) == (Path(sys.executable), "gitmig's own Python")


def test_virtual_environment_is_found_and_not_resolved(tmp_path: Path) -> None:
    """The .venv of the repository is taken by the name of its link, from a sub-directory too."""
    python = environment(tmp_path / ".venv")
    found = find(place(tmp_path, "services/api"))
    assert (found.path, found.source) == (python, ".venv")
    assert python.is_symlink()


def test_nearest_environment_wins(tmp_path: Path) -> None:
    """Environments beside the configuration come before those above it, and .venv before venv."""
    (tmp_path / "api").mkdir()
    for name in ("venv", ".venv", "api/env"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyvenv.cfg").touch()
    (tmp_path / "env").mkdir()
    assert sources(place(tmp_path, "api"))[:-1] == ["api/env", ".venv", "venv"]


def test_linked_worktree_uses_the_main_ones(tmp_path: Path) -> None:
    """A linked worktree without an environment uses the main one's, at the same place."""
    python = environment(tmp_path / "main" / "api" / ".venv")
    (tmp_path / "linked" / "api").mkdir(parents=True)
    found = find(place(tmp_path / "linked", "api", main_root=tmp_path / "main"))
    assert (found.path, found.source) == (python, "../main/api/.venv")


def test_configured_comes_first(tmp_path: Path) -> None:
    """[tool.gitmig] python is taken before all else: a file or an environment's folder."""
    environment(tmp_path / ".venv")
    python = environment(tmp_path / "tools" / "py")
    for said in ("tools/py", "tools/py/bin/python", str(python)):
        found = find(place(tmp_path, "api", configured=said, recorded="x"))
        assert (found.path, found.source) == (python, "[tool.gitmig] python")


@pytest.mark.parametrize(("configured", "environ"), [("gone", {}), ("", {"GITMIG_PYTHON": "gone"})])
def test_unusable_choice_is_refused(
    tmp_path: Path, configured: str, environ: dict[str, str]
) -> None:
    """What the user named is used or refused; nothing else is tried in its stead."""
    environment(tmp_path / ".venv")
    with pytest.raises(NoInterpreter, match=r"there is no .*gone") as caught:
        find(place(tmp_path, configured=configured, environ=environ))
    assert ".venv" not in caught.value.message
    assert "[tool.gitmig]" in caught.value.hint


def test_recorded_is_used_until_it_is_gone(tmp_path: Path) -> None:
    """What gitmig install recorded comes before .venv; once it is gone the search goes on."""
    environment(tmp_path / ".venv")
    python = environment(tmp_path / "elsewhere")
    assert find(place(tmp_path, recorded=str(python))).source == "gitmig install"
    python.unlink()
    assert find(place(tmp_path, recorded=str(python))).source == ".venv"


@pytest.mark.parametrize(
    ("name", "marker", "text", "question"),
    [
        ("uv", "uv.lock", "", "python find"),
        ("uv", "pyproject.toml", "[[tool.uv.index]]", "python find"),
        ("poetry", "poetry.lock", "", "env info --executable"),
        ("poetry", "pyproject.toml", "[tool.poetry]", "env info --executable"),
        ("pipenv", "Pipfile", "", "--py"),
        ("hatch", "pyproject.toml", "[tool.hatch.envs.default]", "env find default"),
    ],
)
def test_tools_are_asked_by_their_marks(
    tmp_path: Path, name: str, marker: str, text: str, question: str
) -> None:
    """A tool is asked where the project uses it, from the folder that shows it (C16)."""
    python = environment(tmp_path / "hidden")
    answer = python.parent.parent if name == "hatch" else python
    program = tool(tmp_path / "bin" / name, f"echo warning >&2; echo note; echo '{answer}'")
    (tmp_path / "repo" / "api").mkdir(parents=True)
    (tmp_path / "repo" / marker).write_text(text)
    environ = {"PATH": f"{program.parent}:{PATH}"}
    found = find(place(tmp_path / "repo", "api", environ=environ))
    assert (found.path, found.source) == (python, name)
    assert program.with_name(f"{name}.ran").read_text() == f"{tmp_path / 'repo'}: {question}\n"


def test_pdm_is_not_asked_but_read(tmp_path: Path) -> None:
    """The Python that pdm chose is read from its file: asked, pdm would make an environment."""
    python = environment(tmp_path / "hidden")
    (tmp_path / ".pdm-python").write_text(f"{python}\n")
    found = find(place(tmp_path))
    assert (found.path, found.source) == (python, "pdm")


def test_tools_are_asked_only_when_their_turn_comes(tmp_path: Path) -> None:
    """No tool is started where an environment is found before, or no mark of it is there."""
    program = tool(tmp_path / "bin" / "poetry", "exit 1")
    environ = {"PATH": f"{program.parent}:{PATH}"}
    (tmp_path / "pyproject.toml").write_text("# [tool.poetry]\n[tool.poetry_dynamic]\n")
    assert sources(place(tmp_path, environ=environ)) == ["gitmig's own Python"]
    (tmp_path / "poetry.lock").touch()
    environment(tmp_path / ".venv")
    find(place(tmp_path, environ=environ))
    assert not program.with_name("poetry.ran").exists()


def test_failures_of_tools_are_kept(tmp_path: Path) -> None:
    """A missing tool and one that fails are told, and the search goes on."""
    tool(tmp_path / "bin" / "poetry", "echo first; echo no environment here >&2; exit 1")
    tool(tmp_path / "bin" / "pipenv", "exit 0")
    for marker in ("uv.lock", "poetry.lock", "Pipfile"):
        (tmp_path / marker).touch()
    environ = {"PATH": f"{tmp_path / 'bin'}:{PATH}"}
    with pytest.raises(NoInterpreter) as caught:
        find(place(tmp_path, environ=environ))
    assert "uv: uv is not on PATH" in caught.value.message
    assert "exit code 1: no environment here" in caught.value.message
    assert "`pipenv --py`: no answer" in caught.value.message


def test_tool_without_path_is_found_at_home(tmp_path: Path) -> None:
    """A commit from a desktop program, without the user's PATH, still finds poetry (C16)."""
    python = environment(tmp_path / "hidden")
    tool(tmp_path / "home" / ".local" / "bin" / "poetry", f"echo '{python}'")
    (tmp_path / "poetry.lock").touch()
    assert find(place(tmp_path)).source == "poetry"


def test_tool_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that does not answer is ended with all it started, and the search goes on."""
    monkeypatch.setattr(probe, "SECONDS", 2)
    program = tool(tmp_path / "bin" / "poetry", 'sleep 600 & echo $! >"$0.pid"; sleep 600')
    (tmp_path / "poetry.lock").touch()
    environ = {"PATH": f"{program.parent}:{PATH}"}
    found = find(place(tmp_path, environ=environ, own=sys.executable))
    assert found.source == "gitmig's own Python"
    child = int(program.with_name("poetry.pid").read_text())
    assert is_ended(child)


def test_active_environment(tmp_path: Path) -> None:
    """The active environment comes after the project's, conda's after Python's own."""
    environ = {"VIRTUAL_ENV": str(tmp_path / "v"), "CONDA_PREFIX": str(tmp_path / "c")}
    assert sources(place(tmp_path, environ=environ))[:2] == ["VIRTUAL_ENV", "CONDA_PREFIX"]
    python = environment(tmp_path / "v")
    assert find(place(tmp_path, environ=environ)).path == python


def test_pre_commits_environment_is_not_the_projects(tmp_path: Path) -> None:
    """Under pre-commit its own environment is neither taken nor shown to the tools (C16)."""
    theirs = tmp_path / "cache" / "py_env-python3"
    environment(theirs)
    python = environment(tmp_path / "hidden")
    answer = f'echo "${{VIRTUAL_ENV-none}} $PATH" >"$0.saw"; echo \'{python}\''
    program = tool(tmp_path / "bin" / "poetry", answer)
    (tmp_path / "poetry.lock").touch()
    path = f"{program.parent}:{PATH}"
    environ = {"VIRTUAL_ENV": str(theirs), "PATH": f"{theirs}/bin:{path}"}
    assert "VIRTUAL_ENV" not in sources(place(tmp_path, environ=environ))
    assert find(place(tmp_path, environ=environ)).source == "poetry"
    assert program.with_name("poetry.saw").read_text() == f"none {path}\n"


def test_candidates_hold_no_process_back(tmp_path: Path) -> None:
    """Candidates are plain values, in the order of the documentation."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    where = place(
        tmp_path, configured="a", recorded="b", environ={"GITMIG_PYTHON": "c", "VIRTUAL_ENV": "/d"}
    )
    assert sources(where) == [
        "[tool.gitmig] python",
        "GITMIG_PYTHON",
        "gitmig install",
        ".venv",
        "VIRTUAL_ENV",
        "gitmig's own Python",
    ]
    first = next(candidates(where))
    assert first == Candidate("[tool.gitmig] python", tmp_path / "a", demanded=True)
    assert os.fspath(tmp_path) in search(where).attempts[0].problem
