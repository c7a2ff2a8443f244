"""What a comparison says is gone, although the staged sources still declare it."""

from __future__ import annotations

from collections.abc import Iterable

from gitmig import config, sources
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError, Stopped
from gitmig.model import Environment, Operation


def refuse_standing_tables(
    workspace: Workspace, environment: Environment, operations: Iterable[Operation]
) -> None:
    """Raise Stopped where a table would be dropped whose class still stands in the staged tree."""
    dropped = [operation.table for operation in operations if operation.kind == "DropTableOp"]
    for table in dropped:
        place = declared_in(workspace, environment, table)
        if place:
            raise Stopped(
                f"table {table} would be dropped, but {place} still declares it and env.py does "
                "not import that file",
                f"import it where env.py gets its metadata "
                f"({environment.script_location}/env.py), then commit again",
            )


def declared_in(workspace: Workspace, environment: Environment, table: str) -> str:
    """Return ``path:line`` of the staged declaration of a table, empty where there is none."""
    repository = workspace.repository
    own = set(config.revision_paths(environment, workspace.index))
    candidates = [path for path in workspace.index if path.endswith(".py") and path not in own]
    for path in candidates:
        text = repository.read(workspace.index[path])
        if table not in text:
            continue
        try:
            line = sources.tables(text, path).get(table)
        except SourceError:
            continue
        if line:
            return f"{path}:{line}"
    return ""
