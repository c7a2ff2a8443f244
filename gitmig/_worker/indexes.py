"""Indexes of which another text, or another column beneath, is no change that Alembic sees."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect

from .models import name_in
from .rebuilt import Drop
from .shapes import Context, Op
from .sql import escaped

INDEX = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = :name AND tbl_name = :table"
)


def index_operations(change: Any, table: Any, context: Context) -> list[Op]:
    """Return what drops an index and makes it anew: its columns are the same, its text is not.

    One that comes or goes is an expression that Alembic left out, or else not there or not gone.
    """
    made: list[Op] = []
    there = is_there(change.name, table, context)
    if change.before and there:
        back = ops.ExecuteSQLOp(escaped(change.before))
        made.append(Drop(change.name, table.name, schema=table.schema, back=back))
    if change.after and (made or not there):
        named = {name_in(context.dialect, each): each for each in table.indexes}
        index = named[change.name]
        if made or not all(isinstance(each, sqlalchemy.Column) for each in index.expressions):
            made.append(ops.CreateIndexOp.from_index(index))
    return made


def on_column(column: str, table: Any, context: Context) -> list[Any]:
    """Return the indexes of a table on a column, which go with it, in the order of their names."""
    every = [each for each in table.indexes if column in each.columns]
    return [each for each in sorted(every, key=lambda index: str(index.name))
            if is_there(each.name, table, context)]  # fmt: skip


def is_there(name: str, table: Any, context: Context) -> bool:
    """Say whether a table has an index; SQLAlchemy passes over SQLite's on expressions."""
    if context.dialect.name == "sqlite" and not table.schema:
        where = {"name": name, "table": table.name}
        return bool(context.connection.execute(sqlalchemy.text(INDEX), where).scalar())
    found = inspect(context.connection).get_indexes(table.name, schema=table.schema)
    return name in {each["name"] for each in found}
