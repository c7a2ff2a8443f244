"""What is older than any commit and Alembic does not see, generated where nothing is staged.

Then there is no commit that could have caused it, and whoever asks wants all that is missing. The
``Judge`` finds it, as ``drift`` does, and finds nothing of it once the revision has run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from . import together
from .compare import Comparison
from .databases import Databases
from .differing import is_more, told
from .failures import Failure
from .inspection import is_understood
from .judge import Found, Judge
from .project import Project
from .shapes import Context, Op
from .sql import SqlOp, put_first, put_last
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
        if is_understood(judge.context.dialect):
            for change, made in list(judge.differences(self.databases, {})):
                if not is_more(change):
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


def put(change: Change, made: list[Op], ways: tuple[Op, Op], judge: Judge) -> None:
    """Put operations where they run: members of an enum come first, for others may need them."""
    up, down = ways
    table = judge.wanted.tables.get(change.table)
    along = table is not None and change.aspect in ("type", "default")
    if along and together.goes_along(change, up, down, judge.context, table):
        return
    (put_first if change.aspect == "members" else put_last)(up, down, made)


def place_of(change: Change) -> Place:
    """Return what a difference is about; a check that has no name is known by its text."""
    return change.table, change.name or str(change.after), change.aspect
