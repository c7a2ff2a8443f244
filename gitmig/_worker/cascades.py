"""SQLite's tables that batch mode writes anew while foreign keys are enforced.

Batch mode drops the old table, and SQLite then deletes its rows first, as ``DELETE`` would: what
points to them is deleted, set to NULL, or refuses it (https://sqlite.org/foreignkeys.html, 5). So
it must not be enforced while revisions run.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy

from .compare import NEEDS_BATCH, Comparison
from .operations import flatten
from .project import Project
from .renames import both_ways
from .shapes import Context
from .sql import RenameColumnOp

REMEDY = (
    'have env.py say connection.connection.execute("PRAGMA foreign_keys=OFF") before '
    "context.configure()"
)


def doubts(project: Project, found: Comparison) -> dict[str, str]:
    """Return for each table that is written anew, and pointed to, why a person must look."""
    told: dict[str, str] = {}
    each = iter(both_ways(found))

    def fn(heads: Any, context: Context) -> list[Any]:
        up, down = next(each)
        anew = {str(getattr(op, "table_name", None) or getattr(op, "source_table", ""))
                for way in (up, down) for op in flatten(way)
                if isinstance(op, NEEDS_BATCH) and not isinstance(op, RenameColumnOp)}  # fmt: skip
        told.update(pointed_to(context, anew))
        return []

    if any(dialect.name == "sqlite" for dialect in found.dialects) and found.scripts:
        project.run_env(fn)
    return told


def pointed_to(context: Context, anew: set[str]) -> dict[str, str]:
    """Return those of the tables that others point to, where that is enforced."""
    connection = context.connection
    if context.dialect.name != "sqlite" or not anew:
        return {}
    if not connection.execute(sqlalchemy.text("PRAGMA foreign_keys")).scalar():
        return {}
    inspector = sqlalchemy.inspect(connection)
    found: dict[str, set[str]] = {}
    for table in inspector.get_table_names():
        for key in inspector.get_foreign_keys(table):
            if key["referred_table"] in anew:
                found.setdefault(key["referred_table"], set()).add(table)
    return {
        table: f"{table} is written anew while foreign keys are enforced, so that rows of "
        f"{', '.join(sorted(others))} are deleted with it or refuse it: {REMEDY}"
        for table, others in found.items()
    }
