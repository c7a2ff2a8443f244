"""The tables that point to some others, and rows that point to nothing."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator

import sqlalchemy
from sqlalchemy import exc, inspect

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


Pair = tuple[str, str]  # a table, and one that it points to


def astray(connection: Connection) -> Counter[Pair]:
    """Return how many rows of a SQLite database point to nothing, by table and where they point to.

    Servers have none. SQLite has where foreign keys are not enforced, which is its default.
    """
    if connection.dialect.name != "sqlite":
        return Counter()
    try:
        return looked_at(connection, "PRAGMA foreign_key_check")
    except exc.DBAPIError:  # one leads to what is not unique, and SQLite looks at no other then
        found = Counter[Pair]()
        for table in inspect(connection).get_table_names():
            name = connection.dialect.identifier_preparer.quote(table)
            with contextlib.suppress(exc.DBAPIError):
                found += looked_at(connection, f"PRAGMA foreign_key_check({name})")
        return found


def looked_at(connection: Connection, query: str) -> Counter[Pair]:
    """Return what SQLite answers, counted."""
    return Counter((row[0], row[2]) for row in connection.execute(sqlalchemy.text(query)))
