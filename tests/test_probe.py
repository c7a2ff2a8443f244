"""Whether a Python has what the worker needs, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_interpreter import environment, installed, place, tool

from gitmig.errors import NoInterpreter
from gitmig.interpreter import find, search


def test_environment_without_alembic_is_passed_over(tmp_path: Path) -> None:
    """An environment that lacks the packages is passed over, and the search says why."""
    environment(tmp_path / "api" / ".venv", usable=False)
    python = environment(tmp_path / ".venv")
    result = search(place(tmp_path, "api"))
    assert result.found is not None and result.found.path == python
    assert [attempt.problem for attempt in result.attempts] == ["no alembic, no sqlalchemy", ""]


def test_folder_named_alembic_is_not_the_package(tmp_path: Path) -> None:
    """The project's own alembic/ folder does not pass for the installed package."""
    environment(tmp_path / ".venv", usable=False)
    for name in ("alembic", "sqlalchemy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "env.py").touch()
    (tmp_path / "sys.py").write_text("raise SystemExit('user code ran')")
    (tmp_path / "importlib.py").write_text("raise SystemExit('user code ran')")
    where = place(tmp_path, environ={"PYTHONPATH": str(tmp_path / "alembic" / "..")})
    assert search(place(tmp_path)).attempts[0].problem == "no alembic, no sqlalchemy"
    assert search(where).found is None


def test_look_at_folders_needs_no_process(tmp_path: Path) -> None:
    """Where the packages are in the environment's own folder its Python is not started."""
    python = installed(tmp_path / ".venv")
    python.unlink()
    tool(python, "exit 1")
    assert find(place(tmp_path)).path == python
    assert not python.with_name("python.ran").exists()


def test_packages_of_another_version_do_not_count(tmp_path: Path) -> None:
    """What an upgrade left in lib/python3.1 says nothing about the Python of today."""
    installed(tmp_path / ".venv")
    lib = tmp_path / ".venv" / "lib"
    next(lib.iterdir()).rename(lib / "python3.1")
    assert search(place(tmp_path)).found is None


def test_broken_link_is_named(tmp_path: Path) -> None:
    """An environment whose base Python was removed is told as a broken link."""
    python = environment(tmp_path / ".venv")
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    with pytest.raises(NoInterpreter, match="broken link"):
        find(place(tmp_path))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("exit 3", "exit code 3"),
        ("echo hello", "it is no Python"),
        ("echo Python 3 8", "Python 3.8 is too old, 3.9 is needed"),
    ],
)
def test_what_is_no_usable_python_is_said(tmp_path: Path, answer: str, problem: str) -> None:
    """A program that is no Python, or too old a one, is refused with the reason."""
    tool(tmp_path / "python", answer)
    with pytest.raises(NoInterpreter, match=problem):
        find(place(tmp_path, configured="python"))


def test_file_that_cannot_run_is_said(tmp_path: Path) -> None:
    """A file that is not executable, or no program, is refused with the reason."""
    file = tmp_path / "python"
    file.write_bytes(b"\x00\x01")
    assert "not executable" in search(place(tmp_path, configured="python")).attempts[0].problem
    file.chmod(0o755)
    assert "cannot be run" in search(place(tmp_path, configured="python")).attempts[0].problem
