"""Which dropped table and which new one are one thing under another name: see ``pairing``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from alembic.operations import ops

from .failures import Failure
from .likeness import related, same_name
from .lineage import Known
from .operations import flatten
from .pairing import DECLARED, HALF, Evidence, Likely, Pair, alone, key, paired
from .shapes import Op
from .sql import RenameTable


def tables_renamed(up: Op, evidence: Evidence, known: Known | None = None) -> Iterator[Op]:
    """Yield the renames among the tables; collect those that are only likely."""
    flat = list(flatten(up))
    dropped = [op.to_table() for op in flat if isinstance(op, ops.DropTableOp)]
    created = [op for op in flat if isinstance(op, ops.CreateTableOp)]
    if known is None:
        refuse_unknown(dropped, created, evidence)
    pairs = [
        (before, op)
        for before in dropped
        for op in created
        if before.schema == op.schema
        and (known.is_table(before, op) if known else is_renamed(before, op, evidence))
    ]
    certain = alone(pairs)
    for before, op in certain:
        evidence.tables[key(op.schema, op.table_name)] = key(before.schema, before.name)
        yield RenameTable(before.name, op.table_name, schema=op.schema)
    if known is None:
        settled = {id(each) for pair in certain for each in pair}
        free = [op for op in created if id(op) not in settled]
        evidence.likely += likely_tables(
            [before for before in dropped if id(before) not in settled], free, pairs, evidence
        )


def refuse_unknown(dropped: Sequence[Any], created: Sequence[Op], evidence: Evidence) -> None:
    """Raise ``rename_unknown`` where a new table is declared to have been none that goes.

    Where the models of the commit before have it, or are not known, the declaration may be old.
    """
    going = {(table.schema, table.name) for table in dropped}
    for op in created:
        name = op.info.get(DECLARED)
        new = evidence.before and key(op.schema, op.table_name) not in evidence.before
        if new and name is not None and (op.schema, name) not in going:
            told = f"table {op.table_name} is declared to have been {name}"
            raise Failure("rename_unknown", f"{told}, and no table {name} goes")


def likely_tables(
    dropped: Sequence[Any], created: Sequence[Op], pairs: Sequence[Pair], evidence: Evidence
) -> Iterator[Likely]:
    """Yield for each dropped table the new one that it may be."""
    for before in dropped:
        near = [op for one, op in pairs if one is before]
        near += [op for op in created if op.schema == before.schema
                 and share(before, op, evidence) >= HALF]  # fmt: skip
        if near:
            yield Likely(before.schema, "", before.name, near[0].table_name)


def is_renamed(before: Any, op: Op, evidence: Evidence) -> bool:
    """Say whether a table that goes is, for certain, the one that comes."""
    name = op.info.get(DECLARED) or evidence.answered.get((op.schema, "", op.table_name))
    if name is not None:
        return bool(name == before.name)
    if evidence.same_class(op.schema, before.name, op.table_name):
        now = {key(op.schema, op.table_name): key(before.schema, before.name)}
        trial = replace(evidence, tables={**evidence.tables, **now})
        return share(before, op, trial, least=0) >= HALF and same_key(before, op, trial)
    tables = op.schema, before.name, op.table_name
    likely = same_name(before.name, op.table_name) or evidence.like_class(*tables)
    return likely and share(before, op, evidence) == 1 and same_key(before, op, evidence)


def same_key(before: Any, op: Op, evidence: Evidence) -> bool:
    """Say whether two tables have one primary key: Alembic changes none."""
    old, new = list(before.columns), list(op.to_table().columns)
    names = {column.name for column in old} & {column.name for column in new}
    rest, others = ([column for column in each if column.name not in names] for each in (old, new))
    now = {one.name: other.name for one, other in
           paired(rest, others, (op.schema, op.table_name), evidence)}  # fmt: skip
    was, key = ({column.name for column in each if column.primary_key} for each in (old, new))
    return {now.get(name, name) for name in was} == key


def share(before: Any, op: Op, evidence: Evidence, least: float = HALF) -> float:
    """Return which part of two tables' columns is the same, or renamed for certain.

    It is 0 where less than ``least`` is the same, name and type.
    """
    old, new = list(before.columns), list(op.to_table().columns)
    same = {a.name for a in old for b in new if a.name == b.name and related(a, b)}
    rest = [column for column in old if column.name not in same]
    others = [column for column in new if column.name not in same]
    if not old or len(same) < least * max(len(old), len(new)):
        return 0
    place = (op.schema, op.table_name)
    declarations = [column for column in others if DECLARED in column.info]
    known = {column.name for column in rest}
    if any(column.info[DECLARED] not in known for column in declarations):
        return 0  # declared to have been a column of another table
    renamed = paired(rest, others, place, evidence)
    return (len(same) + len(renamed)) / max(len(old), len(new))
