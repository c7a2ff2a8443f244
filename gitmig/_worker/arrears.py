"""What is older than any commit and Alembic does not see, generated where nothing is staged.

Then there is no commit that could have caused it, and whoever asks wants all that is missing. The
``Judge`` finds it, as ``drift`` does, and finds nothing of it once the revision has run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from . import together
from .compare import Comparison
from .databases import Databases
from .differing import is_more, told
from .failures import Failure
from .inspection import is_understood
from .judge import Found, Judge
from .project import Project
from .shapes import Context, Op
from .sql import SqlOp, mentions, put_first, put_last
from .unseen import Change

Place = tuple[str, str, str]  # table, name, aspect


class Arrears:
    """The differences of all databases that an operation mends, and in words those without one.

    ``without`` are tables whose differences are to stay as they are, ``*`` is all.
    """

    def __init__(
        self, project: Project, databases: Databases, without: Collection[str] = ()
    ) -> None:
        self.project = project
        self.databases = databases
        self.without = without
        self.left: list[str] = []
        self.left_places: set[Place] = set()
        self.mended: set[Place] = set()

    def add(self, found: Comparison) -> bool:
        """Add the operations to those of Alembic; say whether there were any."""
        each = iter(found.pairs)

        def fn(heads: Any, context: Context) -> list[Any]:
            up, down = next(each)
            judge = Judge(context, up, whole=True)
            already = {str(op) for op in up.ops if isinstance(op, SqlOp)}
            for change, made in self.errors(judge):
                stays = {change.table, "*"} & set(self.without)
                if stays or not made or not judge.rendered(made):
                    self.left.append(told(change))
                    self.left_places.add(place_of(change))
                    continue
                self.mended.add(place_of(change))
                if str(made[0]) not in already:  # a sequence is made with the others
                    put(change, made, (up, down), judge)
            return []

        if found.every:
            self.project.run_env(fn)
        return bool(self.mended)

    def errors(self, judge: Judge) -> Iterator[Found]:
        """Yield what of one database's differences must not stay."""
        if not is_understood(judge.context.dialect):
            return
        found: list[Found] = []
        with contextlib.suppress(DBAPIError):  # no right to make a schema, say
            found = list(judge.differences(self.databases, {}))
        for change, made in found:
            if not is_more(change) and not comes_with_column(change, judge):
                yield change, made

    def refuse_leftover(self) -> None:
        """Raise ``not_converging`` where the new revision did not mend what it was to mend."""

        def fn(heads: Any, context: Context) -> list[Any]:
            still = [change for change, _ in self.errors(Judge(context, None))
                     if place_of(change) not in self.left_places]  # fmt: skip
            if still:
                words = "; ".join(map(told, still))
                tables = sorted({change.table for change in still})
                raise Failure("not_converging", words, arrears=tables)
            return []

        if self.mended:
            self.project.run_env(fn)


def comes_with_column(change: Change, judge: Judge) -> bool:
    """Say whether a CHECK is that of the type of a column which Alembic adds: it comes with it."""
    table = judge.wanted.tables.get(change.table)
    if change.aspect != "check" or table is None or change.after is None:
        return False
    bound = {str(each.name) for each in table.constraints if getattr(each, "_type_bound", False)}
    return mentions(change.after, judge.added(change.table)) and (
        change.name in bound or (not change.name and bool(bound))
    )


def put(change: Change, made: list[Op], ways: tuple[Op, Op], judge: Judge) -> None:
    """Put operations where they run: members of an enum come first, for others may need them."""
    up, down = ways
    table = judge.wanted.tables.get(change.table)
    along = table is not None and change.aspect in ("type", "default")
    if along and together.goes_along(change, up, down, judge.context, table):
        return
    if change.aspect in ("counts", "identity"):
        together.take_over(change, up, down)
    (put_first if change.aspect == "members" else put_last)(up, down, made)


def place_of(change: Change) -> Place:
    """Return what a difference is about; a check that has no name is known by its text."""
    return change.table, change.name or str(change.after), change.aspect
