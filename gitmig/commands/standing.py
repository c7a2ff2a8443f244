"""What the staged sources declare, and env.py does not import: gone, or never seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

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
                import_it(environment),
            )


def import_it(environment: Environment) -> str:
    """Return what to do about a file of models that env.py does not import."""
    where = f"{environment.script_location}/env.py"
    return f"import it where env.py gets its metadata ({where}), then commit again"


def refuse_forgotten(
    workspace: Workspace,
    environment: Environment,
    before: Mapping[str, str],
    loaded: Iterable[str],
    known: Iterable[str],
) -> None:
    """Raise Stopped where this commit declares a table in a file that env.py never imports.

    The arguments are those of ``forgotten``.
    """
    for path, line, table in forgotten(workspace, environment, before, loaded, known):
        raise Stopped(
            f"{path}:{line} declares table {table}, and env.py does not import that file",
            import_it(environment),
        )


def forgotten(
    workspace: Workspace,
    environment: Environment,
    before: Mapping[str, str],
    loaded: Iterable[str],
    known: Iterable[str],
) -> Iterator[tuple[str, int, str]]:
    """Yield path, line and name of the tables in files that env.py never imports.

    ``before`` is the tree of the commit before (what it declared is left out), ``loaded`` the files
    that were imported, ``known`` the tables of the project's metadata. Only tables on a base of the
    imported files count.
    """
    seen = {key.rpartition(".")[2] for key in known}
    places = dict(declared_anew(workspace, environment, before, set(loaded)))
    wanted = {path: found for path, found in places.items() if set(found) - seen}
    if not wanted:
        return
    files = {path: workspace.repository.read(workspace.index[path])
             for path in {*loaded, *wanted} if path in workspace.index}  # fmt: skip
    for candidate in sources.metadata_candidates(files):
        for path in sources.model_modules(files, candidate):
            if path in wanted and candidate.path not in wanted:
                for table, line in wanted.pop(path).items():
                    if table not in seen:
                        yield path, line, table


def declared_anew(
    workspace: Workspace, environment: Environment, before: Mapping[str, str], loaded: set[str]
) -> Iterable[tuple[str, dict[str, int]]]:
    """Yield the staged files that declare tables they did not declare before, with their lines."""
    own = set(config.revision_paths(environment, workspace.index))
    changed = {path: blob for path, blob in workspace.index.items()
               if blob != before.get(path) and path.endswith(".py")
               and path not in loaded | own}  # fmt: skip
    texts = workspace.repository.read_all(set(changed.values()))
    for path, blob in changed.items():
        with contextlib.suppress(SourceError):
            found = sources.tables(texts.get(blob, ""), path)
            old = {}
            if path in before and found:
                old = sources.tables(workspace.repository.read(before[path]), path)
            anew = {table: line for table, line in found.items() if table not in old}
            if anew:
                yield path, anew


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
