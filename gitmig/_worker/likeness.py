"""Whether two columns, or two names, may be one thing: by type, by place, by the letters."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

ALIKE = 0.6  # of difflib's ratio; "title" and "tittle" are 0.9, "size" and "price" 0.44
RIVAL = 0.5  # "fullname" and "lastname" are 0.63, "fullname" and "firstname" 0.59


def related(before: Any, after: Any) -> bool:
    """Say whether values of one column may become those of the other: types of one family."""
    enums = [getattr(each.type, "enums", None) and each.type.name for each in (before, after)]
    if all(enums):  # PostgreSQL's own type and the general one are of two families
        return bool(enums[0] == enums[1])
    return before.type._type_affinity is after.type._type_affinity


def same_place(before: Any, after: Any, old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Say whether two columns stand at one place: among the columns of both tables that stay."""
    return neighbours(before, old) == neighbours(after, new)


def neighbours(column: Any, changed: Sequence[Any]) -> tuple[Any, int]:
    """Return the last column before this one that stays, and how many changed ones lie between."""
    table = column.table
    if table is None:
        return None, 0
    names = {each.name for each in changed}
    last, between = None, 0
    for each in table.columns:
        if each.name == column.name:
            break
        last, between = (last, between + 1) if each.name in names else (each.name, 0)
    return last, between


def alike(one: str, other: str, least: float = ALIKE) -> bool:
    """Say whether two names are alike: they share a word, or are nearly the same text."""
    return bool(words(one) & words(other)) or likeness(one, other, least) >= least


@functools.cache
def words(name: str) -> frozenset[str]:
    """Return the words of a name that have more than two letters."""
    return frozenset(word for word in re.split(r"[_\W]+", name.lower()) if len(word) > 2)


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
