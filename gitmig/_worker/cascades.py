"""SQLite's tables that batch mode writes anew while foreign keys are enforced.

Batch mode drops the old table, and SQLite then deletes its rows first, as ``DELETE`` would: what
points to them is deleted, set to NULL, or refuses it (https://sqlite.org/foreignkeys.html, 5). So
it must not be enforced while revisions run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy
from sqlalchemy import inspect

from .shapes import Context

REMEDY = (
    'have env.py say connection.connection.execute("PRAGMA foreign_keys=OFF") before '
    "context.configure()"
)

Pointing = dict[str, set[str]]  # the tables that point to each


def enforced(context: Context) -> Pointing:
    """Return what points to each table of a SQLite database, empty where nobody enforces it."""
    connection = context.connection
    if context.dialect.name != "sqlite":
        return {}
    if not connection.execute(sqlalchemy.text("PRAGMA foreign_keys")).scalar():
        return {}
    inspector = inspect(connection)
    found: Pointing = {}
    for table in inspector.get_table_names():
        for key in inspector.get_foreign_keys(table):
            found.setdefault(key["referred_table"], set()).add(table)
    return found


def doubts(anew: Iterable[str], pointing: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return for each table that is written anew, and pointed to, why a person must look."""
    return {
        table: f"{table} is written anew while foreign keys are enforced, so that rows of "
        f"{', '.join(sorted(pointing[table]))} are deleted with it or refuse it: {REMEDY}"
        for table in anew
        if table in pointing
    }
