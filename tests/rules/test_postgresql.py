"""Each rule on PostgreSQL: what it finds, and where it is silent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rules import golden
from rules.golden import DELETED, Case
from support import Project, clean_environment

from gitmig.model import Finding
from gitmig.rules.registry import RULES

URL = "postgresql+psycopg://ada:secret@production.invalid/app"
MOOD = "CREATE TYPE {t}_mood AS ENUM ('a', 'b')"
MORE = (MOOD, "CREATE INDEX {t}_ix ON {t} (ref)")
CASES = {
    "rows change under a lock": Case(
        "GM701",
        """
        op.add_column("{t}", sa.Column("state", sa.Text()))
        op.execute("UPDATE {t} SET state = 'active'")
        """,
        {"GM701": [1]},
    ),
    "rows change one by one under a lock": Case(
        "GM701",
        """
        op.add_column("{t}", sa.Column("state", sa.Text()))
        for number in range(3):
            op.get_bind().execute(sa.text("UPDATE {o} SET id = :n WHERE id = :n"), {"n": number})
        """,
        {"GM701": [2]},
    ),
    "rows change before the lock": Case(
        "GM701",
        """
        op.execute("UPDATE {t} SET n = 1")
        op.add_column("{t}", sa.Column("state", sa.Text()))
        op.execute("INSERT INTO {o} VALUES (1)")
        """,
    ),
    "rows change under the lock of a new table": Case(
        "GM701",
        """
        op.create_table("new1", sa.Column("id", sa.Integer(), primary_key=True))
        op.execute("ALTER TABLE new1 ADD n int")
        op.execute("UPDATE {t} SET n = 1")
        """,
    ),
    "int becomes bigint": Case(
        "GM702", 'op.alter_column("{t}", "id", type_=sa.BigInteger())', {"GM702": [0]}
    ),
    "a volatile default": Case(
        "GM702",
        'op.execute("ALTER TABLE {t} ADD at timestamptz DEFAULT clock_timestamp()")',
        {"GM702": [0]},
    ),
    "a stored column": Case(
        "GM702",
        'op.add_column("{t}", sa.Column("k", sa.Integer(), sa.Computed("n * 2", persisted=True)))',
        {"GM702": [0]},
    ),
    "an index is written anew": Case(
        "GM702", 'op.execute("REINDEX INDEX {t}_pkey")', {"GM702": [0]}
    ),
    "a table is vacuumed": Case(
        "GM702",
        """
        with op.get_context().autocommit_block():
            op.execute("VACUUM FULL {t}")
        """,
        {"GM702": [1]},
    ),
    "a table is logged no more": Case(
        "GM702", 'op.execute("ALTER TABLE {t} SET UNLOGGED")', {"GM702": [0]}
    ),
    "an exclusion": Case(
        "GM712", 'op.execute("ALTER TABLE {t} ADD EXCLUDE (n WITH =)")', {"GM712": [0]}
    ),
    "varchar becomes text, a constant default": Case(
        "GM702",
        """
        op.alter_column("{t}", "name", type_=sa.Text(), existing_type=sa.String(20))
        op.add_column("{t}", sa.Column("k", sa.Integer(), nullable=False, server_default="5"))
        """,
    ),
    "a lock without a limit": Case(
        "GM703", 'op.add_column("{t}", sa.Column("k", sa.Integer()))', {"GM703": [0]}
    ),
    "a lock with a limit": Case(
        "GM703",
        """
        op.execute("SET LOCAL lock_timeout = '5s'")
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        """,
    ),
    "an index": Case("GM711", 'op.create_index("{t}_n", "{t}", ["n"])', {"GM711": [0]}),
    "a unique index in an f-string": Case(
        "GM711",
        """
        for column in ("n", "ref"):
            op.execute(f"CREATE UNIQUE INDEX {t}_{column} ON {t} ({column})")
        """,
        {"GM711": [1, 1]},
    ),
    "an index concurrently": Case(
        "GM711",
        """
        with op.get_context().autocommit_block():
            op.create_index("{t}_n", "{t}", ["n"], postgresql_concurrently=True)
        """,
    ),
    "an index of a new table": Case(
        "GM711",
        """
        op.create_table("new2", sa.Column("id", sa.Integer(), primary_key=True, index=True))
        op.create_unique_constraint("new2_u", "new2", ["id"])
        op.execute("CREATE INDEX new2_i ON new2 (id)")
        """,
    ),
    "a unique constraint": Case(
        "GM712", 'op.create_unique_constraint("{t}_u", "{t}", ["n"])', {"GM712": [0]}
    ),
    "a unique column": Case(
        "GM712", 'op.execute("ALTER TABLE {t} ADD COLUMN k int UNIQUE")', {"GM712": [0]}
    ),
    "a unique constraint of an index": Case(
        "GM712",
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {t}_u ON {t} (n)")
        op.execute("ALTER TABLE {t} ADD CONSTRAINT {t}_u UNIQUE USING INDEX {t}_u")
        """,
    ),
    "a foreign key": Case(
        "GM713",
        'op.create_foreign_key("{t}_fk", "{t}", "{o}", ["ref"], ["id"])',
        {"GM713": [0]},
    ),
    "a foreign key that is not checked": Case(
        "GM713",
        'op.create_foreign_key("{t}_fk", "{t}", "{o}", ["ref"], ["id"], postgresql_not_valid=True)',
    ),
    "a foreign key of a new table": Case(
        "GM713",
        'op.create_table("new3", sa.Column("o", sa.Integer(), sa.ForeignKey("{o}.id")))',
    ),
    "a check": Case(
        "GM714", 'op.create_check_constraint("{t}_k", "{t}", "ref > 0")', {"GM714": [0]}
    ),
    "a check that is not checked": Case(
        "GM714",
        'op.create_check_constraint("{t}_k", "{t}", "ref > 0", postgresql_not_valid=True)',
    ),
    "not null": Case("GM715", 'op.alter_column("{t}", "n", nullable=False)', {"GM715": [0]}),
    "not null, known from a check": Case(
        "GM715", 'op.alter_column("{t}", "c", nullable=False)'
    ),
    "validated at once": Case(
        "GM716",
        """
        op.execute("ALTER TABLE {t} ADD CONSTRAINT {t}_k CHECK (ref > 0) NOT VALID")
        op.execute("ALTER TABLE {t} VALIDATE CONSTRAINT {t}_k")
        """,
        {"GM716": [1]},
    ),
    "validated later": Case("GM716", 'op.execute("ALTER TABLE {t} VALIDATE CONSTRAINT {t}_ck")'),
    "an index is dropped": Case(
        "GM717",
        """
        op.drop_index("{t}_ix", "{t}")
        op.create_index("{t}_ix", "{t}", ["n"])
        """,
        {"GM717": [0], "GM711": [1]},
    ),
    "an index is dropped in an f-string": Case(
        "GM717",
        """
        for table in ["{t}"]:
            op.execute(f"DROP INDEX IF EXISTS {table}_ix")
        """,
        {"GM717": [1]},
    ),
    "an index is dropped, and is none": Case(
        "GM717",
        """
        op.execute("DROP INDEX IF EXISTS not_there")
        op.execute("CREATE TABLE new10 (a int)")
        op.execute("CREATE INDEX new10_a ON new10 (a)")
        op.execute("DROP INDEX new10_a")
        """,
    ),
    "an index is dropped concurrently": Case(
        "GM717",
        """
        with op.get_context().autocommit_block():
            op.drop_index("{t}_ix", "{t}", postgresql_concurrently=True)
        """,
    ),
    "an index is dropped outside of a transaction": Case(
        "GM717",
        """
        with op.get_context().autocommit_block():
            op.drop_index("{t}_ix", "{t}")
        """,
        {"GM717": [1]},
    ),
    "an index is dropped before its column": Case(
        "GM717",
        """
        op.drop_index("{t}_ix", "{t}")
        op.drop_column("{t}", "ref")
        """,
        {"GM722": [1]},
    ),
    "an index is dropped after a column came": Case(
        "GM717",
        """
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        op.drop_index("{t}_ix", "{t}")
        """,
    ),
    "a table is dropped": Case("GM721", 'op.drop_table("{t}")', {"GM721": [0]}),
    "a table is dropped in an f-string": Case(
        "GM721",
        """
        name = "{t}"
        op.execute(f"DROP TABLE {name}")
        """,
        {"GM721": [1]},
    ),
    "a table that is not there, a new one": Case(
        "GM721",
        """
        op.execute("DROP TABLE IF EXISTS not_there")
        op.create_table("new4", sa.Column("id", sa.Integer()))
        op.drop_table("new4")
        """,
    ),
    "a column is dropped": Case("GM722", 'op.drop_column("{t}", "name")', {"GM722": [0]}),
    "a new column is dropped": Case(
        "GM722",
        """
        op.create_table("new5", sa.Column("id", sa.Integer()), sa.Column("n", sa.Integer()))
        op.drop_column("new5", "n")
        """,
    ),
    "a table is renamed": Case("GM723", 'op.rename_table("{t}", "other{t}")', {"GM723": [0]}),
    "a table is renamed and leaves a view": Case(
        "GM723",
        """
        op.rename_table("{t}", "other{t}")
        op.execute("CREATE VIEW {t} AS SELECT * FROM other{t}")
        """,
    ),
    "a column is renamed": Case(
        "GM724", 'op.alter_column("{t}", "name", new_column_name="title")', {"GM724": [0]}
    ),
    "a column of a new table is renamed": Case(
        "GM724",
        """
        op.execute("CREATE TABLE new6 (a int)")
        op.alter_column("new6", "a", new_column_name="b")
        """,
    ),
    "a value of an enum is renamed": Case(
        "GM725", "op.execute(\"ALTER TYPE {t}_mood RENAME VALUE 'a' TO 'z'\")", {"GM725": [0]}
    ),
    "a value is added to an enum": Case(
        "GM725", "op.execute(\"ALTER TYPE {t}_mood ADD VALUE 'z'\")"
    ),
    "required without a default": Case(
        "GM726",
        'op.add_column("{t}", sa.Column("k", sa.Integer(), nullable=False))',
        {"GM726": [0]},
    ),
    "required in steps": Case(
        "GM726",
        """
        op.add_column("{t}", sa.Column("k", sa.Integer(), sa.Identity(), nullable=False))
        """,
        {"GM702": [0]},
    ),
    "required in a new table": Case(
        "GM726",
        """
        op.execute("CREATE TABLE new7 (a int)")
        op.add_column("new7", sa.Column("k", sa.Integer(), nullable=False))
        """,
    ),
    "required with a default": Case(
        "GM726",
        'op.execute("ALTER TABLE {t} ADD COLUMN k int NOT NULL DEFAULT 1")',
    ),
    "a constraint is dropped": Case(
        "GM727", 'op.drop_constraint("{t}_ck", "{t}", type_="check")', {"GM727": [0]}
    ),
    "a constraint is another": Case(
        "GM727",
        """
        op.drop_constraint("{t}_ck", "{t}", type_="check")
        op.create_check_constraint("{t}_ck", "{t}", "n > 1", postgresql_not_valid=True)
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
    "a json column": Case(
        "GM729",
        """
        op.add_column("{t}", sa.Column("j", sa.JSON()))
        op.execute("ALTER TABLE {t} ADD COLUMN k json NOT NULL DEFAULT '1', ADD m json[]")
        op.alter_column("{t}", "name", type_=sa.JSON(), postgresql_using="name::json")
        """,
        {"GM729": [0, 1, 1, 2], "GM702": [2]},
    ),
    "a json column of a new table, jsonb": Case(
        "GM729",
        """
        op.create_table("new11", sa.Column("j", sa.JSON()))
        op.execute("ALTER TABLE new11 ADD k json")
        op.execute("ALTER TABLE {t} ADD j jsonb, ADD json int")
        """,
    ),
    "an index after a column": Case(
        "GM731",
        """
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        with op.get_context().autocommit_block():
            op.create_index("{t}_k", "{t}", ["k"], postgresql_concurrently=True)
        """,
        {"GM731": [0]},
    ),
    "an index after a column that may be there": Case(
        "GM731",
        """
        op.execute("ALTER TABLE {t} ADD COLUMN IF NOT EXISTS k int")
        with op.get_context().autocommit_block():
            op.create_index("{t}_k", "{t}", ["k"], postgresql_concurrently=True)
        """,
    ),
    "a column under a timeout": Case(
        "GM731",
        """
        op.execute("SET lock_timeout = '5s'")
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        op.execute("RESET lock_timeout")
        """,
    ),
    "an index alone under a timeout": Case(
        "GM731",
        """
        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '5s'")
            op.create_index("{t}_k", "{t}", ["n"], postgresql_concurrently=True)
            op.execute("RESET lock_timeout")
        """,
    ),
    "an index after a column, under a timeout": Case(
        "GM731",
        """
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '5s'")
            op.create_index("{t}_k", "{t}", ["k"], postgresql_concurrently=True)
            op.execute("RESET lock_timeout")
        """,
        {"GM731": [0]},
    ),
    "COMMIT": Case("GM733", 'op.execute("COMMIT")', {"GM733": [0]}),
    "commit()": Case(
        "GM733",
        """
        op.add_column("{t}", sa.Column("k", sa.Integer()))
        op.get_bind().connection.driver_connection.commit()
        op.execute("UPDATE {t} SET k = 1 WHERE id = 1")
        """,
        {"GM731": [0], "GM733": [2]},
    ),
    "a savepoint": Case(
        "GM733",
        """
        with op.get_bind().begin_nested():
            op.execute("UPDATE {t} SET n = 2 WHERE id = 1")
        """,
    ),
    **DELETED,
    "a table is emptied": Case("GM742", 'op.execute("TRUNCATE {t}")', {"GM742": [0]}),
    "a new table is emptied": Case(
        "GM742",
        """
        op.execute("CREATE TABLE new8 AS SELECT * FROM {t}")
        op.execute("TRUNCATE new8")
        op.execute("DELETE FROM new8")
        """,
    ),
    "a table is dropped with what depends on it": Case(
        "GM743", 'op.execute("DROP TABLE {t} CASCADE")', {"GM721": [0], "GM743": [0]}
    ),
    "tables are emptied with what depends on them": Case(
        "GM743", 'op.execute("TRUNCATE {t} CASCADE")', {"GM743": [0]}
    ),
    "a new view is dropped with what depends on it": Case(
        "GM743",
        """
        op.execute("CREATE VIEW {t}_v AS SELECT * FROM {t}")
        op.execute("DROP VIEW {t}_v CASCADE")
        """,
    ),
    "a role": Case(
        "GM751",
        """
        op.execute("CREATE ROLE {t}_role")
        op.execute("DROP ROLE {t}_role")
        """,
        {"GM751": [0, 1]},
    ),
    "a role where it is missing": Case(
        "GM751",
        """
        op.execute("SELECT 1")
        op.execute(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{t}_role') THEN "
            "CREATE ROLE {t}_role; END IF; END $$"
        )
        op.execute("DO $$ BEGIN EXECUTE 'DROP ROLE {t}_role'; END $$")
        """,
        {"GM751": [1, 5]},
    ),
    "a right is given": Case("GM751", 'op.execute("GRANT SELECT ON {t} TO PUBLIC")'),
    "a right is taken": Case(
        "GM752", 'op.execute("REVOKE SELECT ON {t} FROM PUBLIC")', {"GM752": [0]}
    ),
    "a right on a new table is taken": Case(
        "GM752",
        """
        op.execute("CREATE TABLE new9 (a int)")
        op.execute("REVOKE ALL ON new9 FROM PUBLIC")
        """,
    ),
    "a setting": Case(
        "GM753", "op.execute(\"SET application_name = 'x'\")", {"GM753": [0]}
    ),
    "a setting that ends": Case(
        "GM753",
        """
        op.execute("SET LOCAL statement_timeout = '9s'")
        op.execute("SET application_name TO y")
        op.execute("RESET application_name")
        """,
    ),
    "triggers off": Case(
        "GM754", 'op.execute("ALTER TABLE {t} DISABLE TRIGGER ALL")', {"GM754": [0]}
    ),
    "triggers off and on": Case(
        "GM754",
        """
        op.execute("ALTER TABLE {t} DISABLE TRIGGER ALL")
        op.execute("ALTER TABLE {t} ENABLE TRIGGER ALL")
        """,
    ),
    "row security without a policy": Case(
        "GM755",
        """
        op.execute("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
        """,
        {"GM755": [0]},
    ),
    "row security with a policy, of a new table, off again": Case(
        "GM755",
        """
        op.execute("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute("CREATE POLICY {t}_all ON {t} USING (true)")
        op.execute("CREATE TABLE new12 (a int)")
        op.execute("ALTER TABLE new12 ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE {o} ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE {o} DISABLE ROW LEVEL SECURITY")
        """,
    ),
    "the models": Case("GM761", "from models import User", {"GM761": [0]}),
    "another module": Case("GM761", "import json, models"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(
    _template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path, pg_place: Path
) -> dict[str, list[Finding]]:
    """Return what is found in each case."""
    folder = tmp_path_factory.mktemp("golden") / "repository"
    shutil.copytree(_template, folder)
    project = Project(folder, {**clean_environment(home), "TMPDIR": str(pg_place)})
    return golden.branch(project, CASES, URL, MORE)


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, found: dict[str, list[Finding]]) -> None:
    """A rule finds what it is about, at its line, and nothing else is found (K4)."""
    assert golden.shown(found[name]) == CASES[name].found


def test_remedies_can_be_followed(found: dict[str, list[Finding]]) -> None:
    """No hint asks for what PostgreSQL does not have: what it does not do CONCURRENTLY, for one."""
    for name in ("a table is vacuumed", "a table is logged no more", "an exclusion"):
        hints = [each.hint for each in found[name] if each.code in ("GM702", "GM712")]
        assert hints == ["do it while nobody needs the table"]
    (index,) = found["an index is written anew"]
    assert "CONCURRENTLY" in index.hint
    (disabled,) = found["triggers off"]
    assert disabled.message.startswith("every trigger of t")


@pytest.mark.parametrize("rule", [each for each in RULES if "postgresql" in each.databases],
                         ids=lambda rule: rule.code)  # fmt: skip
def test_every_rule_has_both(rule: object) -> None:
    """There is a case in which a rule finds something, and one in which it is silent."""
    code = rule.code  # type: ignore[attr-defined]
    about = [case for case in CASES.values() if case.about == code]
    assert any(code in case.found for case in about)
    assert any(code not in case.found for case in about)
