"""Renames: a drop and an add that are one thing under another name.

Alembic sees a drop and an add. What makes a pair of **columns** of one table a rename for certain:

* the model declares it: ``info={"renamed_from": "name"}``; or
* their types are of one family, their names are alike, neither has another partner of which that is
  true, and they stand at the same place in the table.

Of a pair of **tables**: the declaration in ``Table(info=…)``; or the names are alike, and each
column of one is one of the other: the same name and type, or a certain rename as above, at least
half of them the same. Anything less is a drop and an add, with a doubt that says how to declare it.

The database is renamed first and compared again, so that all that comes with a rename (an index
named by convention, a longer type, a foreign key) is found by Alembic itself.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy
from alembic.autogenerate import renderers
from alembic.operations import ops

from . import mysql
from .compare import Comparison, use_batch_where_needed
from .failures import Failure
from .operations import DESCRIBERS, flatten
from .project import Project
from .shapes import Context, Op
from .sql import RenameColumnOp, SqlOp, put_first

DECLARED = "renamed_from"
ALIKE = 0.6  # of difflib's ratio; "title" and "tittle" are 0.9, "size" and "price" 0.44


class RenameTable(ops.RenameTableOp):
    """A table gets another name."""

    def reverse(self) -> RenameTable:
        """Return the way back."""
        return RenameTable(self.new_table_name, self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> Any:
        """Return what Alembic's ``check`` shows."""
        return ("rename_table", self.table_name, self.new_table_name)


@renderers.dispatch_for(RenameTable)
def render_rename_table(autogen_context: Any, op: RenameTable) -> str:
    """Render ``op.rename_table``, which Alembic itself never generates."""
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"{prefix}rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


class Renames:
    """The renames of each database of the project, in the order env.py opens them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.done: list[list[Op]] = []
        self.doubts: dict[tuple[str, str], str] = {}

    @contextlib.contextmanager
    def settled(self, again: Callable[[], Comparison]) -> Iterator[Comparison]:
        """Give the comparison without the drops and adds that are renames.

        Tables come first: their columns can only be compared under the new name. Within the block
        the databases have the new names, after it they are as they were, and the renames are in
        the revision.
        """
        found = again()
        before = found.before
        for find in (tables_renamed, columns_renamed):
            here = [
                mysql.complete(list(find(up, self.doubts)), dialect)
                for up, dialect in zip(upgrades(found), found.dialects)
            ]
            if any(here):
                self.rename(here)
                found = again()
        found.doubts, found.before = self.doubts, before
        yield found
        if any(self.done):
            self.take_back()
        self.add_to(found)

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
        for renames, (up, down) in zip(self.done, both_ways(found)):
            put_first(up, down, [wrapped(op) for op in renames])
        found.context.generated_revisions = found.scripts
        use_batch_where_needed(found, found.context._last_autogen_context.migration_context)


def upgrades(found: Comparison) -> list[Op]:
    """Return the operations for each database, also where there are none."""
    return [up for up, _ in both_ways(found)]


def both_ways(found: Comparison) -> list[tuple[Op, Op]]:
    """Return the operations for each database and their way back.

    There are none at all where the project's own hook wants no revision.
    """
    pairs = [zip(each.upgrade_ops_list, each.downgrade_ops_list) for each in found.every]
    return [pair for each in pairs for pair in each]


def wrapped(op: Op) -> Op:
    """Return an operation as it stands in a revision: a column's in its table's group."""
    if isinstance(op, RenameColumnOp):
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


def columns_renamed(up: Op, doubts: dict[tuple[str, str], str]) -> Iterator[Op]:
    """Yield the renames among the columns of each table; note a doubt where one is likely."""
    dropped: dict[tuple[Any, str], list[Any]] = {}
    added: dict[tuple[Any, str], list[Any]] = {}
    for op in flatten(up):
        if isinstance(op, ops.DropColumnOp):
            dropped.setdefault((op.schema, op.table_name), []).append(op.to_column())
        elif isinstance(op, ops.AddColumnOp):
            added.setdefault((op.schema, op.table_name), []).append(op.column)
    for (schema, table), new in added.items():
        old = dropped.get((schema, table), [])
        for before, after in paired(old, new, table):
            yield RenameColumnOp(table, before.name, after.name, schema, before)
        for before in old:
            likely = [column.name for column in new if related(before, column)]
            if likely and not any(before is one for one, _ in paired(old, new, table)):
                doubts[(table, before.name)] = declare_column(likely[0], before.name)


def paired(old: Sequence[Any], new: Sequence[Any], table: str) -> list[tuple[Any, Any]]:
    """Return which old column became which new one, for certain."""
    found = [(before, after) for after in new for before in declared(after, old, table)]
    told = {id(column) for pair in found for column in pair}
    left = [column for column in old if id(column) not in told]
    free = [column for column in new if id(column) not in told and DECLARED not in column.info]
    close = [(a, b) for a in left for b in free if related(a, b) and alike(a.name, b.name)]
    for pair in close:
        partners = [other for other in close if other[0] is pair[0] or other[1] is pair[1]]
        if len(partners) == 1 and same_place(*pair, old, new):
            found.append(pair)
    return found


def declared(after: Any, old: Sequence[Any], table: str) -> list[Any]:
    """Return the old column that a new one is declared to have been; raises for one unknown."""
    name = after.info.get(DECLARED)
    if name is None:
        return []
    found = [column for column in old if column.name == name]
    if not found:
        raise Failure(
            "rename_unknown",
            f"{table}.{after.name} is declared to have been {name}, and no column {name} goes",
        )
    return found


def related(before: Any, after: Any) -> bool:
    """Say whether values of one column may become those of the other: types of one family."""
    return before.type._type_affinity is after.type._type_affinity


def same_place(before: Any, after: Any, old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Say whether two columns stand at one place: among the columns of both tables that stay."""
    return neighbours(before, old) == neighbours(after, new)


