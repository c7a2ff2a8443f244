"""Which drop and which add are one thing under another name.

Alembic sees a drop and an add. What makes a pair of **columns** of one table a rename for certain,
the first that holds:

* the model declares it: ``info={"renamed_from": "name"}``;
* a person answered so;
* the attribute of the class has the name it had, and only the column's is another one, of a type
  of the same family;
* their types are of one family, their names are alike, neither has another partner of which nearly
  that is true, they stand at the same place in the table, and no attribute says otherwise.

Of a pair of **tables**: the declaration in ``Table(info=...)``, or a person's answer; or the class
has the name it had and half of the columns are the same, or renamed as above; or the names are
alike (the tables' own, or those of their classes in one module), and each column of one is one of
the other: the same name and type, or renamed as above, at least half of them the same. The primary
key is of the same columns. Where a table has two such partners none is certain.
Anything less is a drop and an add, with a doubt that says how to declare it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops

from .failures import Failure
from .likeness import alike, nearest, related, same_name, same_place, same_target, spelt
from .lineage import Known
from .operations import flatten
from .shapes import Op
from .sql import RenameColumnOp

DECLARED = "renamed_from"
HALF = 0.5

Place = tuple[Any, str]  # a table's schema and name, after the renames of tables
Pair = tuple[Any, Any]  # a column that goes, and one that comes


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

    def declaration(self, what: str = "it") -> str:
        """Return what to write where a drop, of which ``what`` says what goes, is a rename."""
        info = f'{{"{DECLARED}": "{self.old}"}}'
        line = f"info={info}" if self.table else f'__table_args__ = {{"info": {info}}}'
        return f"if {what} is {self.new} now, say so there: {line}"

    def declaration_alone(self) -> str:
        """Return the same where nothing before it says what goes."""
        return self.declaration(f"{self.table}.{self.old}" if self.table else f"table {self.old}")


@dataclass
class Evidence:
    """What is known of one database besides its differences.

    ``before`` and ``after`` are what the models of two commits say (see ``models``), ``answered``
    what a person said: which old name by schema, table (empty for a table's own) and new name.
    ``likely`` collects what is not certain, ``tables`` the old keys of the tables renamed, by the
    new.
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

    def like_class(self, schema: Any, old: str, new: str) -> bool:
        """Say whether the classes of two tables, in one module, have names of one thing."""
        facts = self.before.get(key(schema, old), {}), self.after.get(key(schema, new), {})
        before, after = (each.get("class", "").rpartition(".") for each in facts)
        return before[0] == after[0] != "" and same_name(spelt(before[2]), spelt(after[2]))

    def same_attribute(self, place: Place, old: str, new: str) -> bool:
        """Say whether two columns are those of one attribute of the class."""
        there, here = self.attributes(place)
        return old in there and there[old] == here.get(new)

    def other_attribute(self, place: Place, old: str, new: str) -> bool:
        """Say whether the attribute of either column is, before and after, another column's."""
        there, here = self.attributes(place)
        if there.get(old) == here.get(new):
            return False
        return there.get(old) in here.values() or here.get(new) in there.values()

    def facts(self, now: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return what the models say of a table by its key of now, before and after."""
        nothing: Mapping[str, Any] = {"columns": {}}
        return self.before.get(self.tables.get(now, now), nothing), self.after.get(now, nothing)

    def moved_attribute(self, place: Place, old: str) -> bool:
        """Say whether the attribute of a column that goes is that of another one which stays."""
        before, after = self.facts(key(*place))
        attribute = before.get("attributes", {}).get(old)
        now = [name for name, each in after.get("attributes", {}).items() if each == attribute]
        return attribute is not None and bool(set(now) & set(before.get("columns", ())))

    def order(self, place: Place) -> list[str]:
        """Return the columns of a table in the order of the models before."""
        now = key(*place)
        return list(self.before.get(self.tables.get(now, now), {}).get("columns", ()))

    def columns(self, place: Place) -> Mapping[str, Any]:
        """Return the columns of a table as the models have them now."""
        facts: Mapping[str, Any] = self.after.get(key(*place), {}).get("columns", {})
        return facts

    def attributes(self, place: Place) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return the attributes of a table's columns by their names, before and after."""
        now = key(*place)
        there = self.before.get(self.tables.get(now, now), {})
        return there.get("attributes", {}), self.after.get(now, {}).get("attributes", {})


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
        old = sorted(dropped.get(place, []), key=lambda column: str(column.name))
        pairs = known.pairs(place, old, new) if known else paired(old, new, place, evidence)
        for before, after in pairs:
            yield RenameColumnOp(place[1], before.name, after.name, place[0], before)
        if known is None:
            settled = {id(column) for pair in pairs for column in pair}
            left = [column for column in old if id(column) not in settled
                    and not evidence.moved_attribute(place, column.name)]  # fmt: skip
            free = [column for column in new if id(column) not in settled]
            evidence.likely += likely_columns(place, left, free)


def likely_columns(place: Place, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Likely]:
    """Yield for each dropped column the new one that it may be: the likest name first."""
    for before in old:
        found = nearest(before.name, [column.name for column in new if related(before, column)])
        if found:
            yield Likely(*place, before.name, found)


def paired(old: Sequence[Any], new: Sequence[Any], place: Place, evidence: Evidence) -> list[Pair]:
    """Return which old column became which new one, for certain."""
    found = declared(old, new, place, evidence)
    for certain in (answered, by_attribute):
        found += certain(free(old, new, found), place, evidence)
    likeliest = by_likeness(free(old, new, found), place, evidence)
    order = evidence.order(place)
    return found + [pair for pair in likeliest if same_place(*pair, old, new, order)]


def free(old: Sequence[Any], new: Sequence[Any], found: Sequence[Pair]) -> list[Pair]:
    """Return the pairs that are still possible."""
    settled = {id(column) for pair in found for column in pair}
    return [(before, after) for after in new if id(after) not in settled
            for before in old if id(before) not in settled]  # fmt: skip


def declared(
    old: Sequence[Any], new: Sequence[Any], place: Place, evidence: Evidence
) -> list[Pair]:
    """Return the pairs that the model declares.

    Raises ``rename_unknown`` where a declaration names a column that does not go, or that another
    one names, too.
    """
    going = {column.name: column for column in old}
    found: dict[str, Any] = {}
    for after in new:
        name = after.info.get(DECLARED)
        told = f"{place[1]}.{after.name} is declared to have been {name}, and"
        if name is not None and name not in going and name in evidence.columns(place):
            later = f"column {name} stays: say what that one has been, or rename one in each commit"
            raise Failure("rename_unknown", f"{told} {later}")
        if name is not None and name not in going:
            likest = nearest(str(name), list(going))
            more = f", but {likest} does" if likest else ""
            raise Failure("rename_unknown", f"{told} no column {name} goes{more}")
        if name in found:
            raise Failure("rename_unknown", f"{told} so is {place[1]}.{found[name].name}")
        if name is not None:
            found[name] = after
    return [(going[name], after) for name, after in found.items()]


def answered(pairs: Sequence[Pair], place: Place, evidence: Evidence) -> list[Pair]:
    """Return the pairs that a person told."""
    return [(before, after) for before, after in pairs
            if evidence.answered.get((*place, after.name)) == before.name]  # fmt: skip


def by_attribute(pairs: Sequence[Pair], place: Place, evidence: Evidence) -> list[Pair]:
    """Return the pairs whose attribute of the class has the name it had."""
    return alone([(before, after) for before, after in pairs
                  if evidence.same_attribute(place, before.name, after.name)
                  and related(before, after)])  # fmt: skip


def by_likeness(pairs: Sequence[Pair], place: Place, evidence: Evidence) -> list[Pair]:
    """Return the pairs whose names are alike and have no rival."""
    near = [(before, after) for before, after in pairs
            if related(before, after) and alike(before.name, after.name)]  # fmt: skip
    return [
        (before, after)
        for before, after in alone(near)
        if same_name(before.name, after.name)
        and same_target(before, after)
        and not evidence.other_attribute(place, before.name, after.name)
    ]


def alone(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs neither side of which is in another one."""
    count = Counter(id(column) for pair in pairs for column in pair)
    return [pair for pair in pairs if count[id(pair[0])] == count[id(pair[1])] == 1]
