"""A PostgreSQL server of the tests' own, on a unix socket in a private directory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

SETTINGS = "-c fsync=off -c listen_addresses= -c unix_socket_permissions=0777"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's server programs, None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else (Path(on_path).parent if on_path else None)


def wait_until_ready(state: Path) -> None:
    """Wait until the server says in its state file that it takes connections."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if state.exists() and "ready" in state.read_text():
            return
        time.sleep(0.05)
    raise TimeoutError("PostgreSQL did not start")


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, give its URL, stop it and remove its files."""
    programs = binaries()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if os.geteuid() == 0:  # initdb and postgres refuse root
        shutil.chown(folder, "postgres")
        options["user"] = "postgres"  # type: ignore[assignment]
    data = folder / "data"
    subprocess.run([programs / "initdb", "-A", "trust", "-U", "ada", "-D", data, "--no-sync"],
                   check=True, cwd=folder, **options)  # type: ignore[call-overload]  # fmt: skip
    server = subprocess.Popen([programs / "postgres", "-D", data, "-k", folder, *SETTINGS.split()],
                              cwd=folder, **options)  # type: ignore[call-overload]  # fmt: skip
    try:
        wait_until_ready(data / "postmaster.pid")
        folder.chmod(0o755)
        yield f"postgresql://ada@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # "fast": does not wait for clients
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def url_for(server: str, driver: str, database: str = "postgres", password: str = "") -> str:
    """Return the server's URL for a driver, a database and a password that nobody asks for."""
    url = make_url(server).set(drivername=f"postgresql+{driver}", database=database)
    return url.set(password=password or None).render_as_string(hide_password=False)


def ask(server: str, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
    """Send a statement to the server and return its rows."""
    url = make_url(server).set(database=database).render_as_string()
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def databases(server: str) -> set[object]:
    """Return the databases on the server."""
    return {row[0] for row in ask(server, "SELECT datname FROM pg_database")}
