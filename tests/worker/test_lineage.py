"""What things were called before a chain of operations."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.operations import ops
from sqlalchemy import Column, Computed, Integer

from gitmig._worker.failures import Failure
from gitmig._worker.lineage import Known, Lineage


def rename(old: str, new: str, table: str = "users") -> Any:
    """Return the rename of a column."""
    return ops.AlterColumnOp(table, old, modify_name=new)


def add(name: str) -> Any:
    """Return the addition of a column."""
    return ops.AddColumnOp("users", Column(name, Integer))


def drop(name: str) -> Any:
    """Return the drop of a column."""
    return ops.DropColumnOp("users", name)


def table(old: str, new: str) -> Any:
    """Return the rename of a table."""
    return ops.RenameTableOp(old, new)


def column(old: str, new: str, known: str = "users") -> tuple[None, str, str, str]:
    """Return a column's rename as it is told."""
    return (None, known, old, new)


@pytest.mark.parametrize(
    ("done", "tables", "columns"),
    [
        ([rename("a", "b"), rename("b", "c")], set(), {column("a", "c")}),
        ([rename("a", "b"), rename("b", "a")], set(), set()),
        ([rename("a", "t"), rename("b", "a"), rename("t", "b")], set(),
         {column("a", "b"), column("b", "a")}),
        ([add("a"), rename("a", "b")], set(), set()),
        ([rename("a", "b"), add("a")], set(), {column("a", "b")}),
        ([rename("a", "b"), drop("b"), add("b")], set(), set()),
        ([drop("a"), add("a"), rename("a", "b")], set(), set()),
        ([table("users", "people"), rename("a", "b", "people")], {(None, "users", "people")},
         {column("a", "b", "people")}),
        ([rename("a", "b"), table("users", "people")], {(None, "users", "people")},
         {column("a", "b", "people")}),
        ([table("users", "x"), table("x", "users")], set(), set()),
        ([ops.CreateTableOp("x", []), rename("a", "b", "x"), table("x", "y")], set(), set()),
        ([rename("a", "b"), ops.DropTableOp("users")], set(), set()),
    ],
    ids=["twice", "to and fro", "swapped", "new", "name taken again", "dropped", "made anew",
         "table first", "column first", "table to and fro", "new table", "dropped table"],
)  # fmt: skip
def test_renames_add_up(done: list[Any], tables: set[Any], columns: set[Any]) -> None:
    """Only what was there before and has another name in the end is a rename."""
    lineage = Lineage()
    for op in done:
        lineage.note(op)
    known = Known(lineage.renames())
    assert (known.tables, known.columns) == (tables, columns)


def test_none_is_lost() -> None:
    """A rename that is not found again is refused by name."""
    known = Known({"tables": [[None, "a", "b"]], "columns": [[None, "b", "one", "two"]]})
    known.refuse_lost([table("a", "b"), rename("one", "two", "b")])
    with pytest.raises(Failure, match=r"b\.one became two"):
        known.refuse_lost([table("a", "b")])


@pytest.mark.parametrize(
    ("done", "again"),
    [
        ([drop("a"), add("a")], ["users.a"]),
        ([drop("a"), add("b")], []),
        ([add("a"), drop("a"), add("a")], []),
        ([drop("a"), add("a"), drop("a")], []),
        ([ops.DropTableOp("users"), ops.CreateTableOp("users", [])], ["users"]),
        ([ops.CreateTableOp("users", []), drop("a"), add("a")], []),
    ],
    ids=["again", "another", "new", "gone for good", "a table", "in a new table"],
)
def test_what_comes_again_is_empty(done: list[Any], again: list[str]) -> None:
    """What was there, is dropped and comes again is told: one revision would keep its values."""
    lineage = Lineage()
    for op in done:
        lineage.note(op)
    known = Known(lineage.renames())
    assert known.again == again
    if again:
        with pytest.raises(Failure, match=f"{again[0]} is dropped and comes again empty"):
            known.refuse_lost([])


def test_a_computed_column_may_come_again() -> None:
    """A computed column holds nothing of its own."""
    lineage = Lineage()
    again = ops.AddColumnOp("users", Column("a", Integer, Computed("b + 1")))
    for op in (drop("a"), again):
        lineage.note(op)
    assert Known(lineage.renames()).again == []
