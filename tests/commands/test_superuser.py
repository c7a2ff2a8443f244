"""Gate ``deploy``: what needs a superuser on PostgreSQL is found by trying it as one who is not."""

from __future__ import annotations

import json

import pytest
from support import ASYNC_ENV, Project, use_url

PATH = "migrations/versions/more00000000.py"


def refused(project: Project, *statements: str, extra: str = "") -> list[tuple[int, str]]:
    """Give a branch a revision with these statements; return line and message of GM104."""
    project.git("switch", "-q", "-C", "feature", "main")
    lines = "\n    ".join(f"op.execute({each!r})" for each in statements) + extra
    project.revision("more00000000", "base00000000", lines)
    project.commit_all("more")
    answer = project.gitmig("check", "--base", "main", "--format", "json", code=None)
    told = json.loads(answer.stdout)
    gates = {gate["name"]: gate["status"] for gate in told["gates"]}
    assert gates["deploy"] == "passed", told
    found = [each for each in told["findings"] if each["code"] == "GM104"]
    assert all(each["path"] == PATH and each["severity"] == "warning" for each in found)
    return [(each["line"], each["message"]) for each in found]


def test_needs_a_superuser(pg: Project) -> None:
    """Each is named with its line and what PostgreSQL said; the check goes on as before."""
    found = refused(
        pg,
        "CREATE TABLE more (id serial PRIMARY KEY)",
        "COPY more FROM PROGRAM 'echo 7'",
        "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f()",
        "SET LOCAL session_replication_role = replica",
        "CREATE FUNCTION g() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
    )
    assert [line for line, _ in found] == [13, 15, 16, 17]
    assert found[0][1].startswith("revision more00000000 needs a superuser")
    assert "must be superuser" in found[0][1] and "[COPY more FROM PROGRAM" in found[0][1]
    assert "permission denied" in found[1][1]


def test_needs_none(pg: Project) -> None:
    """What an owner may is silent: tables, types, triggers, trusted languages, rows, what was there
    before, settings of the session, and what runs in no transaction.
    """  # noqa: D205
    concurrently = """
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix ON users (name)")
        op.execute("ALTER TYPE mood ADD VALUE 'new'")"""
    found = refused(
        pg,
        "CREATE TYPE mood AS ENUM ('sad')",
        "ALTER TABLE users ADD mood mood",
        "CREATE SCHEMA inner_one",
        "ALTER TABLE users SET SCHEMA inner_one",
        "ALTER TABLE inner_one.users SET SCHEMA public",
        "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t()",
        "INSERT INTO users (name) VALUES ('a')",
        "SET LOCAL lock_timeout = '1s'",
        "COMMENT ON TABLE users IS 'us'",
        "CREATE TABLE two (id int); COMMENT ON TABLE two IS 'one'",
        "DROP TRIGGER t ON users",
        extra=concurrently,
    )
    assert found == []


def test_out_of_a_transaction(pg: Project) -> None:
    """What runs in no transaction is tried, too."""
    alter = """
    with op.get_context().autocommit_block():
        op.execute("ALTER SYSTEM SET work_mem = '5MB'")
        op.execute("ALTER SYSTEM RESET work_mem")"""
    assert [line for line, _ in refused(pg, "SELECT 1", extra=alter)] == [14, 15]


def test_a_role_that_the_revision_sets(pg: Project) -> None:
    """Where a revision says who is to do what follows, nothing that follows is tried."""
    pg.write("gitmig.toml", "[postgresql]\nprepare = ['CREATE ROLE ada_plain SUPERUSER']\n")
    pg.commit_all("a role")
    found = refused(pg, "SET LOCAL ROLE ada_plain", "SET LOCAL session_replication_role = replica")
    assert found == []


@pytest.mark.parametrize("driver", ["psycopg2", "pg8000", "asyncpg"])
def test_with_other_drivers(pg: Project, driver: str) -> None:
    """Each driver says in its own way that a statement was refused."""
    env = ASYNC_ENV if driver == "asyncpg" else ""
    use_url(pg, f"postgresql+{driver}://ada@production.invalid/app", env)
    found = refused(pg, "SET LOCAL session_replication_role = replica", "CREATE TABLE t (id int)")
    assert [line for line, _ in found] == [12]


BOTH = """\
from alembic import context
from sqlalchemy import create_engine

from models import Base

main = context.config.get_main_option("sqlalchemy.url")
for url in (main, "sqlite:///other.db"):
    with create_engine(url).connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""


def test_beside_another_kind(pg: Project) -> None:
    """Of several databases of a project those of PostgreSQL alone are asked."""
    pg.write("migrations/env.py", BOTH)
    pg.commit_all("two databases")
    assert refused(pg, "ALTER TABLE users ADD COLUMN more INTEGER") == []
