"""Values for made-up rows: what fits a column's type, the same every time.

``number`` makes them differ. A large value needs what its type has room for: the whole length of a
text, an integer that the next smaller type does not hold. Products of two of them still fit, so
that what a revision computes from rows does not overflow for our sake alone.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import sqlalchemy

DAY = datetime.date(2001, 2, 3)
LONG = 300  # characters of a text without a limit
LONGEST = 500
# what a CHAR of this length holds where the database has no UUID, as SQLAlchemy's own type does
UUIDS: dict[int, Callable[[uuid.UUID], str]] = {32: lambda found: found.hex, 36: str}
LARGE = (("TINYINT", 100), ("SMALL", 150), ("BIG", 3_000_000_000))  # by the type's name
LARGE_INTEGER = 40_000

Maker = Callable[[Any, int, bool], Any]


class Unknown(Exception):
    """A column for which no value can be made; the message says why."""


def unique_columns(table: Any) -> set[str]:
    """Return the columns in which no two rows may be alike."""
    groups = [table.primary_key, *(index for index in table.indexes if index.unique)]
    groups += [each for each in table.constraints if isinstance(each, sqlalchemy.UniqueConstraint)]
    return {column.name for group in groups for column in group.columns}


def left_to_server(column: Any) -> bool:
    """Say whether the database writes a column by itself, or nobody can say what belongs there.

    A number that a sequence would give is left to it: it would give the same one again.
    """
    default = getattr(column.server_default, "arg", "")
    given = getattr(column, "identity", None) is not None or "nextval(" in str(default)
    unknown = isinstance(column.type, sqlalchemy.types.NullType)
    return bool(
        given
        or getattr(column, "computed", None) is not None
        or (unknown and (column.nullable or column.server_default is not None))
    )


def value(column: Any, number: int, *, large: bool = False) -> Any:
    """Return a value of a column; raises Unknown for a type that is not known."""
    return of_type(column.type, column, number, large)


def of_type(kind: Any, column: Any, number: int, large: bool) -> Any:
    """Return a value of a type, which is the column's or that of the items in it."""
    for known, make in MAKERS:
        if isinstance(kind, known):
            return make(kind, number, large) if known is not types.String else text_of(
                kind, f"{column.name} {number}", large)  # fmt: skip
    name = type(kind).__name__
    if name == "DOMAIN":
        return of_type(kind.data_type, column, number, large)
    if name not in SPECIAL:
        raise Unknown(
            f"nobody knows what belongs into {column.table.name}.{column.name} ({kind!r})"
        )
    return SPECIAL[name](kind, number, large)


def array_of(kind: Any, number: int, large: bool) -> list[Any]:
    """Return a list with one item, none where nobody knows what belongs there."""
    try:
        return [of_type(kind.item_type, sqlalchemy.column("item"), number, large)]
    except (Unknown, AttributeError):
        return []


def text_of(kind: Any, text: str, large: bool) -> str:
    """Return a text that fits, and ends as that does."""
    if hasattr(kind, "values"):  # MySQL's SET
        return str(next(iter(kind.values)))
    length = kind.length
    if isinstance(kind, sqlalchemy.CHAR) and length in UUIDS:
        return UUIDS[length](uuid.UUID(int=zlib.crc32(text.encode())))
    if large:
        text = text.rjust(LONG if length is None else min(length, LONGEST), "x")
    return text if length is None or len(text) <= length else text[-length:]


def integer_of(kind: Any, number: int, large: bool) -> int:
    """Return an integer; one digit of MySQL's TINYINT is a truth value."""
    name = type(kind).__name__.upper()
    if getattr(kind, "display_width", None) == 1 and name == "TINYINT":
        return number % 2
    if name == "TINYINT" and number > LARGE[0][1]:
        return number % LARGE[0][1]
    if large:
        return next((most for word, most in LARGE if word in name), LARGE_INTEGER)
    return number


