"""Verbs for the tests of MariaDB servers that gitmig starts itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url

from gitmig.ephemeral.mariadb import open_mysql
from gitmig.ephemeral.programs import Programs, mysql_installed
from gitmig.ephemeral.provision import Need, Server
from gitmig.ephemeral.rundir import run_directory

# a process of its own that starts a server and keeps it, again and again, until it is killed
CHILD = """\
import sys
from mysqls import connect, query, served
number = 0
while True:
    with served(entries=("one",)) as server:
        print(server.url, flush=True)
        query(server, "CREATE DATABASE IF NOT EXISTS d")
        for _ in range(3):
            number += 1
            query(server, f"CREATE TABLE d.t{number} (id int)")
            server.freeze(f"entry{number % 5}", {"asked": "d"}, "")
"""


def installed() -> Programs:
    """Return the MariaDB of this machine."""
    return next(mysql_installed())


@contextlib.contextmanager
def served(programs: Programs | None = None, **need: Any) -> Iterator[Server]:
    """Give a server, as a command of gitmig would have it."""
    with run_directory() as run:
        folder = run / "1"
        folder.mkdir()
        with open_mysql(programs or installed(), Need("mysql", folder, **need)) as server:
            yield server


def connect(server: Server, database: str | None = None) -> pymysql.Connection[Any]:
    """Open a connection to a server."""
    url = make_url(server.url)
    return pymysql.connect(
        host=url.host, port=url.port or 0, user=url.username, password=url.password or "",
        unix_socket=url.query.get("unix_socket"), database=database, autocommit=True,
    )  # fmt: skip


def query(server: Server, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements and return the rows of the last."""
    with connect(server) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def keep(server: Server, entry: str, told: str = "") -> None:
    """Have the server's database ``d`` kept."""
    assert server.freeze is not None
    server.freeze(entry, {"asked": "d"}, told)


def child(place: Path) -> subprocess.Popen[str]:
    """Start a process that makes and keeps databases for ever."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def home(place: Path) -> Path:
    """Return where the servers of one build and setting keep what they keep."""
    (found,) = (place / f"gitmig-{os.getuid()}").glob("mysql-*")
    return found


def sets(place: Path) -> set[str]:
    """Return the names of the folders of the sets that are kept."""
    return {folder.name for folder in (home(place) / "sets").iterdir()}
