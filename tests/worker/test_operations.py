"""Operations in words, and the doubt about each."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.operations import ops
from sqlalchemy import (
    BigInteger,
    Column,
    Enum,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)  # fmt: skip

from gitmig._worker.operations import describe, widens


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        (SmallInteger(), Integer(), True),
        (Integer(), BigInteger(), True),
        (BigInteger(), Integer(), False),
        (Integer(), SmallInteger(), False),
        (String(9), String(20), True),
        (String(20), String(9), False),
        (String(20), Text(), True),
        (Enum("a", name="k"), Enum("a", "b", name="k"), True),
        (Enum("a", "b", name="k"), Enum("a", name="k"), False),
        (String(20), Enum("a", name="k"), False),
        (Integer(), String(20), False),
    ],
)
def test_what_every_value_fits(old: Any, new: Any, fits: bool) -> None:
    """A wider integer, a longer text, more members are no doubt; a text that becomes an enum is."""
    assert widens(old, new) is fits


def doubts(*made: Any) -> list[str]:
    """Return the doubts about operations."""
    return [each["doubt"] for each in describe([ops.UpgradeOps(made)]) if each["doubt"]]


@pytest.mark.parametrize("add", [
    ops.CreateUniqueConstraintOp("uq", "users", ["code"]),
    ops.CreateForeignKeyOp("fk", "users", "codes", ["code"], ["id"]),
    ops.CreateIndexOp("ix", "users", ["code"], unique=True,
                      postgresql_where=text("code IS NOT NULL")),
], ids=["unique", "foreign key", "index"])  # fmt: skip
def test_constraints_of_new_columns(add: Any) -> None:
    """On a new column they can only fail where its server default gives all rows one value."""
    assert doubts(ops.AddColumnOp("users", Column("code", Integer)), add) == []
    filled = Column("code", Integer, server_default="1")
    assert len(doubts(ops.AddColumnOp("users", filled), add)) == 1
    assert len(doubts(add)) == 1


def test_an_index_of_some_rows_under_another_name() -> None:
    """A unique index of some rows that only has another name holds rows to nothing new."""

    def index(name: str, where: str) -> Any:
        return ops.CreateIndexOp(name, "users", ["code"], unique=True, sqlite_where=text(where))

    def drop(made: Any) -> Any:
        return ops.DropIndexOp(made.index_name, "users", _reverse=made)

    assert doubts(drop(index("a", "x > 1")), index("b", "x > 1")) == []
    assert len(doubts(drop(index("a", "x > 1")), index("b", "x > 2"))) == 1
