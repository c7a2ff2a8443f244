"""Members of enums that a database holds as text: SQLite all of them, others without native types.

The column takes any text, but the model reads no other than its members: a row that has the name
of before raises LookupError. So rows are carried over, once no CHECK refuses the new name and the
column has room for it, and before a CHECK refuses the old one or the room goes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import constraints, namedchecks
from .byhand import OwnRevisions
from .enumof import enum_of
from .enums import renamed_member
from .models import as_sent, members_in_text
from .operations import flatten
from .shapes import Context, Dialect, Op
from .sql import SqlOp, without_empty
from .together import key_of


class Carry(SqlOp):
    """Have the rows of a column that hold the text ``old`` hold ``new``."""

    def __init__(self, update: SqlOp, table: Any, column: str, old: str, new: str) -> None:
        super().__init__(update.words, update.statements, update.back, doubt=update.doubt)
        self.table_name = str(table.name)
        self.schema = table.schema
        self.table = table
        self.column_name = column
        self.members = old, new

    def reverse(self) -> Carry:
        """Return the way back."""
        return Carry(super().reverse(), self.table, self.column_name, *self.members[::-1])


def are_gone(before: Any, after: Any) -> bool:
    """Say whether rows may hold a text that is no member any more, by two columns' facts."""
    old, new = before.get("texts"), after.get("texts")
    return bool(old and new and set(old) - set(new))


def operations_for(change: Any, context: Context, table: Any) -> list[Op] | None:
    """Return what carries rows over; None where a person must say what they get.

    Nothing for a member that a CHECK with a name refuses from now on: that is told of the CHECK.
    """
    column = table.columns[change.name]
    renamed = renamed_member(change.before, change.after)
    if isinstance(column.type, sqlalchemy.ARRAY) or is_checked_unnamed(column, context.dialect):
        return None
    if renamed is None:
        return [] if any(namedchecks.brought(column, context.dialect)) else None
    return [Carry(update(change, context, table, renamed), table, change.name, *renamed)]


def is_done(change: Any, by_hand: OwnRevisions) -> bool:
    """Say whether a revision of the commit's own names all that is gone: nothing else shows it."""
    if change.aspect != "texts":
        return False
    gone = [each for each in change.before if each not in change.after]
    return all(by_hand.naming(each) for each in gone)


def is_checked_unnamed(column: Any, dialect: Dialect) -> bool:
    """Say whether a CHECK without a name, which cannot be addressed, holds the members."""
    enum = enum_of(column.type, dialect)
    return bool(getattr(enum, "create_constraint", False) and not enum.name)


def update(change: Any, context: Context, table: Any, renamed: tuple[str, str]) -> SqlOp:
    """Return what has rows with the one member get the other, and back."""
    place = constraints.quoted(table.schema, table.name, context.dialect)
    name = context.dialect.identifier_preparer.quote(change.name)
    kind: Any = sqlalchemy.String().dialect_impl(context.dialect)
    literal = kind.literal_processor(context.dialect)
    one, other = (as_sent(literal(each), context.dialect) for each in renamed)
    statement = f"UPDATE {place} SET {name} = {{}} WHERE {name} = {{}}"  # noqa: S608 - quoted
    words = f"rename {renamed[0]} of {change.table}.{change.name} to {renamed[1]}"
    doubt = f"{words}: rows that had the one have the other"
    back = [statement.format(one, other)]
    return SqlOp(words, [statement.format(other, one)], back, doubt=doubt)


def note_what_fits(up: Op, before: Any, table: Any, dialect: Dialect) -> None:
    """Mark what is no doubt of a table: the rows hold members of before, and each is one still.

    ``before`` is what the models said of the table. A type with another length fits where it grows,
    or is as long as the new names.
    """
    for column in table.columns:
        was = before["columns"].get(column.name, {}).get("texts")
        is_now = members_in_text(column.type, dialect)
        renamed = renamed_member(was or (), is_now or ())
        if not was or not is_now or (set(was) - set(is_now) and not renamed):
            continue
        checks = {*namedchecks.brought(column, dialect)} & set(before["checks"])
        for op in flatten(up):
            if key_of(op) != table.key:
                continue
            if isinstance(op, ops.CreateCheckConstraintOp) and op.constraint_name in checks:
                op.fits = True  # type: ignore[attr-defined]
            elif isinstance(op, ops.AlterColumnOp) and op.column_name == column.name:
                op.fits = bool(renamed) or grows(op)  # type: ignore[attr-defined]


def grows(op: Op) -> bool:
    """Say whether a change of type gives a text more room."""
    old, new = (getattr(each, "length", None) for each in (op.existing_type, op.modify_type))
    return new is None or (old is not None and old <= new)


def settle(way: Op) -> None:
    """Put what carries rows of each table where both names are taken."""
    moved = [op for op in way.ops if isinstance(op, Carry)]
    for place in dict.fromkeys((op.table_name, op.schema) for op in moved):
        put_between(way, [op for op in moved if (op.table_name, op.schema) == place])


def put_between(way: Op, moved: list[Any]) -> None:
    """Put what carries rows of one table after what makes way for it, the rest after that."""
    way.ops[:] = [op for op in way.ops if op not in moved]
    table, schema = moved[0].table_name, moved[0].schema
    groups = [op for op in way.ops if isinstance(op, ops.ModifyTableOps)
              and (op.table_name, op.schema) == (table, schema)]  # fmt: skip
    before = [group for group in groups if any(makes_way(op, moved) for op in group.ops)]
    late = [op for group in groups for op in group.ops if has_to_wait(op, moved)]
    first = before[-1:] or [group for group in groups if any(op in late for op in group.ops)][:1]
    at = way.ops.index(first[0]) + 1 if first else 0
    for group in groups:
        group.ops[:] = [op for op in group.ops if op not in late]
    rest = ops.ModifyTableOps(table, late, schema=schema)
    way.ops[at:at] = [*moved, rest]
    without_empty(way)


def makes_way(op: Op, moved: Collection[Carry]) -> bool:
    """Say whether the rows can only be carried after an operation on their table."""
    return is_dropped_check(op) or any(has_no_room(op, each) for each in moved)


def has_to_wait(op: Op, moved: Collection[Carry]) -> bool:
    """Say whether an operation on a table can only come after its rows are carried."""
    if isinstance(op, ops.CreateCheckConstraintOp):
        return True
    changes = isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
    return changes and any(op.column_name == each.column_name and not has_no_room(op, each)
                           for each in moved)  # fmt: skip


def is_dropped_check(op: Op) -> bool:
    """Say whether an operation drops a CHECK."""
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "check"


def has_no_room(op: Op, carry: Carry) -> bool:
    """Say whether an operation makes the room that the new member needs."""
    if not isinstance(op, ops.AlterColumnOp) or op.column_name != carry.column_name:
        return False
    length = getattr(op.existing_type, "length", None) or len(carry.members[1])
    return op.modify_type is not None and bool(length < len(carry.members[1]))
