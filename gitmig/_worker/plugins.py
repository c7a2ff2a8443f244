"""The operations of other people's plugins in plain words: they generate, gitmig proves.

By name, for the worker imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = tuple[str, str, str]  # words, column, doubt


def describer(kind: type) -> Callable[[Any, str], Told] | None:
    """Return what describes operations of a class, None for one that nobody knows."""
    package = kind.__module__.partition(".")[0]
    return KNOWN.get((package, kind.__name__))


def _create_enum(op: Any, table: str) -> Told:
    return f"enum type {op.name}", "", ""


def _drop_enum(op: Any, table: str) -> Told:
    return f"drop enum type {op.name}", "", ""


def _enum_values(op: Any, table: str) -> Told:
    old, new = list(op.old_values), list(op.new_values)
    added = [each for each in new if each not in old]
    gone = [each for each in old if each not in new]
    words = " and ".join(
        [f"add {', '.join(added)} to {op.name}"] * bool(added)
        + [f"take {', '.join(gone)} from {op.name}"] * bool(gone)
    )
    doubt = f"enum type {op.name} loses {', '.join(gone)}: this fails where rows have it"
    return words or f"order the members of {op.name}", "", doubt if gone else ""


def named(op: Any) -> str:
    """Return an entity's kind and name: ``function public.total``."""
    kind = str(op.target.type_).replace("_", " ")
    return f"{kind} {op.target.schema}.{op.target.signature.partition('(')[0]}"


def _create_entity(op: Any, table: str) -> Told:
    return f"create {named(op)}", "", ""


def _drop_entity(op: Any, table: str) -> Told:
    return f"drop {named(op)}", "", f"{named(op)} is dropped"


def _replace_entity(op: Any, table: str) -> Told:
    return f"replace {named(op)}", "", f"{named(op)} is replaced: what uses it sees the new one"


KNOWN: dict[tuple[str, str], Callable[[Any, str], Told]] = {
    ("alembic_postgresql_enum", "CreateEnumOp"): _create_enum,
    ("alembic_postgresql_enum", "DropEnumOp"): _drop_enum,
    ("alembic_postgresql_enum", "AddEnumValuesOp"): _enum_values,
    ("alembic_postgresql_enum", "SyncEnumValuesOp"): _enum_values,
    ("alembic_utils", "CreateOp"): _create_entity,
    ("alembic_utils", "DropOp"): _drop_entity,
    ("alembic_utils", "ReplaceOp"): _replace_entity,
    ("alembic_utils", "RevertOp"): _replace_entity,
}
