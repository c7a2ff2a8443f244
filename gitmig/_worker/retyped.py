"""What holds to the type of a column on PostgreSQL: dropped before the type changes, made after.

PostgreSQL makes the checks, the indexes and the generated columns of a table again with each type
that changes in it, from their old texts: what a commit changes with a type has to go before it and
to come after it, on the way back, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy
from alembic.operations import ops

from .shapes import Dialect, Op
from .sql import without_empty

# the way back of an index whose old form is known as a statement only, see ``rebuilt.Drop``
MAKES_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX \S+ ON (?P<table>\S+)")

Where = tuple[str, str]  # schema, table
Is = Callable[[Op], bool]


def settle(up: Op, down: Op, dialect: Dialect) -> None:
    """Put what goes before the type changes of its table, and what comes after them, both ways."""
    if dialect.name != "postgresql":
        return
    for way in (up, down):
        for where in dict.fromkeys(where_of(op) for _, op in pairs(way) if is_type_change(op)):
            going, coming = split(way, where, dialect)
            groups = [group for group, op in pairs(way) if is_it(op, where, is_type_change)]
            put(way, way.ops.index(groups[0]), where, going)
            put(way, way.ops.index(groups[-1]) + 1, where, coming)
        without_empty(way)


def split(way: Op, where: Where, dialect: Dialect) -> tuple[list[Op], list[Op]]:
    """Take out what goes after a type change of a table and what comes before one, in order."""
    every = list(pairs(way))
    places = [place for place, (_, op) in enumerate(every) if is_it(op, where, is_type_change)]
    late = [(group, op) for group, op in every[places[0] :] if is_it(op, where, goes)]
    early = [(group, op) for group, op in every[: places[-1]]
             if is_it(op, where, comes) or makes_index(op, where, dialect)]  # fmt: skip
    for group, op in (*late, *early):
        (way if group is op else group).ops.remove(op)
    return [op for _, op in late], [op for _, op in early]


def pairs(way: Op) -> Iterator[tuple[Op, Op]]:
    """Yield the operations of one way, each with what holds it: a table's group, or itself."""
    for each in way.ops:
        if isinstance(each, ops.ModifyTableOps):
            yield from ((each, op) for op in each.ops)
        else:
            yield each, each


def put(way: Op, place: int, where: Where, found: list[Op]) -> None:
    """Put operations on a table, in a group of their own so that a batch sends them by itself."""
    statements = [op for op in found if isinstance(op, ops.ExecuteSQLOp)]
    others: list[Any] = [op for op in found if op not in statements]
    group = [ops.ModifyTableOps(where[1], others, schema=where[0] or None)] if others else []
    way.ops[place:place] = [*group, *statements]


def where_of(op: Op) -> Where:
    """Return the schema and the table of an operation."""
    return getattr(op, "schema", None) or "", str(getattr(op, "table_name", ""))


def is_it(op: Op, where: Where, kind: Is) -> bool:
    """Say whether an operation is one of a kind, on a table."""
    return where_of(op) == where and kind(op)


def is_type_change(op: Op) -> bool:
    """Say whether an operation gives a column another type."""
    return isinstance(op, ops.AlterColumnOp) and op.modify_type is not None


def goes(op: Op) -> bool:
    """Say whether an operation takes a check, an index or a generated column away."""
    if isinstance(op, ops.DropColumnOp):
        back = op._reverse
        return back is not None and is_generated(back.column)
    of_check = isinstance(op, ops.DropConstraintOp) and op.constraint_type == "check"
    return of_check or isinstance(op, ops.DropIndexOp)


def comes(op: Op) -> bool:
    """Say whether an operation makes a check, an index or a generated column."""
    generated = isinstance(op, ops.AddColumnOp) and is_generated(op.column)
    return generated or isinstance(op, (ops.CreateCheckConstraintOp, ops.CreateIndexOp))


def is_generated(column: Any) -> bool:
    """Say whether the database computes a column."""
    return isinstance(column.server_default, sqlalchemy.Computed)


def makes_index(op: Op, where: Where, dialect: Dialect) -> bool:
    """Say whether a statement makes an index of a table."""
    if not isinstance(op, ops.ExecuteSQLOp):
        return False
    found = MAKES_INDEX.match(str(op.sqltext))
    quote = dialect.identifier_preparer.quote
    names = ".".join(quote(name) for name in where if name)
    return found is not None and found["table"] == names
