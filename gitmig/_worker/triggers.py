"""Triggers of SQLite where batch mode writes a table anew.

Those of the table go with the old one; one of another table that mentions it keeps SQLite from
giving the new one its name. So they are dropped before and made after it, as they were. One that
mentions a column which goes can be made, and would fail as soon as it fires: a person writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alembic.operations import ops

from .operations import flatten
from .shapes import Op
from .sql import mentions


def concerned(table: str, statement: str, tables: Iterable[str]) -> list[str]:
    """Return the tables that a trigger is on or mentions; ``table`` is the one that it is on."""
    text = statement.lower()
    return [each for each in tables if each == table or mentions(text, [each.lower()])]


def stale(up: Op, held: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words the triggers that mention a column which goes.

    ``held`` has ``triggers`` for each table: texts by name.
    """
    for op in flatten(up):
        if isinstance(op, ops.DropColumnOp) and op.table_name in held:
            for name, statement in sorted(held[op.table_name].triggers.items()):
                if mentions(statement.lower(), [op.column_name.lower()]):
                    told = f"trigger {name} mentions {op.table_name}.{op.column_name}, which goes"
                    yield f"{told}: write it without that in upgrade(), as it was in downgrade()"
