"""What a change of its type makes of the values of a column: which of them are lost.

They may get another form (cents for units, other words for the members of an enum). Lost is what
nobody can give back: what became NULL, a text that is cut, a number that is rounded, or another one
while others stay, a day without its hour, and values that differed and do no more. But for truth
values: those are meant to be few.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

Pair = tuple[Any, Any]  # what a row held before and after, in the driver's own types
NUMBERS = (int, float, decimal.Decimal)
WIDE = decimal.Context(prec=400)
ROUNDINGS = (decimal.ROUND_HALF_UP, decimal.ROUND_HALF_EVEN, decimal.ROUND_DOWN)
NIGHT = datetime.time()


def lost(pairs: Sequence[Pair]) -> list[Any]:
    """Return the values before that are lost, in the order of the rows."""
    held = [(old, new) for old, new in pairs if old is not None]
    some_stay = any(is_number(old) and old and is_number(new) and old == new for old, new in held)
    found, meaning = [], dict[str, set[str]]()
    for old, new in held:
        meaning.setdefault(repr(new), set()).add(repr(old))
    for old, new in held:
        merged = len(meaning[repr(new)]) > 1 and old != new and not is_truth(new)
        clamped = some_stay and is_number(old) and is_number(new) and old != new
        if new is None or merged or clamped or is_less(old, new):
            found.append(old)
    return found


def is_less(old: Any, new: Any) -> bool:
    """Say whether a value is a part of the one before it, or that one rounded."""
    if isinstance(old, bytes) and isinstance(new, bytes):
        return is_less(old.decode("latin-1"), new.decode("latin-1"))
    if isinstance(old, str) and isinstance(new, str):
        return old.strip() != new.strip() and new.strip() in old.strip()
    if is_number(old) and is_number(new):
        return is_rounded(decimal.Decimal(str(old)), decimal.Decimal(str(new)))
    if isinstance(old, datetime.datetime) and isinstance(new, datetime.date):
        return not isinstance(new, datetime.datetime) and old.time() != NIGHT
    return False


def is_rounded(old: decimal.Decimal, new: decimal.Decimal) -> bool:
    """Say whether a number is another one to fewer digits."""
    if old == new or not (old.is_finite() and new.is_finite()):
        return False
    last_digit = decimal.Decimal(1).scaleb(new.as_tuple().exponent)  # type: ignore[arg-type]
    return any(new == old.quantize(last_digit, how, WIDE) for how in ROUNDINGS)


def is_number(value: Any) -> bool:
    """Say whether it is a number, which a truth value is not."""
    return isinstance(value, NUMBERS) and not is_truth(value)


def is_truth(value: Any) -> bool:
    """Say whether it is a truth value."""
    return isinstance(value, bool)
