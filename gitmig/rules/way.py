"""One way of one revision, up or down, as the rules see it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gitmig.ran import RanOperation, Statement
from gitmig.rules.changes import Change, same
from gitmig.rules.operations import changes_of

EXCLUSIVE = "AccessExclusiveLock"


@dataclass(frozen=True)
class Context:
    """What holds for all revisions of an environment.

    ``dialect`` is ``postgresql``, ``mysql`` (MariaDB too) or ``sqlite``; ``version`` that of the
    database, empty where it is not known; ``models`` the classes and tables that each module of
    the project declares, by its full name; ``gates`` the gates that ran.
    """

    dialect: str
    version: tuple[int, ...] = ()
    models: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gates: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Act:
    """One thing that was done; ``old``: to a table that no revision of the branch made."""

    change: Change
    operation: RanOperation
    statement: Statement
    old: bool


@dataclass(frozen=True)
class Way:
    """What one revision did on its way up, or down, in order; ``text`` is its file's.

    ``made`` are the tables and objects that other new revisions made, those before it on the way
    up; all of them on the way down. ``branch`` is what all new revisions did on their way up.
    ``earlier`` are the ways of the revisions that ran before it in the same direction: with
    Alembic's default they share its transaction.
    """

    revision: str
    path: str
    up: bool
    operations: Sequence[RanOperation]
    context: Context
    text: str = ""
    made: frozenset[str] = frozenset()
    branch: Sequence[RanOperation] = ()
    earlier: Sequence[Way] = ()

    @cached_property
    def acts(self) -> Sequence[Act]:
        """Everything that was done."""
        return tuple(_acts(self.operations, self.context.dialect, self.made))

    @cached_property
    def makes(self) -> frozenset[str]:
        """The names of tables and objects that it makes, under which they are left."""
        names = {each.change.table for each in self.of("create table")}
        names |= {each.change.name for each in self.of("create")}
        renamed = {each.change.to for each in self.of("rename table") if not each.old}
        return frozenset(names | renamed)

    def on_old(self, *kinds: str) -> Iterator[Act]:
        """Yield what was done to tables that were there before."""
        return (act for act in self.acts if act.old and act.change.kind in kinds)

    def of(self, *kinds: str) -> Iterator[Act]:
        """Yield what was done, to whatever table."""
        return (act for act in self.acts if act.change.kind in kinds)

    def after(self, act: Act, *kinds: str) -> Iterator[Act]:
        """Yield what was done after an act."""
        later = self.acts[self.acts.index(act) + 1 :]
        return (each for each in later if each.change.kind in kinds)

    def before(self, act: Act, *kinds: str) -> Iterator[Act]:
        """Yield what was done before an act."""
        earlier = self.acts[: self.acts.index(act)]
        return (each for each in earlier if each.change.kind in kinds)

    def before_in_transaction(self, act: Act, *kinds: str) -> Iterator[tuple[Act, str]]:
        """Yield what was done before an act in its transaction, and where, as words for a line."""
        number = act.statement.transaction
        others = (
            (self, self.before(act, *kinds)),
            *((way, way.of(*kinds)) for way in self.earlier),
        )
        for way, acts in others:
            for each in acts:
                if 0 < number == each.statement.transaction:
                    yield each, self.place(way, each.operation)

    def place(self, way: Way, operation: RanOperation) -> str:
        """Return where an operation of this or an earlier way is, in words."""
        of = "" if way is self else f" of {way.revision}"
        return f"line {operation.line}{of}"

    @cached_property
    def statements(self) -> Sequence[tuple[RanOperation, Statement]]:
        """Every statement, and the operation that it carried out."""
        return tuple((each, one) for each in self.operations for one in each.statements)


def _acts(
    operations: Sequence[RanOperation], dialect: str, earlier: Collection[str]
) -> Iterator[Act]:
    every = [
        (change, operation, statement)
        for operation in operations
        for change, statement in changes_of(operation, dialect)
    ]
    made: set[str] = set()
    copied: set[str] = set()  # old tables that are written anew under their name
    for change, operation, statement in every:
        # of the table that an operation is about the database itself was asked
        about = same(change.table, operation.table)
        known = operation.new_table if about else change.table in earlier
        new = known or any(same(change.table, name) for name in made)
        if change.kind == "create table" and not change.has("if"):
            made.add(change.table)
        elif change.kind == "drop table" and not new and _comes_back(change, every):
            copied.add(change.table)
            continue
        elif change.kind == "rename table" and new:
            if any(same(change.to, name) for name in copied):
                continue
            made.add(change.to)
        yield Act(change, operation, statement, bool(change.table) and not new)


def _comes_back(dropped: Change, every: Sequence[tuple[Change, RanOperation, Statement]]) -> bool:
    """Say whether another table gets the name of one that is dropped: it is written anew."""
    return any(
        change.kind == "rename table" and same(change.to, dropped.table) for change, _, _ in every
    )
