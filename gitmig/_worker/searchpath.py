"""The schemas of a database, and PostgreSQL's search path: where a name without one leads to.

An env.py that serves tenants sets one for each (``SET search_path``), on its own connection.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy

from .shapes import Connection

SYSTEM = ("information_schema", "pg_catalog")


def path_of(connection: Connection) -> str:
    """Return the search path of a connection, empty for a database without one."""
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.execute(sqlalchemy.text("SHOW search_path")).scalar())


def schemas_on(connection: Connection) -> set[str]:
    """Return the schemas that are there of those on the search path."""
    if connection.dialect.name != "postgresql":
        return set()
    rows = connection.execute(sqlalchemy.text("SELECT unnest(current_schemas(false))"))
    return {str(row[0]) for row in rows}


def schemas(inspector: Any, connection: Connection) -> list[Any]:
    """Return the schemas of a database that hold the project's tables, None for the default."""
    if connection.dialect.name != "postgresql":
        return [None]
    default = connection.dialect.default_schema_name
    others = [name for name in inspector.get_schema_names()
              if name not in (default, *SYSTEM) and not name.startswith("pg_")]  # fmt: skip
    return [None, *others]


def follow(connection: Connection, path: str) -> None:
    """Have a connection take a search path until its transaction ends."""
    if path:
        setting = sqlalchemy.text("SELECT set_config('search_path', :path, true)")
        connection.execute(setting, {"path": path})
