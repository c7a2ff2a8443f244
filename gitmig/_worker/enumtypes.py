"""PostgreSQL's enum types come and go with the columns that use them.

Alembic makes a type with a table, and only then: not with a new column, and it fails for one that
is there already. It never drops one, so that neither a downgrade nor the table's next creation
works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql

from .enums import full_name, left_to_plugin, operations_for, quoted
from .failures import Failure
from .operations import flatten
from .shapes import Context, Op
from .sql import SqlOp, put_first, put_last

Key = tuple[str, str]  # schema and name
Labels = Mapping[Key, Sequence[str]]


class Existing(postgresql.ENUM):
    """An enum type that is there already: it is used, not made."""

    def __repr__(self) -> str:
        members = ", ".join(repr(each) for each in self.enums)
        schema = f", schema={self.schema!r}" if self.schema else ""
        return f"ENUM({members}, name={str(self.name)!r}{schema}, create_type=False)"


Existing.__module__ = "sqlalchemy.dialects.postgresql.named_types"  # Alembic imports by it
Existing.__name__ = "ENUM"


def settle(up: Op, down: Op, context: Context) -> bool:
    """Add what makes and drops the enum types of a revision; say whether anything was added."""
    if context.dialect.name != "postgresql" or left_to_plugin():
        return False
    there = {(each["schema"], each["name"]): each["labels"] for each in known_types(context)}
    before, wanted = made(up, there, context)
    put_first(up, down, before)
    after = dropped(up, down, set(there), wanted, context)
    put_last(up, down, after)
    return bool(before or after)


def made(up: Op, there: Labels, context: Context) -> tuple[list[Op], set[Key]]:
    """Return what makes the types of new columns, and all types that these have."""
    wanted: set[Key] = set()
    before: list[Op] = []
    for op, column in columns(up, ops.CreateTableOp, ops.AddColumnOp):
        type_, key = column.type, key_of(column.type, context)
        if key in there and key not in wanted:
            before += grown(op, column, there[key], context)
        elif key not in wanted:
            before.append(comes(type_, context, isinstance(op, ops.CreateTableOp)))
        if key in there or key in wanted:
            column.type = existing(type_)
        wanted.add(key)
    return before, wanted


def grown(op: Op, column: Any, labels: Sequence[str], context: Context) -> list[Op]:
    """Return what gives a type that is there the members that a new column's model has.

    Raises ``not_converging`` where that cannot be generated.
    """
    members = list(column.type.enums)
    if set(members) <= set(labels):
        return []
    found = operations_for(labels, members, context, column.type)
    if found is None:
        raise Failure(
            "not_converging",
            f"{op.table_name}.{column.name} asks for the enum type {column.type.name} with the "
            f"members {', '.join(members)}; the database has it with {', '.join(labels)}",
        )
    return found


def dropped(up: Op, down: Op, there: set[Key], wanted: set[Key], context: Context) -> list[Op]:
    """Return what drops the types that lose their last column, and makes them on the way back.

    There the first table makes its type itself, and what is not dropped is not made.
    """
    going: dict[Key, Any] = {}
    for _, column in columns(up, ops.DropTableOp, ops.DropColumnOp):
        key = key_of(column.type, context)
        if key in there - wanted and not is_used_elsewhere(column, up, context):
            going.setdefault(key, column.type)
    by_table: dict[Key, bool] = {}
    for op, column in columns(down, ops.CreateTableOp, ops.AddColumnOp):
        key = key_of(column.type, context)
        with_table = isinstance(op, ops.CreateTableOp)
        if with_table and (key in by_table or key not in going):
            column.type = existing(column.type)
        by_table.setdefault(key, with_table)
    return [comes(type_, context, by_table.get(key, False)).reverse()
            for key, type_ in going.items()]  # fmt: skip


def known_types(context: Context) -> Any:
    """Return the enum types in every schema of the database."""
    return inspect(context.connection).get_enums(schema="*")


def columns(up: Op, *kinds: type) -> Iterator[tuple[Op, Any]]:
    """Yield the columns with an enum type of its own that operations of these kinds have."""
    for op in flatten(up):
        if isinstance(op, kinds):
            for column in columns_of(op):
                type_ = getattr(column, "type", None)
                if isinstance(type_, sqlalchemy.Enum) and type_.native_enum and type_.name:
                    yield op, column


def columns_of(op: Op) -> Iterable[Any]:
    """Return the columns that an operation makes or drops."""
    if isinstance(op, ops.CreateTableOp):
        return op.columns
    if isinstance(op, ops.DropTableOp):
        return op._reverse.columns if op._reverse is not None else ()
    return [op.column if isinstance(op, ops.AddColumnOp) else op.to_column()]


def key_of(type_: Any, context: Context) -> Key:
    """Return the schema and name of a type."""
    return str(type_.schema or context.dialect.default_schema_name), str(type_.name)


def existing(type_: Any) -> Existing:
    """Return the type as one that is there already."""
    return Existing(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)


def comes(type_: Any, context: Context, with_table: bool) -> SqlOp:
    """Return what makes a type, unless its table does, and drops it on the way back."""
    name = full_name(type_, context)
    members = ", ".join(quoted(member) for member in type_.enums)
    create = [] if with_table else [f"CREATE TYPE {name} AS ENUM ({members})"]
    return SqlOp(f"enum type {type_.name}", create, [f"DROP TYPE {name}"])


def is_used_elsewhere(column: Any, up: Op, context: Context) -> bool:
    """Say whether a type of a dropped column is still that of another one."""
    gone = {(drop.schema, drop.table_name, dropped.name)
            for drop, dropped in columns(up, ops.DropTableOp, ops.DropColumnOp)}  # fmt: skip
    rows = context.connection.execute(
        sqlalchemy.text(
            "SELECT n.nspname, c.relname, a.attname FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_type t ON t.oid = a.atttypid WHERE t.typname = :name "
            "AND c.relkind IN ('r', 'p') AND NOT a.attisdropped"
        ),
        {"name": str(column.type.name)},
    )
    default = context.dialect.default_schema_name
    return any(
        (None if schema == default else schema, table, name) not in gone
        for schema, table, name in rows
    )
