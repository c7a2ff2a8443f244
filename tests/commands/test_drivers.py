"""Every driver for PostgreSQL, on servers of gitmig's own and on a given one."""

from __future__ import annotations

import pytest
from servers import databases
from support import ASYNC_ENV, Project, column, two_heads, use_url

EMAIL = column("email")
ENVS = {"psycopg": "", "psycopg async": ASYNC_ENV, "psycopg2": "", "asyncpg": ASYNC_ENV,
        "pg8000": ""}  # fmt: skip
DIRECT_ENV = """\
import asyncio

import sqlalchemy
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from models import Base

engine = {call}


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


"""
SYNC = "with engine.connect() as connection:\n    migrate(connection)\n"
ASYNC = """\
async def main():
    async with engine.connect() as connection:
        await connection.run_sync(migrate)


asyncio.run(main())
"""
POOLS = {
    "sizes": ("psycopg", "pool_size=20, max_overflow=0, pool_timeout=3, pool_pre_ping=True"),
    "QueuePool": ("psycopg2", "poolclass=pool.QueuePool, pool_use_lifo=True"),
    "StaticPool": ("psycopg", "poolclass=pool.StaticPool"),
    "SingletonThreadPool": ("pg8000", "poolclass=pool.SingletonThreadPool, pool_size=5"),
    "async": ("asyncpg", "pool_size=3, pool_recycle=60"),
    "AsyncAdaptedQueuePool": ("asyncpg", "poolclass=pool.AsyncAdaptedQueuePool"),
}
# how a project connects that finds its tables in a schema of their own
SEARCH_PATHS = {
    "psycopg": "{'options': '-csearch_path=app', 'sslmode': 'require', 'connect_timeout': 3}",
    "psycopg2": "{'options': '-csearch_path=app', 'sslmode': 'require', 'keepalives': 1}",
    "asyncpg": "{'server_settings': {'search_path': 'app'}, 'ssl': True, 'timeout': 3}",
}


def direct_env(driver: str, options: str) -> str:
    """Return an env.py that makes its engine with options of its own."""
    maker = "create_async_engine" if driver == "asyncpg" else "sqlalchemy.create_engine"
    call = f'{maker}("postgresql+{driver}://ada:secret@production.invalid/app", {options})'
    return DIRECT_ENV.format(call=call) + (ASYNC if driver == "asyncpg" else SYNC)


def generated_and_checked(project: Project, driver: str, *options: str) -> str:
    """Generate a revision and check it; return what check printed."""
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    assert "add users.email" in project.gitmig("autogenerate", *options).stdout
    told = project.gitmig("check", *options).stdout
    assert f"driver {driver}" in told
    return told


def ask_with(project: Project, name: str) -> str:
    """Let the project ask with a driver, and env.py be for it; return the driver's name."""
    driver = name.split()[0]
    use_url(project, f"postgresql+{driver}://u:50%25@production.invalid/app?application_name=x",
            ENVS[name])  # fmt: skip
    return driver


@pytest.mark.parametrize("name", ENVS)
def test_each_driver_everywhere(pg: Project, server: str, wheel: str, name: str) -> None:
    """Each driver works on the system's PostgreSQL, a given one, and that of the wheel (E1).

    On that of the wheel it joins heads, too (H1).
    """
    before = databases(server)
    generated_and_checked(pg, ask_with(pg, name))
    assert "drift     passed" in pg.gitmig("check", "--database-url", server).stdout
    assert databases(server) == before
    pg.write("gitmig.toml", f'[postgresql]\nbinaries = "{wheel}"\n')
    pg.git("add", "-A")
    assert "database 18." in pg.gitmig("check").stdout
    two_heads(pg)
    assert "written and staged" in pg.gitmig("merge-heads").stdout


def test_sslmode_for_asyncpg(pg: Project, server: str) -> None:
    """A URL with `sslmode`, which asyncpg calls `ssl`, is understood."""
    generated_and_checked(pg, ask_with(pg, "asyncpg"), "--database-url", f"{server}&sslmode=prefer")


def test_aiosqlite(project: Project) -> None:
    """An async driver of SQLite works as before (E1)."""
    use_url(project, "sqlite+aiosqlite:///app.db", ASYNC_ENV)
    generated_and_checked(project, "aiosqlite")


@pytest.mark.parametrize("name", POOLS)
def test_pools(pg: Project, name: str) -> None:
    """An engine with a pool of its own choosing works: gitmig connects without one."""
    driver, options = POOLS[name]
    pg.write("migrations/env.py", direct_env(driver, options))
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    assert "add users.email" in pg.gitmig("autogenerate").stdout


def test_pool_in_the_configuration(pg: Project) -> None:
    """`sqlalchemy.pool_size` in alembic.ini is no hindrance either."""
    ini = pg.read("alembic.ini")
    pg.write("alembic.ini", f"{ini}sqlalchemy.pool_size = 5\nsqlalchemy.echo = false\n")
    env = pg.read("migrations/env.py").replace("        poolclass=pool.NullPool,\n", "")
    pg.write("migrations/env.py", env)
    generated_and_checked(pg, "psycopg")


@pytest.mark.parametrize("driver", SEARCH_PATHS)
def test_how_the_session_is_set_up_is_kept(pg: Project, driver: str) -> None:
    """A search path in the connection arguments counts; where they lead to does not (E9)."""
    pg.write("gitmig.toml", '[postgresql]\nprepare = ["CREATE SCHEMA app"]\n')
    pg.write("migrations/env.py", direct_env(driver, f"connect_args={SEARCH_PATHS[driver]}"))
    pg.revision("more00000000", "base00000000", 'op.execute("SELECT name FROM app.users")')
    generated_and_checked(pg, driver)
