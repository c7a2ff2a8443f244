"""Where rows of PostgreSQL's partitioned tables go: values that lie within a partition's bounds.

As the catalogue has them (https://www.postgresql.org/docs/current/ddl-partitioning.html). A
partition by HASH, and one by an expression, says nothing of values: what is planned is tried.
"""

from __future__ import annotations

import datetime
import decimal
import re
from typing import Any

import sqlalchemy

from .checks import LITERAL
from .shapes import Connection

KEYS = """
    SELECT CAST(p.partrelid AS bigint), CAST(n.nspname AS text), CAST(c.relname AS text),
        CAST(a.attname AS text)
    FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL unnest(CAST(p.partattrs AS int2[])) WITH ORDINALITY k (number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number
    ORDER BY p.partrelid, k.place
"""
BOUNDS = """
    SELECT CAST(i.inhparent AS bigint), CAST(i.inhrelid AS bigint),
        pg_get_expr(c.relpartbound, c.oid)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.relispartition ORDER BY i.inhrelid
"""
BOUND = re.compile(r"FOR VALUES (?:FROM \((.*)\) TO \((.*)\)|IN \((.*)\))", re.DOTALL)
ITEM = re.compile(rf"(?:{LITERAL.pattern})|(\w+)")

Values = dict[str, Any]  # by column
Bounds = list[tuple[Any, Any]]  # the lowest value and the first that is too high, None for none


class Partitions:
    """The partitioned tables of one database."""

    def __init__(self, connection: Connection) -> None:
        self.keys: dict[int, list[Any]] = {}  # the columns by which it is partitioned, by oid
        self.names: dict[tuple[str, str], int] = {}
        self.below: dict[int, list[tuple[int, str]]] = {}
        self.default = connection.dialect.default_schema_name
        if connection.dialect.name != "postgresql":
            return
        for oid, schema, table, column in connection.execute(sqlalchemy.text(KEYS)):
            self.names[schema, table] = oid
            self.keys.setdefault(oid, []).append(column)
        for parent, child, bound in (
            connection.execute(sqlalchemy.text(BOUNDS)) if self.keys else ()
        ):
            self.below.setdefault(parent, []).append((child, bound))

    def place(self, table: Any, number: int) -> Values:
        """Return what a row of a table needs in its columns to lie in one of its partitions.

        ``number`` is the row's: they go to one partition after the other.
        """
        found: Values = {}
        oid = self.names.get((table.schema or self.default, table.name))
        while oid in self.below:
            parts = self.below[oid]
            child, bound = parts[(number - 1) % len(parts)]
            columns = [table.columns.get(name) for name in self.keys.get(oid, ())]
            found.update(within(columns, bound, number))
            oid = child
        return found


def within(columns: list[Any], bound: str, number: int) -> Values:
    """Return values within a partition's bounds, for those of its columns that have some."""
    parts = BOUND.match(bound)
    if parts is None or any(column is None for column in columns):
        return {}
    low, high, listed = parts.groups()
    if listed is not None:
        pairs = [(columns[0], items(listed, columns)[0])]
    else:
        ends = zip(columns, items(low, columns), items(high, columns))
        alone = len(columns) == 1
        pairs = [(column, one(first, end, number, alone=alone)) for column, first, end in ends]
    return {column.name: value for column, value in pairs if value is not None}


def one(low: Any, high: Any, number: int, *, alone: bool) -> Any:
    """Return a value from ``low`` on and below ``high``, None where both are without an end.

    Where it is ``alone`` it differs from row to row, as far as there is room.
    """
    if low is None:
        return None if high is None else moved(high, -number)
    if not alone:
        return low
    further = moved(low, number)
    if high is None or (type(further) is type(high) and further < high):
        return further
    return low


def items(text: str, columns: list[Any]) -> list[Any]:
    """Return the values of a bound, None for one without an end (and for NULL)."""
    found = []
    for (quoted, digits, word), column in zip(ITEM.findall(text), columns):
        plain = quoted.replace("''", "'") or digits or word
        found.append(None if word and not word.startswith(("t", "f")) else typed(column, plain))
    return found


def typed(column: Any, text: str) -> Any:
    """Return a text as the column's type takes it, as it is where that is not known."""
    kind = column.type
    readers = (
        (sqlalchemy.Integer, int),
        (sqlalchemy.Numeric, decimal.Decimal),
        (sqlalchemy.DateTime, moment),
        (sqlalchemy.Date, datetime.date.fromisoformat),
        (sqlalchemy.Boolean, lambda each: each in ("true", "t")),
    )
    for known, read in readers:
        if isinstance(kind, known):
            try:
                return read(text)
            except (ValueError, ArithmeticError):  # infinity, say
                break
    return text


def moment(text: str) -> datetime.datetime:
    """Return a moment; PostgreSQL leaves the minutes of a time zone out."""
    return datetime.datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", text))


def moved(value: Any, steps: int) -> Any:
    """Return a value so many steps further on, the same where it has no steps."""
    if isinstance(value, datetime.datetime):
        return value + datetime.timedelta(seconds=steps)
    if isinstance(value, datetime.date):
        return value + datetime.timedelta(steps)
    if isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool):
        return value + steps
    return value
