"""Rows for the tables of a throw-away database: made from its schema, the same every time.

Two rows for each table, and first for those that its foreign keys point to. Values follow the
types: numbers and texts end in the row's number, so that unique constraints hold; the members of
an enum; what a CHECK mentions where it refuses the first attempt.
"""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any

import sqlalchemy
from sqlalchemy import exc

from .failures import one_line
from .shapes import Connection

ROWS = 2
ATTEMPTS = 60  # at values that please a CHECK
DAY = datetime.date(2001, 2, 3)
LITERAL = re.compile(r"'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)")

Row = dict[str, Any]
Name = tuple[Any, str]  # schema, table


class CannotFill(Exception):
    """A table for which no row can be made; the message says why."""


def insert(
    connection: Connection, names: Collection[Name], avoid: Collection[str] = ()
) -> dict[Name, list[Row]]:
    """Fill tables, and those that they point to; return what was read back of all of them.

    Raises CannotFill, also where that would be a table to ``avoid``.
    """
    metadata = sqlalchemy.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of types that SQLAlchemy does not know, and of cycles
        for schema, name in sorted(names, key=str):
            sqlalchemy.Table(name, metadata, schema=schema, autoload_with=connection)
        order = metadata.sorted_tables
    found: dict[Name, list[Row]] = {}
    for table in order:
        if table.name in avoid:
            raise CannotFill(f"{table.name} may not get rows")
        found[table.schema, table.name] = fill(connection, table, found)
    return found


def fill(connection: Connection, table: Any, there: dict[Name, list[Row]]) -> list[Row]:
    """Insert rows into one table; return what it holds then."""
    for number in range(1, ROWS + 1):
        row = {}
        for column in table.columns:
            if not left_to_server(column):
                row[column.name] = value(column, number)
        point_to_parents(table, row, number, there)
        insert_one(connection, table, row)
    return read(connection, table)


def left_to_server(column: Any) -> bool:
    """Say whether only the database writes a column, or nobody can say what belongs there."""
    identity = getattr(column, "identity", None)
    written = getattr(column, "computed", None) is not None or (identity and identity.always)
    unknown = isinstance(column.type, sqlalchemy.types.NullType)
    return bool(written or (unknown and (column.nullable or column.server_default is not None)))


def point_to_parents(table: Any, row: Row, number: int, there: dict[Name, list[Row]]) -> None:
    """Give the columns of foreign keys the values of the rows that they point to."""
    for constraint in table.foreign_key_constraints:
        target = constraint.referred_table
        parents = there.get((target.schema, target.name))
        for element in constraint.elements:
            column, wanted = element.parent, element.column.name
            if parents:
                row[column.name] = parents[(number - 1) % len(parents)][wanted]
            elif column.nullable:
                row[column.name] = None
            elif target is table and wanted in row:
                row[column.name] = row[wanted]
            else:
                raise CannotFill(f"{table.name} and {target.name} point to each other")


def insert_one(connection: Connection, table: Any, row: Row) -> None:
    """Insert a row, with other values where a CHECK refuses it; raises CannotFill."""
    problem = ""
    for changed in attempts(connection, table, row):
        try:
            with connection.begin_nested():
                connection.execute(table.insert(), changed)
            return
        except exc.SQLAlchemyError as error:
            problem = problem or one_line(error)
    raise CannotFill(f"a row for {table.name} was refused: {problem}")


def attempts(connection: Connection, table: Any, row: Row) -> Iterator[Row]:
    """Yield a row, then variants of it with values that its checks mention."""
    yield row
    texts = [each["sqltext"] for each in sqlalchemy.inspect(connection).get_check_constraints(
        table.name, schema=table.schema)]  # fmt: skip
    current, left = dict(row), ATTEMPTS
    for column in table.columns:
        mentioned = [text for text in texts if re.search(rf"\b{re.escape(column.name)}\b", text)]
        for candidate in candidates(column, mentioned) if column.name in row else ():
            left -= 1
            if left < 0:
                return
            current = {**current, column.name: candidate}
            yield current


