"""Indexes on expressions, which Alembic passes over on SQLite: here those of whole tables.

``unseen`` has those that come to a table or go from one that stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy.sql.elements import ColumnClause, UnaryExpression

from .operations import flatten
from .rebuilt import Drop, Held
from .shapes import Dialect, Op
from .sql import escaped, put_first, put_last
from .together import key_of


def passed_over(table: Any, autogen: Any) -> list[Any]:
    """Return the indexes of a table of the models that Alembic does not see on SQLite, by name."""
    found = (each for each in table.indexes if each.name and is_on_expression(each))
    wanted = (each for each in found
              if autogen.run_object_filters(each, each.name, "index", False, None))  # fmt: skip
    return sorted(wanted, key=lambda each: str(each.name))


def into_tables(up: Op, down: Op, autogen: Any, dialect: Dialect) -> None:
    """Have the indexes on expressions of new tables made, too."""
    if dialect.name != "sqlite":
        return
    flat = list(flatten(up))
    there = {(key_of(op), str(op.index_name)) for op in flat if isinstance(op, ops.CreateIndexOp)}
    made: list[Op] = []
    for op in flat:
        table = table_of(op) if isinstance(op, ops.CreateTableOp) else None
        for index in () if table is None else passed_over(table, autogen):
            if (key_of(op), str(index.name)) not in there:
                made.append(ops.CreateIndexOp.from_index(index))
    put_last(up, down, made)


def of_dropped(up: Op, down: Op, held: Mapping[str, Held]) -> None:
    """Have the indexes on expressions of dropped tables come back with these."""
    flat = list(flatten(up))
    gone = {str(op.index_name) for op in flat if isinstance(op, ops.DropIndexOp)}
    made: list[Op] = []
    for op in flat:
        if isinstance(op, ops.DropTableOp) and not op.schema and op.table_name in held:
            for name, statement in sorted(held[op.table_name].indexes.items()):
                if name not in gone:
                    back = ops.ExecuteSQLOp(escaped(statement))
                    made.append(Drop(name, op.table_name, schema=None, back=back))
    put_first(up, down, made)


def table_of(op: Op) -> Any:
    """Return the models' table that an operation makes, None where there is none."""
    columns = (each for each in op.columns if isinstance(each, sqlalchemy.Column))
    return next((each.table for each in columns if each.table is not None), None)


def is_on_expression(index: Any) -> bool:
    """Say whether an index has an expression among its columns; Alembic 1.7 cannot tell."""

    def plain(each: Any) -> bool:
        while isinstance(each, UnaryExpression):  # DESC and the like
            each = each.element
        return isinstance(each, ColumnClause) and not each.is_literal

    return not all(plain(each) for each in index.expressions)
