"""``gitmig doctor``: what gitmig would use here, and why; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gitmig import config, hookfiles, interpreter, memo
from gitmig.commands import squawk
from gitmig.commands.projectside import How, open_project, place_to_look
from gitmig.commands.workspace import Workspace
from gitmig.errors import ConfigError, GitFailed, GitmigError, NoEnvironment
from gitmig.git import Repository
from gitmig.model import Environment
from gitmig.outcomes import Line


def doctor(directory: Path, name: str | None = None, database: Sequence[str] = ()) -> list[Line]:
    """Return what was looked at, in order. Raises NotARepository; all else is a line."""
    repository = Repository.open(directory)
    try:
        return [*repository_lines(repository), *staged_lines(directory, name, database)]
    finally:
        repository.close()


def repository_lines(repository: Repository) -> Iterator[Line]:
    """Yield what concerns the repository as a whole."""
    yield Line("repository", str(repository.root), True)
    if repository.state:
        yield Line("in progress", repository.state)
    yield from hook_lines(repository)
    known = len(memo.latest(repository))
    yield Line("memo", f"{known} state{'' if known == 1 else 's'} known to need nothing")


def hook_lines(repository: Repository) -> Iterator[Line]:
    """Yield how each hook stands."""
    try:
        hooks = hookfiles.status(repository.hooks_dir)
    except GitmigError as error:
        yield Line("hooks", error.message, False, error.hint)
        return
    for hook in hooks:
        found = f"{hook.state}: {hook.path}" + (f", runs {hook.python}" if hook.python else "")
        if hook.previous is not None:
            found += f", after {hook.previous.name}"
        yield Line(f"hook {hook.name}", found, hook.state == "installed", "gitmig install")


def staged_lines(directory: Path, name: str | None, database: Sequence[str]) -> Iterator[Line]:
    """Yield what concerns the staged tree: its settings, and the environments that are meant."""
    try:
        workspace = Workspace.open(directory)
    except GitmigError as error:
        what = "index" if isinstance(error, GitFailed) else "settings"
        yield Line(what, error.message, False, error.hint)
        return
    try:
        for environment in workspace.environments(name):
            yield from environment_lines(workspace, environment, database)
    except NoEnvironment as error:
        yield Line("environment", "none is tracked by git", False, error.hint)
    except ConfigError as error:
        yield Line("environment", error.message, False, error.hint)
    finally:
        workspace.close()


def environment_lines(
    workspace: Workspace, environment: Environment, database: Sequence[str]
) -> Iterator[Line]:
    """Yield what concerns one Alembic environment."""
    yield Line("environment", f"{environment.name}: {environment.ini or environment.toml}", True)
    paths = config.revision_paths(environment, workspace.index)
    folders = ", ".join(environment.version_locations)
    yield Line("revisions", f"{len(paths)} in {folders}", bool(paths), "gitmig autogenerate")
    search = interpreter.search(place_to_look(workspace, environment))
    for attempt in search.attempts:
        path = str(attempt.path or "")
        yield Line("python", f"{attempt.source}: {path} {attempt.problem}".rstrip(),
                   not attempt.problem or None)  # fmt: skip
    if search.found is None:
        yield Line("python", "none has Alembic and SQLAlchemy", False, "set `python`")
        return
    yield from project_lines(workspace, environment, database)


def project_lines(
    workspace: Workspace, environment: Environment, database: Sequence[str]
) -> Iterator[Line]:
    """Yield what the project's side says when env.py is run on an ephemeral database."""
    try:
        with open_project(workspace, environment, How(database)) as project:
            answer = project.ask("describe")
            place = str(project.run)
            in_place = project.tree == workspace.repository.root
    except GitmigError as error:
        yield Line("env.py", error.message, False, error.hint)
        yield from server_lines(workspace)
        return
    yield Line("env.py", f"runs; its models come from {len(answer['loaded'])} files", True)
    versions = ", ".join(f"{name} {value}" for name, value in answer["versions"].items())
    yield Line("versions", versions)
    yield Line("tree", "the work tree in place" if in_place else "a private copy of the index")
    yield from (Line("production differs", note) for note in answer["differs"])
    if answer["dialect"] == "postgresql":
        told = squawk.program() or "not installed; more rules: pip install 'gitmig[squawk]'"
        yield Line("squawk", told, True if squawk.program() else None)
    if answer["dialect"] == "sqlite":
        yield Line("ephemeral", f"sqlite: a file below {place}", True)
    yield from server_lines(workspace)


def server_lines(workspace: Workspace) -> Iterator[Line]:
    """Yield what became of each way to a server."""
    for attempt in workspace.servers.attempts:
        if attempt.told:
            yield Line("ephemeral", f"{attempt.kind}: {attempt.told}", True)
        else:
            yield Line("ephemeral", f"{attempt.kind}: {attempt.name}: {attempt.problem}")
    workspace.servers.attempts.clear()
