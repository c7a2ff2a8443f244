"""Operations in an order that runs, and that is the same on every machine.

Tables are made before what points to them, and dropped after it, and after what is changed in
the tables that stay. Foreign keys in a circle are added once all tables are there, and dropped
before the first goes. Alembic leaves drops in the order of a set, and makes tables with all
their foreign keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Any

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint

from .shapes import Dialect, Op

# what Alembic gives in the order of a set
SORTED = (ops.AddConstraintOp, ops.DropConstraintOp, ops.CreateIndexOp, ops.DropIndexOp)

Keys = dict[str, list[Any]]  # of each table the foreign keys that it is made with


def settle(container: Op, dialect: Dialect) -> None:
    """Put the operations of one way in order."""
    for group in container.ops:
        if isinstance(group, ops.ModifyTableOps):
            group.ops[:] = [op for _, run in groupby(group.ops, type) for op in by_name(run)]
    creates = {key_of(op): op for op in container.ops if isinstance(op, ops.CreateTableOp)}
    drops = {key_of(op): op for op in container.ops if isinstance(op, ops.DropTableOp)}
    if not creates and not drops:
        return
    up = {key: foreign_keys(op.columns) for key, op in creates.items()}
    down = {key: foreign_keys(op._reverse.columns if op._reverse is not None else ())
            for key, op in drops.items()}  # fmt: skip
    made, apart = sorted_tables(up, dialect)
    gone, first = sorted_tables(down, dialect)
    for key, keys in apart.items():
        columns = creates[key].columns
        creates[key].columns = [item for item in columns if not any(item is each for each in keys)]
    blocks: dict[str, list[Op]] = {key: [] for key in (*made, *gone)}
    early, late = around(container.ops, [key_of(op) in blocks for op in container.ops])
    apart_from = {id(op) for op in (*early, *late)}
    others = [op for op in container.ops
              if key_of(op) not in blocks and id(op) not in apart_from]  # fmt: skip
    for op in container.ops:
        if key_of(op) in blocks:
            blocks[key_of(op)].append(op)
    container.ops[:] = [
        *early,
        *(op for key in made for op in blocks[key]),
        *new(ops.CreateForeignKeyOp, apart, others),
        *others,
        *new(ops.DropConstraintOp, first, others),
        *(op for key in reversed(gone) for op in blocks[key]),
        *late,
    ]


def around(found: Sequence[Op], of_tables: Sequence[bool]) -> tuple[list[Op], list[Op]]:
    """Return a plugin's operations before the first table, and those after the last one."""
    foreign = [not type(op).__module__.startswith("alembic.") for op in found]
    first = of_tables.index(True)
    last = len(of_tables) - of_tables[::-1].index(True)
    early = [op for op, is_foreign in zip(found[:first], foreign) if is_foreign]
    late = [op for op, is_foreign in zip(found[last:], foreign[last:]) if is_foreign]
    return early, late


def by_name(run: Iterable[Op]) -> list[Op]:
    """Return operations of one kind in the order of their names, where it does not matter."""
    found = list(run)
    if isinstance(found[0], (ops.AddColumnOp, ops.DropColumnOp)):
        return by_place(found)
    if not isinstance(found[0], SORTED):
        return found
    return sorted(found, key=lambda op: (str(getattr(op, "constraint_name", None)
                                             or getattr(op, "index_name", "")),
                                         str(getattr(op, "local_cols", ""))))  # fmt: skip


def by_place(found: list[Op]) -> list[Op]:
    """Return columns that come or go in the order of their table, as far as that is known.

    A computed one goes before what it is computed from, and comes after it.
    """
    goes = isinstance(found[0], ops.DropColumnOp)
    columns = [op.to_column() if goes else op.column for op in found]
    computed = [column.computed is not None for column in columns]
    table: Any = getattr(columns[0], "table", None)
    if any(computed) and not goes:
        return [op for _, op in sorted(zip(computed, found), key=lambda pair: pair[0])]
    if table is None:
        return found
    places = {column: place for place, column in enumerate(table.columns)}
    keys = [(not each, places.get(column, 0)) for each, column in zip(computed, columns)]
    return [op for _, op in sorted(zip(keys, found), key=lambda pair: pair[0])]


def new(kind: Any, apart: Keys, others: Iterable[Op]) -> list[Op]:
    """Return what adds or drops foreign keys, but for those where it is there already."""
    there = {said(op) for op in others if isinstance(op, kind) and is_foreign_key(op)}
    made = [kind.from_constraint(each) for keys in apart.values() for each in keys]
    return [op for op in made if said(op) not in there]


def is_foreign_key(op: Op) -> bool:
    """Say whether an operation adds or drops a foreign key."""
    return isinstance(op, ops.CreateForeignKeyOp) or op.constraint_type == "foreignkey"


def said(op: Op) -> Any:
    """Return what tells a foreign key of one table from the others."""
    key = op if isinstance(op, ops.CreateForeignKeyOp) else op._reverse
    return (key.source_table, tuple(key.local_cols), key.referent_table, tuple(key.remote_cols))


def key_of(op: Op) -> str:
    """Return the key of an operation's table, empty where it has none."""
    schema, table = getattr(op, "schema", None), str(getattr(op, "table_name", ""))
    if isinstance(op, (ops.DropConstraintOp, ops.AddConstraintOp)):
        return ""  # what was put among the others stays there
    return f"{schema}.{table}" if schema else table


def foreign_keys(items: Collection[Any]) -> list[Any]:
    """Return the foreign keys among what a table is made of, in the order of their columns."""
    found = [each for each in items if isinstance(each, ForeignKeyConstraint)]
    return sorted(found, key=lambda each: (each.column_keys, target(each)))


def target(key: Any) -> str:
    """Return the key of the table that a foreign key points to."""
    return str(key.elements[0].target_fullname).rpartition(".")[0]


def sorted_tables(tables: Keys, dialect: Dialect) -> tuple[list[str], Keys]:
    """Return tables after those that they point to, and the foreign keys that stand apart.

    SQLite takes a foreign key to a table that is not there yet, and adds none to one that is.
    """
    alone = dialect.name == "sqlite"
    apart: Keys = {key: [each for each in keys if each.use_alter and not alone]
                   for key, keys in sorted(tables.items())}  # fmt: skip
    order: list[str] = []
    left = sorted(tables)
    while left:
        ready = [key for key in left if not waiting(key, tables[key], apart[key], left)]
        key = ready[0] if ready else in_circle(left, tables, apart)
        if not ready and not alone:
            apart[key] += waiting(key, tables[key], apart[key], left)
        order.append(key)
        left.remove(key)
    return order, {key: keys for key, keys in apart.items() if keys}


def waiting(
    key: str, keys: Iterable[Any], apart: Sequence[Any], left: Collection[str]
) -> list[Any]:
    """Return the foreign keys of a table to others that are left."""
    return [each for each in keys
            if target(each) in left and target(each) != key and each not in apart]  # fmt: skip


def in_circle(left: Sequence[str], tables: Keys, apart: Keys) -> str:
    """Return a table that is part of a circle: the first that is met twice."""
    met: list[str] = []
    key = left[0]
    while key not in met:
        met.append(key)
        key = target(waiting(key, tables[key], apart[key], left)[0])
    return min(met[met.index(key):])  # fmt: skip
