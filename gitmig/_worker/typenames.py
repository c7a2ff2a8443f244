"""An enum type of PostgreSQL's that only has another name: it is renamed.

Alembic sees that all its columns get another type.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from alembic.operations import ops

from .enums import full_name
from .enumuse import Key, Use, coming, key_of, leaving, users_of
from .operations import flatten
from .shapes import Context, Op
from .sql import SqlOp, without_empty

Place = tuple[Any, str, str]  # schema (None: the default one), table, column


def renamed(up: Op, down: Op, there: dict[Key, Any], context: Context) -> list[Op]:
    """Return the renames of types; what would change their columns one by one is taken out.

    A rename is: all columns of a type get one that is not there, with its members. In ``there``
    it has the new name then.
    """
    found: list[Op] = []
    for (was, key), (old, new, places) in changes(up, context).items():
        same = list(old.enums) == list(new.enums) and was[0] == key[0]
        if same and was in there and key not in there and users_of(old, context) <= places:
            there[key] = there.pop(was)
            found.append(rename(old, new, context))
            for way in (up, down):
                keep_types(way, places)
    return found


def changes(up: Op, context: Context) -> dict[tuple[Key, Key], tuple[Any, Any, set[Place]]]:
    """Return by the names of two types: both, and the columns that change from one to the other."""
    found: dict[tuple[Key, Key], tuple[Any, Any, set[Place]]] = {}
    before = {place_of(use): use[2] for use in leaving(up, context) if is_change(use)}
    for use in coming(up, context):
        old, new = before.get(place_of(use)), use[2]
        if is_change(use) and old is not None:
            keys = key_of(old, context), key_of(new, context)
            if keys[0] != keys[1]:
                found.setdefault(keys, (old, new, set()))[2].add(place_of(use))
    return found


def is_change(use: Use) -> bool:
    """Say whether an operation changes the type of a column that is there."""
    return isinstance(use[0], ops.AlterColumnOp)


def place_of(use: Use) -> Place:
    """Return which column it is about."""
    return use[0].schema, use[0].table_name, use[1].name


def rename(old: Any, new: Any, context: Context) -> SqlOp:
    """Return the rename of a type."""
    quote = context.dialect.identifier_preparer.quote
    statements = [
        f"ALTER TYPE {full_name(one, context)} RENAME TO {quote(str(other.name))}"
        for one, other in ((old, new), (new, old))
    ]
    return SqlOp(f"rename enum type {old.name} to {new.name}", statements[:1], statements[1:])


def keep_types(way: Op, places: Collection[Place]) -> None:
    """Leave the type of some columns as it is."""
    for op in flatten(way):
        place = (
            getattr(op, "schema", None),
            getattr(op, "table_name", ""),
            getattr(op, "column_name", ""),
        )
        if isinstance(op, ops.AlterColumnOp) and place in places and op.modify_type is not None:
            op.existing_type, op.modify_type = op.modify_type, None
    without_empty(way)
