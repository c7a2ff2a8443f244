"""What the base's code meets, found out on the walk from empty, where that is a deployed way, too.

Where the base's files that run are the staged ones (the front has seen to it), a database that has
come to the base's heads is a deployed one. What is missing then are the base's models: a copy of
this process reads them from the base's tree. On SQLite: databases on a server are gone through by
workers of their own, see ``deploy``.
"""

from __future__ import annotations

from typing import Any

from . import rolling
from .cache import configuration_of
from .copied import Copy
from .generate import ARGUMENTS
from .inspection import read
from .project import Project
from .session import open_session
from .shapes import Context, Request

KIND = "sqlite"


class WithoutRevisions(Project):
    """A project of which env.py and the models are all that is asked for."""

    def load_revisions(self) -> None:
        """Load none."""
        self.complete = True


def models(request: Request) -> list[rolling.Facts]:
    """Return what the models say and how env.py configures Alembic, for each database."""
    found: list[rolling.Facts] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        reason = rolling.unknown(context)
        reason = f"{reason} at the base" if reason else ""
        told = {} if reason or context.dialect.name != KIND else rolling.models_of(context)
        found.append({**told, "reason": reason, "configured": configuration_of(context)})
        return []

    alone = {**request, "line": -1, "log": -1, "attached": False}
    with open_session(alone, ARGUMENTS, WithoutRevisions) as (project, _):
        project.run_env(fn)
    return found


class SameWay:
    """The base's code on this walk; ``copy`` reads its models, None where that is not asked."""

    def __init__(self, copy: Copy | None) -> None:
        self.copy = copy
        self.noted: list[rolling.Facts] = []  # of each database at the base's heads

    def note(self, context: Context) -> None:
        """Keep what a database at the base's heads has, and how env.py configures Alembic."""
        if self.copy is None:
            return
        schema = read(context.connection, [], "") if context.dialect.name == KIND else {}
        self.noted.append({"schema": schema, "configured": configuration_of(context)})

    def problems(self, project: Project, *, reached: bool) -> rolling.Met | None:
        """Return what the base's code meets at the heads, None where this is not the way to know.

        ``reached``: the databases stand there. The copy ends.
        """
        base = (self.copy.result() if self.copy is not None else None) or []
        here = [each["configured"] for each in self.noted]
        same = bool(base) and [each["configured"] for each in base] == here
        if not (same and reached and all(each["schema"] for each in self.noted)):
            return None
        before = [{**old, "schema": new["schema"]} for old, new in zip(base, self.noted)]
        return rolling.problems(project, before)
