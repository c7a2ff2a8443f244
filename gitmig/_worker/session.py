"""A project on ephemeral databases, for one request."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from . import bookkeeping, compat, depends, direct, ending, line, needs, notes, redirect
from .beginning import Beginning
from .databases import Databases
from .failures import Failure
from .project import Project
from .shapes import Request
from .writes import watch


@contextlib.contextmanager
def open_session(
    request: Request, arguments: Sequence[str], kind: type[Project] = Project
) -> Iterator[tuple[Project, Databases]]:
    """Give ``(project, databases)``: every connection is ephemeral, and nothing stays behind.

    What the revisions did to the project's files is undone at the end.
    ``arguments`` is the Alembic command line that the project's code shall see.
    """
    line.open_to(request.get("line", -1), request.get("log", -1))
    cache = request.get("cache", "")
    notes.open_to(cache)
    databases = Databases(request["run"], request["registry"], cache)
    redirect.install(databases)
    direct.install((request["tree"], request["root"]))
    ending.install((request["tree"], request["root"]))
    compat.keep_unique_in_reverse()
    bookkeeping.install()
    try:
        project = kind(request, arguments)
        writes = watch(project)
        files = request.get("needs_of")
        databases.needs = lambda kind: needs.of(
            [depends.read(path) for path in files] if files else project.texts(),
            request["prepare"].get(kind, ()),
            os.path.basename(request["root"]),
        )
        project.blame = databases.blame
        begin_with(Beginning(request), project, databases)
        try:
            yield project, databases
        finally:
            writes.end_processes()
            writes.undo()
    except BaseException:
        with contextlib.suppress(Failure):  # what went wrong first is what to tell
            databases.close()
        raise
    databases.close()


def begin_with(beginning: Beginning, project: Project, databases: Databases) -> None:
    """Let every new database of the project begin as the settings say."""
    if beginning.is_wanted():
        if beginning.revision:
            known = beginning.known(project.script) if project.complete else beginning.revision
            project.baseline = (known,)
        project.begin = lambda heads, context: beginning.at(
            heads, context, databases.generation, project.script
        )
