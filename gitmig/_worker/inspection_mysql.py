"""What MySQL and MariaDB say of tables: their information schema; see ``inspection``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .inspection_postgresql import empty
from .shapes import Connection

COLUMNS = """
    SELECT c.TABLE_SCHEMA, c.TABLE_NAME, t.TABLE_TYPE LIKE '%VIEW', c.COLUMN_NAME, c.COLUMN_TYPE,
        c.IS_NULLABLE, c.COLUMN_DEFAULT, c.EXTRA, c.GENERATION_EXPRESSION
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
        ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE c.TABLE_SCHEMA IN ({schemas})
"""
# the names of checks are unique in a schema on MySQL, in a table on MariaDB
CHECKS_OF_MARIADB = """
    SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE
    FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({schemas})
"""
CHECKS = """
    SELECT t.CONSTRAINT_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE
    FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t
        ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
    WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.CONSTRAINT_SCHEMA IN ({schemas})
"""
INDEXES = """
    SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, SUB_PART, {part}
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN ({schemas})
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""

OF_THE_SERVER = re.compile(r"CONSTRAINT_\d+|.*_chk_\d+")  # names that it gives by itself


def read(connection: Connection, schemas: Sequence[str], default: str) -> dict[str, Any]:
    """Return what is in the schemas; see ``inspection.read``."""
    inside = ", ".join("'" + each.replace("'", "''") + "'" for each in schemas)
    mariadb = "MariaDB" in str(connection.execute(text("SELECT VERSION()")).scalar())

    def ask(query: str, **parts: str) -> Any:
        statement = query.format(schemas=inside, **parts)
        return connection.execute(text(statement))

    def key(schema: str, name: str) -> str:
        return name if schema == default else f"{schema}.{name}"

    tables: dict[str, dict[str, Any]] = {}
    for schema, table, view, column, *said in ask(COLUMNS):
        found = tables.setdefault(key(schema, table), empty(view))
        found["columns"][column] = column_words(*said)
    with contextlib.suppress(DBAPIError):  # MySQL before 8.0.16 keeps none
        for schema, table, name, words in ask(CHECKS_OF_MARIADB if mariadb else CHECKS):
            found = tables[key(schema, table)]
            if OF_THE_SERVER.fullmatch(name):
                found["unnamed"].append(words)
            else:
                found["checks"][name] = words
    part = "COLUMN_NAME" if mariadb else "COALESCE(COLUMN_NAME, EXPRESSION)"
    add_indexes(tables, [(key(row[0], row[1]), *row[2:]) for row in ask(INDEXES, part=part)])
    return {"tables": tables, "enums": {}, "sequences": {}}


def add_indexes(tables: dict[str, dict[str, Any]], rows: Sequence[Any]) -> None:
    """Add the indexes of tables, from the rows of their parts."""
    parts: dict[tuple[str, str], list[str]] = {}
    kinds: dict[tuple[str, str], tuple[bool, str]] = {}
    for table, index, ordinary, kind, length, part in rows:
        parts.setdefault((table, index), []).append(f"{part}({length})" if length else str(part))
        kinds[table, index] = (not int(ordinary), str(kind))
    for (table, index), columns in parts.items():
        unique, kind = kinds[table, index]
        if index == "PRIMARY" or table not in tables:
            continue
        if unique:
            tables[table]["uniques"].append(columns)
        said = f"{'UNIQUE ' * unique}{kind} ({', '.join(columns)})"
        tables[table]["indexes"][index] = said


def column_words(
    type_: str, nullable: str, default: Any, extra: str, expression: Any
) -> dict[str, Any]:
    """Return what is said of one column."""
    counts, computed = "auto_increment" in extra.lower(), str(expression or "") or None
    stated = default if default not in (None, "NULL") else None
    if stated is not None and "on update" in extra.lower():
        stated = f"{stated} {extra[extra.lower().index('on update') :]}"
    return {
        "type": str(type_),
        "nullable": nullable == "YES",
        "default": None if computed else stated,
        "computed": computed,
        "identity": "",
        "counts": counts,
    }
