"""What tables hold, and what of it is lost between two looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy

from . import conversion
from .reflected import columns
from .shapes import Connection

Name = tuple[Any, str]  # schema, table


@dataclass
class Table:
    """The columns of a table with their types, and its rows in that order: as texts, as read."""

    columns: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    read: list[tuple[Any, ...]] = field(default_factory=list)

    def of(self, names: Iterable[str]) -> list[tuple[str, ...]]:
        """Return the rows with some of the columns."""
        places = [list(self.columns).index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]

    def by(self, names: Sequence[str], column: str) -> dict[tuple[str, ...], Any]:
        """Return what a column holds, by what no other row has in some columns."""
        keys, place = self.of(names), list(self.columns).index(column)
        times = Counter(keys)
        return {key: row[place] for key, row in zip(keys, self.read) if times[key] == 1}


NOTHING = ("None",)  # the row of a column that holds NULL
Contents = dict[Name, Table]


@dataclass(frozen=True)
class Loss:
    """What is gone from a table: all of it, a ``column``, rows, or values of a column.

    ``kind`` is table, column, rows, all rows or values; the names are those before.
    """

    kind: str
    table: Name
    column: str
    words: str

    @property
    def fields(self) -> dict[str, str]:
        """Return it as plain data, the table with its schema unless that is the default."""
        place = {"table": told(self.table), "column": self.column}
        return {"kind": self.kind, **place, "words": self.words}


@dataclass(frozen=True)
class Renames:
    """What has another name after a step: ``tables`` old to new, ``columns`` by the new table."""

    tables: Mapping[Name, Name] = field(default_factory=dict)
    columns: Mapping[tuple[Name, str], str] = field(default_factory=dict)

    def after(self, table: Name, column: str = "") -> tuple[Name, str]:
        """Return what a table, or a column of it, is called afterwards."""
        new = self.tables.get(table, table)
        return new, self.columns.get((new, column), column)

    @property
    def back(self) -> Renames:
        """The way back."""
        tables = {new: old for old, new in self.tables.items()}
        return Renames(tables, {
            (tables.get(table, table), new): old for (table, old), new in self.columns.items()
        })  # fmt: skip


def read(connection: Connection, names: Iterable[Name]) -> Contents:
    """Return what tables hold, those of them that are there."""
    inspector: Any = sqlalchemy.inspect(connection)
    wanted: dict[Any, list[str]] = {}
    for schema, name in names:
        wanted.setdefault(schema, []).append(name)
    found: Contents = {}
    for schema, those in wanted.items():
        there = sorted({*those} & {*inspector.get_table_names(schema=schema)})
        for name, reflected in columns(inspector, schema, there).items():
            types = {each["name"]: type_of(each["type"]) for each in reflected}
            held = rows_of(connection, schema, name, types)
            found[schema, name] = Table(types, [tuple(map(repr, row)) for row in held], held)
    return found


def type_of(kind: Any) -> str:
    """Return what tells a type from another whose values are other ones."""
    return f"{kind} with time zone" if getattr(kind, "timezone", False) else str(kind)


def rows_of(
    connection: Connection, schema: Any, name: str, names: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Return the rows of a table."""
    items: list[Any] = [sqlalchemy.column(each) for each in names]
    if not items:
        return []
    query = sqlalchemy.table(name, *items, schema=schema).select()
    return [tuple(map(plain, row)) for row in connection.execute(query)]


def plain(value: Any) -> Any:
    """Return a value whose text is the same for the same value, whatever the driver gives."""
    return bytes(value) if isinstance(value, (memoryview, bytearray)) else value


def losses(before: Contents, after: Contents, renames: Renames) -> list[Loss]:
    """Return what is lost, in the order of the tables.

    Values are compared where a column survives with its type; what another type made of them is
    told as far as it is certain (``conversion``), and shows on the way back.
    """
    found = []
    for name, table in sorted(before.items(), key=str):
        new = after.get(renames.after(name)[0])
        if new is None:
            found += [Loss("table", name, "", f"table {told(name)} with {rows(table)}")]
        else:
            found += losses_of(name, table, new, renames)
    return [loss for loss in found if loss.words]


