"""Values that please the CHECK constraints of a table: what their texts mention is tried."""

from __future__ import annotations

import decimal
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy

from .shapes import Connection
from .values import value

LITERAL = re.compile(r"'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)")
QUOTED = re.compile(r"'(?:[^']|'')*'")
OF_MARIADB = (
    "SELECT check_clause FROM information_schema.check_constraints "
    "WHERE constraint_schema = database() AND table_name = :name"
)


def repairs(
    connection: Connection, table: Any, row: Mapping[str, Any], number: int
) -> Iterator[tuple[str, Any]]:
    """Yield other values for a row that was refused, by column; twice over.

    ``number`` makes a value that no other row has.
    """
    texts = checks_of(connection, table)
    for column in [*table.columns, *table.columns]:
        if column.name in row:
            for candidate in candidates(column, mentioning(column, texts), number):
                yield column.name, candidate


def mentioning(column: Any, texts: Collection[tuple[str, str]]) -> list[str]:
    """Return which texts of ``checks_of`` are about a column."""
    own = re.compile(rf"\b{re.escape(column.name)}\b")
    return [text for name, text in texts if name == column.name
            or (not name and own.search(QUOTED.sub("", text)))]  # fmt: skip


def checks_of(connection: Connection, table: Any) -> list[tuple[str, str]]:
    """Return the texts of a table's checks, and with a column's name those of its domain."""
    try:
        inspector: Any = sqlalchemy.inspect(connection)
        found = inspector.get_check_constraints(table.name, schema=table.schema)
    except NotImplementedError:
        found = []
    if getattr(connection.dialect, "is_mariadb", False):  # those of a column are not reflected
        clauses = connection.execute(sqlalchemy.text(OF_MARIADB), {"name": table.name})
        found = [{"sqltext": row[0]} for row in clauses]
    of_domains = [(column.name, column.type.check) for column in table.columns
                  if getattr(column.type, "check", None) is not None]  # fmt: skip
    return [
        *(("", str(each["sqltext"])) for each in found),
        *((name, str(check)) for name, check in of_domains),
    ]


def candidates(column: Any, texts: Collection[str], number: int) -> Iterator[Any]:
    """Yield values for a column that texts of checks mention, and their neighbours."""
    is_text = isinstance(column.type, sqlalchemy.String)
    for text in texts:
        if "json_valid" in text.lower():  # MariaDB's JSON is a text
            yield "{}"
        for quoted, digits in LITERAL.findall(text):
            if digits and is_text:
                yield from texts_of_length(int(float(digits)))
            elif digits:
                parsed = decimal.Decimal(digits)
                whole = isinstance(column.type, sqlalchemy.Integer)
                for near in (parsed, parsed + 1, parsed - 1):
                    yield int(near) if whole else near
            elif quoted:
                plain = quoted.replace("''", "'")
                yield plain
                if "%" in plain or "_" in plain:  # of LIKE
                    yield plain.replace("%", f"x{number}").replace("_", "x")
    if texts:
        yield value(column, number + 1)  # more than another column has
        if column.nullable:
            yield None


def texts_of_length(length: int) -> list[str]:
    """Return texts of a length and of those beside it."""
    return ["x" * each for each in (length, length + 1, length - 1) if 0 < each <= 1000]
