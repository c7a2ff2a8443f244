"""Each rule on SQLite and on MariaDB: what it finds, and where it is silent."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from rules import golden
from rules.golden import DELETED, Case
from support import Project, clean_environment

from gitmig.model import Finding
from gitmig.rules.registry import RULES

MARIADB = "mysql+pymysql://ada:secret@production.invalid/app"

# these hold wherever the rules apply
BOTH = {
    "a table is dropped": Case("GM721", 'op.drop_table("{t}")', {"GM721": [0]}),
    "a new table is dropped": Case(
        "GM721",
        """
        op.execute("CREATE TABLE new1 (id int)")
        op.execute("DROP TABLE new1")
        """,
    ),
    "a table is renamed": Case("GM723", 'op.rename_table("{t}", "other{t}")', {"GM723": [0]}),
    "a new table is renamed": Case(
        "GM723",
        """
        op.create_table("new2", sa.Column("id", sa.Integer()))
        op.rename_table("new2", "new3")
        """,
    ),
    "required without a default": Case(
        "GM726",
        'op.add_column("{t}", sa.Column("k", sa.Integer(), nullable=False))',
        {"GM726": [0]},
    ),
    "required with a default": Case(
        "GM726",
        'op.add_column("{t}", sa.Column("k", sa.Integer(), nullable=False, server_default="1"))',
    ),
    "rows change after a column comes": Case(
        "GM732",
        """
        op.add_column("{t}", sa.Column("state", sa.String(10)))
        op.execute("UPDATE {t} SET state = upper(name)")
        """,
        {"GM732": [1]},
    ),
    "another column too gets a constant": Case(
        "GM732",
        """
        op.add_column("{t}", sa.Column("state", sa.String(10)))
        op.execute("UPDATE {t} SET state = 'active', n = 7 WHERE n IS NULL")
        """,
        {"GM732": [1]},
    ),
    "the column that came gets a constant": Case(
        "GM732",
        """
        op.add_column("{t}", sa.Column("state", sa.String(10)))
        op.execute("UPDATE {t} SET state = 'it''s'")
        op.execute("UPDATE {t} SET state = -1 WHERE state IS NULL")
        """,
    ),
    "rows change before a column comes": Case(
        "GM732",
        """
        op.execute("UPDATE {t} SET n = 2 WHERE id = 1")
        op.add_column("{t}", sa.Column("state", sa.String(10)))
        """,
    ),
    "rows of a new table": Case(
        "GM732",
        """
        new = op.create_table("new4", sa.Column("id", sa.Integer()))
        op.bulk_insert(new, [{"id": 1}])
        """,
    ),
    "commit() of another connection": Case(
        "GM733",
        """
        with op.get_bind().engine.connect() as other:
            other.execute(sa.text("SELECT 1"))
            other.commit()
        """,
    ),
    "rollback()": Case(
        "GM733",
        """
        op.execute("INSERT INTO {o} VALUES (1)")
        op.get_bind().rollback()
        """,
        {"GM733": [1]},
    ),
    "COMMIT": Case(
        "GM733",
        """
        op.execute("INSERT INTO {o} VALUES (1)")
        op.execute("COMMIT")
        """,
        {"GM733": [1]},
    ),
    "commit()": Case(
        "GM733",
        """
        op.execute("INSERT INTO {o} VALUES (1)")
        op.get_bind().commit()
        """,
        {"GM733": [1]},
    ),
    "no COMMIT": Case("GM733", 'op.execute("INSERT INTO {o} VALUES (1)")'),
    **DELETED,
    "the models": Case("GM761", "import models\nmodels.User", {"GM761": [0]}),
    "another module": Case("GM761", "import json"),
}
SQLITE = {
    **BOTH,
    "a column is dropped in a batch": Case(
        "GM722",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.drop_column("name")
        """,
        {"GM722": [1]},
    ),
    "a column is renamed in a batch": Case(
        "GM724",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.alter_column("name", new_column_name="title")
        """,
        {"GM724": [1]},
    ),
    "a column of a new table is renamed and dropped": Case(
        "GM722",
        """
        op.execute("CREATE TABLE new5 (a int, b int)")
        op.execute("ALTER TABLE new5 RENAME COLUMN a TO c")
        op.execute("ALTER TABLE new5 DROP COLUMN b")
        """,
    ),
    "a longer text": Case(
        "GM728",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.alter_column("name", type_=sa.String(30), existing_type=sa.String(20))
        """,
    ),
    "a shorter text": Case(
        "GM728",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.alter_column("name", type_=sa.String(10), existing_type=sa.String(20))
        """,
        {"GM728": [1]},
    ),
    "the steps of a batch by hand": Case(
        "GM721",
        """
        op.execute("CREATE TABLE copy{t} (id int, name text)")
        op.execute("INSERT INTO copy{t} SELECT id, name FROM {t}")
        op.execute("DROP TABLE {t}")
        op.execute("ALTER TABLE copy{t} RENAME TO {t}")
        """,
    ),
    "a column of a new table is renamed": Case(
        "GM724",
        """
        op.execute("CREATE TABLE new6 (a int, b int)")
        op.execute("ALTER TABLE new6 RENAME COLUMN a TO c")
        """,
    ),
    "a constraint is dropped": Case(
        "GM727",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.drop_constraint("{t}_ck", type_="check")
        """,
        {"GM727": [1]},
    ),
    "a constraint is another": Case(
        "GM727",
        """
        with op.batch_alter_table("{t}") as batch:
            batch.drop_constraint("{t}_ck", type_="check")
            batch.create_check_constraint("{t}_ck", "n > 1")
        """,
    ),
    "a setting": Case("GM753", 'op.execute("PRAGMA foreign_keys=OFF")', {"GM753": [0]}),
    "a setting that is put back": Case(
        "GM753",
        """
        op.execute("PRAGMA foreign_keys=OFF")
        op.execute("PRAGMA foreign_keys=ON")
        """,
    ),
}
MYSQL = {
    **BOTH,
    "int becomes bigint": Case(
        "GM702",
        'op.alter_column("{t}", "n", type_=sa.BigInteger(), existing_type=sa.Integer())',
        {"GM702": [0]},
    ),
    "the database has another character set": Case(
        "GM751", 'op.execute("ALTER DATABASE CHARACTER SET latin1")'
    ),
    "a column comes": Case("GM702", 'op.add_column("{t}", sa.Column("k", sa.Integer()))'),
    "a column is dropped": Case("GM722", 'op.drop_column("{t}", "name")', {"GM722": [0]}),
    "a column is renamed": Case(
        "GM724",
        """
        op.alter_column(
            "{t}", "name", new_column_name="title", existing_type=sa.String(20)
        )
        """,
        {"GM724": [0]},
    ),
    "a column of a new table is renamed and dropped": Case(
        "GM722",
        """
        op.execute("CREATE TABLE new5 (a int, b int)")
        op.execute("ALTER TABLE new5 CHANGE a c int, DROP COLUMN b")
        """,
    ),
    "a column of a new table is renamed": Case(
        "GM724",
        """
        op.execute("CREATE TABLE new6 (a int, b int)")
        op.execute("ALTER TABLE new6 CHANGE a c int")
        """,
    ),
    "a shorter text": Case(
        "GM728",
        'op.alter_column("{t}", "name", type_=sa.String(10), existing_type=sa.String(20))',
        {"GM702": [0], "GM728": [0]},
    ),
    "a longer text": Case(
        "GM728",
        'op.alter_column("{t}", "name", type_=sa.String(30), existing_type=sa.String(20))',
    ),
    "a constraint is dropped": Case(
        "GM727", 'op.execute("ALTER TABLE {t} DROP CONSTRAINT {t}_ck")', {"GM727": [0]}
    ),
    "a constraint is another": Case(
        "GM727",
        """
        op.execute("ALTER TABLE {t} DROP CONSTRAINT {t}_ck, ADD CONSTRAINT {t}_ck CHECK (n > 1)")
        """,
        {"GM702": [0]},
    ),
    "a table is emptied": Case("GM742", 'op.execute("TRUNCATE TABLE {t}")', {"GM742": [0]}),
    "a new table is emptied": Case(
        "GM742",
        """
        op.execute("CREATE TABLE new8 (id int)")
        op.execute("TRUNCATE new8")
        """,
    ),
    "a setting of the server": Case(
        "GM751", 'op.execute("SET GLOBAL max_connections = 100")', {"GM751": [0]}
    ),
    "a variable": Case("GM751", 'op.execute("SET @x = 1")'),
    "a right is taken": Case(
        "GM752",
        """
        op.execute("GRANT SELECT ON {t} TO CURRENT_USER")
        op.execute("REVOKE SELECT ON {t} FROM CURRENT_USER")
        """,
        {"GM752": [1]},
    ),
    "a right is given": Case("GM752", 'op.execute("GRANT SELECT ON {t} TO CURRENT_USER")'),
    "checks off": Case("GM753", 'op.execute("SET foreign_key_checks = 0")', {"GM753": [0]}),
    "checks off and on": Case(
        "GM753",
        """
        op.execute("SET foreign_key_checks = 0")
        op.execute("SET foreign_key_checks = 1")
        """,
    ),
}


