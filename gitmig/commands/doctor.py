"""``gitmig doctor``: what gitmig would use here, and why; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitmig import config, hookfiles, interpreter, memo
from gitmig.commands.projectside import open_project, place_to_look
from gitmig.commands.workspace import Workspace
from gitmig.errors import GitmigError
from gitmig.model import Environment, Line


def doctor(directory: Path, name: str | None = None, database: str = "") -> list[Line]:
    """Return what was looked at, in order. Raises NotARepository; all else is a line."""
    workspace = Workspace.open(directory)
    try:
        lines = [*repository_lines(workspace)]
        for environment in workspace.config.environments:
            if name in (None, environment.name):
                lines += environment_lines(workspace, environment, database)
        if not workspace.config.environments:
            lines.append(Line("environment", "none is tracked by git", False, "gitmig init"))
        return lines
    finally:
        workspace.repository.close()


def repository_lines(workspace: Workspace) -> Iterator[Line]:
    """Yield what concerns the repository as a whole."""
    repository = workspace.repository
    yield Line("repository", str(repository.root), True)
    if repository.state:
        yield Line("in progress", repository.state)
    for hook in hookfiles.status(repository.hooks_dir):
        found = f"{hook.state}: {hook.path}" + (f", runs {hook.python}" if hook.python else "")
        if hook.previous is not None:
            found += f", after {hook.previous.name}"
        yield Line(f"hook {hook.name}", found, hook.state == "installed", "gitmig install")
    yield Line("memo", f"{len(memo.latest(repository))} states known to need nothing")


def environment_lines(
    workspace: Workspace, environment: Environment, database: str
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


def project_lines(workspace: Workspace, environment: Environment, database: str) -> Iterator[Line]:
    """Yield what the project's side says when env.py is run on an ephemeral database."""
    try:
        with open_project(workspace, environment, database=database) as project:
            answer = project.ask("describe")
            place = str(project.run)
            in_place = project.tree == workspace.repository.root
    except GitmigError as error:
        yield Line("env.py", error.message, False, error.hint)
        return
    yield Line("env.py", f"runs; its models come from {len(answer['loaded'])} files", True)
    versions = ", ".join(f"{name} {value}" for name, value in answer["versions"].items())
    yield Line("versions", versions)
    yield Line("tree", "the work tree in place" if in_place else "a private copy of the index")
    server = database or environment.settings.database
    where = "databases of our own on the given server" if server else f"a file below {place}"
    yield Line("ephemeral", f"{answer['dialect']}: {where}", True)
