"""Ask the project's side: snapshot, interpreter, run directory and worker for one request."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from gitmig import client, interpreter, snapshot
from gitmig.commands.workspace import Workspace
from gitmig.ephemeral.rundir import run_directory
from gitmig.errors import WorkerFailed
from gitmig.explain import explain
from gitmig.model import Environment, Progress


@dataclass(frozen=True)
class ProjectSide:
    """One environment's project, ready to be asked; ``tree`` holds the files it works on."""

    workspace: Workspace
    environment: Environment
    tree: Path
    run: Path
    database: str = ""
    on_progress: Progress | None = None

    def ask(self, operation: str, *, attached: bool = False, **fields: Any) -> dict[str, Any]:
        """Send one request and return the result; raises WorkerFailed in the user's words.

        ``attached``: it is about a real database, see ``client.ask_attached``.
        """
        settings = self.environment.settings
        python = find_interpreter(self.workspace, self.environment).path
        request = {"operation": operation, **self.common_part(), **fields}
        try:
            if attached:
                return client.ask_attached(python, request, env=settings.env)
            return client.ask(
                python,
                request,
                env=settings.env,
                timeout=settings.timeout,
                on_progress=self.on_progress,
            )
        except WorkerFailed as error:
            told = explain(error, self.environment, str(python))
            module = str(error.data.get("missing_module", ""))
            path = not_staged(self.workspace, self.environment, module)
            if path:
                told.hint = f"{path} is there but not staged: git add {quote(path)}"
            raise told from error

    def common_part(self) -> dict[str, Any]:
        """Return what every request holds: see the docstring of ``_worker``."""
        environment, repository = self.environment, self.workspace.repository
        given = self.database or os.environ.get("GITMIG_DATABASE_URL", "")
        return {
            "tree": str(self.tree),
            "root": str(repository.root),
            "directory": environment.directory,
            "ini": relative(environment.ini, environment.directory),
            "toml": relative(environment.toml, environment.directory),
            "section": environment.section,
            "run": str(self.run),
            "server": given or environment.settings.database,
            "registry": str(repository.shared_dir / "databases"),
            "pycache": str(repository.shared_dir / "pycache"),
        }

    @property
    def cache(self) -> str:
        """Return the folder for replayed databases; linked work trees share it."""
        return str(self.workspace.repository.shared_dir / "cache")

    def scratch(self, name: str = "scratch") -> Path:
        """Return a new empty directory that is removed with the run."""
        folder = self.run / name
        folder.mkdir()
        return folder


def not_staged(workspace: Workspace, environment: Environment, module: str) -> str:
    """Return the file of a missing module that lies in the work tree only, empty for none."""
    name = module.replace(".", "/")
    for folder in ("", environment.directory, f"{environment.directory}/src", "src"):
        for path in (f"{folder}/{name}.py".lstrip("/"), f"{folder}/{name}/__init__.py".lstrip("/")):
            there = name and (workspace.repository.root / path).is_file()
            if there and path not in workspace.index:
                return path
    return ""


@contextlib.contextmanager
def open_project(
    workspace: Workspace,
    environment: Environment,
    *,
    database: str = "",
    without: Sequence[str] = (),
    commit: str = "",
    on_progress: Progress | None = None,
) -> Iterator[ProjectSide]:
    """Give the project's side on the staged tree minus the paths in ``without``, or on ``commit``.

    ``database`` is the URL of a server to make databases on, before the one in the settings.
    """
    include = environment.settings.snapshot_include
    taking = (
        snapshot.take_commit(workspace.repository, commit, include)
        if commit
        else snapshot.take(workspace.repository, without, include)
    )
    with taking as taken, run_directory() as run:
        yield ProjectSide(workspace, environment, taken.tree, run, database, on_progress)


@contextlib.contextmanager
def open_work_tree(
    workspace: Workspace, environment: Environment, on_progress: Progress | None = None
) -> Iterator[ProjectSide]:
    """Give the project's side on the work tree as it is, for the commands of every day."""
    root = workspace.repository.root
    with run_directory() as run:
        yield ProjectSide(workspace, environment, root, run, "", on_progress)


def find_interpreter(workspace: Workspace, environment: Environment) -> interpreter.Interpreter:
    """Return the project's interpreter; raises NoInterpreter with where it was looked for."""
    return interpreter.find(place_to_look(workspace, environment))


def place_to_look(workspace: Workspace, environment: Environment) -> interpreter.Place:
    """Return what decides which interpreters are considered."""
    repository = workspace.repository
    return interpreter.Place(
        root=repository.root,
        directory=repository.root / environment.directory,
        configured=environment.settings.python,
        recorded=repository.config("gitmig.python"),
        environ=os.environ,
        main_root=repository.main_root,
    )


def relative(path: str, directory: str) -> str:
    """Return a path of the repository relative to the directory Alembic is run from."""
    return os.path.relpath(path, directory or ".").replace(os.sep, "/") if path else ""
