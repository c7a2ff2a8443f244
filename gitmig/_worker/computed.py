"""Generated columns of SQLite's tables that batch mode writes anew.

Batch mode copies the values of all columns, and SQLite takes none for these: they are left out and
come again, in the same step, after the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy
from alembic.operations import ops

from .shapes import Op


def of_table(columns: Collection[Any]) -> dict[str, Any]:
    """Return the generated columns among those that reflection gives, by name."""
    return {each["name"]: each for each in columns if each.get("computed")}


def again(table: str, columns: dict[str, Any], inner: Collection[Op]) -> list[Op]:
    """Return what leaves the generated columns out and makes them again.

    Not those that an operation of the step is about.
    """
    names = {getattr(op, "column_name", None) or getattr(getattr(op, "column", None), "name", "")
             for op in inner}  # fmt: skip
    made: list[Op] = []
    for name, each in columns.items():
        if name in names:
            continue
        column: Any = sqlalchemy.Column(
            name, each["type"], sqlalchemy.Computed(**each["computed"]), nullable=each["nullable"]
        )
        made += [ops.DropColumnOp(table, name), ops.AddColumnOp(table, column)]
    return made
