"""What a person has to write for a change for which nothing can be generated."""

from __future__ import annotations

from typing import Any

from . import constraints
from .enumof import enum_of
from .enums import full_name, made_anew, quoted
from .operations import short
from .shapes import Context


def of(change: Any, context: Context, table: Any) -> str:
    """Return what to write for a change, empty where that is not known."""
    if change.aspect in ("members", "texts"):
        return of_members(change, context, table)
    if change.aspect == "computed" and not change.after:
        return of_computed(change, context)
    return str(change.remedy)


def of_members(change: Any, context: Context, table: Any) -> str:
    """Return what to write where members of an enum are taken away or change places."""
    gone = [each for each in change.before if each not in change.after]
    came = [each for each in change.after if each not in change.before]
    rows = [f"write what rows with {short(', '.join(gone))} get, an UPDATE"] if gone else []
    if change.aspect == "members" and context.dialect.name in constraints.MYSQL:
        alter = f"op.alter_column({change.table!r}, {change.name!r}, type_=...)"
        both = [f"{alter} with the old members and the new"] if came and gone else []
        return ", then ".join([*both, *rows, alter])
    if change.aspect == "members" and context.dialect.name == "postgresql":
        renames = " or ALTER TYPE ... RENAME VALUE" if came else ""
        made = anew(change, gone, context, table)
        return ", then ".join([*(each + renames for each in rows), f"op.execute: {made}"])
    return ", then ".join(rows)


def anew(change: Any, gone: list[str], context: Context, table: Any) -> str:
    """Return the statements that make PostgreSQL's type anew, a default that goes left open."""
    enum = enum_of(table.columns[change.name].type, context.dialect)
    members = list(change.after)
    made = []
    for each in made_anew(full_name(enum, context), str(enum.name), members, context):
        head, default, value = each.partition(" SET DEFAULT ")
        goes = any(quoted(member) in value for member in gone)
        made.append(f"{head}{default}..." if goes else each)
    return "; ".join(map(short, made))


def of_computed(change: Any, context: Context) -> str:
    """Return how a column keeps the values that were computed."""
    table, name = change.table, change.name
    if context.dialect.name == "postgresql":
        quote = context.dialect.identifier_preparer.quote
        place = ".".join(map(quote, table.split(".")))
        return f"write op.execute('ALTER TABLE {place} ALTER COLUMN {quote(name)} DROP EXPRESSION')"
    return (
        f"to keep its values add a column {name}_new, fill it from {name} "
        f"with an UPDATE, drop {name}, rename {name}_new to {name}"
    )
