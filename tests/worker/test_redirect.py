"""No connection reaches the database that the project names, however env.py asks for it (E14)."""

from __future__ import annotations

import pytest
from servers import ask, url_for
from support import Project, column, use_url

EMAIL = column("email")

# how an env.py comes by its engine, {url} being the production database's
ENGINE_ENV = """\
from alembic import context
import asyncio
import sqlalchemy
from sqlalchemy.pool import QueuePool
{imports}

from models import Base

{engine}


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


{run}
"""
SYNC_RUN = "with engine.connect() as connection:\n    migrate(connection)"
ASYNC_RUN = """\
async def main():
    async with engine.connect() as connection:
        await connection.run_sync(migrate)


asyncio.run(main())"""
WAYS_ROUND = {
    "environment variable": (
        "import os",
        'engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"])',
        SYNC_RUN,
    ),
    "creator": (
        "import psycopg",
        'engine = sqlalchemy.create_engine("postgresql+psycopg://", '
        'creator=lambda: psycopg.connect("{dsn}"))',
        SYNC_RUN,
    ),
    "async_creator": (
        "import asyncpg\nfrom sqlalchemy.ext.asyncio import create_async_engine",
        'async def connect():\n    return await asyncpg.connect("{dsn}")\n\n'
        'engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)',
        ASYNC_RUN,
    ),
    "a ready-made pool": (
        "import psycopg",
        'engine = sqlalchemy.create_engine("postgresql+psycopg://", '
        'pool=QueuePool(lambda: psycopg.connect("{dsn}")))',
        SYNC_RUN,
    ),
    "the engine's own do_connect": (
        "import psycopg",
        'engine = sqlalchemy.create_engine("postgresql+psycopg://")\n\n\n'
        '@sqlalchemy.event.listens_for(engine, "do_connect")\n'
        'def connect(dialect, record, cargs, cparams):\n    return psycopg.connect("{dsn}")',
        SYNC_RUN,
    ),
}


def test_a_generated_revision_never_touched_the_real_server(project: Project, server: str) -> None:
    """The server that the project names is not connected to: neither hook nor check (E14)."""
    ask(server, "CREATE DATABASE production")
    ask(server, "CREATE TABLE users (id int)", "production")
    ask(server, "INSERT INTO users VALUES (42)", "production")
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname = 'production'"
    before = ask(server, sessions)
    use_url(project, url_for(server, "psycopg", "production"))
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    for arguments in (["autogenerate"], ["check"], ["merge-heads"]):
        project.gitmig(*arguments, "--database-url", server)
    assert ask(server, sessions) == before
    assert ask(server, "SELECT * FROM users", "production") == [(42,)]
    assert ask(server, "SELECT count(*) FROM pg_class WHERE relname = 'alembic_version'",
               "production") == [(0,)]  # fmt: skip
    ask(server, "DROP DATABASE production")


@pytest.mark.parametrize("way", WAYS_ROUND)
@pytest.mark.parametrize("given", [True, False], ids=["a given server", "a server of our own"])
def test_no_way_round(
    project: Project,
    server: str,
    listener: tuple[int, list[object]],
    way: str,
    given: bool,
) -> None:
    """However env.py comes by its engine, nothing connects to where it leads (E14)."""
    port, tried = listener
    dsn = f"postgresql://ada:secret@127.0.0.1:{port}/production"
    imports, engine, run = WAYS_ROUND[way]
    engine = engine.replace("{dsn}", dsn)
    project.write("migrations/env.py", ENGINE_ENV.format(imports=imports, engine=engine, run=run))
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    options = ["--database-url", server] if given else []
    environment = {"DATABASE_URL": dsn.replace("postgresql:", "postgresql+psycopg:")}
    project.gitmig("check", *options, code=1, **environment)
    result = project.gitmig("autogenerate", *options, **environment)
    assert tried == []
    assert "users.email" in result.stdout


