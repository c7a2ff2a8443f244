"""Renames in the databases and in the revision: found (see ``pairing``), carried out, rendered.

The database is renamed first and compared again, so that all that comes with a rename (an index
named by convention, a longer type, a foreign key) is found by Alembic itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import constraints, moves, mysql, supposed
from .compare import Comparison, use_batch_where_needed
from .follow import renamed
from .lineage import Known
from .models import Models
from .operations import DESCRIBERS
from .pairing import Evidence, columns_renamed
from .project import Project
from .shapes import Context, Dialect, Op
from .sql import RenameColumnOp, SqlOp, put_first
from .tablepairs import tables_renamed


class Renames:
    """The renames of each database of the project, in the order env.py opens them.

    ``told`` are those that a chain of revisions did: then there are no others. ``before`` are the
    models of the commit before, ``answered`` the renames that a person told. ``by_hand``: the
    databases may have names exchanged already.
    """

    def __init__(
        self,
        project: Project,
        told: Sequence[Any] | None = None,
        before: Sequence[Models] | None = None,
        answered: Sequence[Mapping[str, Any]] = (),
        by_hand: bool = False,
    ) -> None:
        self.project = project
        self.told = [Known(each) for each in told] if told is not None else None
        self.done: list[list[Op]] = []
        self.dialects: Sequence[Dialect] = ()
        self.before = before or ()
        self.by_hand = by_hand
        self.answered = {
            (each["schema"], each["table"], each["new"]): each["old"] for each in answered
        }

    @contextlib.contextmanager
    def settled(self, again: Callable[[], Comparison]) -> Iterator[Comparison]:
        """Give the comparison without the drops and adds that are renames.

        Tables come first: their columns can only be compared under the new name. Within the block
        the databases have the new names, after it they are as they were, and the renames are in
        the revision.
        """
        found = again()
        self.dialects = found.dialects
        fingerprints = found.before
        each = [Evidence(before, after, self.answered)
                for before, after in zip(chain(self.before, repeat({})), found.models)]  # fmt: skip
        for find in (tables_renamed, columns_renamed):
            databases = zip(found.pairs, found.dialects, self.told or repeat(None), each)
            here = [
                mysql.complete(list(find(up, evidence, known)), dialect)
                for (up, _), dialect, known, evidence in databases
            ]
            if any(here):
                self.rename(here)
                found = again()
            if find is tables_renamed and self.told is None and self.move(each):
                found = again()
        if self.done and self.carry_along(found):
            found = again()
        for known, done in zip(self.told or (), self.done or repeat(())):
            known.refuse_lost(done)
        found.likely = list(dict.fromkeys(likely for known in each for likely in known.likely))
        if self.told is None:
            found.supposed = {place: words for (up, _), evidence in zip(found.pairs, each)
                              for place, words in supposed.told(up, evidence)}  # fmt: skip
        found.before = fingerprints
        yield found
        if any(self.done):
            self.take_back()
        self.add_to(found)

    def move(self, each: Sequence[Evidence]) -> bool:
        """Rename columns that take each other's names; say whether there was any."""
        if not any(moves.declared(evidence) for evidence in each):
            return False
        waiting = iter(each)
        here: list[list[Op]] = []

        def fn(heads: Any, context: Context) -> list[Any]:
            moved = list(moves.columns_moved(next(waiting), context, circles=not self.by_hand))
            here.append(mysql.complete(moved, context.dialect))
            return []

        self.project.run_env(fn)
        if any(here):
            self.rename(here)
        return any(here)

    def carry_along(self, found: Comparison) -> bool:
        """Rename what has its name from what was renamed; say whether there was any."""
        each = iter(zip(chain(self.before, repeat({})), found.models, self.done))
        here: list[list[Op]] = []

        def fn(heads: Any, context: Context) -> list[Any]:
            before, after, done = next(each)
            here.append(constraints.carried(renamed(before, done, context.dialect), after, context))
            return []

        self.project.run_env(fn)
        if any(here):
            self.rename(here)
        return any(here)

    def rename(self, renames: Sequence[Sequence[Op]]) -> None:
        """Carry renames out on the databases."""
        self.send([[sql for op in each for sql in statements(op)] for each in renames])
        self.done = self.done or [[] for _ in renames]
        for known, new in zip(self.done, renames):
            known += new

    def take_back(self) -> None:
        """Rename everything back."""
        back = [[op.reverse() for op in reversed(each)] for each in self.done]
        self.send([[sql for op in each for sql in statements(op)] for each in back])

    def send(self, statements: Sequence[Sequence[Callable[[Any], str]]]) -> None:
        """Send statements to each database."""
        waiting = iter(statements)

        def fn(heads: Any, context: Context) -> list[Any]:
            for text in next(waiting, ()):
                prepare = context.connection.dialect.identifier_preparer
                context.connection.execute(sqlalchemy.text(text(prepare)))
            return []

        self.project.run_env(fn)

    def add_to(self, found: Comparison) -> None:
        """Put the renames before everything else in the revision, last in its downgrade."""
        for renames, (up, down), dialect in zip(self.done, found.pairs, found.dialects):
            put_first(up, down, [wrapped(op, dialect) for op in renames])
        found.context.generated_revisions = found.scripts
        use_batch_where_needed(found)


def wrapped(op: Op, dialect: Dialect) -> Op:
    """Return an operation as it stands in a revision: a column's in its table's group.

    Not on SQLite, where a group becomes batch mode: that writes the table anew, and what mentions
    the column elsewhere (foreign keys of other tables, views, checks) keeps its old name.
    """
    if isinstance(op, RenameColumnOp) and dialect.name != "sqlite":
        return ops.ModifyTableOps(op.table_name, [op], schema=op.schema)
    return op


def statements(op: Op) -> list[Callable[[Any], str]]:
    """Return what makes the SQL of a rename, given the dialect's way to quote."""
    if isinstance(op, SqlOp):
        return [partial(lambda sql, prepare: sql, each) for each in op.statements]

    def text(prepare: Any) -> str:
        table = prepare.quote(op.table_name)
        if op.schema:
            table = f"{prepare.quote(op.schema)}.{table}"
        if isinstance(op, RenameColumnOp):
            old, new = prepare.quote(op.column_name), prepare.quote(op.modify_name)
            return f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"
        return f"ALTER TABLE {table} RENAME TO {prepare.quote(op.new_table_name)}"

    return [text]


def _rename_column(op: Op, table: str) -> tuple[str, str, str]:
    return f"rename {table}.{op.column_name} to {op.modify_name}", op.modify_name, ""


DESCRIBERS[RenameColumnOp] = _rename_column
