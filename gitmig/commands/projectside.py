"""Ask the project's side: snapshot, interpreter, run directory and worker for one request."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shlex import quote
from tempfile import mkdtemp
from typing import Any

from gitmig import client, interpreter, snapshot
from gitmig.commands import missing_module
from gitmig.commands.server_faults import (
    DROPPED,
    MISSES,
    cause,
    failed,
    refuse_dead,
    refuse_full,
)
from gitmig.commands.workspace import Workspace
from gitmig.config import revision_paths
from gitmig.ephemeral import store
from gitmig.ephemeral.given import SAME
from gitmig.ephemeral.rundir import run_directory
from gitmig.ephemeral.servers import Terms
from gitmig.errors import ConfigError, WorkerFailed
from gitmig.explain import ENDLESS, explain, where
from gitmig.git import NOTHING
from gitmig.model import Environment, Progress, ServerSettings, Settings
from gitmig.snapshot import Snapshot


@dataclass(frozen=True)
class How:
    """How a project is to be run.

    ``database`` are the URLs of servers to make databases on, empty for those in the settings;
    ``keep``: use the cache; ``on_progress`` is told what happens; ``line`` names a line of work
    that goes on beside others.
    """

    database: Sequence[str] = ()
    keep: bool = True
    on_progress: Progress | None = None
    line: str = ""


AS_USUAL = How()


@dataclass(frozen=True)
class ProjectSide:
    """One environment's project, ready to be asked; ``tree`` holds the files it works on."""

    workspace: Workspace
    environment: Environment
    tree: Path
    run: Path
    terms: Terms
    on_progress: Progress | None = None

    def ask(self, operation: str, *, attached: bool = False, **fields: Any) -> dict[str, Any]:
        """Send one request and return the result; raises WorkerFailed in the user's words.

        ``attached``: it is about a real database, see ``client.ask_attached``.
        """
        settings, servers = self.environment.settings, self.workspace.servers
        python = find_interpreter(self.workspace, self.environment).path
        request = {"operation": operation, **self.common_part(), **fields}
        try:
            if attached:
                return client.ask_attached(python, request, env=settings.env)
            answer = client.ask(
                python,
                request,
                env=settings.env,
                timeout=settings.timeout,
                on_progress=self.on_progress,
                answer=partial(servers.answer, self.terms),
            )
            refuse_dead(servers, failed(answer))  # a gate may have failed of it
            refuse_full(answer)
            if request["cache"]:
                store.trim(Path(request["cache"]), self.terms.bound)
            return {**answer, "differs": [*servers.notes, *version_notes(settings, answer)]}
        except WorkerFailed as error:
            refuse_dead(servers, error.data, error)
            refuse_full({"error": error.message})
            if servers.fault is not None:
                raise servers.fault from error
            if error.kind == "unfit_server":
                lacking = bool(error.data["lacking"])
                servers.give_up(error.data["lent"], error.message, lacking=lacking)
                return self.ask(operation, attached=attached, **fields)
            raise self.told(error, str(python)) from error

    def told(self, error: WorkerFailed, python: str) -> WorkerFailed:
        """Return a worker's failure in the user's words, with the place and what to do."""
        told = explain(error, self.environment, python)
        if error.kind in ENDLESS and error.data.get("path") and not error.data["line"]:
            told.data = {**error.data, "line": self.line_of_way(error.data)}
        module = str(error.data.get("missing_module", ""))
        told.hint = missing_module.remedy(self.workspace, self.environment, module) or told.hint
        own = error.kind == "server_failed" and not self.terms.urls
        place, line = "", 0
        if own or error.kind == "no_database":
            place, line = cause(error, self.revision_texts())
        if place:
            what = f"{MISSES}: {error.message}" if own else told.message
            told.message = f"{where(place, line)}{what}"
            told.data = {**error.data, "path": place, "line": line}
            told.hint = DROPPED if own else told.hint
        return told

    def revision_texts(self) -> dict[str, str]:
        """Return the texts of the staged revisions by their paths."""
        paths = revision_paths(self.environment, self.workspace.index)
        return {path: self.workspace.read(path) or "" for path in paths}

    def common_part(self) -> dict[str, Any]:
        """Return what every request holds: see the docstring of ``_worker``."""
        environment, repository = self.environment, self.workspace.repository
        return {
            "tree": str(self.tree),
            "root": str(repository.root),
            "directory": environment.directory,
            "ini": relative(environment.ini, environment.directory),
            "toml": relative(environment.toml, environment.directory),
            "section": environment.section,
            "run": str(self.run),
            "cache": str(repository.shared_dir / "cache") if self.terms.keep else "",
            "env": dict(environment.settings.env),
            "x": list(environment.settings.x),
            "registry": str(repository.shared_dir / "databases"),
            "prepare": {
                kind: list(server.prepare) for kind, server in environment.settings.servers.items()
            },
            "memory": environment.settings.memory,
            "begin": beginning(self.workspace, environment),
            "pycache": str(repository.shared_dir / "pycache"),
        }

    def files_that_run(self, tree: Mapping[str, str]) -> list[str]:
        """Return the full paths of env.py and of the revisions in a tree."""
        env = f"{self.environment.script_location}/env.py"
        return [str(self.tree / path) for path in (env, *revision_paths(self.environment, tree))]

    @contextlib.contextmanager
    def beside(self, line: str) -> Iterator[ProjectSide]:
        """Give the same tree for a line of work that goes on at the same time, without a sound."""
        terms = replace(self.terms, line=f"{self.terms.line} {line}")
        with run_directory() as run:
            yield replace(self, run=run, terms=terms, on_progress=None)

    def line_of_way(self, data: Mapping[str, Any]) -> int:
        """Return where the function begins in which a revision was; 0 where there is none."""
        name = "upgrade" if data["up"] else "downgrade"
        with contextlib.suppress(OSError, UnicodeError):
            lines = (self.tree / data["path"]).read_text(encoding="utf-8").splitlines()
            begins = re.compile(rf"(?:async )?def {name}\(")
            return next((place for place, line in enumerate(lines, 1) if begins.match(line)), 0)
        return 0

    def scratch(self) -> Path:
        """Return a new empty directory that is removed with the run."""
        return Path(mkdtemp(prefix="scratch", dir=self.run))