@pytest.fixture(scope="module")
def found(
    _template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path, memory: Path
) -> Mapping[str, dict[str, list[Finding]]]:
    """Return what is found in each case, by the kind of database."""
    told = {}
    for kind, cases, url in (("sqlite", SQLITE, ""), ("mysql", MYSQL, MARIADB)):
        folder = tmp_path_factory.mktemp(kind) / "repository"
        shutil.copytree(_template, folder)
        project = Project(folder, {**clean_environment(home), "TMPDIR": str(memory)})
        told[kind] = golden.branch(project, cases, url)
    return told


@pytest.mark.parametrize(
    ("kind", "name"), [*(("sqlite", name) for name in SQLITE), *(("mysql", name) for name in MYSQL)]
)
def test_golden(kind: str, name: str, found: Mapping[str, dict[str, list[Finding]]]) -> None:
    """A rule finds what it is about, at its line, and nothing else is found (K4)."""
    cases = SQLITE if kind == "sqlite" else MYSQL
    assert golden.shown(found[kind][name]) == cases[name].found


@pytest.mark.parametrize(
    ("kind", "code"),
    [(kind, rule.code) for rule in RULES for kind in rule.databases if kind != "postgresql"],
)
def test_every_rule_has_both(kind: str, code: str) -> None:
    """There is a case in which a rule finds something, and one in which it is silent."""
    cases = SQLITE if kind == "sqlite" else MYSQL
    about = [case for case in cases.values() if case.about == code]
    assert any(code in case.found for case in about)
    assert any(code not in case.found for case in about)
