"""Alembic's operations in plain words, and the doubt a person should have about each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import sqlalchemy
from alembic.operations import ops

from . import plugins
from .shapes import Described, Op

MANY = 3
ONLY_NULL = "becomes NOT NULL: this fails where it holds NULL"
INTEGERS = {"small_integer": 1, "smallint": 1, "integer": 2, "big_integer": 3, "bigint": 3}

Told = tuple[str, str, str]  # words, column, doubt
Place = tuple[str, str]  # schema, table


ROOM = 100  # for each end of a long text


def short(value: Any) -> str:
    """Return a text that a message can hold: the members of an enum may be hundreds."""
    text = "nothing" if value is None else str(value) or "nothing"
    return text if len(text) <= 2 * ROOM else f"{text[:ROOM]} … {text[-ROOM:]}"


def between(before: Any, after: Any) -> str:
    """Return in words what was and what is, of very many members only which came and went."""
    was, is_now = short(before), short(after)
    if not isinstance(before, list) or str(before) == was:
        return f"from {was} to {is_now}"
    gone = [each for each in before if each not in after]
    came = [each for each in after if each not in before]
    told = [f"{short(', '.join(each))} {words}"
            for each, words in ((gone, "gone"), (came, "new")) if each]  # fmt: skip
    return f"({', '.join(told) or 'another order'}; {len(after)} in all)"


def describe(containers: Iterable[Op]) -> list[Described]:
    """Return the operations of ``UpgradeOps`` containers as plain dictionaries, in order."""
    every = (op for container in containers for op in flatten(container))
    flat = [op for op in every if getattr(op, "statements", True)]  # what acts on the way back only
    created = {place_of(op) for op in flat if isinstance(op, ops.CreateTableOp)}
    added = {
        (place_of(op), op.column.name)
        for op in flat
        if isinstance(op, ops.AddColumnOp) and op.column.nullable and not fills(op.column)
    }
    kept = {promise(getattr(op, "_reverse", None)) for op in flat} - {None}
    found = [describe_one(op, created, added) for op in flat]
    for op, described in zip(flat, found):
        if promise(op) in kept:  # all rows keep to it already, under another name
            described["doubt"] = ""
    return found


def promise(op: Op) -> tuple[Any, ...] | None:
    """Return what a constraint or an index holds rows to, whatever its name; None for nothing."""
    if isinstance(op, ops.CreateForeignKeyOp):
        there = (op.kw.get("referent_schema"), op.referent_table, *op.remote_cols)
        return (op.kw.get("source_schema"), op.source_table, *op.local_cols, "to", *there)
    if isinstance(op, ops.CreateCheckConstraintOp):
        return ("check", op.schema, op.table_name, str(op.condition))
    if isinstance(op, ops.CreateUniqueConstraintOp) or getattr(op, "unique", False):
        more = [f"{key} {value}" for key, value in sorted(op.kw.items())
                if key.endswith(("_where", "nulls_not_distinct"))
                and value is not None and value is not False]  # fmt: skip
        return ("unique", op.schema, op.table_name, frozenset(map(str, columns_of(op))), *more)
    return None


def flatten(container: Op) -> Iterator[Op]:
    """Yield the operations inside containers such as ``ModifyTableOps``."""
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            yield from flatten(op)
        else:
            yield op


def place_of(op: Op) -> Place:
    """Return the schema, empty for the default one, and the table of an operation."""
    names = ("new_table_name", "table_name", "source_table")
    table = next((name for name in (getattr(op, each, None) for each in names) if name), "")
    schema = getattr(op, "schema", None) or getattr(op, "kw", {}).get("source_schema")
    return str(schema or ""), str(table)


def located(schema: str | None, name: str) -> str:
    """Return a name with its schema, as people are told it."""
    return f"{schema}.{name}" if schema and name else str(name)


def describe_one(
    op: Op, created: Collection[Place], added: Collection[tuple[Place, str]]
) -> Described:
    """Return one operation as ``kind, schema, table, column, words, doubt``."""
    place = place_of(op)
    schema, table = place
    kinds = (DESCRIBERS[each] for each in type(op).__mro__ if each in DESCRIBERS)
    describer = next(kinds, None) or plugins.describer(type(op))
    if describer is None:
        kind = type(op).__name__
        words, column, doubt = f"run {kind}", "", f"{kind} is an operation gitmig cannot judge"
    else:
        words, column, doubt = describer(op, located(schema, table))
    columns = set(columns_of(op))
    if place in created or (columns and all((place, name) in added for name in columns)):
        doubt = ""  # no row can be in the way
    kind = type(op).__name__
    told = {"kind": kind, "schema": schema, "table": table, "column": column}
    return {**told, "words": words, "doubt": doubt}


def columns_of(op: Op) -> list[str]:
    """Return the names of the columns that a constraint or an index covers."""
    if isinstance(op, ops.CreateForeignKeyOp):
        return list(op.local_cols)
    columns = getattr(op, "columns", None) or ()
    return [getattr(column, "name", column) for column in columns]


def _create_table(op: Op, table: str) -> Told:
    return f"create table {table}", "", ""


def _drop_table(op: Op, table: str) -> Told:
    return f"drop table {table}", "", f"table {table} is dropped with all its rows"


def _add_column(op: Op, table: str) -> Told:
    column = op.column
    doubt = ""
    if not column.nullable and not fills(column):
        doubt = (
            f"{table}.{column.name} is NOT NULL and has no server default: "
            "adding it fails on a table that has rows"
        )
    return f"add {table}.{column.name}", column.name, doubt


def fills(column: Any) -> bool:
    """Say whether the server gives a new column values, also in the rows that are there."""
    made = (column.server_default, column.computed, getattr(column, "identity", None))
    return any(each is not None for each in made)


def _drop_column(op: Op, table: str) -> Told:
    name = op.column_name
    return f"drop {table}.{name}", name, f"{table}.{name} is dropped with all its values"


def _alter_column(op: Op, table: str) -> Told:
    name = op.column_name
    what, doubts = [], []
    if op.modify_type is not None:
        what.append(f"type {short(repr(op.modify_type))}")
        if not (fits(op) or widens(op.existing_type, op.modify_type)):
            doubts.append(
                f"{table}.{name} changes from {short(repr(op.existing_type))} to "
                f"{short(repr(op.modify_type))}: values may not fit"
            )
    if op.modify_nullable is not None:
        what.append("nullable" if op.modify_nullable else "NOT NULL")
        if not op.modify_nullable:
            doubts.append(f"{table}.{name} {ONLY_NULL}")
    if op.modify_server_default is not False:
        what.append("server default")
    if op.modify_comment is not False:
        what.append("comment")
    new = op.modify_name
    words = f"rename {table}.{name} to {new}" if new else f"alter {table}.{name}"
    return f"{words} ({', '.join(what)})" if what else words, name, "; ".join(doubts)


def fits(op: Op) -> bool:
    """Say whether all rows are known to keep to what an operation asks for."""
    return bool(getattr(op, "fits", False))


def widens(old: Any, new: Any) -> bool:
    """Say whether every value of the old type fits the new one: a longer string, more members.

    An enum fits a text that has room for its longest member.
    """
    members = [getattr(each, "enums", None) for each in (old, new)]
    if members[0] and members[1]:
        return set(members[0]) <= set(members[1])
    if members[0] and isinstance(new, sqlalchemy.String) and not members[1]:
        return new.length is None or max(map(len, members[0])) <= new.length
    if old is None or members[1] or old._type_affinity is not new._type_affinity:
        return False
    sizes = [INTEGERS.get(each.__visit_name__.lower(), 0) for each in (old, new)]
    if all(sizes):
        return sizes[0] <= sizes[1]
    before, after = getattr(old, "length", None), getattr(new, "length", None)
    return before is not None and (after is None or after >= before)


def _create_index(op: Op, table: str) -> Told:
    words = f"index {', '.join(str(column) for column in columns_of(op))} of {table}"
    name = str(op.index_name)
    doubt = f"unique index {name} fails where {table} has duplicates" if op.unique else ""
    return f"add {name}" if op.index_name else f"add {words}", "", doubt


def _drop_index(op: Op, table: str) -> Told:
    return f"drop {op.index_name}", "", ""


def _create_unique(op: Op, table: str) -> Told:
    columns = ", ".join(columns_of(op))
    return (
        f"add unique {table}({columns})",
        "",
        f"unique {table}({columns}) fails where there are duplicates",
    )


def _create_foreign_key(op: Op, table: str) -> Told:
    words = f"{table}({', '.join(op.local_cols)}) to "
    words += located(op.kw.get("referent_schema"), op.referent_table)
    return (
        f"add foreign key {words}",
        "",
        f"foreign key {words} fails where rows point nowhere",
    )


def _create_check(op: Op, table: str) -> Told:
    doubt = f"check {op.constraint_name} fails where rows of {table} break it"
    return f"add check {op.constraint_name} on {table}", "", "" if fits(op) else doubt


def _drop_constraint(op: Op, table: str) -> Told:
    return f"drop constraint {op.constraint_name} of {table}", "", ""


def _comment(op: Op, table: str) -> Told:
    return f"comment on {table}", "", ""


def _rename_table(op: Op, table: str) -> Told:
    return f"rename table {located(op.schema, op.table_name)} to {op.new_table_name}", "", ""


def _create_primary_key(op: Op, table: str) -> Told:
    words = f"primary key {table}({', '.join(columns_of(op))})"
    return f"add {words}", "", f"{words} fails where there are duplicates or NULL"


def _insert(op: Op, table: str) -> Told:
    rows = "1 row" if len(op.rows) == 1 else f"{len(op.rows)} rows"
    return f"insert {rows} into {op.table.name}", "", "rows that gitmig cannot judge"


def _execute(op: Op, table: str) -> Told:
    return "run SQL", "", "SQL that gitmig cannot judge"


DESCRIBERS: dict[type, Callable[[Op, str], Told]] = {
    ops.CreateTableOp: _create_table,
    ops.DropTableOp: _drop_table,
    ops.AddColumnOp: _add_column,
    ops.DropColumnOp: _drop_column,
    ops.AlterColumnOp: _alter_column,
    ops.CreateIndexOp: _create_index,
    ops.DropIndexOp: _drop_index,
    ops.CreateUniqueConstraintOp: _create_unique,
    ops.CreateForeignKeyOp: _create_foreign_key,
    ops.CreateCheckConstraintOp: _create_check,
    ops.DropConstraintOp: _drop_constraint,
    ops.CreatePrimaryKeyOp: _create_primary_key,
    ops.RenameTableOp: _rename_table,
    ops.BulkInsertOp: _insert,
    ops.CreateTableCommentOp: _comment,
    ops.DropTableCommentOp: _comment,
    ops.ExecuteSQLOp: _execute,
}


def message(operations: Iterable[Described]) -> str:
    """Return the revision message: the first operations in words, then how many more.

    Indexes and constraints of a table made in the same revision go without saying.
    """
    made = "CreateTableOp"
    created = {(op["schema"], op["table"]) for op in operations if op["kind"] == made}
    told = [
        op["words"]
        for op in operations
        if (op["schema"], op["table"]) not in created or op["kind"] == made
    ]
    words = ", ".join(told[:MANY])
    rest = len(told) - MANY
    return f"{words} and {rest} more" if rest > 0 else words