def candidates(column: Any, texts: Collection[str]) -> Iterator[Any]:
    """Yield values for a column that texts of checks mention, and their neighbours."""
    for text in texts:
        for quoted, number in LITERAL.findall(text):
            if number and not isinstance(column.type, sqlalchemy.String):
                parsed = decimal.Decimal(number)
                whole = isinstance(column.type, sqlalchemy.Integer)
                for near in (parsed, parsed + 1, parsed - 1):
                    yield int(near) if whole else near
            elif quoted:
                yield quoted.replace("''", "'")


def read(connection: Connection, table: Any) -> list[Row]:
    """Return the rows of a table, in the order of its primary key."""
    keys = list(table.primary_key.columns)
    result = connection.execute(table.select().order_by(*keys))
    return [dict(zip(result.keys(), row)) for row in result]


def value(column: Any, number: int) -> Any:
    """Return the value of a column in a row; raises CannotFill for an unknown type."""
    for kind, make in MAKERS:
        if isinstance(column.type, kind):
            return make(column, number)
    special = SPECIAL.get(type(column.type).__name__)
    if special is None:
        raise CannotFill(
            f"nobody knows what belongs into {column.table.name}.{column.name} ({column.type!r})"
        )
    return special(column, number)


def text_of(column: Any, number: int) -> str:
    """Return a text that fits, and differs from that of the other rows."""
    text = f"{column.name} {number}"
    length = column.type.length
    return text if length is None or len(text) <= length else text[-length:]


def number_of(column: Any, number: int) -> decimal.Decimal:
    """Return a number that fits the precision."""
    precision, scale = column.type.precision, column.type.scale or 0
    small = precision is not None and precision - scale < 1
    return decimal.Decimal(number) / (10 if small else 1)


def member_of(column: Any, number: int) -> str:
    """Return a member of an enum."""
    members = list(column.type.enums)
    return str(members[(number - 1) % len(members)])


def uuid_of(column: Any, number: int) -> Any:
    """Return a UUID, as a text where the type wants one."""
    found = uuid.UUID(int=number)
    return found if getattr(column.type, "as_uuid", False) else str(found)


Maker = Callable[[Any, int], Any]
types = sqlalchemy.types
MAKERS: list[tuple[Any, Maker]] = [
    (types.Enum, member_of),
    (types.String, text_of),
    (types.Boolean, lambda column, number: number % 2 == 1),
    (types.Integer, lambda column, number: number),
    (types.Float, lambda column, number: number + 0.5),
    (types.Numeric, number_of),
    (types.DateTime, lambda column, number: datetime.datetime(2001, 2, 3, 4, 5, number)),
    (types.Date, lambda column, number: DAY + datetime.timedelta(number)),
    (types.Time, lambda column, number: datetime.time(1, 2, number)),
    (types.Interval, lambda column, number: datetime.timedelta(number)),
    (types.LargeBinary, lambda column, number: f"{number}".encode()),
    (types.JSON, lambda column, number: {"row": number}),
    (types.ARRAY, lambda column, number: []),
]
SPECIAL: dict[str, Maker] = {
    "UUID": uuid_of,
    "INET": lambda column, number: f"10.0.0.{number}",
    "CIDR": lambda column, number: f"10.0.{number}.0/24",
    "MACADDR": lambda column, number: f"08:00:2b:01:02:0{number}",
    "INTERVAL": lambda column, number: datetime.timedelta(number),
    "HSTORE": lambda column, number: {"row": f"{number}"},
    "TSVECTOR": lambda column, number: f"word{number}",
    "CITEXT": lambda column, number: f"{column.name} {number}",
    "YEAR": lambda column, number: 2000 + number,
    "NullType": lambda column, number: number,
}
