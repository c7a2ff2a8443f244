"""From what Alembic was asked for to changes.

The statements say it best, whoever wrote them. The operations of a batch that copies the table have
none, so there, and where no statement was understood, the operation itself is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gitmig.ran import RanOperation, Statement
from gitmig.rules.changes import Change
from gitmig.rules.reading import changes

COPY = "BatchAlterTable"  # the copy that a batch makes of a table; what for is told by the others
NOT_SENT = Statement("")
_CONSTRAINTS = {
    "CreateForeignKeyOp": "foreign key",
    "CreateCheckConstraintOp": "check",
    "CreateUniqueConstraintOp": "unique",
    "CreatePrimaryKeyOp": "primary key",
}


def changes_of(operation: RanOperation, dialect: str) -> list[tuple[Change, Statement]]:
    """Return what an operation did, each with the statement that did it."""
    if operation.kind == COPY:
        return []
    sent = operation.statements
    found = [(change, each) for each in sent for change in changes(each.sql, dialect)]
    if found:
        return found
    last = sent[-1] if sent else NOT_SENT
    read = OPERATIONS.get(operation.kind)
    return [(change, last) for change in read(operation, operation.facts)] if read else []


def add_column(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read AddColumnOp."""
    flags = {
        "not null": facts.get("nullable") is False,
        "default": facts.get("default") is not None,
        "generated": facts.get("computed"),
        "identity": facts.get("identity"),
        "unique": facts.get("unique"),
        "references": facts.get("references"),
    }
    there = frozenset(flag for flag, value in flags.items() if value)
    yield Change("add column", ran.table, ran.column, str(facts.get("type", "")), there)


def drop_column(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read DropColumnOp."""
    yield Change("drop column", ran.table, ran.column)


def alter_column(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read AlterColumnOp, which may do several things."""
    if "type" in facts:
        yield Change("change type", ran.table, ran.column, str(facts["type"]))
    if "nullable" in facts:
        what = "drop not null" if facts["nullable"] else "set not null"
        yield Change(what, ran.table, ran.column)
    if facts.get("renamed_to"):
        yield Change("rename column", ran.table, ran.column, str(facts["renamed_to"]))


def create_index(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read CreateIndexOp."""
    flags = frozenset(flag for flag in ("unique", "concurrently") if facts.get(flag))
    yield Change("create index", ran.table, str(facts.get("name")), flags=flags)


def drop_index(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read DropIndexOp."""
    flags = frozenset(flag for flag in ("concurrently",) if facts.get(flag))
    yield Change("drop index", ran.table, str(facts.get("name")), flags=flags)


def add_constraint(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read the operations that add a constraint."""
    flags = frozenset({"not valid"} if facts.get("not_valid") else ())
    name, condition = str(facts.get("name") or ""), str(facts.get("condition", ""))
    yield Change("add constraint", ran.table, name, _CONSTRAINTS[ran.kind], flags, condition)


def drop_constraint(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read DropConstraintOp."""
    kind = {"foreignkey": "foreign key", "primary": "primary key"}
    said = str(facts.get("constraint_type") or "")
    yield Change("drop constraint", ran.table, str(facts.get("name") or ""), kind.get(said, said))


def rename_table(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
    """Read RenameTableOp."""
    yield Change("rename table", ran.table, to=str(facts["renamed_to"]))


def of_table(kind: str) -> Callable[[RanOperation, Mapping[str, Any]], Iterator[Change]]:
    """Return the reader of an operation that says all in its kind."""

    def read(ran: RanOperation, facts: Mapping[str, Any]) -> Iterator[Change]:
        yield Change(kind, ran.table)

    return read


OPERATIONS: Mapping[str, Callable[[RanOperation, Mapping[str, Any]], Iterator[Change]]] = {
    "AddColumnOp": add_column,
    "DropColumnOp": drop_column,
    "AlterColumnOp": alter_column,
    "CreateIndexOp": create_index,
    "DropIndexOp": drop_index,
    **dict.fromkeys(_CONSTRAINTS, add_constraint),
    "DropConstraintOp": drop_constraint,
    "RenameTableOp": rename_table,
    "CreateTableOp": of_table("create table"),
    "DropTableOp": of_table("drop table"),
    "BulkInsertOp": of_table("insert"),
}
