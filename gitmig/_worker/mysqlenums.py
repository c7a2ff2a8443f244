"""Members of MySQL's enums, which are part of a column's type: added, renamed with their rows.

A value is known by its member's name: one that has another name comes beside the old one, the rows
get it, and the old one goes. What a person must write is told: what rows get whose member goes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import constraints, together
from .enums import renamed_member
from .models import as_sent, default_text
from .shapes import Context, Op
from .sql import SqlOp


class AlterMembers(ops.AlterColumnOp):
    """Change the members of a column's enum, of which no row has any that goes."""


def operations_for(change: Any, context: Context, table: Any) -> list[Op] | None:
    """Return what gives a column other members, None where one is taken away."""
    old, new = list(change.before), list(change.after)
    renamed = renamed_member(old, new)
    if renamed is None:
        return None if set(old) - set(new) else [alter(change, context, table)]
    if renamed[0].lower() == renamed[1].lower():  # one member to MySQL: rows follow
        return [alter(change, context, table)]
    both = sqlalchemy.Enum(*old, renamed[1], name=str(table.columns[change.name].type.name))
    first = alter(change, context, table, to=both)
    return [first, carry(change, context, table, renamed), alter(change, context, table, of=both)]


def alter(change: Any, context: Context, table: Any, *, of: Any = None, to: Any = None) -> Op:
    """Return a step from the members that are there, or ``of``, to those of now, or ``to``.

    A default goes with the last step, for it may be a member that only then is there.
    """
    column, there = table.columns[change.name], together.reflected(context, table, change.name)
    default, more = there.get("default"), {}
    if to is None and default != default_text(column.server_default, context.dialect):
        more["modify_server_default"] = column.server_default
    made = AlterMembers(table.name, change.name, schema=table.schema,
                        existing_type=there["type"] if of is None else of,
                        existing_nullable=column.nullable,
                        existing_comment=column.comment,
                        existing_server_default=together.clause(default),
                        modify_type=column.type if to is None else to, **more)  # fmt: skip
    return ops.ModifyTableOps(table.name, [made], schema=table.schema)


def carry(change: Any, context: Context, table: Any, renamed: tuple[str, str]) -> SqlOp:
    """Return what has rows with the one member get the other, and back."""
    place = constraints.quoted(table.schema, table.name, context.dialect)
    name = context.dialect.identifier_preparer.quote(change.name)
    kind: Any = sqlalchemy.String().dialect_impl(context.dialect)
    literal = kind.literal_processor(context.dialect)
    one, other = (as_sent(literal(each), context.dialect) for each in renamed)
    update = f"UPDATE {place} SET {name} = {{}} WHERE {name} = {{}}"  # noqa: S608 - quoted
    words = f"rename {renamed[0]} of {table.name}.{change.name} to {renamed[1]}"
    doubt = f"{words}: rows that had the one have the other"
    return SqlOp(words, [update.format(other, one)], [update.format(one, other)], doubt=doubt)


def remedy(table: str, column: str, before: list[str], after: list[str]) -> str:
    """Return what to write where members are taken away."""
    gone = ", ".join(each for each in before if each not in after)
    place = f"{table!r}, {column!r}"
    return f"write what rows with {gone} get, an UPDATE, then op.alter_column({place}, type_=...)"
