"""A PostgreSQL server of the tests' own, on a unix socket in a private directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = "-c fsync=off -c listen_addresses= -c unix_socket_permissions=0777"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's server programs, None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else (Path(on_path).parent if on_path else None)


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
        deadline = time.monotonic() + 60
        while not (folder / ".s.PGSQL.5432").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        folder.chmod(0o755)
        yield f"postgresql://ada@/postgres?host={folder}"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
