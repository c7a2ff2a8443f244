"""What statements of every database are understood to do."""

from __future__ import annotations

import pytest

from gitmig.rules.changes import Change, same
from gitmig.rules.reading import changes


def told(sql: str, dialect: str = "postgresql") -> list[str]:
    """Return the changes in a few words each."""
    return [words(change) for change in changes(sql, dialect)]


def words(change: Change) -> str:
    """Return a change on one line."""
    parts = [change.kind, change.table, change.name, f"to {change.to}" if change.to else ""]
    flags = f"[{', '.join(sorted(change.flags))}]" if change.flags else ""
    return " ".join(part for part in (*parts, flags) if part)


STATEMENTS = {
    "CREATE TABLE IF NOT EXISTS a.t (id int)": ["create table a.t [if]"],
    'CREATE UNIQUE INDEX CONCURRENTLY "Ix" ON ONLY app."Users" (a)': [
        "create index app.Users Ix [concurrently, only, unique]"
    ],
    "create index on users (a)": ["create index users"],
    "DROP INDEX CONCURRENTLY IF EXISTS ix": ["drop index ix [concurrently, if]"],
    "DROP TABLE a, b CASCADE": ["drop table a [cascade]", "drop table b [cascade]"],
    "ALTER TABLE ONLY users ADD COLUMN n int NOT NULL, DROP COLUMN IF EXISTS m CASCADE": [
        "add column users n to int [not null]",
        "drop column users m [cascade, if]",
    ],
    "ALTER TABLE users ADD n numeric(10, 2) DEFAULT (1 + 2) NOT NULL": [
        "add column users n to numeric(10, 2) [default, not null]"
    ],
    "ALTER TABLE t ADD COLUMN d int GENERATED ALWAYS AS (a * 2) STORED": [
        "add column t d to int [generated, stored]"
    ],
    "ALTER TABLE t ADD id bigserial PRIMARY KEY": [
        "add column t id to bigserial [default, not null]"
    ],
    "ALTER TABLE t ADD COLUMN u int REFERENCES users (id) DEFAULT 1": [
        "add column t u to int [default, references]"
    ],
    "ALTER TABLE t ALTER a TYPE bigint USING a::bigint, ALTER COLUMN b SET NOT NULL": [
        "change type t a to bigint",
        "set not null t b",
    ],
    "ALTER TABLE t ALTER b DROP NOT NULL, ALTER b DROP DEFAULT, ALTER c SET DEFAULT 3": [
        "drop not null t b",
        "drop default t b",
        "set default t c",
    ],
    "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id) NOT VALID": [
        "add constraint t fk to foreign key [not valid]"
    ],
    "ALTER TABLE t ADD CHECK (a > 0 AND b NOT IN (1, 2))": ["add constraint t to check"],
    "ALTER TABLE t ADD CONSTRAINT uq UNIQUE USING INDEX ix": [
        "add constraint t uq to unique [using index]"
    ],
    "ALTER TABLE t VALIDATE CONSTRAINT fk": ["validate constraint t fk"],
    "ALTER TABLE t DROP CONSTRAINT IF EXISTS fk": ["drop constraint t fk [if]"],
    "ALTER TABLE t RENAME COLUMN a TO b": ["rename column t a to b"],
    "ALTER TABLE t RENAME a TO b": ["rename column t a to b"],
    "ALTER TABLE t RENAME TO u": ["rename table t to u"],
    "ALTER TABLE t RENAME CONSTRAINT a TO b": [],
    "ALTER TABLE t DISABLE TRIGGER ALL": ["disable trigger t all"],
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'new' AFTER 'old'": ["add value mood to 'new' [if]"],
    "ALTER TYPE mood RENAME VALUE 'a' TO 'b'": ["rename value mood to 'a'"],
    "UPDATE users SET n = (SELECT max(m) FROM u WHERE u.id = users.id)": ["update users"],
    "UPDATE users SET a = -1, b = 'x, y', c = NULL WHERE b IS NULL": [
        "update users to a, b, c [where]"
    ],
    "UPDATE users SET a = 1, b = lower(c)": ["update users"],
    "UPDATE users SET n = 1 FROM b WHERE b.id = users.id": ["update users [where]"],
    "DELETE FROM ONLY users": ["delete users"],
    "DELETE FROM users WHERE 1=1": ["delete users"],
    "DELETE FROM users WHERE (TRUE) RETURNING id": ["delete users"],
    "DELETE FROM users WHERE 1=1 AND id > 3": ["delete users [where]"],
    "DELETE FROM users USING b WHERE b.id = users.id": ["delete users [where]"],
    "WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone": [
        "delete a",
        "insert b [select]",
    ],
    "TRUNCATE TABLE a, b CASCADE": ["truncate a [cascade]", "truncate b [cascade]"],
    "SET lock_timeout = '5s'": ["set lock_timeout to '5s'"],
    "SET LOCAL search_path TO a, public": ["set search_path to a, public [local]"],
    "SET SESSION AUTHORIZATION bob": ["set role to bob"],
    "SET search_path TO DEFAULT": ["reset search_path"],
    "RESET ALL": ["reset all"],
    "CREATE ROLE app LOGIN": ["server app to CREATE ROLE"],
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN "
    "CREATE ROLE app; ELSE ALTER ROLE app LOGIN; END IF; END $$": [
        "server app to CREATE ROLE",
        "server app to ALTER ROLE",
    ],
    "DO LANGUAGE plpgsql 'DECLARE n text := ''x''; BEGIN EXECUTE ''GRANT app TO bob''; END'": [
        "server to GRANT of a role"
    ],
    "DO $a$ BEGIN EXECUTE format($b$CREATE USER %I$b$, 'x'); EXCEPTION WHEN OTHERS THEN END $a$": [
        "server to CREATE USER"
    ],
    "DO $$ BEGIN CREATE TABLE role (a int); DELETE FROM users; GRANT SELECT ON a TO b; "
    "PERFORM 'CREATE ROLE x'; END $$": [],
    "DROP DATABASE IF EXISTS old": ["server old to DROP DATABASE"],
    "ALTER SYSTEM SET work_mem = '1GB'": ["server set to ALTER SYSTEM"],
    "GRANT SELECT ON users TO app": [],
    "GRANT admin TO app": ["server to GRANT of a role"],
    "REVOKE INSERT, UPDATE ON TABLE users FROM app": ["revoke users to insert, update"],
    "REVOKE ALL ON FUNCTION f() FROM PUBLIC": [],
    "CREATE OR REPLACE VIEW v AS SELECT 1": ["create v to view [replace]"],
    "DROP VIEW v CASCADE": ["drop v to view [cascade]"],
    "CREATE TRIGGER tg BEFORE INSERT ON users EXECUTE FUNCTION f()": ["create users tg to trigger"],
    "DO $$ BEGIN DELETE FROM users; END $$": [],
    "SELECT 1; COMMIT; ROLLBACK TO SAVEPOINT a": ["commit"],
    "CREATE FUNCTION f() RETURNS int AS $f$ BEGIN DROP TABLE a; END $f$ LANGUAGE plpgsql; "
    "DROP TABLE b": ["create f to function", "drop table b"],
    "/* DROP TABLE a; */ -- ALTER\nDROP TABLE b -- c": ["drop table b"],
    "INSERT INTO a VALUES ('DROP TABLE b; x''y')": ["insert a"],
    "": [],
    "nonsense ( ( ;": [],
    "ALTER TABLE": [],
}  # fmt: skip


