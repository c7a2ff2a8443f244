"""Members of PostgreSQL's enum types: added, renamed; never taken away.

``ALTER TYPE … ADD VALUE`` is in force once its transaction has ended, so it runs outside of it.
PostgreSQL takes no member away again: the way back makes the type anew without it, which fails
where rows use it, as it must.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from . import holders
from .shapes import Context, Op
from .sql import SqlOp

PLUGIN = "alembic_postgresql_enum"
USERS = text(
    "SELECT c.oid::regclass::text, quote_ident(a.attname), pg_get_expr(d.adbin, d.adrelid), "
    "a.atttypid <> t.oid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "JOIN pg_type t ON a.atttypid IN (t.oid, t.typarray) "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE t.oid = to_regtype(:name) AND c.relkind IN ('r', 'p') AND NOT a.attisdropped "
    "AND a.attinhcount = 0 "
    "ORDER BY 1, 2"
)


def left_to_plugin() -> bool:
    """Say whether env.py has imported the plugin that generates all that is about enum types."""
    return PLUGIN in sys.modules


def are_generated(context: Context) -> bool:
    """Say whether gitmig itself generates what is about the enum types of a database."""
    return bool(context.dialect.name == "postgresql") and not left_to_plugin()


def operations_for(
    before: Sequence[str], after: Sequence[str], context: Context, type_: Any
) -> list[Op] | None:
    """Return the operations for changed members, None where one is taken away."""
    if context.dialect.name != "postgresql" or not getattr(type_, "native_enum", True):
        return None
    name, before, after = str(type_.name), list(before), list(after)
    known = full_name(type_, context)
    renamed = renamed_member(before, after)
    if renamed:
        old, new = renamed
        rename = f"ALTER TYPE {known} RENAME VALUE {{}} TO {{}}"
        forth = [rename.format(quoted(old), quoted(new))]
        back = [rename.format(quoted(new), quoted(old))]
        words = f"rename {name} {old} to {new}"
        return [SqlOp(words, forth, back, doubt=f"{words}: rows that had the one have the other")]
    if set(before) - set(after) or [each for each in after if each in before] != before:
        return None
    added = [each for each in after if each not in before]
    forth = [add_value(known, member, before, after) for member in added]
    words = f"add {', '.join(added)} to {name}"
    back = made_anew(known, name, before, context)
    return [SqlOp(words, forth, back, apart=True)]


def renamed_member(before: Sequence[str], after: Sequence[str]) -> tuple[str, str] | None:
    """Return the one member that has another name at its place, and that name; None for none."""
    if len(before) != len(after) or len(set(before) ^ set(after)) != 2:
        return None
    old, new = (set(before) - set(after)).pop(), (set(after) - set(before)).pop()
    return (old, new) if before.index(old) == after.index(new) else None


def full_name(type_: Any, context: Context) -> str:
    """Return a type's name as PostgreSQL reads it, with its schema where it has one."""
    quote = context.dialect.identifier_preparer.quote
    schema = f"{quote(type_.schema)}." if type_.schema else ""
    return f"{schema}{quote(str(type_.name))}"


def add_value(known: str, member: str, before: list[str], after: list[str]) -> str:
    """Return the statement that adds a member at its place; the members come in their order."""
    place = after.index(member)
    where = f" AFTER {quoted(after[place - 1])}" if place else f" BEFORE {quoted(before[0])}"
    return f"ALTER TYPE {known} ADD VALUE IF NOT EXISTS {quoted(member)}{where}"


def made_anew(known: str, name: str, members: list[str], context: Context) -> list[str]:
    """Return the statements that make a type anew with some members, for all its columns.

    Checks and indexes that hold to the type are dropped before, and made as they were after.
    """
    old = context.dialect.identifier_preparer.quote(f"{name}_old")
    listed = ", ".join(quoted(member) for member in members)
    held = holders.of_type(known, context)
    found = [each.drop for each in held]
    found += [f"ALTER TYPE {known} RENAME TO {old}", f"CREATE TYPE {known} AS ENUM ({listed})"]
    for table, column, default, many in context.connection.execute(USERS, {"name": known}):
        alter, type_ = f"ALTER TABLE {table} ALTER COLUMN {column}", known + "[]" * many
        change = f"{alter} TYPE {type_} USING {column}::text::{type_}"
        around = [f"{alter} DROP DEFAULT", change, f"{alter} SET DEFAULT {default}"]
        found += [change] if default is None else around
    schema = known.rpartition(".")[0]
    found.append(f"DROP TYPE {schema + '.' if schema else ''}{old}")
    return [*found, *(each.make for each in held)]


def quoted(member: str) -> str:
    """Return a member as PostgreSQL reads it."""
    return "'" + member.replace("'", "''") + "'"
