"""Columns that take the names of others in one commit, as the models declare it.

Where ``b`` was ``a`` and ``c`` was ``b``, or two have each other's name, Alembic sees no drop of
what is taken again. They are renamed one after the other, in an order in which each name is free;
in a circle one of them waits under a name of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy

from .failures import Failure
from .pairing import DECLARED, Evidence
from .shapes import Context, Op
from .sql import RenameColumnOp

ROOM = 50  # letters of a name that another ending is put to: MySQL has 64, PostgreSQL 63
Moves = dict[str, str]  # the old name of a column by its new one


def declared(evidence: Evidence) -> dict[str, Moves]:
    """Return by table which columns move, where one of them takes another's name.

    Raises ``rename_unknown`` where the name that is taken is that of a column which stays, or goes.
    """
    found = {}
    for table, after in evidence.after.items():
        before = evidence.before.get(evidence.tables.get(table, table))
        if before is not None:
            moves = newly_declared(before["columns"], after["columns"])
            if taken(table, moves, before["columns"], after["columns"]):
                refuse_named_keys(table, moves, before, after)
                found[table] = moves
    return found


def newly_declared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Moves:
    """Return what this commit declares columns to have been, of what was there."""
    was = {name: each.get(DECLARED) for name, each in after.items()}
    return {name: old for name, old in was.items()
            if old in before and old not in (name, before.get(name, {}).get(DECLARED))}  # fmt: skip


def taken(table: str, moves: Moves, before: Collection[str], after: Collection[str]) -> bool:
    """Say whether a column takes the name that another one had."""
    olds = list(moves.values())
    twice = len(set(olds)) < len(olds)  # is refused where pairs are made
    for name, old in moves.items():
        if name in before and name not in olds:
            told = f"{table}.{name} is declared to have been {old}, and column {name} was there"
            raise Failure("rename_unknown", f"{told}: drop or rename that in a commit before")
    return not twice and any(old in moves for old in olds)


def refuse_named_keys(
    table: str, moves: Moves, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Raise ``rename_unknown`` where a foreign key's name would be that of another one's columns.

    Alembic compares no names of keys.
    """
    names = {old: new for new, old in moves.items()}
    for name, (kind, columns, *_) in sorted(before.get("keys", {}).items()):
        now = after.get("keys", {}).get(name)
        moved = [names.get(column, column) for column in columns]
        if kind == "ForeignKeyConstraint" and now is not None and now[1] != moved:
            told = f"foreign key {name} of {table} is named after a column whose name moves on"
            raise Failure("rename_unknown", f"{told}: rename one column in each commit")


def columns_moved(evidence: Evidence, context: Context, *, circles: bool) -> Iterator[Op]:
    """Yield the renames of columns in one database, in an order that runs.

    Without ``circles`` only where the database shows that it was not done yet: a name is gone.
    """
    for key, moves in sorted(declared(evidence).items()):
        schema, _, name = key.rpartition(".")
        look: Any = sqlalchemy.inspect(context.connection)
        if name in look.get_table_names(schema=schema or None):
            metadata = sqlalchemy.MetaData(schema=schema or None)
            table: Any = sqlalchemy.Table(
                name, metadata, resolve_fks=False, autoload_with=context.connection
            )
            for first, old, new in in_order(moves, table.columns.keys(), circles):
                yield RenameColumnOp(name, old, new, table.schema, table.columns[first])


def in_order(
    moves: Moves, there: Collection[str], circles: bool = True
) -> Iterator[tuple[str, str, str]]:
    """Yield a column's first name, its name then, and its next one, which is free by then.

    Nothing where a column is not there (any more).
    """
    names = set(there)
    left = {new: (old, old) for new, old in sorted(moves.items())}
    if not names.issuperset(moves.values()):
        return
    while left:
        new = next((name for name in left if name not in names), None)
        if new is None and not circles:
            return
        if new is None:  # the first one waits aside
            waits = next(iter(left))
            first, now = left[waits]
            new = free_name(now, names)
            left[waits] = (first, new)
        else:
            first, now = left.pop(new)
        yield first, now, new
        names = names - {now} | {new}


def free_name(name: str, names: Collection[str]) -> str:
    """Return a name for a column that waits for its own."""
    found = f"{name[:ROOM]}_before"
    while found in names:
        found += "_"
    return found
