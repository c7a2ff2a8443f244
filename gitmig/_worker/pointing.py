"""The tables that point to some others: their rows must still point to something after a rename."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy
from sqlalchemy import inspect

from .rows import Name
from .shapes import Connection


def children(connection: Connection, parents: Collection[Name]) -> Iterator[Name]:
    """Yield the tables, in the schemas of these, that have a foreign key to one of some others."""
    look = inspect(connection)
    for schema in sorted({schema for schema, _ in parents}, key=str):
        for table in sorted(look.get_table_names(schema=schema)):
            if (schema, table) not in parents and any(
                (each["referred_schema"], each["referred_table"]) in parents
                for each in look.get_foreign_keys(table, schema=schema)
            ):
                yield schema, table


def astray(connection: Connection) -> list[str]:
    """Return the tables of a SQLite database whose rows point nowhere; servers have none."""
    if connection.dialect.name != "sqlite":
        return []
    return sorted(
        {row[0] for row in connection.execute(sqlalchemy.text("PRAGMA foreign_key_check"))}
    )
