"""PostgreSQL's enum types come and go with the columns that use them.

Alembic makes a type with a table, and only then: not with a new column or one that gets the type,
and it fails for one that is there already. It never drops one, so that neither a downgrade nor the
table's next creation works. A type that only has another name is one that gets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql

from .enumof import with_enum
from .enums import are_generated, full_name, operations_for, quoted
from .enumuse import Key, coming, key_of, leaving, users_of
from .failures import Failure
from .shapes import Context, Op
from .sql import SqlOp, put_first, put_last
from .typenames import renamed

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
    if not are_generated(context):
        return False
    there = {(each["schema"], each["name"]): each["labels"] for each in known_types(context)}
    renames = renamed(up, down, there, context)
    before, wanted = made(up, there, context)
    told = {str(op) for op in up.ops if isinstance(op, SqlOp)}  # members that were seen to change
    before = [op for op in before if str(op) not in told]
    put_first(up, down, renames + before)
    after = dropped(up, down, set(there), wanted, context)
    put_last(up, down, after)
    return bool(renames or before or after)


def made(up: Op, there: Labels, context: Context) -> tuple[list[Op], set[Key]]:
    """Return what makes the types of new columns, and all types that these have."""
    wanted: set[Key] = set()
    before: list[Op] = []
    for op, column, enum in coming(up, context):
        key = key_of(enum, context)
        known, changes = key in there or key in wanted, isinstance(op, ops.AlterColumnOp)
        if not known:
            before.append(comes(enum, context, isinstance(op, ops.CreateTableOp)))
        elif key not in wanted and not changes:
            before += grown(op, column, enum, there[key], context)
        if known and not changes:
            column.type = with_enum(column.type, existing(enum), context.dialect)
        elif isinstance(column.type, sqlalchemy.types.TypeDecorator):
            column.type = with_enum(column.type, plain(enum), context.dialect)
        if changes:
            op.modify_type = column.type
        wanted.add(key)
    return before, wanted


def grown(op: Op, column: Any, enum: Any, labels: Sequence[str], context: Context) -> list[Op]:
    """Return what gives a type that is there the members that a new column's model has.

    Raises ``not_converging`` where that cannot be generated.
    """
    members = list(enum.enums)
    if set(members) <= set(labels):
        return []
    found = operations_for(labels, members, context, enum)
    if found is None:
        raise Failure(
            "not_converging",
            f"{op.table_name}.{column.name} asks for the enum type {enum.name} with the "
            f"members {', '.join(members)}; the database has it with {', '.join(labels)}",
        )
    return found


def dropped(up: Op, down: Op, there: set[Key], wanted: set[Key], context: Context) -> list[Op]:
    """Return what drops the types that lose their last column, and makes them on the way back.

    There the first table makes its type itself, and what is not dropped is not made.
    """
    going: dict[Key, Any] = {}
    for _, _, enum in leaving(up, context):
        key = key_of(enum, context)
        if key in there - wanted and not is_used_elsewhere(enum, up, context):
            going.setdefault(key, enum)
    by_table: dict[Key, bool] = {}
    for op, column, enum in coming(down, context):
        key = key_of(enum, context)
        with_table = isinstance(op, ops.CreateTableOp)
        if with_table and (key in by_table or key not in going):
            column.type = with_enum(column.type, existing(enum), context.dialect)
        by_table.setdefault(key, with_table)
    return [comes(type_, context, by_table.get(key, False)).reverse()
            for key, type_ in going.items()]  # fmt: skip


def known_types(context: Context) -> Any:
    """Return the enum types in every schema of the database."""
    return inspect(context.connection).get_enums(schema="*")


def existing(type_: Any) -> Existing:
    """Return the type as one that is there already."""
    return Existing(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)


def plain(type_: Any) -> sqlalchemy.Enum:
    """Return the type with the members of now, which a class of the project's may not keep."""
    return sqlalchemy.Enum(*type_.enums, name=type_.name, schema=type_.schema)


def comes(type_: Any, context: Context, with_table: bool) -> SqlOp:
    """Return what makes a type, unless its table does, and drops it on the way back."""
    name = full_name(type_, context)
    members = ", ".join(quoted(member) for member in type_.enums)
    create = [] if with_table else [f"CREATE TYPE {name} AS ENUM ({members})"]
    return SqlOp(f"enum type {type_.name}", create, [f"DROP TYPE {name}"])


def is_used_elsewhere(enum: Any, up: Op, context: Context) -> bool:
    """Say whether a type that columns lose is still that of another one."""
    gone = {
        (drop.schema, drop.table_name, dropped.name) for drop, dropped, _ in leaving(up, context)
    }
    return bool(users_of(enum, context) - gone)
