"""What changed in the models and no operation of Alembic's does anything about.

The models of the commit before and of this one are compared. What Alembic did not see (it compares
no CHECK texts, no enum members, and types and defaults only where env.py asks for it) is generated
where that can be done and proved (see ``additions``). The rest is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alembic.operations import ops

from . import (
    constraints,
    enums,
    indexes,
    mysqlenums,
    numbering,
    recomputed,
    supposed,
    textenums,
    together,
)
from .enumof import enum_of
from .follow import exchanged
from .models import Models
from .operations import between, flatten
from .rebuilt import drop_unnamed
from .shapes import Context, Op
from .sql import mentions
from .together import key_of

ASPECTS = {"type": "modify_type", "default": "modify_server_default"}


@dataclass(frozen=True)
class Change:
    """One difference between the models of two commits.

    ``aspect`` is type, members, texts, default, computed, identity, check or index (texts: members
    of an enum that is a text in the database); ``name`` the column, constraint or index;
    ``before`` and ``after`` are texts, None where there is none. ``unnamed`` is a constraint
    without a name, which is told by its text. Or it is
    attribute or declaration, see ``follow.exchanged``; or constraint: only its name is another one.
    ``remedy`` is what to declare instead, or to write.
    """

    table: str
    aspect: str
    name: str
    before: Any
    after: Any
    remedy: str = ""

    def told(self) -> str:
        """Return the change in words."""
        if self.aspect == "unnamed":
            anew = f"batch_alter_table({self.table!r}, recreate='always') leaves it out"
            drop = f"drop it by the name that the database gave it; on SQLite {anew}"
            came = "new (give it a name)" if self.after else f"gone ({drop})"
            return f"{self.name} of {self.table}, which has no name, is {came}"
        if self.aspect == "class":
            return f"{self.table} was the table of {self.before} and is that of {self.after}"
        of_column = self.aspect in COLUMN
        what = f"{self.table}.{self.name}" if of_column else f"{self.name} of {self.table}"
        aspect = "members" if self.aspect == "texts" else self.aspect
        told = f"{aspect} {what} changed {between(self.before, self.after)}"
        return f"{told} ({self.remedy})" if self.remedy else told


COLUMN = ("type", "members", "texts", "default", "computed", "identity")


def table_of(key: str, context: Context) -> Any:
    """Return a table of the project's metadata."""
    metadata = context.opts["target_metadata"]
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    return next(each.tables[key] for each in several if key in each.tables)


def class_changes(table: str, before: Models, after: Models) -> Iterator[Change]:
    """Yield that a table is that of a class which had another one before: rows would be its own."""
    was, is_now = before[table].get("class"), after[table].get("class")
    others = {facts.get("class") for key, facts in before.items() if key != table and key in after}
    if was and is_now and was != is_now and is_now in others:
        yield Change(table, "class", "", was, is_now)


def changes(before: Models, after: Models) -> Iterator[Change]:
    """Yield the differences in tables and columns that both have."""
    for table in sorted(set(before) & set(after)):
        old, new = before[table], after[table]
        yield from class_changes(table, before, after)
        declared = supposed.words(table, supposed.by_attribute(old, new))
        for aspect, name, was, is_now in exchanged(old, new):
            remedy = declared if aspect == "attribute" else ""
            declared = "" if remedy else declared  # told once
            yield Change(table, aspect, name, was, is_now, remedy)
        for column in sorted(set(old["columns"]) & set(new["columns"])):
            yield from column_changes(table, column, old["columns"][column], new["columns"][column])
        same = constraints.renamed(old, new)
        for name, was in sorted(same.items()):
            yield Change(table, "constraint", name, was, name)
        yield from unnamed_changes(table, old, new)
        for kind, aspect in (("checks", "check"), ("indexes", "index")):
            for name in sorted((set(old[kind]) | set(new[kind])) - {*same, *same.values()}):
                was, is_now = old[kind].get(name), new[kind].get(name)
                if was != is_now:
                    yield Change(table, aspect, name, was, is_now)


def unnamed_changes(table: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield the constraints without a name that came or went, other than with a column."""
    was, is_now = (set(facts.get("unnamed", new["unnamed"])) for facts in (old, new))
    dropped = set(old["columns"]) - set(new["columns"])
    for each in sorted(was - is_now):
        if not mentions(each, dropped):
            yield Change(table, "unnamed", each, each, None)
    for each in sorted(is_now - was):
        if each.startswith("check "):  # Alembic adds the others
            yield Change(table, "unnamed", each, None, each)


def column_changes(table: str, column: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield the differences of one column; members matter where the type's text is the same."""
    in_types = members_alone(old, new)  # on MySQL
    gone = textenums.are_gone(old, new)
    for aspect in COLUMN:
        if aspect == "texts":
            if gone:
                yield Change(table, aspect, column, old[aspect], new[aspect])
            continue
        if in_types:
            if aspect == "members":
                yield Change(table, aspect, column, old[aspect], new[aspect])
            if aspect in ("type", "members"):
                continue
        if old[aspect] != new[aspect]:
            is_told = old["type"] != new["type"] or not new["members"] or gone
            if aspect == "members" and is_told:
                continue
            yield Change(table, aspect, column, old[aspect], new[aspect])


def members_alone(old: Any, new: Any) -> bool:
    """Say whether two types that MySQL writes with their members differ in these alone."""
    ends = [facts["type"].rpartition(")")[2] for facts in (old, new)]
    are_enums = all(facts["type"].startswith("ENUM(") and facts["members"] for facts in (old, new))
    return are_enums and old["members"] != new["members"] and ends[0] == ends[1]


def seen(up: Op) -> Iterator[tuple[str, str, str]]:
    """Yield ``(table, name, aspect)`` of what the operations already change."""
    for op in flatten(up):
        key = key_of(op)
        if isinstance(op, ops.AlterColumnOp):
            for aspect, attribute in ASPECTS.items():
                if getattr(op, attribute) not in (None, False):
                    yield key, op.column_name, aspect
            if op.modify_type is not None:
                yield key, op.column_name, "members"
            if op.modify_server_default is None:
                yield key, op.column_name, "default"
        elif isinstance(op, (ops.CreateIndexOp, ops.DropIndexOp)):
            yield key, str(op.index_name), "index"
        elif isinstance(op, (ops.AddConstraintOp, ops.DropConstraintOp)):
            name = str(getattr(op, "constraint_name", ""))
            yield from ((key, name, "check"), (key, name, "constraint"))


def operations_for(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return the operations that carry a change out, None where a person must write them."""
    if change.aspect == "members" and context.dialect.name in constraints.MYSQL:
        return mysqlenums.operations_for(change, context, table)
    if change.aspect == "members":
        type_ = enum_of(table.columns[change.name].type, context.dialect)
        return enums.operations_for(change.before, change.after, context, type_)
    if change.aspect == "texts":
        return textenums.operations_for(change, context, table)
    if change.aspect == "unnamed":
        return drop_unnamed(change.name, context, table) if change.after is None else None
    if change.aspect in ASPECTS:
        return [together.alter(change, context, table)]
    if change.aspect == "constraint":
        return constraints.rename(table, change.before, change.name, context)
    if change.aspect == "index":
        return indexes.index_operations(change, table, context)
    if change.aspect == "computed":
        return recomputed.operations_for(change, context, table)
    if change.aspect == "identity":
        return numbering.operations_for(change.name, context, table)
    return None
