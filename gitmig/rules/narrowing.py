"""Does a type hold less than another? Types in SQL's words, of any database."""

from __future__ import annotations

import re

_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 4, "bigint": 8}
_TEXTS = ("character varying", "varchar", "nvarchar", "character", "char", "nchar", "text")
_LARGE = {"tinytext": 1, "text": 2, "mediumtext": 3, "longtext": 4}
_LOST = {
    ("timestamp", "date"): "the time of day",
    ("datetime", "date"): "the time of day",
    ("double precision", "real"): "half of the digits",
    ("double", "float"): "half of the digits",
}
_TYPE = re.compile(r"([a-z ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?(?:\s+\w+)*\s*$")


def narrowed(old: str, new: str) -> str:
    """Say in which way ``new`` holds less than ``old``, empty where it does not or nobody knows."""
    before, after = _parts(old), _parts(new)
    if before is None or after is None:
        return ""
    (name, *sizes), (other, *others) = before, after
    if _INTEGERS.get(name, 0) > _INTEGERS.get(other, 9):
        return f"{name} becomes {other}"
    if name in _TEXTS and other in _TEXTS and others[0] and (not sizes[0] or sizes[0] > others[0]):
        return f"{sizes[0] or 'any number of'} characters become {others[0]}"
    if name in _LARGE and other in _LARGE and _LARGE[name] > _LARGE[other]:
        return f"{name} becomes {other}"
    if name in ("numeric", "decimal") and other in ("numeric", "decimal") and others[0]:
        return _fewer_digits(sizes, others)
    lost = next((lost for (a, b), lost in _LOST.items() if name.startswith(a) and other == b), "")
    return f"{lost} is lost" if lost else ""


def _parts(text: str) -> tuple[str, int, int] | None:
    match = _TYPE.match(text.strip().lower())
    if match is None:
        return None
    return match[1].strip(), int(match[2] or 0), int(match[3] or 0)


def _fewer_digits(old: list[int], new: list[int]) -> str:
    if not old[0]:
        return f"any number of digits becomes {new[0]}"
    before, after = old[0] - old[1], new[0] - new[1]
    if after < before:
        return f"{before} digits before the point become {after}"
    return f"{old[1]} digits after the point become {new[1]}" if new[1] < old[1] else ""
