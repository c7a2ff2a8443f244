"""PostgreSQL: values in texts of SQL that are members of an enum type, of which one is renamed.

Defaults, checks and predicates of indexes keep the member and not its name: PostgreSQL carries
them along, and to make them again would do nothing, or fail on the way back. What compares a text
(``mood::text <> 'sad'``) is not carried along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

import sqlalchemy

from .enumof import enum_of
from .follow import LITERAL
from .shapes import Context

VALUE = re.compile(LITERAL + r'(?P<type>::(?:"[^"]+"|[\w.]+)+)?')
ELEMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^{},"]+')
PLAIN = re.compile(r"[\w-]+")
DEFINITION = (
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name "
    "AND conrelid = to_regclass(:table) UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index "
    "JOIN pg_class c ON c.oid = indexrelid WHERE c.relname = :name "
    "AND indrelid = to_regclass(:table)"
)


def with_renamed(text: str, old: str, new: str, which: Sequence[bool] = ()) -> str:
    """Return a text of SQL with another name of a member, also where it is in an array's value.

    ``which`` of the values that are it get it, in their order; by default all do.
    """
    left = iter(which or repeat(True))

    def value(found: re.Match[str]) -> str:
        now = renamed_value(found, old, new)
        return now if now != found[0] and next(left) else found[0]

    return VALUE.sub(value, text)


def renamed_value(found: re.Match[str], old: str, new: str) -> str:
    """Return a value with another name of a member."""
    type_ = found["type"] or ""
    inside = found[0][1 : len(found[0]) - len(type_) - 1].replace("''", "'")
    if inside.startswith("{"):
        inside = ELEMENT.sub(lambda each: element(each[0], old, new), inside)
    elif inside == old:
        inside = new
    return "'" + inside.replace("'", "''") + "'" + type_


def element(text: str, old: str, new: str) -> str:
    """Return an element of an array's value, with another name where it is a member's."""
    is_quoted = text.startswith('"')
    inside = re.sub(r"\\(.)", r"\1", text[1:-1]) if is_quoted else text.strip()
    if inside != old:
        return text
    escaped = re.sub(r'(["\\])', r"\\\1", new)
    return f'"{escaped}"' if is_quoted or not PLAIN.fullmatch(new) else new


def of_type(text: str, old: str, new: str, type_: str) -> list[bool]:
    """Say of each value that is a member, in a text of PostgreSQL's own, if it is of its type."""
    found = [each for each in VALUE.finditer(text) if renamed_value(each, old, new) != each[0]]
    names = [(each["type"] or "").replace('"', "").lstrip(":") for each in found]
    return [name.rpartition(".")[2] == type_ for name in names]


def renamed_in(change: Any, renamed: Any, context: Context, table: Any) -> str | None:
    """Return what a check or an index says after the renames that the database carries along.

    What compares a text keeps its value. None where it is not there. ``renamed``: by table and
    column, the old and the new name of a member.
    """
    query = sqlalchemy.text(DEFINITION)
    quote = context.dialect.identifier_preparer.format_table
    there = {"name": change.name, "table": quote(table)}
    known = context.connection.execute(query, there).scalar()
    text = change.before
    if known is None:
        return None
    types = {str(enum_of(table.columns[column].type, context.dialect).name): names
             for (key, column), names in renamed.items() if key == change.table}  # fmt: skip
    for type_, (old, new) in types.items():
        which = of_type(known, old, new, type_)
        text = with_renamed(text, old, new, which) if any(which) else text
    return str(text)


def settled(changes: Sequence[Any], renamed: Any, context: Context, table_of: Any) -> Iterator[Any]:
    """Yield the changes without those of checks and indexes that the database carries along.

    Of one that is another in more than that, what was before has the names that members have by
    then: the way back makes it before they are renamed again.
    """
    keys = {key for key, _ in renamed}
    for each in changes:
        concerned = each.aspect in ("check", "index") and each.before and each.table in keys
        table = table_of(each.table, context) if concerned else None
        text = renamed_in(each, renamed, context, table) if concerned else None
        if text is None:
            yield each
        elif text != each.after:
            yield replace(each, before=text)
