"""Many tables looked at in few queries, where SQLAlchemy can do that: from 2.0, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy

FEW = 4  # tables; so many are looked at one by one as quickly


def columns(inspector: Any, schema: Any, names: Collection[str]) -> dict[str, list[Any]]:
    """Return the columns of tables that are there."""
    return _each(inspector, "columns", schema, names)


def foreign_keys(inspector: Any, schema: Any, names: Collection[str]) -> dict[str, list[Any]]:
    """Return the foreign keys of tables that are there."""
    return _each(inspector, "foreign_keys", schema, names)


def add_tables(
    metadata: Any, inspector: Any, connection: Any, schema: Any, names: Collection[str]
) -> None:
    """Put tables into a metadata; not what they point to."""
    if len(names) > FEW and hasattr(inspector, "get_multi_columns"):
        metadata.reflect(connection, schema=schema, only=sorted(names), resolve_fks=False)
        return
    for name in sorted(names):
        sqlalchemy.Table(name, metadata, schema=schema, autoload_with=connection, resolve_fks=False)


def _each(inspector: Any, what: str, schema: Any, names: Collection[str]) -> dict[str, list[Any]]:
    several = getattr(inspector, f"get_multi_{what}", None)
    if several is not None and len(names) > FEW:
        found = several(schema=schema, filter_names=sorted(names))
        return {name: each for (_, name), each in found.items()}
    one = getattr(inspector, f"get_{what}")
    return {name: one(name, schema=schema) for name in names}
