"""Members of MySQL's enums, which are part of a column's type: added, renamed with their rows.

A value is known by its member's name: one that has another name comes beside the old one, the rows
get it, and the old one goes. What a person must write is told: what rows get whose member goes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import together
from .enums import renamed_member
from .models import default_text
from .shapes import Context, Op
from .textenums import update


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
    return [first, update(change, context, table, renamed), alter(change, context, table, of=both)]


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
    made.fits = of is not None  # type: ignore[attr-defined]
    return ops.ModifyTableOps(table.name, [made], schema=table.schema)
