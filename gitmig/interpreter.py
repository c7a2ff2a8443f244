"""Find the project's own Python, the one that has its Alembic and SQLAlchemy, and say where.

The order: what the user said (``[tool.gitmig] python``, then ``GITMIG_PYTHON``), what
``gitmig install`` recorded, a virtual environment beside the Alembic configuration or above it, the
tools that know the project's environment, the active environment, gitmig's own Python. The first
that can import Alembic and SQLAlchemy is taken; what the user said is taken or refused.

A virtual environment's Python is a link that must not be resolved: resolved, it is the base Python.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitmig import probe
from gitmig.errors import NoInterpreter


@dataclass(frozen=True)
class Place:
    """Where to look, all paths absolute.

    ``root`` is the top of the work tree, ``directory`` that of the Alembic configuration,
    ``main_root`` the top of the main work tree where this is a linked one. ``configured`` is
    ``[tool.gitmig] python``, ``recorded`` what ``gitmig install`` noted, ``own`` gitmig's Python.
    """

    root: Path
    directory: Path
    configured: str = ""
    recorded: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    main_root: Path | None = None
    own: str = sys.executable


@dataclass(frozen=True)
class Candidate:
    """One place to look; ``problem`` is why it is no use, ``demanded`` that the user named it."""

    source: str
    path: Path | None
    problem: str = ""
    demanded: bool = False


@dataclass(frozen=True)
class Interpreter:
    """The project's Python, and which source named it."""

    path: Path
    source: str


@dataclass(frozen=True)
class Search:
    """A whole search, for ``gitmig doctor``: what was tried, in order, and what was found."""

    attempts: tuple[Candidate, ...]
    found: Interpreter | None


# Known by a file or a pyproject table; each answers with its Python, hatch with a folder.
_TOOLS = (
    ("uv.lock", "tool.uv", ("uv", "python", "find")),
    ("poetry.lock", "tool.poetry", ("poetry", "env", "info", "--executable")),
    ("Pipfile", "tool.pipenv", ("pipenv", "--py")),
    ("hatch.toml", "tool.hatch.envs", ("hatch", "env", "find", "default")),
)


def find(place: Place) -> Interpreter:
    """Return the project's interpreter.

    Raises NoInterpreter, with the list of where it looked, where none is usable, or at once where
    the one that the user named is not.
    """
    result = search(place)
    if result.found is not None:
        return result.found
    where = "; ".join(f"{attempt.source}: {attempt.problem}" for attempt in result.attempts)
    raise NoInterpreter(
        f"No Python with Alembic and SQLAlchemy was found for {place.directory} ({where}).",
        "Install alembic and sqlalchemy where the project's packages are, or name that Python: "
        'python = "path/to/python" under [tool.gitmig], or GITMIG_PYTHON.',
    )


def search(place: Place) -> Search:
    """Try the candidates until one is usable, or the user's own choice is not. Raises nothing."""
    attempts = []
    for candidate in candidates(place):
        path, problem = candidate.path, candidate.problem
        if path is not None and not (problem := probe.problem_of(path, place.root, place.environ)):
            attempts.append(candidate)
            return Search(tuple(attempts), Interpreter(path, candidate.source))
        attempts.append(replace(candidate, problem=problem))
        if candidate.demanded:
            break
    return Search(tuple(attempts), None)


def candidates(place: Place) -> Iterator[Candidate]:
    """Yield every place to look, in order; a tool is asked only when its turn comes."""
    for source, said in (
        ("[tool.gitmig] python", place.configured),
        ("GITMIG_PYTHON", place.environ.get("GITMIG_PYTHON", "")),
    ):
        if said:
            path = os.path.expanduser(said)  # noqa: PTH111  Path's raises where there is no home
            yield Candidate(source, _python_of(place.root / path), demanded=True)
    if place.recorded:
        yield Candidate("gitmig install", place.root / place.recorded)
    yield from _virtual_environments(place)
    yield from _answers_of_tools(place)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = place.environ.get(name, "")
        if prefix and not _is_pre_commits(prefix):
            yield Candidate(name, _python_of(Path(prefix)))
    if _is_pre_commits(place.environ.get("VIRTUAL_ENV", "")):
        # pre-commit put its own over the active one, which is left on PATH
        python = shutil.which("python3", path=_tool_environ(place.environ).get("PATH", ""))
        if python is not None:
            yield Candidate("PATH", Path(python))
    yield Candidate("gitmig's own Python", Path(place.own))


