"""Values at the edges of a type: nothing, less than nothing, letters beyond ASCII.

What a column's type and the constraints of its table let in is in some row of production, sooner
or later: a backfill that divides by it and a new CHECK fail there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy

from .values import UUIDS, integer_of, number_of

FOREIGN = "ж"  # in no Latin character set; two bytes of UTF-8
NONE: tuple[Any, ...] = ()


def edges(column: Any, number: int) -> tuple[Any, ...]:
    """Return what is nothing in a column, and what is beyond; empty where its type has no such."""
    return of_type(column.type, column.name, number)


def of_type(kind: Any, name: str, number: int) -> tuple[Any, ...]:
    """Return the edges of a type; a text is named after its column."""
    types = sqlalchemy.types
    if type(kind).__name__ == "DOMAIN":
        return of_type(kind.data_type, name, number)
    if isinstance(kind, types.Enum) or hasattr(kind, "values"):
        return NONE
    if isinstance(kind, types.String):
        return texts(kind, f"{name} {number}{FOREIGN}")
    if isinstance(kind, types.Integer):
        return NONE if is_truth(kind) else beside_zero(kind, -integer_of(kind, number, False))
    if isinstance(kind, types.Float):
        return beside_zero(kind, -number - 0.5)
    if isinstance(kind, types.Numeric):
        return beside_zero(kind, -number_of(kind, number, False))
    return NONE


def texts(kind: Any, text: str) -> tuple[str, ...]:
    """Return the empty text, and one that fits and ends as that does."""
    if isinstance(kind, sqlalchemy.CHAR) and kind.length in UUIDS:
        return ()
    return "", text if kind.length is None else text[-kind.length :]


def beside_zero(kind: Any, below: Any) -> tuple[Any, ...]:
    """Return zero and what is less, as far as a type has a sign."""
    zero = below * 0
    return (zero, abs(below) if getattr(kind, "unsigned", False) else below)


def is_truth(kind: Any) -> bool:
    """Say whether it is MySQL's truth value, an integer of one digit."""
    return getattr(kind, "display_width", None) == 1
