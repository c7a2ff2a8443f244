"""Columns that may have taken each other's names, where no model declares it.

Where ``b`` was ``a`` and ``c`` was ``b``, Alembic sees ``a`` go and ``c`` come; where two have
exchanged their names it sees other types, or nothing. What tells are the attributes of the class,
else the types, else the places in the table. None of it is certain, so it is told with the lines
that declare it (see ``moves``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from alembic.operations import ops

from . import moves
from .moves import Moves
from .operations import flatten
from .pairing import DECLARED, Evidence
from .shapes import Op
from .together import key_of

Facts = Mapping[str, Any]  # of one table, see ``models``


def told(up: Op, evidence: Evidence) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what is to be said of a column's drop or change of type: its place, and the words."""
    seen = set(moves.declared(evidence))
    for op in flatten(up):
        drops = isinstance(op, ops.DropColumnOp)
        alters = isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
        if not (drops or alters) or key_of(op) in seen:
            continue
        found = of_table(*evidence.facts(key_of(op)))
        names = found.values() if drops else found
        if op.column_name in names:
            seen.add(key_of(op))
            yield (str(op.table_name), str(op.column_name)), words(str(op.table_name), found)


def of_table(before: Facts, after: Facts) -> Moves:
    """Return which columns may have taken each other's names, by the best that tells."""
    ways = (by_attribute(before, after), by_type(before, after), by_place(before, after))
    return next(filter(None, ways), {})


def by_attribute(before: Facts, after: Facts) -> Moves:
    """Return the moves of columns whose attributes stay."""
    there = {each: column for column, each in before.get("attributes", {}).items()}
    now = after.get("attributes", {}).items()
    return whole({column: there[each] for column, each in now if there.get(each, column) != column},
                 before, after)  # fmt: skip


def by_type(before: Facts, after: Facts) -> Moves:
    """Return the moves of columns that change, where each type tells one from the others."""
    old, new = ({name: each["type"] for name, each in facts["columns"].items()}
                for facts in (before, after))  # fmt: skip
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    was, is_now = (alone({name: type_ for name, type_ in each.items() if name in changed})
                   for each in (old, new))  # fmt: skip
    found = {is_now[type_]: was[type_] for type_ in is_now if type_ in was}
    return whole(found, before, after)


def alone(types: Mapping[str, str]) -> dict[str, str]:
    """Return the columns by their type, of those types that only one has."""
    every = list(types.values())
    return {type_: name for name, type_ in types.items() if every.count(type_) == 1}


def by_place(before: Facts, after: Facts) -> Moves:
    """Return the moves where each column has the type of that which stood at its place."""
    old, new = (list(facts["columns"].items()) for facts in (before, after))
    if [each["type"] for _, each in old] != [each["type"] for _, each in new]:
        return {}
    return whole({name: was for (was, _), (name, _) in zip(old, new) if name != was}, before, after)


def whole(found: Moves, before: Facts, after: Facts) -> Moves:
    """Return moves in which a name is taken and every column of such a name moves, else none."""
    olds = set(found.values())
    taken = any(old in found for old in olds)
    stays: Collection[str] = (olds & set(after["columns"])) - set(found)
    lost: Collection[str] = (set(found) & set(before["columns"])) - olds
    return {} if stays or lost or not taken or len(olds) < len(found) else found


def words(table: str, found: Moves) -> str:
    """Return the lines that declare moves, in words; empty for none."""
    if not found:
        return ""
    lines = (f'{table}.{new} info={{"{DECLARED}": "{old}"}}' for new, old in sorted(found.items()))
    return f"if columns have taken each other's names, say so at each: {', '.join(lines)}"
