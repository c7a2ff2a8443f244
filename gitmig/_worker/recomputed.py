"""Generated columns whose expression is another one: dropped and made again, with their indexes.

No database that gitmig knows alters such a column in all its versions. Its values are computed, so
that none is lost.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import indexes, together
from .operations import DESCRIBERS
from .shapes import Context, Op


class DropComputed(ops.DropColumnOp):
    """Drop a generated column that is made again: its values are computed, and none is lost."""


def operations_for(change: Any, context: Context, table: Any) -> list[Op] | None:
    """Return what makes a column anew, None where it is to be computed no longer.

    Then it would lose its values.
    """
    if not change.after:
        return None
    there = together.reflected(context, table, change.name)
    computed = there.get("computed")
    more = [sqlalchemy.Computed(**computed)] if computed else [together.clause(there["default"])]
    old: Any = sqlalchemy.Column(
        change.name, there["type"], *filter(None, more), nullable=there["nullable"]
    )
    drop = DropComputed if computed else ops.DropColumnOp
    place: dict[str, Any] = {"schema": table.schema}
    back = ops.AddColumnOp(table.name, old, **place)
    add = ops.AddColumnOp(table.name, copied(table.columns[change.name]), **place)
    on = indexes.on_column(change.name, table, context)
    made = [*map(ops.DropIndexOp.from_index, on),
            drop(table.name, change.name, _reverse=back, **place), add,
            *map(ops.CreateIndexOp.from_index, on)]  # fmt: skip
    return [ops.ModifyTableOps(table.name, made, **place)]


def put(up: Op, down: Op, made: Any) -> None:
    """Put what makes a column anew around what else changes its table, in both directions.

    What it was computed from goes after it, and what it will be computed from comes before.
    """
    for way, group in ((up, made), (down, made.reverse())):
        at = [isinstance(op, ops.AddColumnOp) for op in group.ops].index(True)
        place = group.table_name, group.schema
        there = [each for each in way.ops if isinstance(each, ops.ModifyTableOps)
                 and (each.table_name, each.schema) == place]  # fmt: skip
        if there:
            there[0].ops[:0] = group.ops[:at]
            there[-1].ops += group.ops[at:]
        else:
            way.ops.append(group)


def copied(column: Any) -> Any:
    """Return a column that no table has yet."""
    copy = getattr(column, "_copy", None) or column.copy  # SQLAlchemy 1.3
    return copy()


def _made_again(op: Op, table: str) -> tuple[str, str, str]:
    return f"compute {table}.{op.column_name} anew", op.column_name, ""


DESCRIBERS[DropComputed] = _made_again
