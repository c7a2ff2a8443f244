"""A project on ephemeral databases, for one request."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from . import compat, progress, redirect
from .databases import Databases
from .project import Project
from .shapes import Request


@contextlib.contextmanager
def open_session(request: Request, arguments: Sequence[str]) -> Iterator[tuple[Project, Databases]]:
    """Give ``(project, databases)``: every connection is ephemeral, and nothing stays behind.

    ``arguments`` is the Alembic command line that the project's code shall see.
    """
    progress.open_to(request.get("progress", -1))
    databases = Databases(request["run"], request["server"], request["registry"])
    redirect.install(databases)
    compat.keep_unique_in_reverse()
    try:
        yield Project(request, arguments), databases
    finally:
        databases.close()
