"""Which line of a revision did it: found in what it ran, for what other gates find afterwards.

What a statement or an operation names is what it may have done. The most exact way to name the
thing that has any decides; where that leaves a choice between places, none is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitmig.ran import RanOperation
from gitmig.rules.changes import Change, same
from gitmig.rules.deeds import (
    Deed,
    brings_key,
    deed_of,
    last,
    with_routines,
)
from gitmig.rules.operations import COPY

# the kinds of changes that take rows or values from where they are
TAKING: Mapping[str, tuple[str, ...]] = {
    "table": ("drop table", "rename table"),
    "column": ("drop column", "rename column", "drop table"),
    "rows": ("delete", "truncate", "insert", "drop table"),
    "values": ("update", "delete", "insert", "change type", "drop column", "drop table"),
}


@dataclass(frozen=True)
class Deeds:
    """What one revision ran, in its order."""

    up: tuple[Deed, ...] = ()
    down: tuple[Deed, ...] = ()

    def behind_difference(self, table: str, names: Collection[str]) -> int:
        """Return the line behind what a downgrade does not restore, 0 where it is not certain.

        ``names`` are the column or the objects that differ, none for the table itself. It stands
        in the downgrade where that touches the same thing, else in the upgrade, which nothing
        takes back then.
        """
        tables = called({table}, self.down + self.up) if table else set[str]()
        wanted = {name.lower() for name in names}
        for fits in of_thing(tables, wanted):
            lines = {each.line for each in self.down if fits(each)}
            lines = lines or {each.line for each in self.up if fits(each)}
            if lines:
                return lines.pop() if len(lines) == 1 else 0
        ways = [{each.line for each in way if table and each.names(table)}
                for way in (self.down, self.up)]  # fmt: skip
        if all(len(lines) <= 1 for lines in ways):
            return next((line for lines in ways for line in lines), 0)
        return 0

    def behind_loss(self, kind: str, table: str, column: str, *, up: bool) -> int:
        """Return the last line that may have taken rows or values, on one way; 0 where none is.

        ``kind`` is as in ``TAKING``.
        """
        way = [each for each in (self.up if up else self.down) if each.may_take()]
        tables, columns = called({table}, way), called({column}, way) if column else set[str]()
        for fits in of_loss(TAKING[kind.replace("all rows", "rows")], tables, columns):
            found = [each.line for each in way if fits(each)]
            if found:
                return found[-1]
        reaching = {each.line for each in way if each.reaches_on()}
        if len(reaching) == 1:  # a cascade, a trigger
            return reaching.pop()
        return next((each.line for each in reversed(way) if any(map(each.names, tables))), 0)

    def behind_astray(self, table: str, other: str, *, up: bool) -> int:
        """Return the last line that may have left rows of a table that point to nothing, else 0.

        A new key is told first, then what took the rows of ``other``, then what changed its own.
        """
        way = self.up if up else self.down
        takes, writes = TAKING["rows"], ("update", "insert")
        for fits, name in (
            (brings_key, table),
            (lambda change: change.kind in takes, other),
            (lambda change: change.kind in writes, table),
        ):
            tables = called({name}, way)
            for deed in reversed(way):
                for change in filter(fits, deed.changes):
                    if any(same(change.table, each) for each in tables):
                        return deed.line
        return 0

    def behind_missing(self, tables: Collection[str]) -> tuple[int, bool]:
        """Return the first line of the upgrade that hangs on rows of a table, and True.

        Else the first that names it, 0 where none does, and False. ``tables`` are its names.
        """
        matter = [deed.line for deed in self.up if deed.hangs_on_rows(tables)]
        named = [deed.line for deed in self.up if any(map(deed.names, tables))]
        return next(iter(matter + named), 0), bool(matter)

    def last_change(self, kinds: Collection[str], table: str, column: str) -> int:
        """Return the last line of the upgrade that changed a table or a column so, 0 for none."""
        tables, columns = called({table}, self.up), called({column}, self.up) if column else ()
        found = [deed.line for deed in self.up for change in deed.changes
                 if change.kind in kinds and any(same(change.table, each) for each in tables)
                 and (not columns or any(map(deed.names, columns)))]  # fmt: skip
        return found[-1] if found else 0

    def behind_drift(self, table: str, names: Collection[str]) -> int:
        """Return the last line of the upgrade that made, changed or took away a thing, else 0.

        What a table lacks or has too much from its beginning on was made with it.
        """
        tables = called({table}, self.up) if table else set[str]()
        wanted = {name.lower() for name in names if name}
        exact, whole = next(of_thing(tables, wanted)), next(of_thing(tables, set()))
        for fits in (exact, whole):
            found = [deed.line for deed in self.up if fits(deed)]
            if found:
                return found[-1]
        return 0

    def new_type(self, table: str, column: str) -> int:
        """Return the line of the upgrade that gives a column another type, 0 for none."""
        return self.last_change(("change type",), table, column)


Fits = Callable[[Deed], bool]


def of_thing(tables: Collection[str], names: set[str]) -> Iterator[Fits]:
    """Yield how deeds name what differs, the most exact way first."""

    def is_there(change: Change) -> bool:
        there = not tables or not change.table or any(same(change.table, each) for each in tables)
        new = last(change.to) if change.kind.startswith("rename") else ""
        return there and bool({last(change.name), new} & names)

    def named(deed: Deed) -> bool:
        return bool(deed.words & names)

    if names:
        yield lambda deed: any(map(is_there, deed.changes))
        yield lambda deed: named(deed) and (not tables or deed.is_about(tables))
        yield lambda deed: named(deed) and (not tables or any(map(deed.names, tables)))
    else:
        whole = ("create table", "drop table", "rename table")
        yield lambda deed: any(
            change.kind in whole and (same(change.table, each) or same(change.to, each))
            for change in deed.changes
            for each in tables
        )


def of_loss(
    kinds: Collection[str], tables: Collection[str], columns: Collection[str]
) -> Iterator[Fits]:
    """Yield how deeds name what is lost, the most exact way first."""

    def takes(deed: Deed, change: Change) -> bool:
        here = change.kind in kinds and any(same(change.table, each) for each in tables)
        of_column = not columns or "table" in change.kind or any(map(deed.names, columns))
        return here and (of_column or change.kind in ("delete", "truncate", "insert"))

    yield lambda deed: any(takes(deed, change) for change in deed.changes)
    yield lambda deed: deed.calls and any(map(deed.names, tables))
    if columns:
        yield lambda deed: deed.is_about(tables) and any(map(deed.names, columns))


def called(names: set[str], way: Iterable[Deed]) -> set[str]:
    """Return what tables or columns are called, before and after what renames them."""
    found = {name.lower() for name in names}
    for change in [change for deed in way for change in deed.changes] * 2:
        if change.kind in ("rename table", "rename column"):
            old = change.table if change.kind == "rename table" else change.name
            pair = {old.lower(), change.to.lower()}
            found |= pair if any(same(one, each) for one in pair for each in found) else set()
    return found


def read(ran: Sequence[RanOperation], revision: str, dialect: str) -> Deeds:
    """Return what a revision ran; ``dialect`` as in ``way.Context``."""
    own = [each for each in ran if each.revision == revision and each.line]
    in_batch = {each.table for each in own if each.batch and each.kind != COPY}
    kept = [each for each in own if each.kind != COPY or each.table not in in_batch]
    every = [(each.up, deed_of(each, dialect)) for each in kept]
    made = {last(change.name): deed.words for _, deed in every for change in deed.changes
            if deed.makes_routine()}  # fmt: skip
    ways = ([with_routines(deed, made) for up, deed in every if up is way] for way in (True, False))
    return Deeds(*map(tuple, ways))
