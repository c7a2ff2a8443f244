"""Whether every value of one type fits another one, by their texts."""

from __future__ import annotations

import re

PARTS = re.compile(r"([a-z_ ]+?)\s*(?:\(([\d, ]+)\))?\s*(unsigned)?( collate .*)?")
WHOLE = ("tinyint", "smallint", "mediumint", "int", "integer", "bigint")
TEXTS = {"varchar": 0, "character varying": 0, "tinytext": 1, "text": 2, "mediumtext": 3,
         "longtext": 4, "clob": 2}  # fmt: skip
WIDER = {("real", "double precision"), ("float", "double"), ("json", "jsonb")}
NUMBERS = ("numeric", "decimal")
FRACTION = re.compile(r"(?:date)?time(?:stamp)?(?:\((\d)\))?( with(?:out)? time zone)?")


def narrows(old: str, new: str, dialect: str) -> bool:
    """Say whether a value of the old type may not fit the new one, or reads as another.

    SQLite takes any length; there only another affinity counts. Members of enums are not judged.
    """
    if dialect == "sqlite":
        return affinity(old) != affinity(new)
    before, after = PARTS.fullmatch(old.lower()), PARTS.fullmatch(new.lower())
    if before is None or after is None:
        return not (old.lower().startswith("enum(") and new.lower().startswith("enum("))
    names = before[1], after[1]
    sizes = [[int(each) for each in (part[2] or "").split(",") if each] for part in (before, after)]
    if names[0] in WHOLE and names[1] in WHOLE:
        signs = before[3] != after[3]
        return signs or order(names[0]) > order(names[1])
    if names[0] in TEXTS and names[1] in TEXTS:
        return is_longer(names, sizes)
    if names[0] in NUMBERS and names[1] in NUMBERS:
        return not fits(sizes[0], sizes[1])
    return (names[0] != names[1] and names not in WIDER) or sizes[0] > sizes[1]


def differ_finely(one: str, other: str) -> bool:
    """Say whether two types, as a server says them, differ in sign or in fractions of a second.

    To Alembic one that states it and one that does not are the same.
    """
    signs = [" unsigned" in each for each in (one, other)]
    times = [FRACTION.fullmatch(each) for each in (one, other)]
    if all(times):
        return fraction(times[0]) != fraction(times[1])
    return signs[0] != signs[1] and re.split(r"\W", one)[0] == re.split(r"\W", other)[0]


def fraction(time: re.Match[str] | None) -> int:
    """Return the digits of a second that a time has: PostgreSQL's has six unless it says less."""
    assert time is not None  # noqa: S101 - it was asked
    return int(time[1]) if time[1] else 6 if time[2] else 0


def order(name: str) -> int:
    """Return the place of a whole number's type among them, ``int`` and ``integer`` as one."""
    return WHOLE.index("integer" if name == "int" else name)


def is_longer(names: tuple[str, str], sizes: list[list[int]]) -> bool:
    """Say whether a text may be too long for its new type."""
    if TEXTS[names[0]] != TEXTS[names[1]]:
        return TEXTS[names[0]] > TEXTS[names[1]]
    return bool(sizes[1]) and (not sizes[0] or sizes[0] > sizes[1])


def fits(old: list[int], new: list[int]) -> bool:
    """Say whether a decimal number has room before and behind its point."""
    if not new or not old:
        return not new
    scales = [[*each, 0][1] for each in (old, new)]
    return scales[0] <= scales[1] and old[0] - scales[0] <= new[0] - scales[1]


def affinity(type_: str) -> str:
    """Return what SQLite makes of a type's name (https://sqlite.org/datatype3.html, 3.1)."""
    name = type_.upper()
    for words, found in ((("INT",), "integer"), (("CHAR", "CLOB", "TEXT"), "text"),
                         (("BLOB",), "blob"), (("REAL", "FLOA", "DOUB"), "real")):  # fmt: skip
        if any(word in name for word in words):
            return found
    return "numeric" if name else "blob"
