"""Ephemeral databases: one for each database that the project asks for.

SQLite: a file in the run directory. Server databases: made on the server whose URL was given,
with a name of our own, recorded before they are made and dropped at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError

from .aside import own_connections
from .compat import url_text, url_with
from .failures import Failure, one_line
from .shapes import Dialect

PREFIX = "gitmig_"
NAMES_OF_A_DATABASE = ("host", "port", "user", "username", "database", "dbname", "db", "dsn")
KINDS = {"mariadb": "mysql"}


class Databases:
    """The databases of one run. ``fresh()`` begins a new, empty set.

    ``directory`` is the run directory, ``server`` the URL of a server or empty, ``registry`` a
    folder in which the names of databases on the server are noted while they exist. ``seed``,
    where it is set, is asked to fill a SQLite file before it is opened for the first time.
    """

    def __init__(self, directory: str, server: str, registry: str) -> None:
        self.directory = directory
        self.server: Any = parsed(server) if server else None
        self.registry = registry
        self.dialect: Dialect = None
        self._generation = 0
        self._known: dict[str, str] = {}
        self._files: list[str] = []
        self._open: list[Any] = []
        self.seed: Callable[[str, str], None] | None = None

    def connect(self, dialect: Dialect, cargs: Iterable[Any], cparams: Mapping[str, Any]) -> Any:
        """Open a connection to the ephemeral database that stands for the one asked for."""
        self.dialect = dialect
        kind = KINDS.get(dialect.name, dialect.name)
        asked = identity(kind, cargs, cparams)
        if kind == "sqlite":
            connection = self._connect_sqlite(dialect, asked, cparams)
        else:
            connection = self._connect_server(dialect, kind, asked)
        self._open.append(connection)
        return connection

    def fresh(self) -> None:
        """Leave the databases made so far: what connects from now on gets new, empty ones."""
        self._generation += 1
        self._files = []

    def files(self) -> dict[str, str]:
        """Return the SQLite files in use, by the name of the database that was asked for."""
        return {asked: self._path(asked) for asked in self._files}

    def close(self) -> None:
        """Close what is open and drop what was made on the server."""
        for connection in self._open:
            # it may be closed by the project already, or lost with its event loop
            with contextlib.suppress(Exception):
                connection.close()
        names = [name for name in self._known.values() if name.startswith(PREFIX)]
        if names and self.server is not None:
            self._drop(names)

    def _connect_sqlite(self, dialect: Dialect, asked: str, cparams: Mapping[str, Any]) -> Any:
        path = self._path(asked)
        if asked not in self._files:
            self._files.append(asked)
            if self.seed is not None:
                self.seed(asked, path)
        args, kwargs = dialect.create_connect_args(make_url("sqlite:///" + path))
        for name in ("detect_types", "isolation_level", "timeout", "check_same_thread"):
            if name in cparams:
                kwargs[name] = cparams[name]
        connection = dialect.connect(*args, **kwargs)
        refuse_attach(connection, self.directory)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")  # it need not survive a power cut
        cursor.close()
        return connection

    def _path(self, asked: str) -> str:
        return os.path.join(self.directory, f"{self._generation}-{asked}.sqlite")

    def _connect_server(self, dialect: Dialect, kind: str, asked: str) -> Any:
        url = self._server_url(dialect, kind)
        key = f"{self._generation}-{asked}"
        if key not in self._known:
            self._known[key] = self._create(url)
        args, kwargs = dialect.create_connect_args(url_with(url, database=self._known[key]))
        return dialect.connect(*args, **kwargs)

    def _server_url(self, dialect: Dialect, kind: str) -> Any:
        if self.server is None:
            raise Failure("no_database", f"env.py asks for {dialect.name}", dialect=dialect.name)
        given = self.server.get_backend_name()
        if KINDS.get(given, given) != kind:
            raise Failure(
                "dialect_mismatch",
                f"env.py asks for {dialect.name}, the given server is {given}",
                dialect=dialect.name,
                given=given,
            )
        return url_with(self.server, drivername=f"{given}+{dialect.driver}")

    def _create(self, url: Any) -> str:
        os.makedirs(self.registry, exist_ok=True)
        if not self._known:
            self._sweep(url)
        name = PREFIX + uuid.uuid4().hex[:12]
        note = os.path.join(self.registry, name)
        with open(note, "x", encoding="utf-8") as out:
            noted = {"pid": os.getpid(), "host": platform.node(), "server": url_text(url)}
            json.dump(noted, out)
        self._on_server(url, [f"CREATE DATABASE {name}"])
        return name

    def _sweep(self, url: Any) -> None:
        """Drop what runs that were killed left on this server: only what they noted here."""
        for name in os.listdir(self.registry):
            if not re.fullmatch(PREFIX + "[0-9a-f]{12}", name):
                continue
            note = os.path.join(self.registry, name)
            with contextlib.suppress(OSError, ValueError, KeyError), open(note) as file:
                noted = json.load(file)
                same = noted["server"] == url_text(url) and noted["host"] == platform.node()
                if same and not is_alive(noted["pid"]):
                    self._on_server(url, [f"DROP DATABASE IF EXISTS {name}"])
                    os.unlink(note)

    def _drop(self, names: Iterable[str]) -> None:
        force = " WITH (FORCE)" if self.server.get_backend_name() == "postgresql" else ""
        url = self._server_url(self.dialect, KINDS.get(self.dialect.name, self.dialect.name))
        for name in names:
            self._on_server(url, [f"DROP DATABASE {name}{force}"])
            os.unlink(os.path.join(self.registry, name))

    def _on_server(self, url: Any, statements: Iterable[str]) -> None:
        """Run statements outside any transaction, in a thread: env.py may own the event loop."""
        errors: list[Exception] = []

        def work() -> None:
            try:
                with own_connections():
                    run_statements(url, statements)
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if errors:
            raise Failure("server_failed", one_line(errors[0]), server=url_text(url))


def parsed(server: str) -> Any:
    """Return the URL of a server; raises ``server_failed`` for what is none."""
    try:
        return make_url(server)
    except ArgumentError:  # its words may hold the password
        message = "the server that was given is no database URL"
        raise Failure("server_failed", message, server="") from None


def is_alive(process: int) -> bool:
    """Say whether a process of that id is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def refuse_attach(connection: Any, directory: str) -> None:
    """Let a SQLite connection attach no file outside a directory: it could be a real one."""

    def authorize(action: int, name: Any, *rest: Any) -> int:
        if action != sqlite3.SQLITE_ATTACH or not name or name == ":memory:":
            return sqlite3.SQLITE_OK
        inside = os.path.realpath(name).startswith(os.path.realpath(directory) + os.sep)
        return sqlite3.SQLITE_OK if inside else sqlite3.SQLITE_DENY

    driver = getattr(connection, "driver_connection", None)  # of aiosqlite's adapter
    if driver is None:
        connection.set_authorizer(authorize)
        return
    from sqlalchemy.util import await_only

    await_only(driver._execute(driver._conn.set_authorizer, authorize))


def identity(kind: str, cargs: Iterable[Any], cparams: Mapping[str, Any]) -> str:
    """Return a short name for the database that connection arguments lead to."""
    named = {name: str(cparams[name]) for name in NAMES_OF_A_DATABASE if name in cparams}
    here = os.getcwd() + os.sep  # SQLite's relative paths; the tree may be laid out elsewhere
    asked = [str(argument).replace(here, "") for argument in cargs]
    text_of = json.dumps([kind, asked, named], sort_keys=True)
    return hashlib.sha256(text_of.encode()).hexdigest()[:12]


def run_statements(url: Any, statements: Iterable[str]) -> None:
    """Run statements on a server in autocommit mode, with a sync or an async driver."""
    if not getattr(url.get_dialect(), "is_async", False):
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()
        return

    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def run() -> None:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())
