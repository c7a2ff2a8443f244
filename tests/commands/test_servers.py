"""Databases of our own on a server that was given, for a PostgreSQL project."""

from __future__ import annotations

import pytest
from servers import ask, databases, url_for
from sqlalchemy.engine import make_url
from support import ASYNC_ENV, Project, column, no_postgresql, use_url

EMAIL = column("email")
TWO_DATABASES = """\
import sqlalchemy
from alembic import context

from models import Base

for name in "ab":
    engine = sqlalchemy.create_engine("postgresql+psycopg://production.invalid/" + name)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_a_given_server(project: Project, server: str, driver: str) -> None:
    """With --database-url a PostgreSQL project is generated for and checked there."""
    before = databases(server)
    env = ASYNC_ENV if driver == "asyncpg" else ""
    use_url(project, f"postgresql+{driver}://u:50%25@production.invalid/app", env)
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    result = project.gitmig("autogenerate", "--database-url", server)
    assert "add users.email" in result.stdout
    result = project.gitmig("check", "--database-url", server)
    assert f"driver {driver}" in result.stdout and "drift     passed" in result.stdout
    assert databases(server) == before


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_a_failing_migration_leaves_no_database(project: Project, server: str, driver: str) -> None:
    """A migration that fails on the server is named, and its database goes."""
    before = databases(server)
    env = ASYNC_ENV if driver == "asyncpg" else ""
    use_url(project, f"postgresql+{driver}://production.invalid/app", env)
    project.revision("bad000000000", "base00000000", 'op.execute("SELECT nothing FROM nowhere")')
    project.git("add", "-A")
    result = project.gitmig("check", "--database-url", server, code=1)
    assert "migrations/versions/bad000000000.py:12: error GM101" in result.stdout
    assert "SELECT nothing FROM nowhere" in result.stdout
    assert databases(server) == before


def test_second_upgrade_fails(project: Project, server: str) -> None:
    """What no comparison sees of what a downgrade forgets shows when it is applied again (K1)."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    create = "SELECT lo_create(4711)"
    path = project.revision("more00000000", "base00000000", f'op.execute("{create}")')
    project.git("add", "-A")
    result = project.gitmig("check", "--database-url", server, code=1)
    assert f"{path}:12: error GM203" in result.stdout
    assert "fails on upgrade after its downgrade" in result.stdout and create in result.stdout


@pytest.mark.parametrize(
    ("create", "told"),
    [
        ("CREATE TYPE mood AS ENUM ('good')", "type mood is left over"),
        ("CREATE VIEW names AS SELECT name FROM users", "view names is left over"),
        ("CREATE SEQUENCE numbers", "sequence numbers is left over"),
        (
            "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "function one() is left over",
        ),
    ],
)
def test_traces_besides_tables(project: Project, server: str, create: str, told: str) -> None:
    """An enum type, a view or a sequence that the downgrade leaves is found (K2)."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    project.revision("more00000000", "base00000000", f'op.execute("{create}")')
    project.git("add", "-A")
    result = project.gitmig("check", "--database-url", server, code=1)
    assert "GM202" in result.stdout and told in result.stdout


def test_a_base_on_a_server(project: Project, server: str) -> None:
    """``--base`` beside a server: a database at the base is taken on with this branch's files."""
    before = databases(server)
    use_url(project, "postgresql+psycopg://production.invalid/app")
    told = project.gitmig("check", "--base", "main", "--database-url", server).stdout
    assert "published passed" in " ".join(told.split())
    assert "deploy passed" in " ".join(told.split())
    assert databases(server) == before


def test_two_databases_of_one_project(project: Project, server: str) -> None:
    """Each database that env.py asks for is one of its own, and all of them go."""
    before = databases(server)
    project.write("migrations/env.py", TWO_DATABASES)
    project.git("add", "-A")
    project.gitmig("check", "--database-url", server)
    assert databases(server) == before


def test_server_in_the_settings(project: Project, server: str) -> None:
    """`database` in the settings is as good as --database-url, for the hook too."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    project.write("gitmig.toml", f'database = "{server}"\n')
    project.commit_all("settings")
    project.gitmig("install", "-q")
    project.append("models.py", EMAIL)
    project.git("commit", "-qam", "users have an email")
    assert len(project.new_revisions()) == 1
    assert project.status() == ""


def test_no_server_is_never_green(project: Project) -> None:
    """A PostgreSQL project without a server stops with how to get one (K5); the commit too."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    no_postgresql(project)
    result = project.gitmig("check", code=2)
    assert "the project asks for PostgreSQL, and there is none to be had" in result.stderr
    assert "configured: there is no postgres in /nowhere" in result.stderr
    assert "gitmig[postgres]" in result.stderr and "--database-url" in result.stderr
    project.gitmig("install", "-q")
    project.append("models.py", EMAIL)
    head = project.head()
    project.git("commit", "-qam", "users have an email", code=1)
    assert project.head() == head
    assert project.status() == "M  models.py\n" or project.status() == " M models.py\n"


def test_server_of_another_kind(project: Project, server: str) -> None:
    """A MySQL server, or a SQLite file, for a PostgreSQL project is refused by name."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    for given, name in (("mysql://nowhere.invalid/", "mysql"), ("sqlite://", "sqlite")):
        result = project.gitmig("check", "--database-url", given, code=2)
        assert f"env.py asks for postgresql, the given server is {name}" in result.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://ada:secret@127.0.0.1:1/postgres", "refused"),
        ("postgresql://nobody:secret@/postgres?host={host}", "nobody"),
        ("no url:secret", "no database URL"),
    ],
    ids=["nothing there", "no such user", "no URL"],
)
def test_server_that_cannot_be_used(project: Project, server: str, url: str, told: str) -> None:
    """A server that refuses is one sentence, without its password."""
    use_url(project, "postgresql+psycopg://production.invalid/app")
    given = url.replace("{host}", str(make_url(server).query["host"]))
    result = project.gitmig("check", "--database-url", given, code=2)
    assert told in result.stderr and "secret" not in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_real_database_is_named_without_its_password(project: Project, server: str) -> None:
    """`gitmig upgrade` works on the real server and names it with the password hidden."""
    ask(server, "CREATE DATABASE everyday")
    use_url(project, url_for(server, "psycopg", "everyday", "secret"))
    result = project.gitmig("upgrade")
    assert "gitmig: database postgresql+psycopg://ada:***@/everyday" in result.stderr
    assert "secret" not in result.stderr + result.stdout
    assert ask(server, "SELECT version_num FROM alembic_version", "everyday") == [("base00000000",)]
    project.gitmig("downgrade", "base")
    assert ask(server, "SELECT to_regclass('users')", "everyday") == [(None,)]
    ask(server, "DROP DATABASE everyday")
