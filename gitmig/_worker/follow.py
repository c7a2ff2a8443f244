"""What the models of the commit before say, in the names that there are after the renames.

A database carries what mentions a column (checks, indexes, computed columns) along with its
rename. So those texts are no change; what is not carried along is found by comparing them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .models import Models
from .shapes import Dialect, Op
from .sql import RenameColumnOp, RenameTable

LITERAL = "'(?:[^']|'')*'"


def renamed(before: Models, renames: Sequence[Op], dialect: Dialect) -> Models:
    """Return the models of before with the names that they have after the renames."""
    found = dict(before)
    names: dict[str, dict[str, str]] = {}
    columns: dict[str, list[Op]] = {}
    tables: dict[str, str] = {}
    for op in renames:
        prefix = f"{op.schema}." if getattr(op, "schema", None) else ""
        if isinstance(op, RenameTable) and prefix + op.table_name in found:
            new = prefix + op.new_table_name
            tables[prefix + op.table_name] = new
            found[new] = found.pop(prefix + op.table_name)
            names.setdefault(new, {})[op.table_name] = op.new_table_name
        elif isinstance(op, RenameColumnOp):
            columns.setdefault(prefix + op.table_name, []).append(op)
    for key, each in columns.items():
        names.setdefault(key, {}).update(names_after(each))
    for key, facts in found.items():
        changed = in_names(facts, names[key], dialect) if key in names else facts
        found[key] = {**changed, "keys": keys_in_names(facts, key, names, tables)}
    return found


def names_after(renames: Sequence[Op]) -> dict[str, str]:
    """Return the new names of one table's columns by the old, after renames one by one."""
    found: dict[str, str] = {}
    for op in renames:
        was = next((old for old, new in found.items() if new == op.column_name), op.column_name)
        found[was] = str(op.modify_name)
    return found


def keys_in_names(
    facts: Mapping[str, Any],
    table: str,
    names: Mapping[str, Mapping[str, str]],
    tables: Mapping[str, str],
) -> dict[str, Any]:
    """Return a table's primary and foreign keys with the names of now in them."""

    def now(columns: Sequence[str], key: str) -> list[str]:
        return [names.get(key, {}).get(column, column) for column in columns]

    found = {}
    for name, (kind, columns, target, there) in facts.get("keys", {}).items():
        target = tables.get(target, target)
        found[name] = [kind, now(columns, table), target, now(there, target)]
    return found


def in_names(
    facts: Mapping[str, Any], names: Mapping[str, str], dialect: Dialect
) -> dict[str, Any]:
    """Return one table's facts with other names of its columns, and of itself.

    The statement that makes an index is the dialect's own, with quotes where it needs them.
    """
    prepare = dialect.identifier_preparer
    in_quotes = {prepare.quote_identifier(old): prepare.quote(new) for old, new in names.items()}
    bare = {old: prepare.quote(new) for old, new in names.items()}
    either = [*map(re.escape, in_quotes), f"\\b(?:{'|'.join(map(re.escape, names))})\\b"]
    there = re.compile(f"{LITERAL}|{'|'.join(either)}")

    def text(sql: Any, known: Mapping[str, str] = names) -> Any:
        now = {**in_quotes, **known}
        return there.sub(lambda found: now.get(found[0], found[0]), sql) if sql else sql

    columns = {names.get(name, name): {**each, "computed": text(each["computed"]), "was": name}
               for name, each in facts["columns"].items()}  # fmt: skip
    attributes = facts.get("attributes", {})
    unnamed = {"unnamed": [text(sql) for sql in facts["unnamed"]]} if "unnamed" in facts else {}
    return {
        **facts,
        **unnamed,
        "columns": columns,
        "checks": {name: text(sql) for name, sql in facts["checks"].items()},
        "indexes": {name: text(sql, bare) for name, sql in facts["indexes"].items()},
        "attributes": {names.get(name, name): each for name, each in attributes.items()},
    }


def exchanged(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield ``(aspect, name, before, after)`` of what takes another column's place in a table.

    Both columns were there and stay: no name comes or goes, and the values would be exchanged. Not
    where the models declare it and it is done (see ``moves``).
    """
    stay = set(before["columns"]) & set(after["columns"])
    there = {each: column for column, each in before.get("attributes", {}).items()}
    stay -= {name for name in stay if is_done(before["columns"][name], after["columns"][name])}
    for column, attribute in sorted(after.get("attributes", {}).items()):
        was = there.get(attribute, column)
        if was != column and {was, column} <= stay:
            yield "attribute", attribute, was, column
    for column in sorted(stay):
        old, new = (facts["columns"][column].get("renamed_from") for facts in (before, after))
        if new and new != old and new in stay:
            yield "declaration", column, column, new


def is_done(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether a column is what it is declared to have been, and had that name just now."""
    return bool(before.get("was", "") == after.get("renamed_from") != "")


def other_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return the old name of each constraint or index of which only the name is another one."""
    gone = {without(name, each): name for name, each in before.items() if name not in after}
    return {name: gone[without(name, each)] for name, each in after.items()
            if name not in before and without(name, each) in gone}  # fmt: skip


def without(name: str, each: Any) -> str:
    """Return what is said of a constraint or an index as text without its name."""
    if not isinstance(each, str):
        return str(each)
    return re.sub(f'(["`]?){re.escape(name)}\\1', "", each, count=1)