def _virtual_environments(place: Place) -> Iterator[Candidate]:
    folders = _upwards(place.directory, place.root)
    if place.main_root is not None and place.main_root != place.root:
        folders += [place.main_root / folder.relative_to(place.root) for folder in folders]
    for folder in folders:
        for name in (".venv", "venv", "env"):
            prefix = folder / name
            if (prefix / "pyvenv.cfg").is_file() or (prefix / "conda-meta").is_dir():
                yield Candidate(os.path.relpath(prefix, place.root), _python_of(prefix))


def _upwards(directory: Path, root: Path) -> list[Path]:
    """Return ``directory`` and its parents up to ``root``."""
    if not directory.is_relative_to(root):
        return [root]
    inner = directory.relative_to(root).parts
    return [root.joinpath(*inner[:depth]) for depth in range(len(inner), -1, -1)]


def _python_of(path: Path) -> Path:
    """Return the Python of an environment's folder; any other path is a Python itself."""
    # Path's own question raises where one may not look.
    return path / "bin" / "python" if os.path.isdir(path) else path  # noqa: PTH112


def _is_pre_commits(prefix: str) -> bool:
    """Say whether an environment is one that pre-commit made (``py_env-python3``)."""
    return Path(prefix).name.startswith("py_env-")


def _answers_of_tools(place: Place) -> Iterator[Candidate]:
    environ = _tool_environ(place.environ)
    folders = _upwards(place.directory, place.root)
    for folder in folders:
        # Read, not asked: `pdm info --python` makes an environment where there is none.
        if said := probe.text_of(folder / ".pdm-python").strip():
            yield Candidate("pdm", folder / said)
    for file, table, question in _TOOLS:
        used = next((folder for folder in folders if _is_used_in(folder, file, table)), None)
        if used is not None:
            yield _ask(question, used, environ)


def _tool_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a tool, free of pre-commit's, which it would take for active."""
    kept = {**environ, "PIPENV_VERBOSITY": "-1", "NO_COLOR": "1"}
    prefix = kept.get("VIRTUAL_ENV", "")
    if _is_pre_commits(prefix):
        del kept["VIRTUAL_ENV"]
        entries = kept.get("PATH", "").split(os.pathsep)
        kept["PATH"] = os.pathsep.join(e for e in entries if Path(e).parent != Path(prefix))
    return kept


def _is_used_in(folder: Path, file: str, table: str) -> bool:
    heading = rf"^\s*\[+\s*{re.escape(table)}\s*[.\]]"
    text = probe.text_of(folder / "pyproject.toml")
    return (folder / file).is_file() or re.search(heading, text, re.MULTILINE) is not None


def _ask(question: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> Candidate:
    tool = question[0]
    # A program started from the desktop often lacks the folder of the user's own programs.
    path = f"{environ.get('PATH', '')}{os.pathsep}{environ.get('HOME', '')}/.local/bin"
    program = shutil.which(tool, path=path)
    if program is None:
        return Candidate(tool, None, f"{tool} is not on PATH")
    output, problem = probe.answer_of([program, *question[1:]], folder, environ)
    lines = output.split("\n") if not problem else []
    answer = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if not answer:
        return Candidate(tool, None, f"`{' '.join(question)}`: {problem or 'no answer'}")
    return Candidate(tool, _python_of(folder / answer))
