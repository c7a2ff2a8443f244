"""What MySQL and MariaDB need besides.

A column is changed by saying all of it again: what is not said (AUTO_INCREMENT) is lost. A foreign
key makes an index named after its column, which keeps that name when the column gets another. An
index that a foreign key needs cannot be dropped, not even just before its table.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

import sqlalchemy
from alembic.operations import ops

from .operations import flatten
from .shapes import Context, Dialect, Op
from .sql import RenameColumnOp, SqlOp
from .together import key_of
from .unseen import table_of

NAMES = ("mysql", "mariadb")


def complete(renames: list[Op], dialect: Dialect) -> list[Op]:
    """Return renames with what must come with them."""
    if dialect.name not in NAMES:
        return renames
    found: list[Op] = []
    for op in renames:
        if isinstance(op, RenameColumnOp):
            counts = op.column.autoincrement is True and op.column.primary_key
            new = str(op.modify_name)
            column = op.column
            found.append(
                RenameColumnOp(op.table_name, op.column_name, new, op.schema, column, counts)
            )
            found += index_of(op, dialect)
        else:
            found.append(op)
    return found


def index_of(op: Any, dialect: Dialect) -> list[Op]:
    """Return the rename of the index that a foreign key made and named after its column."""
    table = op.column.table
    names = {index.name for index in table.indexes} if table is not None else set()
    if op.column.name not in names:  # its first name, where it is renamed in two steps
        return []
    quote = dialect.identifier_preparer.quote
    known, old, new = quote(op.table_name), quote(op.column_name), quote(op.modify_name)
    return [
        SqlOp(
            f"rename index {op.column_name} of {op.table_name}",
            [f"ALTER TABLE {known} RENAME INDEX {old} TO {new}"],
            [f"ALTER TABLE {known} RENAME INDEX {new} TO {old}"],
        )
    ]


def drop_whole(container: Op, dialect: Dialect) -> None:
    """Take out the drops of indexes whose table is dropped, too: they go with it."""
    if dialect.name not in NAMES:
        return
    gone = {(op.schema, op.table_name) for op in flatten(container)
            if isinstance(op, ops.DropTableOp)}  # fmt: skip
    take_out(container, gone)


def take_out(container: Op, gone: set[Any]) -> None:
    """Take the drops of indexes on some tables out of a container, and of those in it."""
    kept = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            take_out(op, gone)
        if not (isinstance(op, ops.DropIndexOp) and (op.schema, op.table_name) in gone):
            kept.append(op)
    container.ops[:] = [op for op in kept if not isinstance(op, ops.ModifyTableOps) or op.ops]


def drop_implicit(up: Op, down: Op, context: Context) -> None:
    """Have the way back drop the index that comes with a foreign key, and would stay.

    It has the key's name. There is none where the models have one that begins with its columns, or
    where a key of these columns goes: its index stays. With a new table or column it goes.
    """
    if context.dialect.name not in NAMES:
        return
    new = {(op.schema, op.table_name, op.column.name) for op in flatten(up)
           if isinstance(op, ops.AddColumnOp)}  # fmt: skip
    made = {(op.schema, op.table_name) for op in flatten(up) if isinstance(op, ops.CreateTableOp)}
    keys = set()
    for op in flatten(up):
        if isinstance(op, ops.CreateForeignKeyOp) and op.constraint_name:
            schema, columns = op.kw.get("source_schema"), list(map(str, op.local_cols))
            is_new = (schema, op.source_table) in made
            is_new = is_new or any((schema, op.source_table, each) in new for each in columns)
            with contextlib.suppress(StopIteration):  # a table that is not the models'
                is_new = is_new or columns in indexed_by_keys_that_go(up)
                if not is_new and not is_indexed(table_of(key_of(op), context), columns):
                    keys.add((schema, op.source_table, str(op.constraint_name)))
    put_behind(down, keys)


def indexed_by_keys_that_go(up: Op) -> list[list[str]]:
    """Return the columns of the foreign keys that are dropped, as they are called afterwards."""
    steps = list(flatten(up))
    renamed = {op.column_name: str(op.modify_name) for op in steps
               if isinstance(op, RenameColumnOp)}  # fmt: skip
    dropped = [op._reverse for op in steps if isinstance(op, ops.DropConstraintOp)]
    return [[renamed.get(str(each), str(each)) for each in key.local_cols]
            for key in dropped if isinstance(key, ops.CreateForeignKeyOp)]  # fmt: skip


def put_behind(container: Op, keys: Collection[Any]) -> None:
    """Put the drop of an index behind that of its foreign key."""
    kept: list[Op] = []
    for op in container.ops:
        kept.append(op)
        if isinstance(op, ops.OpContainer):
            put_behind(op, keys)
        elif isinstance(op, ops.DropConstraintOp):
            place = (op.schema, op.table_name, str(op.constraint_name))
            if place in keys:
                kept.append(ops.DropIndexOp(place[2], op.table_name, schema=op.schema))
    container.ops[:] = kept


def is_indexed(table: Any, columns: list[str]) -> bool:
    """Say whether a table of the models has an index that begins with some columns."""
    kinds = (sqlalchemy.PrimaryKeyConstraint, sqlalchemy.UniqueConstraint)
    known = [*table.indexes, *(each for each in table.constraints if isinstance(each, kinds))]
    return any([column.name for column in each.columns][: len(columns)] == columns
               for each in known)  # fmt: skip
