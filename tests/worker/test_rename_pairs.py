"""What makes a drop and an add a rename for certain, from both sides (C11)."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.operations import ops
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text

from gitmig._worker.failures import Failure
from gitmig._worker.pairing import Evidence, columns_renamed, tables_renamed

ID = Column("id", Integer, primary_key=True)


def table(name: str, *columns: Column[Any]) -> Table:
    """Return a table with copies of the columns."""
    return Table(name, MetaData(), *(column._copy() for column in columns))


def changed(old: list[Column[Any]], new: list[Column[Any]]) -> Any:
    """Return what Alembic finds between two versions of a table."""
    before, after = table("users", *old), table("users", *new)
    names = {column.name for column in old} & {column.name for column in new}
    made = [ops.AddColumnOp.from_column_and_tablename(None, "users", column)
            for column in after.columns if column.name not in names]  # fmt: skip
    made += [ops.DropColumnOp.from_column_and_tablename(None, "users", column)
             for column in before.columns if column.name not in names]  # fmt: skip
    return ops.UpgradeOps([ops.ModifyTableOps("users", made)])


def renamed(old: list[Column[Any]], new: list[Column[Any]]) -> tuple[dict[str, str], list[str]]:
    """Return the renames between two versions of a table, and the columns there are doubts on."""
    evidence = Evidence()
    found = list(columns_renamed(changed(old, new), evidence))
    return {op.column_name: op.modify_name for op in found}, [each.old for each in evidence.likely]


NAME, SIZE = Column("name", String(50)), Column("size", Integer)


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([ID, NAME], [ID, Column("full_name", String(50))], {"name": "full_name"}),
        ([ID, NAME], [ID, Column("full_name", Text, nullable=False)], {"name": "full_name"}),
        ([ID, Column("adress", Text)], [ID, Column("address", Text)], {"adress": "address"}),
        (
            [ID, Column("first", Text), Column("last", Text)],
            [ID, Column("first_name", Text), Column("last_name", Text)],
            {"first": "first_name", "last": "last_name"},
        ),
        (
            [ID, NAME, SIZE],
            [ID, Column("full_name", Text), SIZE, Column("email", Text)],
            {"name": "full_name"},
        ),
    ],
    ids=["longer name", "and another type", "a slip", "two at once", "beside a new column"],
)
def test_certain(old: list[Column[Any]], new: list[Column[Any]], pairs: dict[str, str]) -> None:
    """One family of types, one place, names alike, and no other partner: a rename."""
    assert renamed(old, new) == (pairs, [])


@pytest.mark.parametrize(
    ("old", "new", "doubtful"),
    [
        ([ID, NAME], [ID, Column("bio", Text)], ["name"]),
        ([ID, NAME, SIZE], [ID, SIZE, Column("full_name", Text)], ["name"]),
        (
            [ID, NAME],
            [ID, Column("first_name", Text), Column("name_two", Text)],
            ["name"],
        ),
        ([ID, NAME], [ID, Column("full_name", Boolean)], []),
        ([ID, NAME], [ID, Column("count", Integer)], []),
    ],
    ids=["other name", "other place", "two partners", "other type, alike", "other type"],
)
def test_not_certain(old: list[Column[Any]], new: list[Column[Any]], doubtful: list[str]) -> None:
    """Anything less is a drop and an add; where the values could be the same, it is said."""
    assert renamed(old, new) == ({}, doubtful)


def test_a_declared_rename_is_obeyed() -> None:
    """What the model declares is a rename, whatever its name, place and type."""
    bio = Column("bio", Integer, info={"renamed_from": "name"})
    assert renamed([ID, NAME, SIZE], [ID, SIZE, bio]) == ({"name": "bio"}, [])


def test_a_declared_rename_of_nothing() -> None:
    """A declared rename of a column that does not go is refused by name."""
    bio = Column("bio", Text, info={"renamed_from": "nmae"})
    with pytest.raises(Failure, match=r"users\.bio is declared to have been nmae"):
        renamed([ID, NAME], [ID, bio])


def tables(old: list[Table], new: list[Table]) -> tuple[dict[str, str], list[str]]:
    """Return the renames among dropped and created tables, and the doubts."""
    made: list[Any] = [ops.CreateTableOp.from_table(each) for each in new]
    made += [ops.DropTableOp.from_table(each) for each in old]
    evidence = Evidence()
    found = list(tables_renamed(ops.UpgradeOps(made), evidence))
    names = {op.table_name: op.new_table_name for op in found}
    return names, [each.old for each in evidence.likely]


@pytest.mark.parametrize(
    ("old", "new", "pairs", "doubtful"),
    [
        (table("users", ID, NAME), table("app_users", ID, NAME), {"users": "app_users"}, []),
        (
            table("users", ID, NAME),
            table("app_users", ID, Column("full_name", String(50))),
            {"users": "app_users"},
            [],
        ),
        (table("users", ID, NAME), table("people", ID, NAME), {}, ["users"]),
        (table("users", ID, NAME), table("users_log", ID, SIZE), {}, ["users"]),
        (table("users", ID, NAME), table("tags", Column("key", Text), SIZE), {}, []),
    ],
    ids=["alike", "and a column", "other name", "other column", "nothing in common"],
)
def test_tables(old: Table, new: Table, pairs: dict[str, str], doubtful: list[str]) -> None:
    """A table is renamed for certain where names are alike and each column has its partner."""
    assert tables([old], [new]) == (pairs, doubtful)


def test_a_declared_rename_of_a_table() -> None:
    """``info`` of a table declares what it was."""
    people = Table("people", MetaData(), Column("key", Text), info={"renamed_from": "users"})
    assert tables([table("users", ID, NAME)], [people]) == ({"users": "people"}, [])
