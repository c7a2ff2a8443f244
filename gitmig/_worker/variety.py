"""Rows of every kind that a table may hold, to show what a revision does to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exc

from .edges import edges
from .failures import one_line
from .members import holding_the_same, members, put
from .rows import AGAIN, EMPTY, LARGE, PLAIN, CannotFill, Filling, Name, Row, read
from .shapes import Connection
from .values import unique_columns

KINDS = (PLAIN, AGAIN, EMPTY, LARGE)
"""The second says again what the first says, where nothing is unique; then what may be NULL is,
then what is large."""
EDGES = 2  # rows: with what is nothing, and with what is beyond
MEMBERS = 300  # rows of a table for what an enum or the list of a CHECK allows


def insert_where_possible(
    connection: Connection, names: Collection[Name], leave: Collection[Name]
) -> dict[Name, str]:
    """Fill tables, and those that they point to, but for those to ``leave`` as they are.

    Returns the tables that have no row then, and why.
    """
    filling = Filling(connection, KINDS)
    problems: dict[Name, str] = {}
    for table in filling.order(names):
        key = (table.schema, table.name)
        try:
            if key in leave:
                filling.there[key] = read(connection, table)
            else:
                filling.fill(table)
                fill_edges(filling, table)
                fill_members(filling, table)
        except (CannotFill, exc.SQLAlchemyError) as problem:
            filling.there[key] = read(connection, table)
            if not filling.there[key]:
                told = isinstance(problem, CannotFill)
                problems[key] = str(problem) if told else one_line(problem)
    filling.close_circles()
    return problems


def fill_edges(filling: Filling, table: Any) -> None:
    """Insert a row for each edge of the types, with as many edges as the schema allows."""
    unique = unique_columns(table)
    keys = {name for each in table.foreign_key_constraints for name in each.column_keys}
    keys |= {column.name for column in table.primary_key.columns}
    for place in range(EDGES):
        number = len(filling.kinds) + 1 + place
        row = like_first(filling, table, unique, number)
        found = {column.name: edges(column, number) for column in table.columns
                 if column.name in row and column.name not in keys}  # fmt: skip
        odd = {name: values[place] for name, values in found.items() if values}
        if odd and filling.refused(table, {**row, **odd}, number):
            taken = allowed(filling, table, row, odd, number)
            if taken:
                filling.refused(table, {**row, **taken}, number)
    filling.there[table.schema, table.name] = read(filling.connection, table)


def allowed(filling: Filling, table: Any, row: Row, odd: Row, number: int) -> Row:
    """Return which values of ``odd`` a row may hold at once; those together are refused."""
    names = list(odd)
    if len(names) < 2:
        return {}
    taken: Row = {}
    for half in (names[: len(names) // 2], names[len(names) // 2 :]):
        some = {name: odd[name] for name in half}
        if filling.refused(table, {**row, **taken, **some}, number, keep=False):
            some = allowed(filling, table, {**row, **taken}, some, number)
        taken.update(some)
    return taken


def fill_members(filling: Filling, table: Any) -> None:
    """Insert a row for each value that an enum or a CHECK's list allows and no row holds.

    Where there is no room for one more (it would point to what is pointed to once), a row takes it
    whose value another holds. What is refused is left.
    """
    key = (table.schema, table.name)
    rows, unique = filling.there[key], unique_columns(table)
    missing = [(name, each) for name, each in members(filling.connection, table)
               if all(row[name] != each for row in rows)]  # fmt: skip
    spare: dict[str, list[Row]] = {}
    for number, (name, each) in enumerate(missing[:MEMBERS], len(filling.kinds) + EDGES + 1):
        row = like_first(filling, table, unique, number)
        if filling.refused(table, {**row, name: each}, number):
            others = spare.setdefault(name, holding_the_same(rows, name))
            if others and put(filling.connection, table, others[-1], name, each):
                others.pop()
    if missing:
        filling.there[key] = read(filling.connection, table)


def like_first(filling: Filling, table: Any, unique: Collection[str], number: int) -> Row:
    """Return one more row, as the first one is but for what is unique."""
    row = filling.row(table, unique, number, PLAIN)
    first = filling.there[table.schema, table.name][0]
    return {own: row[own] if own in unique else first[own] for own in row}
