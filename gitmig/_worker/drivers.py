"""Statements of gitmig's own on a server, with whatever driver the project has."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from .aside import own_connections
from .compat import url_text, url_with
from .failures import Failure, one_line
from .shapes import Dialect

# connection arguments that say how a session is set up, not where it goes or who it is
KEPT = frozenset(
    {"allow_local_infile", "charset", "client_encoding", "client_flag", "collation", "conv"}
    | {"init_command", "local_infile", "options", "prepare_threshold", "server_settings"}
    | {"prepared_statement_cache_size", "sql_mode", "statement_cache_size", "time_zone"}
    | {"use_unicode"}
)
SOCKET = ".s.PGSQL.5432"

Rows = list[tuple[Any, ...]]


def parsed(server: str) -> Any:
    """Return the URL of a server; raises ``server_failed`` for what is none."""
    try:
        return make_url(server)
    except ArgumentError:  # its words may hold the password
        message = "the server that was given is no database URL"
        raise Failure("server_failed", message, server="") from None


def fitted(url: Any, dialect: Dialect) -> Any:
    """Return a server's URL for the driver of a dialect."""
    url = url_with(url, drivername=f"{dialect.name}+{dialect.driver}")
    folder = str(dict(url.query).get("host", ""))
    if dialect.driver == "pg8000" and folder.startswith("/"):  # it knows `host` by TCP alone
        query: Any = {"unix_sock": f"{folder}/{SOCKET}"}
        url = url_with(url, query=query)
    if dialect.driver == "asyncpg" and "sslmode" in url.query:
        query = dict(url.query)
        query["ssl"] = query.pop("sslmode")
        url = url_with(url, query=query)
    return url


def arguments(url: Any, dialect: Dialect, asked: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return what to call the driver with: our server, set up as the project asks for."""
    args, found = dialect.create_connect_args(url)
    found.update({name: value for name, value in asked.items() if name in KEPT})
    return args, found


def run(url: Any, statements: Iterable[str]) -> list[Rows]:
    """Run statements outside any transaction and return the rows of each.

    In a thread, because env.py may own the event loop of this one. Raises ``server_failed``.
    """
    found: list[Rows] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            with own_connections():
                found.extend(rows_of(url, statements))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        cause = getattr(errors[0], "orig", None) or errors[0]
        raise Failure("server_failed", one_line(cause), server=url_text(url))
    return found


def rows_of(url: Any, statements: Iterable[str]) -> list[Rows]:
    """Run statements with a sync or an async driver."""
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "poolclass": NullPool}
    sent = [text(each.replace(":", r"\:")) for each in statements]  # a colon begins no parameter
    if not getattr(url.get_dialect(), "is_async", False):
        with create_engine(url, **options).connect() as connection:
            return [rows(connection.execute(each)) for each in sent]

    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def work() -> list[Rows]:
        async with create_async_engine(url, **options).connect() as connection:
            return [rows(await connection.execute(each)) for each in sent]

    return asyncio.run(work())


def rows(result: Any) -> Rows:
    """Return the rows of a result, none for a statement that gives none."""
    return [tuple(row) for row in result] if result.returns_rows else []