def beginning(workspace: Workspace, environment: Environment) -> dict[str, Any]:
    """Return what a new database has before its first revision, see ``_worker/beginning``.

    Raises ConfigError for a schema file that is not there.
    """
    settings = environment.settings
    servers = settings.servers
    found: dict[str, Any] = {}
    if settings.baseline or settings.baseline_revision:
        text = workspace.read(settings.baseline)
        if not (settings.baseline and settings.baseline_revision):
            hint = "set both: the file, and the revision that it stands for"
            raise ConfigError("baseline and baseline-revision belong together", hint)
        if text is None:
            raise ConfigError(f"baseline: {settings.baseline} is not staged",
                              f"git add {quote(settings.baseline)}")  # fmt: skip
        found = {"path": settings.baseline, "text": text, "revision": settings.baseline_revision}
    functions = {kind: each.prepare_with for kind, each in servers.items() if each.prepare_with}
    statements = [*servers["sqlite"].prepare] if "sqlite" in servers else []
    if functions:
        found["functions"] = functions
    if statements:
        found["statements"] = {"sqlite": statements}
    return found


def version_notes(settings: Settings, answer: dict[str, Any]) -> list[str]:
    """Return a note where production runs another version than the proof was made on."""
    versions = answer.get("versions", {})
    kind = SAME.get(versions.get("dialect", ""), versions.get("dialect", ""))
    wanted = settings.servers.get(kind, ServerSettings()).version.split(".")
    found = versions.get("database", "").split(".")
    if not versions.get("database") or wanted == [""] or wanted == found[: len(wanted)]:
        return []
    return [f"proved on {kind} {'.'.join(found)}; production has {'.'.join(wanted)}"]


@contextlib.contextmanager
def open_project(
    workspace: Workspace,
    environment: Environment,
    how: How = AS_USUAL,
    *,
    without: Sequence[str] = (),
    instead: Mapping[str, str] = NOTHING,
    commit: str = "",
) -> Iterator[ProjectSide]:
    """Give the project's side on the staged tree minus ``without``, or on that of a commit.

    ``instead`` are other texts of some staged files.
    """
    include = environment.settings.snapshot_include
    taking: AbstractContextManager[Snapshot]
    if workspace.trees is not None and not without and not instead:
        taking = contextlib.nullcontext(workspace.trees.get(commit, include))
    elif commit:
        taking = snapshot.take_commit(workspace.repository, commit, include)
    else:
        taking = snapshot.take(workspace.repository, without, include, instead)
    with taking as taken, run_directory() as run:
        terms = terms_for(environment, how)
        yield ProjectSide(workspace, environment, taken.tree, run, terms, how.on_progress)


@contextlib.contextmanager
def open_work_tree(
    workspace: Workspace, environment: Environment, how: How = AS_USUAL
) -> Iterator[ProjectSide]:
    """Give the project's side on the work tree as it is, for the commands of every day."""
    root = workspace.repository.root
    with run_directory() as run:
        terms = terms_for(environment, how)
        yield ProjectSide(workspace, environment, root, run, terms, how.on_progress)


def terms_for(environment: Environment, how: How) -> Terms:
    """Return on what a project gets servers: the URLs asked for, of the process, or configured."""
    settings = environment.settings
    of_process = os.environ.get("GITMIG_DATABASE_URL", "").split()
    urls = tuple(how.database) or tuple(of_process) or settings.database
    keep = how.keep and settings.cache_size > 0
    return Terms(urls, settings.servers, keep, settings.cache_size << 20, how.line)


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
