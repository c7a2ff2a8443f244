"""Which drop and which add are one thing under another name.

Alembic sees a drop and an add. What makes a pair of **columns** of one table a rename for certain:

* the model declares it: ``info={"renamed_from": "name"}``, or a person answered so; or
* the attribute of the class has the name it had, and only the column's is another one; or
* their types are of one family, their names are alike, neither has another partner of which that is
  true, and they stand at the same place in the table.

Of a pair of **tables**: the declaration in ``Table(info=...)``; or the class has the name it had
and half of the columns are the same; or the names are alike, and each column of one is one of the
other: the same name and type, or a certain rename as above, at least half of them the same.
Anything less is a drop and an add, with a doubt that says how to declare it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops

from .failures import Failure
from .lineage import Known
from .operations import flatten
from .shapes import Op
from .sql import RenameColumnOp, RenameTable

DECLARED = "renamed_from"
HALF = 0.5
ALIKE = 0.6  # of difflib's ratio; "title" and "tittle" are 0.9, "size" and "price" 0.44


@dataclass(frozen=True)
class Likely:
    """A drop and an add that may be one thing; ``table`` is empty where they are tables."""

    schema: Any
    table: str
    old: str
    new: str

    def place(self) -> tuple[str, str]:
        """Return the table and column that are dropped."""
        return (self.table, self.old) if self.table else (self.old, "")

    def declaration(self) -> str:
        """Return what to write where a drop is a rename."""
        info = f'{{"{DECLARED}": "{self.old}"}}'
        line = f"info={info}" if self.table else f'__table_args__ = {{"info": {info}}}'
        return f"if it is {self.new} now, say so there: {line}"


@dataclass
class Evidence:
    """What is known of one database besides its differences.

    ``before`` and ``after`` are what the models of two commits say (see ``models``), ``answered``
    what a person said: which old name by schema, table (empty for a table's own) and new name.
    ``likely`` collects what is not certain, ``tables`` the old names of the tables renamed.
    """

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    answered: Mapping[tuple[Any, str, str], str] = field(default_factory=dict)
    likely: list[Likely] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)

    def same_class(self, schema: Any, old: str, new: str) -> bool:
        """Say whether two tables are those of one class."""
        before, after = self.before.get(key(schema, old), {}), self.after.get(key(schema, new), {})
        gone = key(schema, old) not in self.after and key(schema, new) not in self.before
        return gone and bool(after.get("class")) and before.get("class") == after["class"]

    def same_attribute(self, schema: Any, table: str, old: str, new: str) -> bool:
        """Say whether two columns are those of one attribute of the class."""
        there = self.before.get(key(schema, self.tables.get(table, table)), {})
        here = self.after.get(key(schema, table), {})
        attributes = there.get("attributes", {}).get(old), here.get("attributes", {}).get(new)
        return attributes[0] is not None and attributes[0] == attributes[1]


def key(schema: Any, table: str) -> str:
    """Return the key of a table in the models."""
    return f"{schema}.{table}" if schema else table


def columns_renamed(up: Op, evidence: Evidence, known: Known | None = None) -> Iterator[Op]:
    """Yield the renames among the columns of each table; collect those that are only likely."""
    dropped: dict[tuple[Any, str], list[Any]] = {}
    added: dict[tuple[Any, str], list[Any]] = {}
    for op in flatten(up):
        if isinstance(op, ops.DropColumnOp):
            dropped.setdefault((op.schema, op.table_name), []).append(op.to_column())
        elif isinstance(op, ops.AddColumnOp):
            added.setdefault((op.schema, op.table_name), []).append(op.column)
    for place, new in added.items():
        old = dropped.get(place, [])
        pairs = known.pairs(place, old, new) if known else paired(old, new, place, evidence)
        for before, after in pairs:
            yield RenameColumnOp(place[1], before.name, after.name, place[0], before)
        if known is None:
            settled = {id(column) for pair in pairs for column in pair}
            left = [column for column in old if id(column) not in settled]
            free = [column for column in new if id(column) not in settled]
            evidence.likely += likely_columns(place, left, free)


def likely_columns(
    place: tuple[Any, str], old: Sequence[Any], new: Sequence[Any]
) -> Iterator[Likely]:
    """Yield for each dropped column the new one that it may be: the likest name first."""
    for before in old:
        partners = [column.name for column in new if related(before, column)]
        if partners:
            nearest = max(partners, key=lambda name: likeness(before.name, name))
            yield Likely(*place, before.name, nearest)


def paired(
    old: Sequence[Any], new: Sequence[Any], place: tuple[Any, str], evidence: Evidence
) -> list[tuple[Any, Any]]:
    """Return which old column became which new one, for certain."""
    found = [(before, after) for after in new
             for before in declared(after, old, place, evidence)]  # fmt: skip
    told = {id(column) for pair in found for column in pair}
    left = [column for column in old if id(column) not in told]
    free = [column for column in new if id(column) not in told and DECLARED not in column.info]
    close = [(a, b) for a in left for b in free if related(a, b) and alike(a.name, b.name)]
    for pair in close:
        partners = [other for other in close if other[0] is pair[0] or other[1] is pair[1]]
        if len(partners) == 1 and same_place(*pair, old, new):
            found.append(pair)
    return found


def declared(
    after: Any, old: Sequence[Any], place: tuple[Any, str], evidence: Evidence
) -> list[Any]:
    """Return the old column that a new one was, by declaration, by a person's word, by its class.

    Raises ``rename_unknown`` where the declaration names none that goes.
    """
    name = after.info.get(DECLARED)
    if name is None:
        name = evidence.answered.get((*place, after.name))
        return [column for column in old if column.name == name or (
            related(column, after) and evidence.same_attribute(*place, column.name, after.name)
        )]  # fmt: skip
    found = [column for column in old if column.name == name]
    if not found:
        raise Failure(
            "rename_unknown",
            f"{place[1]}.{after.name} is declared to have been {name}, and no column {name} goes",
        )
    return found


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


def alike(one: str, other: str) -> bool:
    """Say whether two names are alike: they share a word, or are nearly the same text."""
    words = [set(re.split(r"[_\W]+", name.lower())) for name in (one, other)]
    shared = {word for word in words[0] & words[1] if len(word) > 2}
    return bool(shared) or likeness(one, other) >= ALIKE


def likeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1."""
    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()


def tables_renamed(up: Op, evidence: Evidence, known: Known | None = None) -> Iterator[Op]:
    """Yield the renames among the tables; collect those that are only likely."""
    flat = list(flatten(up))
    dropped = [op.to_table() for op in flat if isinstance(op, ops.DropTableOp)]
    created = [op for op in flat if isinstance(op, ops.CreateTableOp)]
    pairs = [
        (before, op)
        for before in dropped
        for op in created
        if before.schema == op.schema
        and (known.is_table(before, op) if known else is_renamed(before, op, evidence))
    ]
    for before, op in pairs:
        partners = [other for other in pairs if other[0] is before or other[1] is op]
        if len(partners) == 1:
            evidence.tables[op.table_name] = before.name
            yield RenameTable(before.name, op.table_name, schema=op.schema)
        elif known is None:
            evidence.likely.append(likely_table(before, partners[0][1]))
    for before in dropped if known is None else ():
        near = [op for op in created if op.schema == before.schema]
        near = [op for op in near if share(before, op, evidence) >= HALF]
        if near and not any(before is one for one, _ in pairs):
            evidence.likely.append(likely_table(before, near[0]))


def likely_table(before: Any, op: Op) -> Likely:
    """Return that a table may have another name."""
    return Likely(before.schema, "", before.name, op.table_name)


def is_renamed(before: Any, op: Op, evidence: Evidence) -> bool:
    """Say whether a table that goes is, for certain, the one that comes."""
    name = op.info.get(DECLARED) or evidence.answered.get((op.schema, "", op.table_name))
    if name is not None:
        return bool(name == before.name)
    part = share(before, op, evidence)
    if evidence.same_class(op.schema, before.name, op.table_name):
        return part >= HALF
    return part == 1 and alike(before.name, op.table_name)


def share(before: Any, op: Op, evidence: Evidence) -> float:
    """Return which part of two tables' columns is the same; 0 where less than half is."""
    old, new = list(before.columns), list(op.to_table().columns)
    same = {a.name for a in old for b in new if a.name == b.name and related(a, b)}
    rest = [column for column in old if column.name not in same]
    others = [column for column in new if column.name not in same]
    if not old or len(same) < HALF * max(len(old), len(new)):
        return 0
    place = (op.schema, op.table_name)
    declarations = [column for column in others if DECLARED in column.info]
    known = {column.name for column in rest}
    if any(column.info[DECLARED] not in known for column in declarations):
        return 0  # declared to have been a column of another table
    renamed = paired(rest, others, place, evidence)
    return (len(same) + len(renamed)) / max(len(old), len(new))
