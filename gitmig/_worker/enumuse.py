"""Which columns get, lose and have an enum type of PostgreSQL's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy
from alembic.operations import ops

from .enumof import native_enum
from .operations import flatten
from .shapes import Context, Op

Key = tuple[str, str]  # a type's schema and name
Use = tuple[Op, Any, Any]  # an operation, the column, the type

USERS = sqlalchemy.text(
    "SELECT n.nspname, c.relname, a.attname FROM pg_attribute a "
    "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_type t ON a.atttypid IN (t.oid, t.typarray) WHERE t.typname = :name "
    "AND c.relkind IN ('r', 'p') AND NOT a.attisdropped"
)


def coming(way: Op, context: Context) -> Iterator[Use]:
    """Yield the operations that give a column an enum type: with the column, and the type."""
    for op in flatten(way):
        if isinstance(op, ops.CreateTableOp):
            yield from enums_of(op, op.columns, context)
        elif isinstance(op, ops.AddColumnOp):
            yield from enums_of(op, [op.column], context)
        elif isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
            yield from enums_of(op, [sqlalchemy.Column(op.column_name, op.modify_type)], context)


def leaving(way: Op, context: Context) -> Iterator[Use]:
    """Yield the operations that take an enum type from a column: with the column, and the type."""
    for op in flatten(way):
        if isinstance(op, ops.DropTableOp):
            known = op._reverse.columns if op._reverse is not None else ()
            yield from enums_of(op, known, context)
        elif isinstance(op, ops.DropColumnOp):
            yield from enums_of(op, [op.to_column()], context)
        elif isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
            yield from enums_of(op, [sqlalchemy.Column(op.column_name, op.existing_type)], context)


def enums_of(op: Op, columns: Iterable[Any], context: Context) -> Iterator[Use]:
    """Yield those of an operation's columns that have an enum type of their own."""
    for column in columns:
        enum = native_enum(getattr(column, "type", None), context.dialect)
        if enum is not None:
            yield op, column, enum


def key_of(type_: Any, context: Context) -> Key:
    """Return the schema and name of a type."""
    return str(type_.schema or context.dialect.default_schema_name), str(type_.name)


def users_of(enum: Any, context: Context) -> set[tuple[Any, str, str]]:
    """Return schema (None: the default one), table and name of the columns that have a type."""
    rows = context.connection.execute(USERS, {"name": str(enum.name)})
    default = context.dialect.default_schema_name
    return {(None if schema == default else schema, table, name) for schema, table, name in rows}
