"""The operations for what changed in the models and Alembic did not see, put into a revision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.operations import ops

from . import (
    constraints,
    enums,
    memberdefaults,
    memberuses,
    namedchecks,
    recomputed,
    remedies,
    textenums,
    together,
)
from .byhand import OwnRevisions
from .enumof import native_enum
from .follow import renamed
from .models import Models
from .operations import flatten
from .shapes import Context, Op
from .sql import SqlOp, put_first, put_last
from .together import key_of
from .unseen import ASPECTS, Change, changes, operations_for, seen, table_of


def add(
    ways: tuple[Op, Op],
    models: tuple[Models, Models],
    renames: Sequence[Op],
    context: Context,
    by_hand: OwnRevisions,
) -> tuple[bool, list[str]]:
    """Add operations for what was not seen in one database, by the models before and after.

    ``ways`` are the way up and the way down. ``renames`` are done there already, and what is done
    ``by_hand`` to rows. Returns whether any was added, and in words what could not be.
    """
    up, down = ways
    old, new = renamed(models[0], renames, context.dialect), without_new(models[1], up)
    found = list(changes(old, new))
    carried = found if enums.are_generated(context) else []
    known = {*seen(up), *((*place, "default") for place in memberdefaults.followed(carried))}
    now = memberdefaults.renamed_members(carried)
    found = list(memberuses.settled(found, now, context, table_of))
    additions = Additions(up, down, context, known, done_whole(found, context))
    additions.told = {str(op) for op in (*up.ops, *renames) if isinstance(op, SqlOp)}
    for change in found:
        if not (additions.has(change) or is_taken_care_of(change, context, by_hand)):
            additions.add(change)
    put_first(up, down, additions.members)  # a new column, check or default may need them
    memberdefaults.settle(carried, up, down)
    for way in ways:
        textenums.settle(way)
    for key in sorted(set(old) & set(new)):
        if any(facts.get("texts") for facts in old[key]["columns"].values()):
            textenums.note_what_fits(up, old[key], table_of(key, context), context.dialect)
    return additions.any_added, additions.left


@dataclass
class Additions:
    """What is added to the two ways of a revision.

    ``known`` are the table, name and aspect of what these do already. ``whole`` are the changes
    whose operations do all for their column's default. ``told`` are the words of the statements.
    """

    up: Op
    down: Op
    context: Context
    known: Collection[tuple[str, str, str]]
    whole: Collection[Change]
    told: set[str] = field(default_factory=set)
    members: list[Op] = field(default_factory=list)
    any_added: bool = False
    left: list[str] = field(default_factory=list)

    def has(self, change: Change) -> bool:
        """Say whether the revision does a change already."""
        if change.aspect == "check" or change in self.whole:
            return False
        of_whole = [(each.table, each.name, "default") for each in self.whole]
        place = (change.table, change.name, change.aspect)
        return place in self.known or place in of_whole

    def add(self, change: Change) -> None:
        """Add a change, or say that a person has to write it."""
        table = table_of(change.table, self.context)
        ways = self.up, self.down
        if change.aspect in ASPECTS and together.goes_along(change, *ways, self.context, table):
            done: bool | None = True
        elif change.aspect == "check":
            made = namedchecks.add(change, *ways, self.context, table)
            done = None if made is None else bool(made)
        else:
            done = self.generate(change, table)
        if done is None:
            told = replace(change, remedy=remedies.of(change, self.context, table))
            self.left.append(told.told())
        self.any_added = self.any_added or bool(done)

    def generate(self, change: Change, table: Any) -> bool | None:
        """Add operations for a change; say whether there were any, None: nobody knows which."""
        made = operations_for(change, self.context, table)
        if not made:
            return None if made is None else False
        if change in self.whole:
            together.take_over(change, self.up, self.down)
        elif str(made[0]) in self.told:  # one enum type may be that of many columns
            return False
        self.put(change, made)
        self.told.add(str(made[0]))
        return True

    def put(self, change: Change, made: list[Op]) -> None:
        """Put operations at their place, and those of members aside: these come first."""
        if change.aspect == "computed":
            recomputed.put(self.up, self.down, *made)
        elif change.aspect == "members" and change not in self.whole:
            self.members += made
        else:
            put_last(self.up, self.down, made)


def done_whole(found: Sequence[Change], context: Context) -> list[Change]:
    """Return the changes whose operations do all that is to do to their column's default.

    SQLAlchemy keeps what computes or numbers a column in that place, and members that MySQL's types
    have come with a default that may be one of them.
    """
    in_types = context.dialect.name in constraints.MYSQL
    return [each for each in found if each.aspect in ("computed", "identity")
            or (in_types and each.aspect == "members")]  # fmt: skip


def without_new(models: Models, up: Op) -> Models:
    """Return the models without the tables and columns that are made here, as they are now."""
    found = {key: {**facts, "columns": dict(facts["columns"])} for key, facts in models.items()}
    for op in flatten(up):
        if isinstance(op, ops.CreateTableOp):
            found.pop(key_of(op), None)
        elif isinstance(op, ops.AddColumnOp):
            found.get(key_of(op), {"columns": {}})["columns"].pop(op.column.name, None)
    return found


def is_taken_care_of(change: Change, context: Context, by_hand: OwnRevisions) -> bool:
    """Say whether a change is that of an enum type of a plugin's, or was written by hand."""
    return is_a_plugins(change, context) or textenums.is_done(change, by_hand)


def is_a_plugins(change: Change, context: Context) -> bool:
    """Say whether a change is that of an enum type that a plugin takes care of."""
    if change.aspect != "members" or not enums.left_to_plugin():
        return False
    type_ = table_of(change.table, context).columns[change.name].type
    is_native = native_enum(type_, context.dialect) is not None
    return context.dialect.name == "postgresql" and is_native
