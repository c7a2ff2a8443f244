"""The schema of a SQLite file as values to compare, as SQLAlchemy's inspector sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy

Schema = dict[str, dict[str, Any]]

Names = Mapping[str, "str | None"]
"""``table.name`` of a constraint or an index in a release → the name in its models (None: none)."""


def schema_of(database: Path, names: Names) -> Schema:
    """Return table → kind of thing → the things, in an order that no database chooses.

    ``names`` stand for others; every one of them must be there, or KeyError says which is not.
    """
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    inspector: Any = sqlalchemy.inspect(engine)
    unseen = set(names)
    found = {
        table: reflected(inspector, table, names, unseen)
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()
    if unseen:
        raise KeyError(*unseen)
    return found


def reflected(inspector: Any, table: str, names: Names, unseen: set[str]) -> dict[str, Any]:
    """Return what one table has; the names that were replaced are taken out of ``unseen``."""

    def renamed(things: Iterable[Mapping[str, Any]]) -> list[str]:
        changed = []
        for thing in things:
            place = f"{table}.{thing['name']}"
            unseen.discard(place)
            name = names.get(place, thing["name"])
            changed.append(str(sorted({**thing, "name": name}.items())))
        return sorted(changed)

    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"], column["default"])
            for column in inspector.get_columns(table)
        },
        "primary key": renamed([inspector.get_pk_constraint(table)]),
        "foreign keys": renamed(inspector.get_foreign_keys(table)),
        "uniques": renamed(inspector.get_unique_constraints(table)),
        "indexes": renamed(inspector.get_indexes(table)),
        "checks": renamed(inspector.get_check_constraints(table)),
    }


def differences(ours: Schema, theirs: Schema) -> dict[str, tuple[Any, Any]]:
    """Return place → what is there in one schema and in the other, where they are not equal.

    A place is a table, ``table.kind``, or ``table.kind.name`` where a kind of thing has names.
    """
    return dict(_different("", ours, theirs))


def _different(place: str, ours: Any, theirs: Any) -> Iterable[tuple[str, tuple[Any, Any]]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            below = f"{place}.{name}" if place else name
            yield from _different(below, ours.get(name), theirs.get(name))
    elif ours != theirs:
        yield place, (ours, theirs)
