"""The schema of a SQLite file as values to compare, as SQLAlchemy's inspector sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy

Schema = dict[str, dict[str, Any]]


def schema_of(database: Path) -> Schema:
    """Return table → kind of thing → the things, in no order that a database could choose."""
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    inspector: Any = sqlalchemy.inspect(engine)
    found = {name: table_of(inspector, name) for name in inspector.get_table_names()}
    engine.dispose()
    found.pop("alembic_version")
    return found


def table_of(inspector: Any, table: str) -> dict[str, Any]:
    """Return what one table has."""
    columns = {
        column["name"]: (str(column["type"]), column["nullable"], column["default"])
        for column in inspector.get_columns(table)
    }
    return {
        "columns": columns,
        "primary key": inspector.get_pk_constraint(table),
        "foreign keys": texts(inspector.get_foreign_keys(table)),
        "uniques": texts(inspector.get_unique_constraints(table)),
        "indexes": texts(inspector.get_indexes(table)),
        "checks": texts(inspector.get_check_constraints(table)),
    }


def texts(things: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return reflected things in an order of their own."""
    return sorted(str(sorted(thing.items())) for thing in things)
