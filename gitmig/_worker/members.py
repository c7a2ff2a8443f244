"""What an enum or the list of a CHECK allows in a column: the values that rows may hold."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import exc

from .checks import LITERAL, checks_of, mentioning
from .shapes import Connection

# what a column must be one of, or equal to: IN (…), PostgreSQL's = ANY (ARRAY[…]), = …
LISTED = re.compile(
    r"\bIN\s*\(((?:[^'()]|'(?:[^']|'')*')*)\)|\bARRAY\[((?:[^'\]]|'(?:[^']|'')*')*)\]"
    r"|(?<![<>!=])=\s*('(?:[^']|'')*'|-?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)


def members(connection: Connection, table: Any) -> Iterator[tuple[str, Any]]:
    """Yield what enums and the lists of checks allow in a table, by column.

    A check may have more to say: not each value that is listed need be allowed.
    """
    texts = checks_of(connection, table)
    for column in table.columns:
        if column.foreign_keys:
            continue
        kind = column.type
        found: list[Any] = [*getattr(kind, "enums", getattr(kind, "values", ()))]
        for text in mentioning(column, texts):
            found += listed(kind, text)
        yield from ((column.name, each) for each in dict.fromkeys(found))


def listed(kind: Any, text: str) -> Iterator[Any]:
    """Yield the values that a check's text has in lists, as a type takes them."""
    is_text, is_whole = (isinstance(kind, each) for each in (sqlalchemy.String, sqlalchemy.Integer))
    is_number = is_whole or isinstance(kind, sqlalchemy.Numeric)
    for groups in LISTED.findall(text):
        for quoted, digits in LITERAL.findall(" ".join(groups)):
            if digits and is_number:
                yield int(float(digits)) if is_whole else decimal.Decimal(digits)
            elif not digits and is_text:
                yield quoted.replace("''", "'")


def holding_the_same(rows: Sequence[Any], name: str) -> list[Any]:
    """Return the rows that hold nothing in a column, or what one before them holds."""
    values = [row[name] for row in rows]
    return [row for place, row in enumerate(rows)
            if values[place] is None or values[place] in values[:place]]  # fmt: skip


def put(connection: Connection, table: Any, row: Any, name: str, value: Any) -> bool:
    """Give a row that is there another value; say whether the database takes it."""
    keys = table.primary_key.columns
    if not keys:
        return False
    one = sqlalchemy.and_(*(key == row[key.name] for key in keys))
    try:
        with connection.begin_nested():
            connection.execute(table.update().where(one).values({name: value}))
    except exc.SQLAlchemyError:
        return False
    return True
