"""PostgreSQL from programs on this machine: started for a run, stopped at its end.

The server's data stays between two runs, so that replayed databases can be kept in it as
templates. A second run at the same time, and one whose revisions change what all databases share
(roles), get data of their own. Figures: starting the program itself and looking every 5 ms takes a
quarter of ``pg_ctl -w``; with 20 connections and the default, a replay in one transaction is out
of locks at about 500 tables, hence ``max_locks_per_transaction``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral import address, standin, store
from gitmig.ephemeral.account import Account, unprivileged
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.programs import Programs, extensions_missing
from gitmig.ephemeral.provision import Need, Server, Unavailable
from gitmig.ephemeral.rundir import base_for, in_memory
from gitmig.ephemeral.supervise import Supervised, end_leftover

logger = logging.getLogger(__name__)

USER = "postgres"  # revisions that name an owner mostly name this one
INITDB = ("--username", USER, "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "max_locks_per_transaction": "1024",
    "max_prepared_transactions": "20",
    "max_wal_size": "64MB",
    "min_wal_size": "2MB",
    "dynamic_shared_memory_type": "mmap",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "logging_collector": "off",
}
HBA = "local all all {local}\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL data directory in a folder of ours, ``folder/data``, copied from ``seed``."""

    programs: Programs
    account: Account
    folder: Path
    seed: Path

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.folder / "data"

    @property
    def version(self) -> int:
        """Return PostgreSQL's major version."""
        return int((self.data / "PG_VERSION").read_text())

    def create(self) -> None:
        """Make the data directory from one that is as initdb leaves it."""
        if not self.seed.exists():
            made = Path(tempfile.mkdtemp(dir=self.seed.parent, prefix="new-"))
            try:
                Cluster(self.programs, self.account, made, made).initialize()
                with contextlib.suppress(OSError):  # another run was faster
                    made.rename(self.seed)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        try:
            shutil.copytree(self.seed / "data", self.data)
            shutil.copy(self.seed / "password", self.folder)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(self.data, ignore_errors=True)
            raise Unavailable(f"its data cannot be laid out: {error}") from error
        self.account.give(self.folder)

    def initialize(self) -> None:
        """Make the data directory with initdb; raises Unavailable with its own words."""
        address.password_of(self.folder)
        self.account.give(self.folder)
        made = self.folder / "data.new"
        command = [str(self.programs.folder / "initdb"), "-D", str(made), *INITDB,
                   f"--pwfile={self.folder / 'password'}"]  # fmt: skip
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        found = subprocess.run(
            [*self.account.prefix, *command],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.returncode != 0:
            shutil.rmtree(made, ignore_errors=True)
            raise Unavailable(f"initdb fails: {telling(found.stderr)}")
        local = "peer map=gitmig" if self.account.name else "trust"
        (made / "pg_hba.conf").write_text(HBA.format(local=local))
        (made / "pg_ident.conf").write_text(f"gitmig root {USER}\n")
        made.rename(self.data)

    def command(self, where: Address, extensions: Sequence[str]) -> list[str]:
        """Return how the server is started."""
        settings = dict(SETTINGS, port=str(where.port or 5432))
        settings["listen_addresses"] = "127.0.0.1" if where.port else ""
        settings["unix_socket_directories"] = where.folder
        if self.version >= 18:
            settings["io_method"] = "sync"
        if extensions:
            settings["extension_control_path"] = f"{standin.lay_out(self.folder)}:$system"
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [*self.account.prefix, str(self.programs.server), "-D", str(self.data), *options]

    def is_ready(self) -> bool:
        """Say whether the server has noted that it takes connections."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return lines[7].startswith("ready")
        return False

    def url(self, where: Address) -> str:
        """Return the URL that leads to the server."""
        if where.port:
            password = address.password_of(self.folder)
            return f"postgresql://{USER}:{password}@127.0.0.1:{where.port}/postgres"
        return f"postgresql://{USER}@/postgres?host={where.folder}&port=5432"


@contextlib.contextmanager
def open_postgres(programs: Programs, need: Need) -> Iterator[Server]:
    """Give a server from these programs; raises Unavailable where they will not do."""
    missing = extensions_missing(programs, need.extensions)
    stood_in = standin.can_stand_in(programs, missing)
    if missing and not stood_in:
        raise Unavailable(f"it has no extension {', '.join(missing)}")
    account = unprivileged()
    build = programs.build((*need.extensions, str(sorted(SETTINGS.items())), *INITDB))
    name = f"postgresql-{build}"
    with place_for(need, account, name) as (folder, lock_of, place):
        cluster = Cluster(programs, account, folder, seed_of(account, name))
        spoiled: list[bool] = []
        with running(cluster, lock_of, place, missing) as (process, where):
            yield Server(
                url=cluster.url(where),
                told=f"PostgreSQL {cluster.version} from {programs.source}",
                own=True,
                notes=standin.announce(missing),
                shelf=store.Shelf(folder, need.bound) if place is not None else None,
                clone=cloning(cluster),
                build=build,
                last_words=lambda: None if process.is_alive() else process.log() or "no word",
                spoil=lambda: spoiled.append(True),
            )
        if spoiled and place is not None:
            place.empty()


def seed_of(account: Account, name: str) -> Path:
    """Return where the data lies that is copied, in this boot; what an earlier one left goes."""
    base = base_for(account.name)
    seed = base / f"{name}-seed-{store.boot()[:8]}"
    for old in base.glob(f"{name}-seed-*"):
        if old != seed:
            shutil.rmtree(old, ignore_errors=True)
    return seed


@contextlib.contextmanager
def place_for(
    need: Need, account: Account, name: str
) -> Iterator[tuple[Path, store.Lock, store.Place | None]]:
    """Give a folder for the server's data, what holds its lock, and where databases are kept."""
    base = base_for(account.name)
    with contextlib.ExitStack() as stack:
        place = None
        if need.keep and not need.alone:
            place = stack.enter_context(store.take(base / name))
        if place is not None:
            yield place.folder, place.lock, place
            return
        # another account cannot pass the run directory, which is the user's alone
        folder = base / f"{need.run.parent.name}-{need.run.name}" if account.name else need.run
        private = stack.enter_context(store.take(folder))
        assert private is not None  # noqa: S101 - no other run knows its name
        yield private.folder, private.lock, None


@contextlib.contextmanager
def running(
    cluster: Cluster, lock: store.Lock, place: store.Place | None, stood_in: Sequence[str]
) -> Iterator[tuple[Supervised, Address]]:
    """Run the server of a cluster; data that does not start is made anew, once."""
    end_leftover(cluster.folder)
    address.clear(cluster.folder)
    if place is not None and not place.is_of_this_boot():
        place.empty()
    old = cluster.data.exists()
    if not old:
        cluster.create()
    where = address.choose(cluster.folder)
    try:
        process = start(cluster, lock, where, stood_in, place is None)
    except Unavailable as error:
        if not old or place is None:
            raise
        logger.info("what was kept in %s is made anew: %s", place.folder, error)
        place.empty()
        cluster.create()
        process = start(cluster, lock, where, stood_in, place is None)
    try:
        yield process, where
    finally:
        process.stop()
        address.clear(cluster.folder)


def start(
    cluster: Cluster, lock: store.Lock, where: Address, stood_in: Sequence[str], private: bool
) -> Supervised:
    """Start the server and wait until it takes connections."""
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)  # the lock is ours: it is stale
    process = Supervised(
        cluster.command(where, stood_in), cluster.folder, lock,
        gentle="INT", hard="QUIT", remove=str(cluster.folder) if private else "",
    )  # fmt: skip
    process.wait_until(cluster.is_ready)
    return process


def cloning(cluster: Cluster) -> str:
    """Return how a database is copied best: files in memory, the log everywhere else.

    Measured with 200 tables: 0.06 s and 0.17 s in memory, 1.6 s and 0.28 s on a disk.
    """
    if cluster.version < 15:
        return ""  # there was one way only
    return " STRATEGY FILE_COPY" if in_memory(cluster.folder) else " STRATEGY WAL_LOG"


def telling(output: str) -> str:
    """Return the line of a program's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line or "FATAL" in line), "".join(lines[-1:]))
