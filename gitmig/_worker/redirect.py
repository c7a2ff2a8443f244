"""Every connection is turned to an ephemeral database, whatever URL the project asks for.

``do_connect`` on the Engine class sees each connection any engine opens, before it is opened.
Engine arguments that go round it (``creator``, ``async_creator``, a ready-made ``pool``) are
dropped. Before Alembic sends its first statement, the connection in its context is checked to be
one that was opened here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy
import sqlalchemy.engine
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool, Pool

from . import aside
from .compat import connection_info
from .databases import Databases
from .failures import Failure, note_error
from .shapes import Connection, Context, Dialect

MARK = "gitmig-ephemeral"
GENERATION = "gitmig-generation"
GO_ROUND = ("creator", "async_creator", "pool")
OF_A_POOL = ("max_overflow", "pool_size", "pool_timeout", "pool_use_lifo")

MakesEngines = Callable[..., Any]  # create_engine, or what stands for it


def install(databases: Databases) -> None:
    """Turn every connection of this process to ``databases``; call it before any user code."""

    def answer(
        dialect: Dialect, record: Any, cargs: Iterable[Any], cparams: Mapping[str, Any]
    ) -> Any:
        if aside.active():
            return None
        connection, record.info[MARK] = databases.connect(dialect, cargs, cparams)
        record.info[GENERATION] = databases.generation
        return connection

    def refuse_old(connection: Any, record: Any, proxy: Any) -> None:
        if record.info.get(GENERATION, databases.generation) != databases.generation:
            raise DisconnectionError(
                "it leads to a database that was left"
            )  # the pool gets another

    event.listen(Engine, "do_connect", answer)
    event.listen(Pool, "checkout", refuse_old)
    event.listen(Engine, "handle_error", note_error)
    wrap_create_engine(connect_by_url)
    check_contexts()


def connect_by_url(create_engine: MakesEngines) -> MakesEngines:
    """Wrap ``create_engine`` so that every engine connects by URL.

    On a server its connections end when the project lets them go: a database with an open
    connection can be neither copied nor dropped.
    """

    @functools.wraps(create_engine)
    def create(url: Any, **kwargs: Any) -> Any:
        for name in GO_ROUND:
            kwargs.pop(name, None)
        if make_url(url).get_backend_name() != "sqlite":
            for name in OF_A_POOL:
                kwargs.pop(name, None)
            kwargs["poolclass"] = NullPool
        return create_engine(url, **kwargs)

    return create


def wrap_create_engine(wrapper: Callable[[MakesEngines], MakesEngines]) -> None:
    """Replace ``create_engine`` in every module of SQLAlchemy that hands it out."""
    wrapped = wrapper(sqlalchemy.create_engine)
    sqlalchemy.create_engine = wrapped
    sqlalchemy.engine.create_engine = wrapped
    inner = getattr(sqlalchemy.engine, "create", None)
    if inner is not None:
        inner.create_engine = wrapped


def check_contexts() -> None:
    """Refuse to run migrations on any connection that is not ours."""
    run_migrations = MigrationContext.run_migrations

    @functools.wraps(run_migrations)
    def checked(self: Context, **kwargs: Any) -> None:
        verify(None if self.as_sql else self.connection)
        run_migrations(self, **kwargs)

    MigrationContext.run_migrations = checked  # type: ignore[method-assign]


def verify(connection: Connection) -> None:
    """Raise ``wrong_database`` unless the connection was opened by ``install``'s listener."""
    if connection is None:
        raise Failure(
            "wrong_database", "env.py configured Alembic without a connection (offline mode)"
        )
    if not connection_info(connection).get(MARK):
        raise Failure(
            "wrong_database",
            "env.py gave Alembic a connection that gitmig did not open; nothing was sent to it",
        )


def name_of(connection: Connection) -> str:
    """Return the name of what was asked for, as ``Databases.connect`` gave it."""
    return str(connection_info(connection)[MARK])
