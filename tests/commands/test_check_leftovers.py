"""What a downgrade can leave behind, of every kind, on every database (K2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import Project, use_url

Case = tuple[str, str, str]
"""What makes it, what takes it away, and the words that tell of it where that is forgotten."""

POSTGRESQL: Sequence[Case] = (
    ("CREATE TYPE mood AS ENUM ('a')", "DROP TYPE mood", "type mood is left over"),
    ("CREATE TYPE pair AS (a int)", "DROP TYPE pair", "type pair is left over"),
    ("CREATE DOMAIN age AS int CHECK (VALUE > 0)", "DROP DOMAIN age", "domain age is left over"),
    ("CREATE SEQUENCE s", "DROP SEQUENCE s", "sequence s is left over"),
    ("ALTER SEQUENCE kept INCREMENT 5", "ALTER SEQUENCE kept INCREMENT 1", "sequence kept differs"),
    ("CREATE INDEX ix ON users (name)", "DROP INDEX ix", "the indexes of table users differ"),
    ("ALTER TABLE users ADD CONSTRAINT ck CHECK (id > 0)", "ALTER TABLE users DROP CONSTRAINT ck",
     "the checks of table users differ"),
    ("ALTER TABLE users ALTER name SET DEFAULT 'x'", "ALTER TABLE users ALTER name DROP DEFAULT",
     "column users.name has default 'x'::character varying instead of None"),
    ("COMMENT ON TABLE users IS 'us'", "COMMENT ON TABLE users IS NULL",
     "the comment of table users differs"),
    ("COMMENT ON COLUMN users.name IS 'n'", "COMMENT ON COLUMN users.name IS NULL",
     "column users.name has comment n instead of None"),
    ("CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v", "view v is left over"),
    ("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a", "DROP MATERIALIZED VIEW m",
     "materialized view m is left over"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f",
     "function f() is left over"),
    ("CREATE OR REPLACE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS "
     "'BEGIN RETURN NULL; END'",
     "CREATE OR REPLACE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
     "function t() differs"),
    ("CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "DROP PROCEDURE p",
     "procedure p() is left over"),
    ("CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t()",
     "DROP TRIGGER tr ON users", "the triggers of table users differ"),
    ("CREATE POLICY po ON users USING (id > 0)", "DROP POLICY po ON users",
     "policy po of users is left over"),
    ("CREATE EXTENSION hstore", "DROP EXTENSION hstore", "extension hstore is left over"),
    ("CREATE SCHEMA app", "DROP SCHEMA app", "schema app is left over"),
    ("CREATE RULE r AS ON DELETE TO users DO ALSO SELECT 1", "DROP RULE r ON users",
     "rule r of users is left over"),
    ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
     "the row security settings of table users differ"),
    ("CREATE UNIQUE INDEX iy ON users (id, name)", "DROP INDEX iy",
     "the indexes of table users differ: CREATE UNIQUE INDEX iy"),
    ("COMMENT ON CONSTRAINT users_pkey ON users IS 'k'",
     "COMMENT ON CONSTRAINT users_pkey ON users IS NULL", "the primary key of table users differ"),
    ("COMMENT ON INDEX users_pkey IS 'i'", "COMMENT ON INDEX users_pkey IS NULL",
     "its index: i is left over"),
    ("COMMENT ON INDEX tied_ix IS 'i'", "COMMENT ON INDEX tied_ix IS NULL",
     "the indexes of table tied differ"),
    ("COMMENT ON TRIGGER kept_tr ON tied IS 't'", "COMMENT ON TRIGGER kept_tr ON tied IS NULL",
     "the triggers of table tied differ"),
    ("COMMENT ON COLUMN seen.id IS 'c'", "COMMENT ON COLUMN seen.id IS NULL", "view seen differs"),
    ("ALTER TABLE users REPLICA IDENTITY FULL", "ALTER TABLE users REPLICA IDENTITY DEFAULT",
     "table users has replica identity f instead of d"),
    ("GRANT SELECT ON users TO PUBLIC", "REVOKE SELECT ON users FROM PUBLIC",
     "table users has rights "),
    ("GRANT SELECT (name) ON users TO PUBLIC", "REVOKE SELECT (name) ON users FROM PUBLIC",
     "column users.name has rights SELECT to PUBLIC instead of None"),
    ("ALTER TABLE users ALTER name SET STORAGE EXTERNAL",
     "ALTER TABLE users ALTER name SET STORAGE EXTENDED",
     "column users.name has storage e instead of x"),
    ("ALTER TABLE users ALTER name SET STATISTICS 9",
     "ALTER TABLE users ALTER name SET STATISTICS -1",
     "column users.name has statistics target 9 instead of"),
    ("ALTER TABLE users CLUSTER ON kept_ix", "ALTER TABLE users SET WITHOUT CLUSTER",
     "table users has index for CLUSTER kept_ix instead of None"),
    ("ALTER FUNCTION t() OWNER TO pg_monitor", "ALTER FUNCTION t() OWNER TO CURRENT_USER",
     "function t() has owner pg_monitor instead of"),
    ("GRANT USAGE ON SEQUENCE kept TO PUBLIC", "REVOKE USAGE ON SEQUENCE kept FROM PUBLIC",
     "sequence kept has rights "),
)  # fmt: skip
BEFORE_POSTGRESQL = (
    "CREATE SEQUENCE kept",
    "CREATE INDEX kept_ix ON users (id, name)",
    "CREATE VIEW seen AS SELECT id FROM users",
    "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE tied (id int)",
    "CREATE INDEX tied_ix ON tied (id)",
    "CREATE TRIGGER kept_tr BEFORE UPDATE ON tied FOR EACH ROW EXECUTE FUNCTION t()",
)
UNDO_POSTGRESQL = (
    "DROP TABLE tied",
    "DROP FUNCTION t() CASCADE",
    "DROP VIEW seen",
    "DROP INDEX kept_ix",
    "DROP SEQUENCE kept",
)
MARIADB: Sequence[Case] = (
    ("CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v", "view v is left over"),
    ("CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW SET NEW.name = 'x'",
     "DROP TRIGGER tr", "trigger tr of users is left over"),
    ("CREATE PROCEDURE p() SELECT 1", "DROP PROCEDURE p", "procedure p is left over"),
    ("CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1", "DROP FUNCTION f",
     "function f is left over"),
    ("CREATE SEQUENCE s", "DROP SEQUENCE s", "sequence s is left over"),
    ("CREATE INDEX ix ON users (name)", "DROP INDEX ix ON users",
     "the indexes of table users differ"),
    ("ALTER TABLE users COMMENT 'us'", "ALTER TABLE users COMMENT ''",
     "the options of table users differ"),
    ("ALTER TABLE users ADD CONSTRAINT ck CHECK (name <> 'x')",
     "ALTER TABLE users DROP CONSTRAINT ck", "the checks of table users differ"),
    *((f"ALTER TABLE typed MODIFY {column} {to}", f"ALTER TABLE typed MODIFY {column} {of}",
       f"column typed.{column} has {words}") for column, of, to, words in (
        ("en", "ENUM('a','b')", "ENUM('a','b','c')",
         "type enum('a','b','c') instead of enum('a','b')"),
        ("se", "SET('a')", "SET('a','b')", "type set('a','b') instead of set('a')"),
        ("bi", "BIT(4)", "BIT(8)", "type bit(8) instead of bit(4)"),
        ("da", "DATETIME(3)", "DATETIME(6)", "type datetime(6) instead of datetime(3)"),
        ("nu", "BIGINT", "BIGINT UNSIGNED", "type bigint unsigned instead of bigint"),
        ("de", "DECIMAL(10,2)", "DECIMAL(10,2) UNSIGNED", "type decimal(10,2) unsigned instead of"),
        ("fl", "FLOAT", "FLOAT(7,3)", "type float(7,3) instead of float"),
        ("pl", "POINT", "GEOMETRY", "type geometry instead of point"),
        ("id", "INT NOT NULL AUTO_INCREMENT", "INT NOT NULL",
         "numbering None instead of auto_increment"),
        ("te", "VARCHAR(9)", "VARCHAR(9) COLLATE utf8mb4_bin", "collation utf8mb4_bin instead of"),
    )),
)  # fmt: skip
BEFORE_MARIADB = (
    "CREATE TABLE typed (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, en ENUM('a','b'), "
    "se SET('a'), bi BIT(4), da DATETIME(3), nu BIGINT, de DECIMAL(10,2), fl FLOAT, pl POINT, "
    "te VARCHAR(9), wide INT(5)) DEFAULT CHARSET utf8mb4",
)
SQLITE: Sequence[Case] = (
    ("CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v", "view v is left over"),
    ("CREATE TRIGGER tr AFTER INSERT ON users BEGIN DELETE FROM users; END", "DROP TRIGGER tr",
     "the triggers of table users differ"),
    ("CREATE TRIGGER tv INSTEAD OF INSERT ON kept BEGIN DELETE FROM users; END",
     "DROP TRIGGER tv", "trigger tv is left over"),
    ("CREATE INDEX ix ON users (name) WHERE name > 'a'", "DROP INDEX ix",
     "the indexes of table users differ"),
)  # fmt: skip


LONG = "CREATE VIEW far AS SELECT " + ", ".join(f"{n} AS a{n}" for n in range(99))
DIFFERS = (  # before, up, what the way down leaves
    (LONG, "DROP VIEW far", LONG.replace("98 AS", "77 AS")),
    ("ALTER TABLE users ADD CONSTRAINT ck CHECK (name NOT IN ("
     + ", ".join(f"'value{n}'" for n in range(60)) + "))",
     "ALTER TABLE users DROP CONSTRAINT ck",
     "ALTER TABLE users ADD CONSTRAINT ck CHECK (name NOT IN ("
     + ", ".join(f"'value{n}'" for n in range(59)) + ", 'another'))"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "up", "down"), DIFFERS, ids=["view", "check"])
def test_long_texts_are_told_where_they_differ(
    pg: Project, before: str, up: str, down: str
) -> None:
    """What two long texts say otherwise is in the message, however far behind their beginning."""
    pg.revision("before000000", "base00000000", f"op.execute({before!r})")
    pg.commit_all("before")
    pg.git("switch", "-q", "-c", "feature")
    pg.revision("more00000000", "before000000", f"op.execute({up!r})", f"op.execute({down!r})")
    pg.git("add", "-A")
    told = pg.gitmig("check", "--base", "main", "--format", "json", code=1).stdout
    (found,) = [each for each in json.loads(told)["findings"] if each["code"] == "GM202"]
    message = found["message"].partition("does not restore the schema: ")[2]
    new, old = ("77 AS", "98 AS") if "far" in before else ("another", "value59")
    now, _, was = message.partition(" instead of ")
    assert new in now and old in was and old not in now and len(message) < 400, message
    assert found["line"] == 16


def told(project: Project, cases: Sequence[Case], forgets: bool) -> dict[str, str]:
    """Return the leftovers that a check finds, by revision: one revision for each case."""
    parent = "before000000"
    for number, (make, undo, _) in enumerate(cases):
        down = "pass" if forgets else f"op.execute({undo!r})"
        project.revision(f"r{number}", parent, f"op.execute({make!r})", down)
        parent = f"r{number}"
    project.git("add", "-A")
    result = project.gitmig("check", "--format", "json", code=None)
    findings = json.loads(result.stdout)["findings"]
    broken = [each for each in findings if each["code"] in ("GM101", "GM201", "GM203")]
    assert broken == []
    return {each["revision"]: each["message"] for each in findings if each["code"] == "GM202"}


def before(project: Project, statements: Sequence[str], undo: Sequence[str]) -> None:
    """Add the revision that the cases stand on."""
    lines = ["\n    ".join(f"op.execute({each!r})" for each in way) for way in (statements, undo)]
    project.revision("before000000", "base00000000", *lines)


@pytest.mark.parametrize("forgets", [True, False], ids=["forgotten", "taken back"])
def test_postgresql(pg: Project, forgets: bool) -> None:
    """On PostgreSQL each kind of thing that stays is named, and none that was taken back (K2)."""
    before(pg, BEFORE_POSTGRESQL, UNDO_POSTGRESQL)
    expected = {f"r{number}": words for number, (*_, words) in enumerate(POSTGRESQL)}
    compare(told(pg, POSTGRESQL, forgets), expected if forgets else {})


NOT_VALID = "ALTER TABLE users ADD CONSTRAINT ck CHECK (id > 0) NOT VALID"
DROP = "ALTER TABLE users DROP CONSTRAINT ck"


@pytest.mark.parametrize(
    ("up", "down", "found"),
    [
        ("ALTER TABLE users VALIDATE CONSTRAINT ck", "SELECT 1", ""),
        ("ALTER TABLE users VALIDATE CONSTRAINT ck", DROP, "is gone"),
        (f"{DROP}; {NOT_VALID.replace('0', '1')}", f"{DROP}; {NOT_VALID.replace('0', '2')}",
         "ck is another one"),
        ("ALTER TABLE users VALIDATE CONSTRAINT ck; COMMENT ON CONSTRAINT ck ON users IS 'c'",
         "SELECT 1", "ck is another one"),
    ],
)  # fmt: skip
def test_a_constraint_that_was_validated(pg: Project, up: str, down: str, found: str) -> None:
    """VALIDATE in a later revision has nothing to take back; one that is gone is told (K2)."""
    before(pg, [NOT_VALID], [DROP.replace("ck", "IF EXISTS ck")])
    pg.revision("r0", "before000000", f"op.execute({up!r})", f"op.execute({down!r})")
    pg.git("add", "-A")
    told = json.loads(pg.gitmig("check", "--format", "json", code=None).stdout)["findings"]
    messages = [each["message"] for each in told if each["code"][:3] == "GM2"]
    assert [found in each for each in messages] == [True] * bool(found), messages


def test_what_no_operation_brings_back(pg: Project) -> None:
    """Rights, storage and marks of a table that goes and comes back are not asked of Alembic."""
    lines = (
        "GRANT SELECT ON users TO PUBLIC",
        "ALTER TABLE users REPLICA IDENTITY FULL",
        "ALTER TABLE users ALTER name SET STORAGE EXTERNAL",
    )
    before(pg, lines, ("SELECT 1",))
    back = (
        "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), "
        "sa.Column('name', sa.String(50)))"
    )
    pg.revision("r0", "before000000", "op.drop_table('users')", back)
    pg.git("add", "-A")
    found = json.loads(pg.gitmig("check", "--format", "json", code=None).stdout)["findings"]
    assert "r0" not in {each["revision"] for each in found if each["code"][:3] == "GM2"}


@pytest.mark.parametrize("forgets", [True, False], ids=["forgotten", "taken back"])
def test_sqlite(project: Project, forgets: bool) -> None:
    """On SQLite views, triggers and indexes that stay are named (K2)."""
    before(project, ["CREATE VIEW kept AS SELECT name FROM users"], ["DROP VIEW kept"])
    expected = {f"r{number}": words for number, (*_, words) in enumerate(SQLITE)}
    compare(told(project, SQLITE, forgets), expected if forgets else {})


@pytest.mark.parametrize("forgets", [True, False], ids=["forgotten", "taken back"])
def test_mariadb(project: Project, memory: Path, forgets: bool) -> None:
    """On MariaDB what stays is named, and so are types with other members, sign or length (K3)."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    before(project, BEFORE_MARIADB, ["DROP TABLE typed"])
    expected = {f"r{number}": words for number, (*_, words) in enumerate(MARIADB)}
    compare(told(project, MARIADB, forgets), expected if forgets else {})


def compare(found: dict[str, str], expected: dict[str, str]) -> None:
    """Assert that each revision is told of, by its own words, and no other."""
    assert set(found) == set(expected), (found, expected)
    for revision, words in expected.items():
        assert words in found[revision], (revision, found[revision])
