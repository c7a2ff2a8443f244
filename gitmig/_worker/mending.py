"""The operations that mend what only the ``Judge`` sees: of one difference each.

A change says both sides in the database's own words, which are SQL again: a CHECK, a sequence, an
index can be written from them. ``unseen`` has the operations for what comes with a commit, which
knows the words of the models alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.schema import CreateSequence

from . import constraints, names, numbering, unseen
from .indexes import INDEX, index_operations
from .shapes import Context, Op
from .sql import SqlOp, mentions
from .unseen import Change

COUNTED = re.compile(r"(ALWAYS|BY DEFAULT)? ?start (\S+) increment (\S+) cycle (\w)")
LENGTH = re.compile(r"\(\d+\)$")  # how much of a column is in an index
KINDS = ("FULLTEXT", "SPATIAL")  # of indexes on MySQL, beside the usual one


def operations_for(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return the operations that mend a difference of a table, None where there is none."""
    kinds = {"check": of_check, "counts": of_counting, "index": of_index, "unique": of_unique}
    return kinds.get(change.aspect, unseen.operations_for)(change, context, table)


def of_check(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return what drops the old check and adds the new one, under a name where it has none."""
    if "EXCLUDE " in (str(change.before)[:8], str(change.after)[:8]):
        return of_exclusion(change, context, table)
    if change.name:
        return check_operations(change, table)
    if change.after is None:
        return None
    return check_operations(replace(change, name=name_for(change, context, table)), table)


def check_operations(change: Change, table: Any) -> list[Op]:
    """Return what drops the old check and adds the new one."""
    made: list[Op] = []
    if change.before is not None:
        old = constraints.check(change.name, table, change.before)
        made.append(ops.DropConstraintOp(old.constraint_name, table.name, type_="check",
                                         schema=table.schema, _reverse=old))  # fmt: skip
    if change.after is not None:
        made.append(constraints.check(change.name, table, change.after))
    return [ops.ModifyTableOps(table.name, made, schema=table.schema)]


def name_for(change: Change, context: Context, table: Any) -> str:
    """Return a name for a check without one: nothing could drop it again otherwise."""
    look = inspect(context.connection)
    each = look.get_check_constraints(table.name, schema=table.schema)
    taken = {check["name"] for check in each}
    columns = [column.name for column in table.columns if mentions(change.after, [column.name])]
    whole = "_".join(["ck", table.name, *columns])[:60]
    return next(name for name in (whole, *(f"{whole}_{number}" for number in range(2, 1000)))
                if name not in taken)  # fmt: skip


def of_exclusion(change: Change, context: Context, table: Any) -> list[Op]:
    """Return what drops the old exclusion constraint of PostgreSQL and adds the new one."""
    alter = f"ALTER TABLE {constraints.quoted(table.schema, table.name, context.dialect)}"
    name = context.dialect.identifier_preparer.quote(change.name)

    def way(before: str | None, after: str | None) -> list[str]:
        drop = [f"{alter} DROP CONSTRAINT {name}"] if before else []
        return drop + ([f"{alter} ADD CONSTRAINT {name} {after}"] if after else [])

    doubt = f"{change.name} of {table.name} fails where rows exclude each other"
    there, back = way(change.before, change.after), way(change.after, change.before)
    return [SqlOp(f"constraint {change.name} of {table.name}", there, back, doubt=doubt)]


def of_counting(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return what has the database number a column by itself, after the rows that are there."""
    if not change.after:
        return None
    dialect, column = context.dialect, table.columns[change.name]
    place = constraints.quoted(table.schema, table.name, dialect)
    name = dialect.identifier_preparer.quote(change.name)
    words = f"number {table.name}.{change.name}"
    if dialect.name in constraints.MYSQL:
        modify = f"ALTER TABLE {place} MODIFY {name} {column.type.compile(dialect=dialect)}"
        return [SqlOp(words, [f"{modify} NOT NULL AUTO_INCREMENT"], [f"{modify} NOT NULL"])]
    return numbering.operations_for(change.name, context, table)


def counted(said: str) -> tuple[str, str, str, str]:
    """Return what ``inspection_postgresql`` says of an identity or a sequence, as SQL."""
    found = COUNTED.fullmatch(said)
    assert found, said  # noqa: S101 - it is written there
    kind, start, step, cycle = found.groups()
    return kind or "", start, step, "CYCLE" if cycle == "t" else "NO CYCLE"


def of_sequence(change: Change, sequence: Any, context: Context) -> list[Op]:
    """Return what makes a sequence of the models, or gives it other options."""
    name = context.dialect.identifier_preparer.format_sequence(sequence)
    if change.before is None:
        create = str(CreateSequence(sequence).compile(dialect=context.dialect)).strip()
        return [SqlOp(f"sequence {name}", [create], [f"DROP SEQUENCE {name}"])]

    def way(said: str) -> list[str]:
        _, start, step, cycle = counted(said)
        return [f"ALTER SEQUENCE {name} START WITH {start} INCREMENT BY {step} {cycle}"]

    return [SqlOp(f"alter sequence {name}", way(change.after), way(change.before))]


def of_index(change: Change, context: Context, table: Any) -> list[Op]:
    """Return what drops an index, if there is one, and makes that of the models."""
    if change.before is None:
        return index_operations(change, table, context)
    return index_operations(
        replace(change, before=statement_of(change, context, table)), table, context
    )


def statement_of(change: Change, context: Context, table: Any) -> str:
    """Return the statement that makes an index as the database has it."""
    dialect, ask = context.dialect, context.connection.execute
    place = constraints.quoted(table.schema, table.name, dialect)
    name = dialect.identifier_preparer.quote(change.name)
    if dialect.name == "postgresql":
        known = {"name": constraints.quoted(table.schema, change.name, dialect)}
        query = sqlalchemy.text("SELECT pg_get_indexdef(to_regclass(:name))")
        return str(ask(query, known).scalar())
    if dialect.name == "sqlite":
        query = sqlalchemy.text(INDEX.replace("count(*)", "sql"))
        return str(ask(query, {"name": change.name, "table": table.name}).scalar())
    head, _, columns = str(change.before).partition(" (")
    kinds = [word for word in head.split() if word == "UNIQUE" or word in KINDS]
    parts = quoted_parts(columns[:-1].split(", "), table, context)
    return f"CREATE {' '.join([*kinds, 'INDEX'])} {name} ON {place} ({', '.join(parts)})"


def quoted_parts(parts: Collection[str], table: Any, context: Context) -> list[str]:
    """Return the parts of an index of MySQL as SQL: names in quotes, expressions in brackets."""
    columns = {each["name"] for each in inspect(context.connection).get_columns(
        table.name, schema=table.schema)}  # fmt: skip
    found = []
    for part in parts:
        name = LENGTH.sub("", part)
        is_column = name in columns
        quoted = context.dialect.identifier_preparer.quote(name)
        found.append(quoted + part[len(name) :] if is_column else f"({part})")
    return found


def of_unique(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return what adds a unique constraint of the models that has no name, under one."""
    if change.after is None:
        return None
    columns = change.after.split(", ")
    op = ops.CreateUniqueConstraintOp(None, table.name, columns, schema=table.schema)
    op.constraint_name = names.name_for(context.dialect, op)
    return [ops.ModifyTableOps(table.name, [op], schema=table.schema)]
