"""Server defaults that are a renamed member of an enum: PostgreSQL carries them along.

To set such a default again would do nothing on the way up, and fail on the way down, where the
member still has its new name. And a default that is not yet a member is another one: Alembic has
PostgreSQL compare them, which refuses that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import exc

from .enums import renamed_member
from .memberuses import with_renamed
from .operations import flatten
from .shapes import Context, Op
from .sql import without_empty

Place = tuple[str, str]  # a table's key, and a column


def compare_safely(context: Context) -> None:
    """Let a default that the database refuses to compare be another one."""
    impl = context.impl
    as_alembic = impl.compare_server_default

    def compare_server_default(*args: Any, **kwargs: Any) -> bool:
        try:
            with context.connection.begin_nested():
                return bool(as_alembic(*args, **kwargs))
        except exc.DBAPIError:
            return True

    if context.dialect.name == "postgresql":
        impl.compare_server_default = compare_server_default


def followed(changes: Sequence[Any]) -> set[Place]:
    """Return the columns whose default is another one only because a member has another name."""
    found = set()
    for place, (old, new) in renamed_members(changes).items():
        for each in changes:
            is_its = each.aspect == "default" and (each.table, each.name) == place
            if is_its and with_renamed(each.before or "", old, new) == each.after:
                found.add(place)
    return found


def renamed_members(changes: Sequence[Any]) -> dict[Place, tuple[str, str]]:
    """Return by column the renamed member of its enum: old and new."""
    found = {}
    for each in changes:
        pair = renamed_member(each.before, each.after) if each.aspect == "members" else None
        if pair:
            found[each.table, each.name] = pair
    return found


def settle(changes: Sequence[Any], up: Op, down: Op) -> None:
    """Take out what sets the defaults that follow.

    Another default that a column had is set on the way down under the name that it has there.
    """
    for place in followed(changes):
        leave(up, place)
        leave(down, place)
    for place, pair in renamed_members(changes).items():
        restate(down, place, *pair)


def altered(way: Op, place: Place) -> list[Any]:
    """Return what changes the default of a column."""
    return [op for op in flatten(way) if isinstance(op, ops.AlterColumnOp)
            and (f"{op.schema}.{op.table_name}" if op.schema else op.table_name, op.column_name)
            == place and op.modify_server_default is not False]  # fmt: skip


def leave(way: Op, place: Place) -> None:
    """Take out what changes the default of a column."""
    for op in altered(way, place):
        op.modify_server_default = False
    without_empty(way)


def restate(way: Op, place: Place, old: str, new: str) -> None:
    """Give a default that is set the name that a member has by then."""
    for op in altered(way, place):
        text = str(getattr(op.modify_server_default, "arg", op.modify_server_default))
        text = with_renamed(text, old, new)
        op.modify_server_default = sqlalchemy.DefaultClause(sqlalchemy.text(text))
