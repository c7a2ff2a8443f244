"""Verbs for the tests of servers that gitmig starts itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from gitmig.ephemeral.postgres import open_postgres
from gitmig.ephemeral.programs import Programs, postgres_installed
from gitmig.ephemeral.provision import Need, Server
from gitmig.ephemeral.rundir import run_directory

# a process of its own that starts a server, says so, and works on it until it is killed
CHILD = """\
import sys, uuid
import psycopg
from throwaway import served
with served(keep=sys.argv[1] == "kept") as server:
    with psycopg.connect(server.url, autocommit=True) as connection:
        print(server.url, flush=True)
        while True:
            name = "gitmig_" + uuid.uuid4().hex[:12]
            connection.execute(f"CREATE DATABASE {name}")
            connection.execute("CREATE TABLE numbers AS SELECT generate_series(1, 1000)")
            connection.execute("DROP TABLE numbers")
"""


def installed() -> Programs:
    """Return the PostgreSQL of this machine."""
    return next(postgres_installed())


@contextlib.contextmanager
def served(programs: Programs | None = None, **need: Any) -> Iterator[Server]:
    """Give a server, as a command of gitmig would have it."""
    with (
        run_directory() as run,
        open_postgres(programs or installed(), Need("postgresql", run, **need)) as server,
    ):
        yield server


def ask(server: Server, *statements: str) -> list[Any]:
    """Run statements, each on its own, and return the first column of the last."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def child(place: Path, way: str) -> subprocess.Popen[str]:
    """Start a process that works on a server of its own, ``kept`` or ``private``, for ever."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, way],
        env={**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def base(place: Path) -> Path:
    """Return the folder of this user's servers in a place."""
    return place / f"gitmig-{os.getuid()}"


def kept(place: Path) -> Path:
    """Return the one place of a server that stays between two runs."""
    (found,) = (path for path in base(place).glob("postgresql-*") if (path / "data").exists()
                and not path.name.endswith("-seed"))  # fmt: skip
    return found


def alive(place: Path) -> dict[int, str]:
    """Return the processes that name a place, or are in it, and what they are."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            inside = f"{(process / 'cwd').readlink()}/".startswith(f"{place}/")
            if command and (inside or str(place) in command):
                found[int(process.name)] = command
    return found


def of(place: Path, role: str) -> list[int]:
    """Return the processes with a role, ``watchdog`` or ``server``."""
    starts = {"watchdog": "sh -c trap", "server": f"{installed().server} -D"}[role]
    return [pid for pid, command in alive(place).items() if command.startswith(starts)]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds; a minute is far more than it may ever take."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