def losses_of(name: Name, table: Table, new: Table, renames: Renames) -> list[Loss]:
    """Return what one table lost."""
    pairs = {column: renames.after(name, column)[1] for column in table.columns}
    gone = [column for column, now in pairs.items() if now not in new.columns]
    found = [column_gone(name, column, table) for column in gone]
    fewer = len(table.rows) - len(new.rows)
    if fewer > 0:
        words = f"{fewer} of {len(table.rows)} rows of {told(name)}"
        return [*found, Loss("rows" if new.rows else "all rows", name, "", words)]
    same = [column for column, now in pairs.items()
            if column not in gone and table.columns[column] == new.columns[now]]  # fmt: skip
    found += [
        loss
        for column, now in pairs.items()
        if column not in [*gone, *same] and (loss := retyped(name, column, table, new, pairs))
    ]
    missing = less(table.of(same), new.of(pairs[column] for column in same))
    if not missing:
        return found
    changed = [values_gone(name, column, table, new, pairs[column]) for column in same]
    if any(changed):
        return [*found, *(loss for loss in changed if loss and loss.words)]
    return [*found, Loss("values", name, "", f"the values of {told(name)} are in other rows")]


def retyped(
    name: Name, column: str, table: Table, new: Table, pairs: Mapping[str, str]
) -> Loss | None:
    """Return what a column lost by its new type; ``pairs`` are the names before and after.

    A row is known again by the columns that hold what they held.
    """
    keys = [each for each, now in pairs.items()
            if now in new.columns and table.columns[each] == new.columns[now]
            and Counter(table.of([each])) == Counter(new.of([now]))]  # fmt: skip
    after = new.by([pairs[each] for each in keys], pairs[column])
    before = table.by(keys, column)
    gone = conversion.lost([(old, after[key]) for key, old in before.items() if key in after])
    return Loss("values", name, column, values_told(name, column, [*map(repr, gone)])) \
        if gone else None  # fmt: skip


def column_gone(name: Name, column: str, table: Table) -> Loss:
    """Return the loss of a column; one that holds nothing is none."""
    held = [row for row in table.of([column]) if row != NOTHING]
    plural = "" if len(held) == 1 else "s"
    words = f"column {told(name)}.{column} with {len(held)} value{plural}" if held else ""
    return Loss("column", name, column, words)


def values_gone(name: Name, column: str, table: Table, new: Table, now: str) -> Loss | None:
    """Return which values of a column are not there any more, None where all are.

    Where nothing was and something is now, no value is lost: that is told without words.
    """
    gone = less(table.of([column]), new.of([now]))
    if not gone:
        return None
    missing = [value[0] for value in gone if value != NOTHING]
    words = values_told(name, column, missing) if missing else ""
    return Loss("values", name, column, words)


def values_told(name: Name, column: str, missing: Sequence[str]) -> str:
    """Return in words which values of a column are gone."""
    plural = "" if len(missing) == 1 else "s"
    return f"{len(missing)} value{plural} of {told(name)}.{column}, such as {missing[0][:60]}"


def less(before: Iterable[tuple[str, ...]], after: Iterable[tuple[str, ...]]) -> list[Any]:
    """Return what was there and is not, each as often as it is missing."""
    return list((Counter(before) - Counter(after)).elements())


def rows(table: Table) -> str:
    """Return how many rows a table has; empty where a table without any is no loss."""
    return f"{len(table.rows)} row{'' if len(table.rows) == 1 else 's'}"


def told(name: Name) -> str:
    """Return a table's name for a sentence."""
    schema, table = name
    return f"{schema}.{table}" if schema else str(table)
