"""Whether two columns, or two names, may be one thing: by type, by place, by the letters."""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy

RIVAL = 0.5  # difflib's ratio: "fullname" and "lastname" are 0.63, "fullname" and "firstname" 0.59
# with one of these a name is that of another thing
OTHERS = frozenset((
    "not", "no", "non", "un", "old", "new", "min", "max", "first", "last", "second", "next",
    "prev", "previous", "from", "to", "start", "end", "before", "after", "other", "in", "out",
    "hash", "hashed", "salt", "encrypted", "raw", "cents", "total", "count", "id", "ids", "utc",
))  # fmt: skip


def related(before: Any, after: Any) -> bool:
    """Say whether values of one column may become those of the other: types of one family."""
    enums = [getattr(each.type, "enums", None) and each.type.name for each in (before, after)]
    if all(enums):  # PostgreSQL's own type and the general one are of two families
        return bool(enums[0] == enums[1])
    return family(before.type) is family(after.type)


def family(type_: Any) -> Any:
    """Return the kind of values of a type; numbers are one."""
    found = type_._type_affinity
    numbers = (sqlalchemy.Integer, sqlalchemy.Numeric)
    return sqlalchemy.Numeric if issubclass(found, numbers) else found


def same_target(before: Any, after: Any) -> bool:
    """Say whether two columns point to one table, or not both point anywhere."""
    tables = [{key.target_fullname.rpartition(".")[0] for key in column.foreign_keys}
              for column in (before, after)]  # fmt: skip
    return not all(tables) or tables[0] == tables[1]


def same_place(
    before: Any, after: Any, old: Sequence[Any], new: Sequence[Any], order: Sequence[str] = ()
) -> bool:
    """Say whether two columns stand at one place: among the columns of both tables that stay.

    ``order`` are the columns as the models had them before; that of the database may be another.
    """
    return neighbours(before, old, order) == neighbours(after, new)


def neighbours(
    column: Any, changed: Sequence[Any], order: Sequence[str] = ()
) -> tuple[str | None, int]:
    """Return the last column before this one that stays, and how many changed ones lie between."""
    if column.table is None:
        return None, 0
    names = {each.name for each in changed}
    there = order if column.name in order else [each.name for each in column.table.columns]
    last: str | None = None
    between = 0
    for name in there:
        if name == column.name:
            break
        last, between = (last, between + 1) if name in names else (name, 0)
    return last, between


def same_name(one: str, other: str) -> bool:
    """Say whether two names are, for certain, those of one thing.

    One has all the words of the other, and no more than say what it is (not which of several, or
    its opposite); or they differ by a slip in one word; or by underscores alone.
    """
    first, second = all_words(one), all_words(other)
    if "".join(first) == "".join(second):
        return True
    more = set(first) ^ set(second)
    if set(first) <= set(second) or set(second) <= set(first):
        return not more & OTHERS and bool(words(one) & words(other))
    if len(first) != len(second):
        return False
    different = [(a, b) for a, b in zip(first, second) if a != b]
    return len(different) == 1 and is_slip(*different[0])


def is_slip(one: str, other: str) -> bool:
    """Say whether two words of four letters or more differ by one letter, or two exchanged."""
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    start = common(one, other)
    end = common(one[start:][::-1], other[start:][::-1])
    rest = one[start : len(one) - end], other[start : len(other) - end]
    return max(map(len, rest)) <= 1 or (len(rest[0]) == 2 and rest[0] == rest[1][::-1])


def common(one: str, other: str) -> int:
    """Return how many letters two words have in common at the beginning."""
    return len(os.path.commonprefix([one, other]))  # noqa: RUF071 - of letters, as wanted


def all_words(name: str) -> list[str]:
    """Return the words of a name, in their order."""
    return [word for word in re.split(r"[_\W]+", name.lower()) if word]


def spelt(name: str) -> str:
    """Return the name of a class with its words set apart, as those of a table are."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def alike(one: str, other: str) -> bool:
    """Say whether two names may be those of one thing: a word shared, or much of the text."""
    return bool(words(one) & words(other)) or likeness(one, other, RIVAL) >= RIVAL


@functools.cache
def words(name: str) -> frozenset[str]:
    """Return the words of a name that have more than two letters."""
    return frozenset(word for word in all_words(name) if len(word) > 2)


def nearest(name: str, others: Iterable[str]) -> str:
    """Return which of other names is the likest one, the first of several; empty for none."""
    found, best = "", -1.0
    for other in others:
        ratio = likeness(name, other, best)
        if ratio > best:
            found, best = other, ratio
    return found


def likeness(one: str, other: str, least: float = 0) -> float:
    """Return how alike two names are, from 0 to 1; anything less where it is below ``least``.

    Every dropped column is held against every added one, and most pairs are far below.
    """
    matcher = difflib.SequenceMatcher(None, one.lower(), other.lower())
    bound = matcher.real_quick_ratio()
    if bound >= least:
        bound = matcher.quick_ratio()
    return bound if bound < least else matcher.ratio()
