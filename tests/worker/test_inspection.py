"""What is spelling alone in the words of a database, and what is not."""

from __future__ import annotations

import sqlite3

import pytest

from gitmig._worker import inspection_postgresql as postgresql
from gitmig._worker import inspection_sqlite as sqlite
from gitmig._worker.types_fit import narrows


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::bpchar])::text[]))",
            "((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::bpchar)::text]))",
        ),
        ("lower((name)::text)", "lower(name)"),
        ("('2020-01-01'::timestamp without time zone)", "'2020-01-01'::timestamp with time zone"),
        ("(price)::numeric(10,2) > (0)::numeric", "price > 0"),
        ('("Kind")::"Kind"', '"Kind"'),
        ("'x'::crew.kind", "'x'::kind"),
    ],
)
def test_casts(one: str, other: str) -> None:
    """PostgreSQL's casts, and the brackets that are there for them, make no difference."""
    assert postgresql.normal(one) == postgresql.normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((a > 0) AND (b > 0))", "((a > 0) OR (b > 0))"),
        ("(a AND (b OR c))", "((a AND b) OR c)"),
        ("'a::text'::text", "'a'::text"),
        ("lower(name)", "upper(name)"),
        ("'(x)'::text", "'x'::text"),
    ],
)
def test_what_is_no_cast(one: str, other: str) -> None:
    """What has another meaning, or is in a text, is a difference."""
    assert postgresql.normal(one) != postgresql.normal(other)


def test_sqlite_spelling() -> None:
    """On SQLite case, quotes, remarks and brackets around all are spelling; a text is not."""
    normal = sqlite.normal
    assert normal('("Size" > 0 -- a remark\n)') == normal("SIZE>0")
    assert normal("a IN ('x')") == normal("a in('x')")
    assert normal("a IN ('x')") != normal("a IN ('X')")
    assert normal("(a) > (b)") != normal("a > b")  # `same` knows


def test_sqlite_meaning() -> None:
    """Two expressions of which SQLite makes one program mean the same."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a INTEGER, b INTEGER)")
    assert sqlite.same(connection, "t", "(a) > (b)", "a > b")
    assert not sqlite.same(connection, "t", "a > b", "a >= b")
    assert not sqlite.same(connection, "t", "a > b", "nothing > b")
    assert sqlite.same_value(connection, "INTEGER", "5", "'5'")
    assert not sqlite.same_value(connection, "TEXT", "CURRENT_DATE", "'x'")
    assert not sqlite.same_value(connection, "INTEGER", "5", "random()")
    connection.close()


def test_sqlite_checks() -> None:
    """Checks are found in columns and tables, with their names, whatever stands in brackets."""
    sql = """CREATE TABLE "t" (a INTEGER CONSTRAINT "in a" CHECK (a > (0)), -- CHECK (no)
        b TEXT DEFAULT ('CHECK (no)') CHECK (length(b) < 9), c AS (a + (1)),
        CONSTRAINT [ck] CHECK (a IN (1, 2)), CHECK (b <> ')'))"""
    parts = list(sqlite.definitions(sql))
    found = [check for part in parts for check in sqlite.checks_of(part)]
    assert found == [
        ("in a", "a > (0)"),
        ("", "length (b) < 9"),
        ("ck", "a IN (1, 2)"),
        ("", "b <> ')'"),
    ]
    assert [sqlite.computed_part(part) for part in parts if sqlite.computed_part(part)] == [
        ("c", "a + (1)")
    ]


@pytest.mark.parametrize(
    ("old", "new", "dialect", "narrower"),
    [
        ("character varying(50)", "character varying(20)", "postgresql", True),
        ("character varying(20)", "character varying(50)", "postgresql", False),
        ("character varying(20)", "text", "postgresql", False),
        ("text", "character varying(20)", "postgresql", True),
        ("integer", "bigint", "postgresql", False),
        ("bigint", "integer", "postgresql", True),
        ("numeric(10,2)", "numeric(12,2)", "postgresql", False),
        ("numeric(10,2)", "numeric(10,3)", "postgresql", True),
        ("numeric(10,2)", "numeric", "postgresql", False),
        ("integer", "text", "postgresql", True),
        ("timestamp without time zone", "timestamp with time zone", "postgresql", True),
        ("real", "double precision", "postgresql", False),
        ("varchar(20)", "longtext", "mysql", False),
        ("int(11)", "bigint(20)", "mysql", False),
        ("int(11)", "int(10) unsigned", "mysql", True),
        ("enum('a','b')", "enum('a')", "mysql", False),
        ("VARCHAR(50)", "VARCHAR(20)", "sqlite", False),
        ("VARCHAR(50)", "INTEGER", "sqlite", True),
    ],
)
def test_types_that_fit(old: str, new: str, dialect: str, narrower: bool) -> None:
    """A type is narrower where a value of the old one may not fit, or reads as another."""
    assert narrows(old, new, dialect) is narrower