@pytest.mark.parametrize("sql", STATEMENTS)
def test_what_a_statement_does(sql: str) -> None:
    """A statement gives what it does, one thing at a time; what is not known gives nothing."""
    assert told(sql) == STATEMENTS[sql]


MYSQL = {
    "ALTER TABLE `t` MODIFY a BIGINT NOT NULL COMMENT 'it\\'s; DROP TABLE b'": [
        "change type t a to bigint",
        "set not null t a",
    ],
    "ALTER TABLE t CHANGE a b VARCHAR(20) NULL": [
        "rename column t a to b",
        "change type t b to varchar(20)",
    ],
    "ALTER TABLE t ADD UNIQUE INDEX ix (a), DROP INDEX iy, DROP FOREIGN KEY fk": [
        "create index t ix [unique]",
        "drop index t iy",
        "drop constraint t fk to foreign key",
    ],
    "ALTER TABLE t ADD COLUMN (a INT, b INT NOT NULL)": [
        "add column t a to int",
        "add column t b to int [not null]",
    ],
    "DROP INDEX ix ON t": ["drop index t ix"],
    "RENAME TABLE a TO b, c TO d": ["rename table a to b", "rename table c to d"],
    "SET foreign_key_checks = 0, @x = 1": ["set foreign_key_checks to 0"],
    "SET GLOBAL max_connections = 5": ["server max_connections to SET GLOBAL"],
    "UPDATE a JOIN b ON a.id = b.id SET a.n = 1": ["update a [where]"],
}  # fmt: skip


@pytest.mark.parametrize("sql", MYSQL)
def test_what_a_statement_of_mysql_does(sql: str) -> None:
    """MySQL's own words are understood, and its backslashes in strings."""
    assert told(sql, "mysql") == MYSQL[sql]


def test_pragmas_and_triggers_of_sqlite() -> None:
    """A PRAGMA is a setting where it sets; a trigger's body does nothing when it is made."""
    assert told("PRAGMA foreign_keys=OFF; PRAGMA table_info", "sqlite") == [
        "set foreign_keys to off"
    ]
    trigger = "CREATE TRIGGER tg AFTER INSERT ON a BEGIN DELETE FROM b; END"
    assert told(trigger, "sqlite") == ["create a tg to trigger"]


def test_names_of_tables() -> None:
    """A schema counts where both names have one."""
    assert same("users", "public.users") and same("App.Users", "app.users")
    assert not same("a.users", "b.users") and not same("users", "users2")


@pytest.mark.parametrize(
    ("condition", "all_rows"),
    [
        ("id > 0", True),
        ("a.id IS NOT NULL", True),
        ("(n = 1 OR (true))", True),
        ("'x' = 'x' AND NOT false", True),
        ("id > 0 AND n = 1", False),
        ("id <> 0", False),
        ("n > 0", False),
        ("name = 'a OR 1 = 1'", False),
        ("id IN (SELECT id FROM b WHERE true OR 1 = 1)", False),
        ("id BETWEEN 0 AND 1", False),
        ("NOT (n = 1 OR true)", False),
    ],
)
def test_conditions_that_all_rows_meet(condition: str, all_rows: bool) -> None:
    """A WHERE that all rows meet by its words alone is none."""
    flags = "" if all_rows else " [where]"
    assert told(f"DELETE FROM a WHERE {condition}") == [f"delete a{flags}"]  # noqa: S608
