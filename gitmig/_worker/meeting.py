"""``meeting``: where sides meet, which operation of which revision concerns the same thing.

Asked only where heads may not be joined: each side is replayed by itself, and watched.

Request besides the common part: ``heads`` (ids). Result: ``alone``, a failure of a side that fails
without any other (missing: none does), and ``meetings``, pairs of operations (``one``, ``other``)
with ``revision``, ``path``, ``line``, ``words``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import combinations
from typing import Any

from alembic.operations import batch, ops
from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import aside, concerned, operations, sqltext, stack
from .cache import replay
from .concerned import ROWS, WHOLE, Thing
from .databases import Databases
from .failures import Failure
from .invoked import surround
from .project import Project, Targets
from .session import open_session
from .shapes import Op, Request, Result

SHOWN = 3  # meetings of two sides that are told
SQL_SHOWN = 90  # characters of a statement

Pair = tuple[str, str]


def run(request: Request) -> Result:
    """Serve the request."""
    heads = request["heads"]
    with open_session(request, ["upgrade", "heads"]) as (project, databases):
        watched = Watched(project, databases, heads)
        alone = watched.failed[0].answer() if watched.failed else None
        told = watched.meetings(list(combinations(heads, 2)))
        return {"alone": alone, "meetings": told, **project.facts(databases)}


class Witness:
    """What the revisions of one side do: ``told`` is each operation with its place."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.told: list[Result] = []
        self.busy = False  # statements are those of an operation that was told
        surround(self.around)
        owner: Any = batch.BatchOperationsImpl
        owner.flush = self.flushing(owner.flush)
        event.listen(Engine, "before_cursor_execute", self.note_sql)

    @contextlib.contextmanager
    def around(self, operations_of: Any, op: Op) -> Iterator[None]:
        """Keep an operation that a revision asks for; of one that sends SQL the SQL is kept."""
        if isinstance(op, ops.ExecuteSQLOp):
            yield
            return
        described = operations.describe_one(op, (), ())
        self.note(described["words"], concerned.by_operation(op, described))
        with self.at_work():
            yield

    def flushing(self, flush: Callable[[Any], None]) -> Callable[[Any], None]:
        """Wrap the end of a batch, whose operations are known already."""

        def flushed(impl: Any) -> None:
            with self.at_work():
                flush(impl)

        return flushed

    def at_work(self) -> AbstractContextManager[None]:
        """Let statements belong to what was told."""

        @contextlib.contextmanager
        def busy() -> Iterator[None]:
            before, self.busy = self.busy, True
            try:
                yield
            finally:
                self.busy = before

        return busy()

    def note_sql(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        """Keep a statement that a revision sends by itself."""
        if self.project.step is None or self.busy or aside.active() or stack.is_library_asking():
            return
        text = " ".join(sqltext.bare(statement).split())
        if not sqltext.is_control(text):
            more = "…" if len(text) > SQL_SHOWN else ""
            self.note(f"run {text[:SQL_SHOWN]}{more}", concerned.by_statements(statement))

    def note(self, words: str, things: Collection[Thing]) -> None:
        """Keep what a revision does, where it does it itself and not Alembic for it."""
        step = self.project.step
        line = stack.line_in(str(step.revision.path)) if step is not None else 0
        if step is not None and line:
            self.told.append(
                {
                    "revision": step.revision.revision,
                    "path": self.project.relative(step.revision.path),
                    "line": line,
                    "words": words,
                    "things": sorted(things),
                }
            )


class Watched:
    """Each side replayed by itself: ``told`` is what it does, ``failed`` what fails alone."""

    def __init__(self, project: Project, databases: Databases, heads: Sequence[str]) -> None:
        self.told: dict[str, list[Result]] = {}
        self.failed: list[Failure] = []
        common = in_common(project, heads)
        witness = Witness(project)
        for head in heads:
            try:
                if common:
                    replay(project, databases, common)
                else:
                    databases.fresh(())
                witness.told = []
                project.upgrade(head)
            except Failure as failure:
                self.failed.append(failure)
            self.told[head], witness.told = witness.told, []

    def meetings(self, pairs: Sequence[Pair]) -> list[Result]:
        """Return operations, one of each of two sides, that concern the same thing."""
        found = []
        for one, other in pairs:
            found += list(self.between(one, other))[:SHOWN]
        return found

    def between(self, one: str, other: str) -> Iterator[Result]:
        """Yield the meetings of two sides in the order of their files, those of a name first.

        Where there are some, one that only has the table in common is no reason.
        """
        sides = [self.told[one], self.told[other]]
        common = set.intersection(*({each["revision"] for each in side} for side in sides))
        own = [[each for each in side if each["revision"] not in common] for side in sides]
        for closeness in (same_name, same_table):
            found = [
                {"one": first, "other": second}
                for first in own[0]
                for second in own[1]
                if closeness(first["things"], second["things"])
            ]
            if found:
                yield from found
                return


def in_common(project: Project, heads: Sequence[str]) -> Targets:
    """Return the last revisions that all heads stand on, none where they have nothing in common.

    None either where the revisions can only be loaded within env.py: it has not run yet.
    """
    if not project.complete:
        return ()
    nowhere: Any = ()
    walks = [project.script._upgrade_revs(head, nowhere) for head in heads]
    sides = [{step.revision.revision: step.revision for step in walk} for walk in walks]
    shared = set.intersection(*map(set, sides))
    below = {name for each in shared for name in sides[0][each]._all_down_revisions}
    return tuple(sorted(shared - below))


def same_name(one: Sequence[Thing], other: Sequence[Thing]) -> bool:
    """Say whether two operations concern one column or one name, or both all of one table."""
    return any(
        name == name2 and name != ROWS and (table == table2 or "" in (table, table2))
        for table, name in one
        for table2, name2 in other
    )


def same_table(one: Sequence[Thing], other: Sequence[Thing]) -> bool:
    """Say whether one of two operations concerns a table or its rows, and the other it, too."""
    return any(
        table == table2 and not {WHOLE, ROWS}.isdisjoint((name, name2))
        for table, name in one
        for table2, name2 in other
    )
