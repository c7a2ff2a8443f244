"""A PostgreSQL data directory: made once with initdb, copied, started, looked at.

Figures: starting the program itself and looking every 5 ms takes a quarter of ``pg_ctl -w``; with
20 connections and the default, a replay in one transaction is out of locks at about 500 tables,
hence ``max_locks_per_transaction``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral import address, standin, store
from gitmig.ephemeral.account import Account
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Unavailable
from gitmig.ephemeral.rundir import in_memory, locked_directory, require_room
from gitmig.ephemeral.supervise import ends_with_parent

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
    "log_line_prefix": "",
    "restart_after_crash": "off",
}
HBA = "local all all {local}\nhost all all 127.0.0.1/32 scram-sha-256\n"
LEAST = 128 * 1024 * 1024  # bytes: twice what initdb makes, and its log
PATIENCE = 30  # seconds for the first greeting
HELLO = f"user\0{USER}\0database\0postgres\0\0".encode()
VERSION_3 = struct.pack("!i", 3 << 16)  # of the protocol, since PostgreSQL 7.4


@dataclass(frozen=True)
class Cluster:
    """A data directory, ``folder/data``, copied from ``seed``; the account owns nothing else."""

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
        """Return PostgreSQL's major version; raises Unavailable where the data is no good."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except (OSError, ValueError) as error:
            raise Unavailable(f"its data is damaged: {error}") from error

    def create(self) -> None:
        """Make the data directory as initdb leaves it; raises Unavailable."""
        require_room(self.folder, LEAST)
        base = self.seed.parent
        if not self.seed.exists():
            with locked_directory(base) as (made, _lock):
                Cluster(self.programs, self.account, made, made).initialize()
                store.note_boot(made)
                with contextlib.suppress(OSError):  # another run was faster
                    made.rename(self.seed)
        with locked_directory(base) as (made, _lock):
            copy = self.prepared(made)
            done = self.run("cp", "-R", f"{self.seed / 'data'}/.", str(copy))
            if done.returncode != 0:
                raise Unavailable(f"its data cannot be laid out: {telling(done.stderr)}")
            shutil.copy(self.seed / "password", self.folder)
            self.account.let_pass(self.folder)
            copy.rename(self.data)

    def prepared(self, folder: Path) -> Path:
        """Return an empty folder for data in a folder of ours, which the account can reach."""
        self.account.let_pass(folder)
        (folder / "data").mkdir(mode=0o700)
        self.account.give(folder / "data")
        return folder / "data"

    def initialize(self) -> None:
        """Make the data directory with initdb; raises Unavailable with its own words."""
        address.password_of(self.folder)
        self.account.give(self.folder / "password")
        data = self.prepared(self.folder)
        password = f"--pwfile={self.folder / 'password'}"
        done = self.run(str(self.programs.folder / "initdb"), "-D", str(data), *INITDB, password)
        if done.returncode != 0:
            raise Unavailable(f"initdb fails: {telling(done.stderr)}")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program as the account; it ends with gitmig."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(
            [*self.account.prefix, *ends_with_parent(), *command],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def command(self, where: Address, extensions: Sequence[str]) -> list[str]:
        """Return how the server is started."""
        settings = dict(SETTINGS, port=str(where.port or 5432), **self.access())
        settings["listen_addresses"] = "127.0.0.1" if where.port else ""
        settings["unix_socket_directories"] = where.folder
        if self.version >= 18:
            settings["io_method"] = "sync"
        if extensions:
            share = standin.lay_out(self.folder)
            self.account.show(share)
            settings["extension_control_path"] = f"{share}:$system"
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [str(self.programs.server), "-D", str(self.data), *options]

    def access(self) -> dict[str, str]:
        """Write who gets in; return the settings that say where that is written."""
        local = "peer map=gitmig" if self.account.name else "trust"
        files = {"hba_file": HBA.format(local=local), "ident_file": f"gitmig root {USER}\n"}
        for name, text in files.items():
            (self.folder / name).write_text(text)
            self.account.show(self.folder / name)
        return {name: str(self.folder / name) for name in files}

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

    def cloning(self) -> str:
        """Return how a database is copied best: files in memory, the log everywhere else.

        Measured with 200 tables: 0.06 s and 0.17 s in memory, 1.6 s and 0.28 s on a disk.
        """
        if self.version < 15:
            return ""  # there was one way only
        return " STRATEGY FILE_COPY" if in_memory(self.folder) else " STRATEGY WAL_LOG"


def refusal(where: Address) -> str:
    """Return what a server says against a connection to it, empty where it takes one.

    A server starts on data of which files are missing, and says so only here. On a port it asks
    for a password first, which is as far as this goes.
    """
    if where.port:
        return ""
    with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
        line.settimeout(PATIENCE)
        line.connect(str(Path(where.folder) / address.NAME))
        line.sendall(struct.pack("!i", len(HELLO) + 8) + VERSION_3 + HELLO)
        answer = line.makefile("rb")
        while head := answer.read(5):
            kind, size = struct.unpack("!ci", head)
            text = answer.read(size - 4)
            if kind == b"Z":  # ready for a query
                return ""
            if kind == b"E":  # fields, each with a letter: M is the message
                fields = text.decode("utf-8", "replace").split("\0")
                return next((each[1:] for each in fields if each.startswith("M")), "an error")
    return "it does not answer"


def telling(output: str) -> str:
    """Return the line of a program's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line or "FATAL" in line), "".join(lines[-1:]))