def number_of(kind: Any, number: int, large: bool) -> decimal.Decimal:
    """Return a number that fits the precision; a large one has its first and its last digit."""
    precision: int | None = kind.precision
    scale: int = kind.scale or 0
    if precision is None:
        return decimal.Decimal(LARGE_INTEGER if large else number)
    whole = precision - scale
    if large and whole > 0:
        return decimal.Decimal(10) ** (whole - 1) + decimal.Decimal(1).scaleb(-scale)
    found = decimal.Decimal(number)
    while found >= decimal.Decimal(10) ** whole:
        found /= 10
    return found.quantize(decimal.Decimal(1).scaleb(-scale), decimal.ROUND_DOWN)


def moment_of(kind: Any, number: int, large: bool) -> datetime.datetime:
    """Return a moment, with a time zone where the type has one."""
    zone = datetime.timezone.utc if getattr(kind, "timezone", False) else None
    begin = datetime.datetime(2001, 2, 3, 4, 5, tzinfo=zone)
    return begin + datetime.timedelta(seconds=number)


def time_of(kind: Any, number: int, large: bool) -> datetime.time:
    """Return a time of day."""
    zone = datetime.timezone.utc if getattr(kind, "timezone", False) else None
    return datetime.time(number // 3600 % 24, number // 60 % 60, number % 60, tzinfo=zone)


def member_of(kind: Any, number: int, large: bool) -> str:
    """Return a member of an enum."""
    members = list(kind.enums)
    if not members:
        raise Unknown(f"the enum {kind.name} has no member")
    return str(members[(number - 1) % len(members)])


def uuid_of(kind: Any, number: int, large: bool) -> Any:
    """Return a UUID, as a text where the type wants one."""
    found = uuid.UUID(int=number)
    return found if getattr(kind, "as_uuid", False) else str(found)


def bits_of(kind: Any, number: int, large: bool) -> Any:
    """Return bits: a number for MySQL, a text of them for PostgreSQL."""
    length = kind.length or 1
    return (
        number % 2 if "mysql" in type(kind).__module__ else bin(number)[2:].zfill(length)[-length:]
    )


def host_of(number: int) -> str:
    """Return an address of a private network."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


types = sqlalchemy.types
MAKERS: list[tuple[Any, Maker]] = [
    (types.Enum, member_of),
    (types.String, lambda kind, number, large: ""),  # see of_type: it is named after the column
    (types.Boolean, lambda kind, number, large: number % 2 == 1),
    (types.Integer, integer_of),
    (types.Float, lambda kind, number, large: (LARGE_INTEGER if large else number) + 0.5),
    (types.Numeric, number_of),
    (types.DateTime, moment_of),
    (types.Date, lambda kind, number, large: DAY + datetime.timedelta(number)),
    (types.Time, time_of),
    (types.Interval, lambda kind, number, large: datetime.timedelta(number)),
    (types.LargeBinary, lambda kind, number, large: f"{number}".encode()),
    (types.JSON, lambda kind, number, large: {"row": number}),
    (types.ARRAY, array_of),
]
SPECIAL: dict[str, Maker] = {
    "UUID": uuid_of,
    "BIT": bits_of,
    "INET": lambda kind, number, large: host_of(number),
    "CIDR": lambda kind, number, large: f"{host_of(number)}/32",
    "MACADDR": lambda kind, number, large: (
        f"08:00:2b:01:{number >> 8 & 255:02x}:{number & 255:02x}"
    ),
    "MONEY": lambda kind, number, large: f"{number}.00",
    "INTERVAL": lambda kind, number, large: datetime.timedelta(number),
    "HSTORE": lambda kind, number, large: {"row": f"{number}"},
    "TSVECTOR": lambda kind, number, large: f"word{number}",
    "CITEXT": lambda kind, number, large: f"text {number}",
    "YEAR": lambda kind, number, large: 2000 + number % 100,
    "NullType": lambda kind, number, large: number,
}
