"""What `gitmig check` records on MariaDB: which tables were copied, and what was committed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.recorded import kinds, locks, published, upgraded
from mysqls import connect, installed, served
from support import ASYNC_ENV, Project, use_url

from gitmig._worker.witness_mysql import COMMITS, decoded

PEOPLE = """\
op.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    op.execute("CREATE TABLE people (id int PRIMARY KEY, n varchar(20), m int, o int)")
    op.execute("CREATE TABLE `my-table` (id int PRIMARY KEY)")
    op.execute("INSERT INTO people VALUES (1, 'Ada', 1, NULL)")
"""
# what was seen on MariaDB 10.11: whether the table got another id, and whether it was copied
CLAUSES = {
    "ADD COLUMN x int": (False, False),
    "ADD COLUMN y int NOT NULL DEFAULT 5": (False, False),
    "MODIFY n varchar(40)": (False, False),
    "MODIFY n text": (True, True),
    "MODIFY m bigint": (True, True),
    "ADD FOREIGN KEY (o) REFERENCES orders (id)": (True, True),
    "ADD FULLTEXT INDEX f (n)": (True, False),
}


def on(project: Project, memory: Path, driver: str = "mysql+pymysql") -> Project:
    """Put a project on MariaDB."""
    project.env["TMPDIR"] = str(memory)
    use_url(project, f"{driver}://ada:x@production.invalid/app",
            ASYNC_ENV if driver.endswith("aiomysql") else "")  # fmt: skip
    return project


def test_which_clauses_copy(project: Project, memory: Path) -> None:
    """A table that was written anew has another id, and the stages tell of a copy (K4)."""
    published(on(project, memory), PEOPLE)
    ran = upgraded(project, *[f'op.execute("ALTER TABLE people {each}")' for each in CLAUSES])
    seen = {}
    for clause, each in zip(CLAUSES, ran, strict=True):
        (statement,) = each["statements"]
        assert statement["commits"] and statement["transaction"] == 0
        assert set(statement["rewritten"]) <= {"people"} and not each["new_table"]
        assert locks(statement) <= {"people SHARED"}
        seen[clause] = (bool(statement["rewritten"]), bool(statement["locks"]))
    assert seen == CLAUSES


@pytest.mark.parametrize("driver", ["mysql+pymysql", "mariadb+mysqldb", "mysql+aiomysql",
                                    "mysql+mysqlconnector"])  # fmt: skip
def test_every_driver(project: Project, memory: Path, driver: str) -> None:
    """With each driver it is asked, and rows are in a transaction that DDL ends (E1)."""
    published(on(project, memory, driver), PEOPLE)
    ran = upgraded(
        project,
        "op.get_bind().execute(sa.text('UPDATE people SET m = 2 WHERE m < :m'), {'m': 9})",
        'op.alter_column("people", "m", type_=sa.BigInteger(), existing_type=sa.Integer())',
        "op.get_bind().execute(sa.text('UPDATE people SET m = 3'))",
        'op.create_table("made", sa.Column("id", sa.Integer(), primary_key=True))',
        'op.add_column("made", sa.Column("x", sa.Integer()))',
        'op.rename_table("people", "persons")',
        'op.add_column("persons", sa.Column("x", sa.Integer()))',
        'op.add_column("my-table", sa.Column("x", sa.Integer()))',
    )
    assert kinds(ran) == [
        (12, "Statement"),
        (13, "AlterColumnOp"),
        (14, "Statement"),
        (15, "CreateTableOp"),
        (16, "AddColumnOp"),
        (17, "RenameTableOp"),
        (18, "AddColumnOp"),
        (19, "AddColumnOp"),
    ]
    before, alter, after = (each["statements"][0] for each in ran[:3])
    assert 0 < before["transaction"] != after["transaction"] > 0
    assert alter["commits"] and alter["rewritten"] == ["people"]
    assert [each["new_table"] for each in ran] == [False] * 3 + [True] * 2 + [False] * 3
    assert [each["statements"][0]["rewritten"] for each in ran[3:]] == [[]] * 5


def test_what_commits() -> None:
    """What is told to commit by itself is what MariaDB says that it ended a transaction with."""
    statements = (
        "ALTER TABLE t ADD x int", "CREATE INDEX i ON t (x)", "DROP INDEX i ON t",
        "RENAME TABLE t TO u", "RENAME TABLE u TO t", "CREATE TABLE v (id int)", "TRUNCATE v",
        "DROP TABLE v", "CREATE TEMPORARY TABLE w (id int)", "DROP TEMPORARY TABLE w",
        "CREATE VIEW z AS SELECT 1", "DROP VIEW z", "ANALYZE TABLE t", "OPTIMIZE TABLE t",
        "LOCK TABLES t WRITE", "UNLOCK TABLES", "GRANT SELECT ON t TO CURRENT_USER",
        "UPDATE t SET id = 4", "INSERT INTO t (id) VALUES (5)", "SELECT 1", "SET @x = 1",
    )  # fmt: skip
    with served(installed()) as server, connect(server) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE DATABASE d")
        cursor.execute("USE d")
        cursor.execute("CREATE TABLE t (id int)")
        cursor.execute("CREATE TABLE rows_ (id int)")
        for statement in statements:
            if statement != "UNLOCK TABLES":  # which ends one only where there are some
                cursor.execute("BEGIN")
                cursor.execute("INSERT INTO rows_ VALUES (1)")
            cursor.execute(statement)
            cursor.fetchall()
            cursor.execute("SELECT @@in_transaction")
            ended = cursor.fetchone() == (0,)
            assert ended is bool(COMMITS.match(statement)), statement
            cursor.execute("ROLLBACK")


def test_names_of_files() -> None:
    """The name of a table is read from that of its file."""
    assert decoded("my@002dtable") == "my-table"
