"""Rows for tables of a throw-away database: made from its schema, the same every time.

First for the tables that foreign keys point to. What closes a circle of foreign keys is NULL at
first, and pointed to something when every table has its rows. What a CHECK mentions is tried where
it refuses the first attempt.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import exc
from sqlalchemy import schema as ddl

from .checks import repairs
from .failures import one_line
from .members import members
from .partitions import Partitions
from .reflected import add_tables, foreign_keys
from .shapes import Connection
from .values import Unknown, left_to_server, unique_columns, value

PLAIN, AGAIN, EMPTY, LARGE = "plain", "again", "empty", "large"
TWO = (PLAIN, PLAIN)
"""Rows that differ in every column."""
FIRST = 9000  # the numbers of what is unique come after it: small ones are taken by real rows
ATTEMPTS = 60  # at values that please a CHECK
UNFIT = "no value of the type: "  # it did not get as far as the database

in_order: Any = ddl.sort_tables_and_constraints  # also where foreign keys make a circle
Row = dict[str, Any]
Name = tuple[Any, str]  # schema, table


class CannotFill(Exception):
    """A table for which no row can be made; the message says why."""


@contextlib.contextmanager
def transaction(engine: Any) -> Iterator[Connection]:
    """Give a transaction in which a row may be refused, also where the project's engine has none.

    An engine may be made with ``isolation_level="AUTOCOMMIT"``.
    """
    if engine.dialect.name != "sqlite":  # it begins one at the first savepoint
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.begin() as connection:
        yield connection


def insert(
    connection: Connection, names: Collection[Name], avoid: Collection[str] = ()
) -> dict[Name, list[Row]]:
    """Fill tables, and those that they point to; return what was read back of all of them.

    Raises CannotFill, also where that would be a table to ``avoid``.
    """
    filling = Filling(connection, TWO)
    for table in filling.order(names):
        if table.name in avoid:
            raise CannotFill(f"{table.name} may not get rows")
        filling.fill(table)
    filling.close_circles()
    return filling.there


class Filling:
    """Rows on their way into the tables of one database; ``kinds`` are the rows of a table."""

    def __init__(self, connection: Connection, kinds: Sequence[str]) -> None:
        self.connection = connection
        self.kinds = kinds
        self.there: dict[Name, list[Row]] = {}
        self.open: list[tuple[Any, Any, Any, int]] = []  # table, its key, constraint, number
        self.partitions = Partitions(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(sqlalchemy.text("SET CONSTRAINTS ALL DEFERRED"))

    def order(self, names: Iterable[Name]) -> list[Any]:
        """Reflect tables and what they point to; return them, what is pointed to first.

        A step at a time: SQLAlchemy would follow a long chain as deep as Python goes.
        """
        metadata = sqlalchemy.MetaData()
        inspector: Any = sqlalchemy.inspect(self.connection)
        waiting, seen = set(names), set[Name]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types that SQLAlchemy does not know, of cycles
            while waiting:
                seen |= waiting
                found = set()
                for schema in sorted({schema for schema, _ in waiting}, key=str):
                    those = [name for own, name in waiting if own == schema]
                    add_tables(metadata, inspector, self.connection, schema, those)
                    for keys in foreign_keys(inspector, schema, those).values():
                        found |= {(key["referred_schema"], key["referred_table"]) for key in keys}
                waiting = found - seen
            tables = sorted(metadata.tables.values(), key=lambda table: str(table.fullname))
            pairs: Iterable[Any] = in_order(tables)
            return [table for table, _ in pairs if table is not None]

    def fill(self, table: Any) -> None:
        """Insert the rows of one table, as many as it takes; raises CannotFill for none."""
        unique = unique_columns(table)
        for number, kind in enumerate(self.kinds, 1):
            try:
                row = self.row(table, unique, number, kind)
                self.insert_one(table, row, number)
            except CannotFill:
                if number == 1 or len(self.kinds) == len(TWO):
                    raise
        self.there[table.schema, table.name] = read(self.connection, table)

    def row(self, table: Any, unique: Collection[str], number: int, kind: str) -> Row:
        """Return a row as it is planned."""
        row: Row = {}
        for column in table.columns:
            if left_to_server(column):
                continue
            try:
                if kind == EMPTY and column.nullable and not column.primary_key:
                    row[column.name] = None
                elif column.name in unique:
                    row[column.name] = value(column, FIRST + number, large=False)
                else:
                    again = 1 if kind == AGAIN else number
                    row[column.name] = value(column, again, large=kind == LARGE)
            except Unknown as unknown:
                if not column.nullable:
                    raise CannotFill(str(unknown)) from None
        for constraint in table.foreign_key_constraints:
            self.point(table, constraint, row, unique, number, kind)
        place = self.partitions.place(table, number)
        again = kind == AGAIN and not {*unique} & {*place}
        row.update(self.partitions.place(table, 1) if again else place)
        return row

    def point(
        self, table: Any, constraint: Any, row: Row, unique: Collection[str], number: int, kind: str
    ) -> None:
        """Give the columns of a foreign key the values of the row that they point to."""
        columns = [element.parent for element in constraint.elements]
        if kind == EMPTY and any(column.nullable for column in columns):
            return
        target = constraint.referred_table
        parents = self.there.get((target.schema, target.name))
        own = any(column.name in unique for column in columns)
        place = 0 if kind == AGAIN and not own else number - 1
        for element in constraint.elements:
            column, wanted = element.parent, element.column.name
            if parents:
                row[column.name] = parents[place % len(parents)][wanted]
            elif parents is not None and not column.nullable:
                raise CannotFill(f"it points to {target.name}, which has no row")
            elif column.nullable:
                row[column.name] = None
            elif target is table and wanted in row:
                row[column.name] = row[wanted]
            elif is_checked_later(constraint, self.connection) and not element.column.foreign_keys:
                row[column.name] = value(element.column, FIRST + number)
            else:
                raise CannotFill(f"{table.name} and {target.name} point to each other")

    def insert_one(self, table: Any, row: Row, number: int) -> None:
        """Insert a row, with other values where the database refuses it; raises CannotFill.

        A value stays where the database has something else to say of it: there may be several
        checks, and it tells one at a time.
        """
        tried = problem = self.refused(table, row, number)
        if not problem:
            return
        other = self.unlike(table, row, number)
        if not self.refused(table, other, number):
            return
        listed = self.listed(table, row, number)
        problem = self.refused(table, listed, number)
        if not problem:
            return
        row = listed if problem != tried else row
        told, left = {tried, problem}, ATTEMPTS
        for name, candidate in repairs(self.connection, table, row, FIRST + number):
            problem = self.refused(table, {**row, name: candidate}, number)
            if not problem:
                return
            if problem not in told and not problem.startswith(UNFIT):
                row = {**row, name: candidate}
                told.add(problem)
            left -= 1
            if not left:
                break
        raise CannotFill(f"a row for {table.name} was refused: {tried}")

    def refused(self, table: Any, row: Row, number: int, *, keep: bool = True) -> str:
        """Try to insert a row; return why it was refused, empty where it is in.

        One that is not to ``keep`` is only tried.
        """
        try:
            with self.connection.begin_nested() as transaction:
                done = self.connection.execute(table.insert(), row)
                if not keep:
                    transaction.rollback()
                    return ""
        except exc.SQLAlchemyError as error:
            unfit = "" if isinstance(error, exc.DBAPIError) else UNFIT
            return unfit + one_line(getattr(error, "orig", None) or error)
        self.note_open(table, row, done, number)
        return ""

    def unlike(self, table: Any, row: Row, number: int) -> Row:
        """Return a row without NULL and with nothing that another row has, but for its keys."""
        kept = {name for each in table.foreign_key_constraints for name in each.column_keys}
        other = {column.name: value(column, FIRST + number) for column in table.columns
                 if column.name in row and column.name not in kept}  # fmt: skip
        return {**row, **other}

    def listed(self, table: Any, row: Row, number: int) -> Row:
        """Return a row with what the lists of checks allow, and NULL where it has that."""
        found: dict[str, list[Any]] = {}
        for name, each in members(self.connection, table):
            found.setdefault(name, []).append(each)
        fit = {name: each[(number - 1) % len(each)] for name, each in found.items()
               if row.get(name) is not None}  # fmt: skip
        return {**row, **fit}

    def note_open(self, table: Any, row: Row, done: Any, number: int) -> None:
        """Note which foreign keys are to be pointed somewhere when all tables have rows."""
        if not table.primary_key.columns:
            return
        for constraint in table.foreign_key_constraints:
            names = [element.parent.name for element in constraint.elements]
            target = constraint.referred_table
            waits = (target.schema, target.name) not in self.there
            if waits and all(row.get(name, 0) is None for name in names):
                self.open.append((table, done.inserted_primary_key, constraint, number))

    def close_circles(self) -> None:
        """Point to something what had nothing to point to when its row was made."""
        for table, key, constraint, number in self.open:
            target = constraint.referred_table
            parents = self.there.get((target.schema, target.name))
            kind = self.kinds[(number - 1) % len(self.kinds)]
            if not parents or kind == EMPTY:
                continue
            parent = parents[(number - 1) % len(parents)]
            found = {each.parent.name: parent[each.column.name] for each in constraint.elements}
            one = sqlalchemy.and_(
                *(column == own for column, own in zip(table.primary_key.columns, key))
            )
            try:
                with self.connection.begin_nested():
                    self.connection.execute(table.update().where(one).values(**found))
            except exc.SQLAlchemyError:  # a CHECK, or it is unique: NULL is a value, too
                continue


def is_checked_later(constraint: Any, connection: Connection) -> bool:
    """Say whether a foreign key is looked at when the transaction ends, or not at all."""
    return bool(constraint.deferrable) or connection.dialect.name == "sqlite"


def read(connection: Connection, table: Any) -> list[Row]:
    """Return the rows of a table, in the order of its primary key."""
    keys = list(table.primary_key.columns)
    result = connection.execute(table.select().order_by(*keys))
    return [dict(zip(result.keys(), row)) for row in result]
