"""Names for constraints that the models leave unnamed.

Without a name a constraint cannot be dropped again, and SQLite's batch mode cannot even add it.
PostgreSQL would make up a name itself; the same one is given here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.operations import ops

from .operations import flatten
from .shapes import Dialect, Op

# by what a server calls them itself, and for databases that keep them unnamed
FORMS = {
    "postgresql": {"foreignkey": ("", "_fkey"), "unique": ("", "_key")},
    "": {"foreignkey": ("fk_", ""), "unique": ("uq_", "")},
}


def give(dialect: Dialect, upgrades: Iterable[Op], downgrades: Iterable[Op]) -> None:
    """Name the constraints that are added and dropped, where neither models nor database do."""
    for way in (upgrades, downgrades):
        for container in way:
            for op in flatten(container):
                if isinstance(op, (ops.CreateForeignKeyOp, ops.CreateUniqueConstraintOp)):
                    op.constraint_name = op.constraint_name or name_for(dialect, op)
                added: Any = getattr(op, "_reverse", None)
                if isinstance(op, ops.DropConstraintOp) and added and not op.constraint_name:
                    op.constraint_name = name_for(dialect, added, whole=way is upgrades)
                    # on the way up the database does not know it yet
                    op.by_convention = way is upgrades  # type: ignore[attr-defined]


def name_for(dialect: Dialect, op: Op, whole: bool = False) -> Any:
    """Return a name for a constraint, None for a kind that has none here; ``whole``: any length."""
    if isinstance(op, ops.CreateForeignKeyOp):
        kind, table, columns = "foreignkey", op.source_table, list(op.local_cols)
    elif isinstance(op, ops.CreateUniqueConstraintOp):
        kind, table, columns = "unique", op.table_name, list(op.columns)
    else:
        return None
    before, after = FORMS.get(dialect.name, FORMS[""])[kind]
    names = "_".join(str(getattr(column, "name", column)) for column in columns)
    limit = dialect.max_identifier_length if whole else min(dialect.max_identifier_length, 63)
    room = limit - len(before) - len(after) - 1
    return before + "_".join(shortened(table, names, room)) + after


def shortened(table: str, columns: str, room: int) -> tuple[str, str]:
    """Cut the longer of two names until both fit, as PostgreSQL does."""
    while len(table) + len(columns) > room:
        if len(table) > len(columns):
            table = table[:-1]
        else:
            columns = columns[:-1]
    return table, columns