# driver -> a direct call of it, {port} being the production server's
CALLS = {
    "psycopg": "import psycopg; psycopg.connect('postgresql://ada:x@127.0.0.1:{port}/app')",
    "psycopg's class": "from psycopg import Connection; "
    "Connection.connect('postgresql://ada:x@127.0.0.1:{port}/app')",
    "psycopg async": "import asyncio, psycopg; asyncio.run("
    "psycopg.AsyncConnection.connect('postgresql://ada:x@127.0.0.1:{port}/app'))",
    "psycopg2": "from psycopg2 import connect; connect('postgresql://ada:x@127.0.0.1:{port}/app')",
    "asyncpg": "import asyncio, asyncpg; "
    "asyncio.run(asyncpg.connect('postgresql://ada:x@127.0.0.1:{port}/app'))",
    "pg8000": "import pg8000; pg8000.connect('ada', host='127.0.0.1', port={port})",
    "pg8000 native": "from pg8000.native import Connection; "
    "Connection('ada', host='127.0.0.1', port={port})",
    "pymysql": "import pymysql; pymysql.connect(host='127.0.0.1', port={port}, user='ada')",
    "aiomysql": "import asyncio, aiomysql; "
    "asyncio.run(aiomysql.connect(host='127.0.0.1', port={port}, user='ada')._coro)",
    "MySQLdb": "import MySQLdb; MySQLdb.connect(host='127.0.0.1', port={port}, user='ada')",
    "mysql.connector": "import mysql.connector; "
    "mysql.connector.connect(host='127.0.0.1', port={port}, user='ada')",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_driver_that_is_called_directly(
    project: Project, listener: tuple[int, list[object]], name: str
) -> None:
    """A revision, or env.py, that connects without SQLAlchemy is refused, and told where (E14)."""
    port, tried = listener
    call = CALLS[name].format(port=port)
    path = project.revision("calls0000000", "base00000000", call)
    project.git("add", "-A")
    told = project.gitmig("check", code=2).stderr
    assert f"{path}:" in told and f"{name.split()[0].split(chr(39))[0]} is called directly" in told
    assert "op.get_bind()" in told and len(told.splitlines()) == 2
    project.git("reset", "-q", "--hard")
    project.write("migrations/env.py", f"{call}\n{project.read('migrations/env.py')}")
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    told = project.gitmig("autogenerate", code=2).stderr
    assert "migrations/env.py:1: " in told and "is called directly" in told
    assert tried == []


def test_libpq_is_not_led_elsewhere(
    project: Project, server: str, listener: tuple[int, list[object]]
) -> None:
    """PGHOSTADDR, which libpq takes before any host, leads no statement of ours away (E14)."""
    assert server  # there are programs to start
    port, tried = listener
    use_url(project, "postgresql+psycopg://production.invalid/app")
    elsewhere = {"PGHOSTADDR": "127.0.0.1", "PGPORT": str(port), "PGOPTIONS": "-c search_path=x"}
    project.gitmig("check", **elsewhere)
    assert tried == []


def test_creator_on_sqlite(project: Project) -> None:
    """A SQLite file that a `creator` opens stays untouched (E14)."""
    project.gitmig("upgrade")
    before = (project.path / "app.db").read_bytes()
    env = project.read("migrations/env.py").replace(
        "engine_from_config(\n        config.get_section(config.config_ini_section, {}),\n"
        '        prefix="sqlalchemy.",\n        poolclass=pool.NullPool,\n    )',
        'create_engine("sqlite://", creator=lambda: sqlite3.connect("app.db"))',
    )
    env = env.replace("import engine_from_config, pool", "import create_engine")
    project.write("migrations/env.py", "import sqlite3\n" + env)
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    project.gitmig("autogenerate")
    assert (project.path / "app.db").read_bytes() == before
    assert project.tables()["users"] == ["id", "name"]


def test_a_connection_that_gitmig_did_not_open(project: Project, server: str) -> None:
    """An env.py that hands over an engine of before the redirection is refused unused (E14)."""
    project.write(
        "migrations/env.py",
        "import sqlite3\nfrom alembic import context\nfrom sqlalchemy import pool\n"
        "from sqlalchemy.dialects.sqlite import pysqlite\nfrom sqlalchemy.engine import Engine\n"
        "from sqlalchemy.engine import make_url\nfrom models import Base\n"
        'made = pool.StaticPool(lambda: sqlite3.connect("real.db"))\n'
        "dialect = pysqlite.dialect(dbapi=sqlite3)\n"
        'engine = Engine(made, dialect, make_url("sqlite:///real.db"))\n'
        "dialect.initialize = lambda connection: None\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection, target_metadata=Base.metadata)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n",
    )
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    result = project.gitmig("autogenerate", code=2)
    assert "a connection that gitmig did not open" in result.stderr
    assert project.tables("real.db") == {}