def neighbours(column: Any, changed: Sequence[Any]) -> tuple[Any, int]:
    """Return the last column before this one that stays, and how many changed ones lie between."""
    table = column.table
    if table is None:
        return None, 0
    names = {each.name for each in changed}
    last, between = None, 0
    for each in table.columns:
        if each.name == column.name:
            break
        last, between = (last, between + 1) if each.name in names else (each.name, 0)
    return last, between


def alike(one: str, other: str) -> bool:
    """Say whether two names are alike: they share a word, or are nearly the same text."""
    words = [set(re.split(r"[_\W]+", name.lower())) for name in (one, other)]
    shared = {word for word in words[0] & words[1] if len(word) > 2}
    ratio = difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()
    return bool(shared) or ratio >= ALIKE


def declare_column(new: str, old: str) -> str:
    """Return what to write where a drop may be a rename."""
    return f'if it is {new} now, say so there: info={{"{DECLARED}": "{old}"}}'


def tables_renamed(up: Op, doubts: dict[tuple[str, str], str]) -> Iterator[Op]:
    """Yield the renames among the tables; note a doubt where one is likely."""
    flat = list(flatten(up))
    dropped = [op.to_table() for op in flat if isinstance(op, ops.DropTableOp)]
    created = [op for op in flat if isinstance(op, ops.CreateTableOp)]
    pairs = [(before, op) for before in dropped for op in created
             if before.schema == op.schema and is_renamed(before, op)]  # fmt: skip
    for before, op in pairs:
        partners = [other for other in pairs if other[0] is before or other[1] is op]
        if len(partners) == 1:
            yield RenameTable(before.name, op.table_name, schema=op.schema)
        else:
            doubts[(before.name, "")] = declare_table(before, partners[0][1])
    for before in dropped:
        likely = [op for op in created if before.schema == op.schema and share(before, op) >= 0.5]
        if likely and not any(before is one for one, _ in pairs):
            doubts[(before.name, "")] = declare_table(before, likely[0])


def is_renamed(before: Any, op: Op) -> bool:
    """Say whether a table that goes is, for certain, the one that comes."""
    name = op.info.get(DECLARED)
    if name is not None:
        return bool(name == before.name)
    return alike(before.name, op.table_name) and share(before, op) == 1


def share(before: Any, op: Op) -> float:
    """Return which part of two tables' columns is the same; 0 where less than half is."""
    old, new = list(before.columns), list(op.to_table().columns)
    same = {a.name for a in old for b in new if a.name == b.name and related(a, b)}
    rest = [column for column in old if column.name not in same]
    others = [column for column in new if column.name not in same]
    if not old or len(same) * 2 < max(len(old), len(new)):
        return 0
    renamed = paired(rest, others, op.table_name)
    return (len(same) + len(renamed)) / max(len(old), len(new))


def declare_table(before: Any, op: Op) -> str:
    """Return what to write where a dropped table may be a rename."""
    return (
        f"if it is {op.table_name} now, say so there: "
        f'__table_args__ = {{"info": {{"{DECLARED}": "{before.name}"}}}}'
    )


def _rename_column(op: Op, table: str) -> tuple[str, str, str]:
    return f"rename {table}.{op.column_name} to {op.modify_name}", op.modify_name, ""


def _rename_table(op: Op, table: str) -> tuple[str, str, str]:
    return f"rename table {op.table_name} to {op.new_table_name}", "", ""


DESCRIBERS[RenameColumnOp] = _rename_column
DESCRIBERS[RenameTable] = _rename_table
