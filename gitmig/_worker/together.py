"""The type and the server default of one column change in one operation.

Apart one of the two would meet a type that the default does not fit.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect

from .constraints import MYSQL
from .operations import flatten
from .shapes import Context, Op
from .sql import without_empty


def goes_along(change: Any, up: Op, down: Op, context: Context, table: Any) -> bool:
    """Let a change go with an operation that changes the column already; say whether one does.

    Not on SQLite, where neither refuses the other.
    """
    ways = [
        [op for op in flatten(way) if isinstance(op, ops.AlterColumnOp) and not op.modify_name
         and (key_of(op), op.column_name) == (change.table, change.name)]
        for way in (up, down)
    ]  # fmt: skip
    if context.dialect.name == "sqlite" or not all(ways):
        return False
    there, column = reflected(context, table, change.name), table.columns[change.name]
    values: list[Any] = [there["type"], column.type]
    kind = "type"
    if change.aspect == "default":
        values, kind = [clause(there.get("default")), column.server_default], "server_default"
    for found, (before, after) in zip(ways, (values, values[::-1])):
        setattr(found[0], f"existing_{kind}", before)
        setattr(found[0], f"modify_{kind}", after)
    return True


def take_over(change: Any, up: Op, down: Op) -> None:
    """Take out what Alembic has for a column's default, and for its type where that comes along."""
    for way in (up, down):
        for op in flatten(way):
            place = (key_of(op), getattr(op, "column_name", ""))
            if isinstance(op, ops.AlterColumnOp) and place == (change.table, change.name):
                op.modify_server_default = False
                with_type = change.aspect in ("members", "computed")
                op.modify_type = None if with_type else op.modify_type
        without_empty(way)


def alter(change: Any, context: Context, table: Any) -> Op:
    """Return the change of a column's type or default, which knows the way back."""
    column = table.columns[change.name]
    existing = reflected(context, table, change.name)
    options: dict[str, Any] = {
        "schema": table.schema,
        "existing_type": existing["type"],
        "existing_nullable": existing["nullable"],
        "existing_comment": existing.get("comment"),
        "existing_server_default": clause(existing.get("default")),
    }
    if context.dialect.name in MYSQL and existing.get("autoincrement"):
        options["autoincrement"] = True  # it says the whole column anew
    if change.aspect == "type":
        options["modify_type"] = column.type
    else:
        options["modify_server_default"] = column.server_default
    op = ops.AlterColumnOp(table.name, change.name, **options)
    return ops.ModifyTableOps(table.name, [op], schema=table.schema)


def reflected(context: Context, table: Any, column: str) -> Any:
    """Return what the database says of a column."""
    columns = inspect(context.connection).get_columns(table.name, schema=table.schema)
    return next(each for each in columns if each["name"] == column)


def clause(default: Any) -> Any:
    """Return a reflected default as a server default, None for none."""
    if default is None:
        return None
    return sqlalchemy.DefaultClause(sqlalchemy.text(default), _reflected=True)


def key_of(op: Op) -> str:
    """Return the key of an operation's table in its metadata, empty where it has none."""
    schema, table = getattr(op, "schema", None), str(getattr(op, "table_name", ""))
    if isinstance(op, ops.CreateForeignKeyOp):
        schema, table = op.kw.get("source_schema"), op.source_table
    return f"{schema}.{table}" if schema else table
