"""Named CHECK constraints, which Alembic does not compare.

One is dropped before a column goes that it mentions, and added after those came, up and down. One
that stands in a column is made with the table or by itself: no column is rendered with it. That of
a type (``create_constraint=True``) comes with its column; on the way back SQLite's batch mode would
keep it without the column, and MariaDB refuses to drop a column that a check mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect

from . import constraints
from .enumof import enum_of
from .models import condition, is_made, is_named, name_in
from .operations import flatten
from .shapes import Context, Dialect, Op
from .sql import mentions
from .together import key_of

CAST = re.compile(r"::\w+|[\s()\"`]")  # what a database adds to a text, or takes away


def add(change: Any, up: Op, down: Op, context: Context, table: Any) -> bool | None:
    """Have a check dropped, added, or both; say whether anything had to be.

    None where a person must: SQLite has it in a form that is not read, and cannot be dropped.
    """
    there = in_database(table, context)
    if is_done(change, there.get(change.name)):
        return False
    if change.before and change.name not in there and unread(change.name, table, context):
        return None
    dropped = any(isinstance(op, ops.DropConstraintOp) and is_it(op, change) for op in flatten(up))
    drops = change.name in there and not dropped
    along = comes_along(change, up, table, context.dialect)
    adds = bool(change.after) and not along
    if drops:
        old = constraints.check(change.name, table, change.before or there[change.name])
        gone = ops.DropConstraintOp(old.constraint_name, table.name, type_="check",
                                    schema=table.schema, _reverse=old)  # fmt: skip
        put(up, gone, first=True)
        put(down, old, first=False)
    if adds:
        new = constraints.check(change.name, table, change.after)
        without_check(change.after, up, down, table, context.dialect)
        put(up, new, first=False)
        put(down, new.reverse(), first=True)
    if (
        along and context.dialect.name in constraints.MYSQL
    ):  # where Alembic drops no check of a type
        name = constraints.whole(change.name, table)
        put(down, ops.DropConstraintOp(name, table.name, "check", schema=table.schema), first=True)
    return drops or adds


def is_done(change: Any, there: str | None) -> bool:
    """Say whether the database has the check as the models say it now."""
    if there is None or change.after is None:
        return False
    return change.before is None or plain(there) == plain(change.after)


def in_database(table: Any, context: Context) -> dict[str, str]:
    """Return the texts of a table's named checks, as the database has them."""
    found = inspect(context.connection).get_check_constraints(table.name, schema=table.schema)
    return {str(each["name"]): str(each["sqltext"]) for each in found if each["name"]}


def unread(name: str, table: Any, context: Context) -> bool:
    """Say whether SQLite's text of a table has a name that reflection does not give."""
    if context.dialect.name != "sqlite" or table.schema:
        return False
    query = sqlalchemy.text("SELECT sql FROM sqlite_master WHERE name = :name AND type = 'table'")
    text = context.connection.execute(query, {"name": table.name}).scalar()
    return mentions(text or "", [name])


def plain(text: str) -> str:
    """Return a condition without what says nothing."""
    return CAST.sub("", text).lower()


def is_it(op: Op, change: Any) -> bool:
    """Say whether an operation is about the constraint that changed."""
    return (key_of(op), str(op.constraint_name)) == (change.table, change.name)


def comes_along(change: Any, up: Op, table: Any, dialect: Dialect) -> bool:
    """Say whether a check is that of a type which a column gets here, and comes with it.

    One that was there before and says something else is dropped and added by itself.
    """
    if change.before is not None:
        return False
    of_types = [each for each in table.constraints if getattr(each, "_type_bound", False)]
    bound = [each for each in of_types if name_in(dialect, each) == change.name]
    columns = [column_of(op) for op in flatten(up) if key_of(op) == change.table]
    return bool(bound) and mentions(change.after or "", [name for name in columns if name])


def without_check(check: str, up: Op, down: Op, table: Any, dialect: Dialect) -> None:
    """Have the type of an enum that is added with its own check by now come as a plain text."""
    for column in table.columns:
        enum = enum_of(column.type, dialect)
        if enum is None or not mentions(check, [column.name]):
            continue
        for way, side in ((up, "modify_type"), (down, "existing_type")):
            for op in flatten(way):
                if column_of(op) == column.name and isinstance(op, ops.AlterColumnOp):
                    setattr(op, side, sqlalchemy.String(enum.length))


def column_of(op: Op) -> str:
    """Return the column that is added or gets another type, empty where none does."""
    if isinstance(op, ops.AddColumnOp):
        return str(op.column.name)
    changes = isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
    return str(op.column_name) if changes else ""


def put(container: Op, op: Op, *, first: bool) -> None:
    """Put an operation on a table before all others on it, or after them."""
    groups = [each for each in container.ops if isinstance(each, ops.ModifyTableOps)
              and (each.table_name, each.schema) == (op.table_name, op.schema)]  # fmt: skip
    if not groups:
        groups = [ops.ModifyTableOps(op.table_name, [], schema=op.schema)]
        container.ops.insert(0 if first else len(container.ops), groups[0])
    group = groups[0 if first else -1]
    group.ops.insert(0 if first else len(group.ops), op)


def drop_with_columns(up: Op, down: Op, dialect: Dialect) -> None:
    """Have a check that comes with a new column's type dropped before the column goes again."""
    if dialect.name not in ("sqlite", *constraints.MYSQL):
        return
    going = [op for op in flatten(down) if isinstance(op, ops.DropConstraintOp)]
    known = {(key_of(op), str(op.constraint_name)) for op in going}
    for op in list(flatten(up)):
        if not isinstance(op, ops.AddColumnOp):
            continue
        for name in brought(op.column, dialect):
            if (key_of(op), name) not in known:
                drop = ops.DropConstraintOp(name, op.table_name, "check", schema=op.schema)
                put(down, drop, first=True)


def into_tables(up: Op) -> None:
    """Have the checks that stand in a column made with a new table."""
    for op in flatten(up):
        if not isinstance(op, ops.CreateTableOp):
            continue
        columns = [each for each in op.columns if isinstance(each, sqlalchemy.Column)]
        inner: list[Any] = [each for column in columns for each in column.constraints]
        checks = [sqlalchemy.CheckConstraint(each.sqltext, name=each.name) for each in inner
                  if isinstance(each, sqlalchemy.CheckConstraint)]  # fmt: skip
        op.columns = [*op.columns, *checks]


def brought(column: Any, dialect: Dialect) -> Iterator[str]:
    """Yield the names of the checks that a column's type brings."""
    every = getattr(getattr(column, "table", None), "constraints", ())
    bound = [each for each in every if getattr(each, "_type_bound", False) and is_named(each)]
    for each in bound:
        if is_made(each, dialect) and mentions(condition(each, dialect), [column.name]):
            yield constraints.whole(name_in(dialect, each), column.table)
