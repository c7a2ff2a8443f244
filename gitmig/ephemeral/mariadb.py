"""MariaDB or MySQL from programs on this machine: a data directory of its own for each run.

There are no template databases: what is kept are whole data directories, see ``sets``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from gitmig.ephemeral import address, store
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Need, Server, Unavailable
from gitmig.ephemeral.rundir import private_base, require_room
from gitmig.ephemeral.sets import Sets, lay_out, lay_out_set
from gitmig.ephemeral.supervise import Supervised, run_guarded
from gitmig.model import ServerSettings

SOCKET = "mysql.sock"
# ``loose``: versions that do not know it go on without. The log is written at each commit, not
# synced: a copy of the files must hold what was committed. Native asynchronous writes are off:
# they would go on while the processes stand still for the copy
COMMON = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--innodb-autoextend-increment=1",
    "--innodb-use-native-aio=0",
    "--performance-schema=0",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--max-connections=40",
)
# nosync alone still syncs there; measured on a disk: replay in 16 s, 5 to 10 with debug-no-sync
OF_MARIADB = (
    "--innodb-log-file-size=8M",
    "--loose-sync-frm=0",
    "--loose-debug-no-sync=1",
)
# the folder that is compiled in for secure-file-priv must exist, or it does not start
OF_MYSQL = (
    "--loose-innodb-redo-log-capacity=8M",
    "--loose-mysqlx=OFF",
    "--secure-file-priv=",
)
FOR_TCP = """\
CREATE USER IF NOT EXISTS 'gitmig'@'127.0.0.1' IDENTIFIED BY '{password}';
ALTER USER 'gitmig'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO 'gitmig'@'127.0.0.1' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';
DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', ''@'localhost';
"""
LEAST = 30 * 1024 * 1024  # bytes: a data directory as its installer leaves it takes 25 MB
LASTS = 2.0  # seconds that a server may take to end once it listens no longer


@dataclass(frozen=True)
class Instance:
    """A server's programs, how it is set up, and its folder, with the data in ``folder/data``."""

    programs: Programs
    is_mariadb: bool
    settings: ServerSettings
    folder: Path

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.folder / "data"

    def initialize(self) -> None:
        """Make the data directory; raises Unavailable with the program's own words."""
        self.data.mkdir()
        if self.is_mariadb:  # a shell script, which takes no path with a space in it
            command = [find_installer(self.programs), "--no-defaults", "--datadir=./data",
                       "--auth-root-authentication-method=normal", "--skip-test-db",
                       *self.base_directory()]  # fmt: skip
        else:
            command = [str(self.programs.server), "--no-defaults", f"--datadir={self.data}",
                       "--initialize-insecure"]  # fmt: skip
        found = run_guarded([*command, *self.options()], self.folder, clean(self.folder))
        if found.returncode != 0:
            raise Unavailable(f"its data cannot be made: {telling(found.stderr + found.stdout)}")

    def base_directory(self) -> list[str]:
        """Return where the installation is, for one that was moved to a folder of its own."""
        prefix = self.programs.folder.parent
        return [f"--basedir={prefix}"] if (prefix / "share" / "english").is_dir() else []

    def options(self) -> list[str]:
        """Return what the server is started with, and its data made with."""
        found = [*COMMON, *(OF_MARIADB if self.is_mariadb else OF_MYSQL)]
        for name, value in (
            ("character-set-server", self.settings.character_set),
            ("collation-server", self.settings.collation or None),
            ("sql-mode", self.settings.sql_mode),
            ("lower-case-table-names", self.settings.lower_case_table_names),
        ):
            found += [f"--{name}={value}"] if value is not None else []
        if os.geteuid() == 0:
            found.append("--user=root")
        return found

    def command(self, where: Address) -> list[str]:
        """Return how the server is started."""
        if where.port:
            first = self.folder / "first.sql"
            with open(os.open(first, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(FOR_TCP.format(password=address.password_of(self.folder)))
            listening = [f"--port={where.port}", "--bind-address=127.0.0.1", f"--init-file={first}",
                         "--socket="]  # fmt: skip
        else:
            listening = [f"--socket={Path(where.folder) / SOCKET}", "--skip-networking"]
        files = [f"--datadir={self.data}", f"--pid-file={self.folder / 'server.pid'}",
                 f"--tmpdir={self.folder}"]  # fmt: skip
        return [str(self.programs.server), "--no-defaults", *files, *listening, *self.options(),
                *(self.base_directory() if self.is_mariadb else [])]  # fmt: skip

    def url(self, where: Address) -> str:
        """Return the URL that leads to the server."""
        if where.port:
            return f"mysql://gitmig:{address.password_of(self.folder)}@127.0.0.1:{where.port}/mysql"
        socket_path = quote(str(Path(where.folder) / SOCKET))
        return f"mysql://root@localhost/mysql?unix_socket={socket_path}"


@contextlib.contextmanager
def open_mysql(programs: Programs, need: Need) -> Iterator[Server]:
    """Give a server from these programs for one set of databases."""
    build = programs.build((*COMMON, *OF_MARIADB, *OF_MYSQL, repr(need.settings)))
    home = private_base() / f"mysql-{build}"
    with store.take(home) as place:
        if place is not None and not place.is_of_this_boot():
            place.empty()
    told = version_of(programs, home)
    instance = Instance(programs, "MariaDB" in told, need.settings, need.run)
    sets = Sets(home, need.bound)
    with store.take(need.run) as own, contextlib.ExitStack() as stack:
        assert own is not None  # noqa: S101 - no other run knows its name
        process, where, databases = begin(instance, sets, need, own.lock, stack)

        def freeze(entry: str, databases: Mapping[str, str], told: str) -> None:
            sets.keep(process, instance.data, entry, databases, told)

        yield Server(
            url=instance.url(where),
            told=f"{told} from {programs.source}",
            own=True,
            one_set=True,
            restored=databases,
            freeze=freeze if need.keep else None,
            last_words=lambda: last_words(process, where),
        )


def begin(
    instance: Instance, sets: Sets, need: Need, lock: store.Lock, stack: contextlib.ExitStack
) -> tuple[Supervised, Address, Mapping[str, str]]:
    """Start the server on the longest prefix that is kept and good; return its databases too."""
    kept = sets.find(need.entries) if need.keep else None
    if kept is None:
        lay_out(seed_in(sets.home, instance), instance.data)
        return (*stack.enter_context(running(instance, lock)), {})
    try:
        lay_out_set(kept, instance.data)
        return (*stack.enter_context(running(instance, lock)), kept.databases)
    except Unavailable as error:
        sets.give_up(kept, error)
        shutil.rmtree(instance.data, ignore_errors=True)
        return begin(instance, sets, need, lock, stack)


@contextlib.contextmanager
def running(instance: Instance, lock: store.Lock) -> Iterator[tuple[Supervised, Address]]:
    """Run the server of an instance."""
    where = address.choose(instance.folder)
    process = Supervised(instance.command(where), instance.folder, lock,
                         gentle="KILL", hard="KILL", remove=str(instance.folder))  # fmt: skip
    try:
        process.wait_until(lambda: answers(where))
        yield process, where
    finally:
        process.stop()
        address.clear(instance.folder)


def answers(where: Address) -> bool:
    """Say whether the server takes connections."""
    with contextlib.suppress(OSError):
        if where.port:
            socket.create_connection(("127.0.0.1", where.port), timeout=1).close()
            return True
        with socket.socket(socket.AF_UNIX) as trial:
            trial.connect(str(Path(where.folder) / SOCKET))
            return True
    return False


def last_words(process: Supervised, where: Address) -> str | None:
    """Return the end of the server's log, None while it lives: one that shuts down has no ear."""
    gone = process.hangs_up(0.0 if answers(where) else LASTS)
    return re.sub(r"^[\d :.TZ-]+", "", process.log()) or "no word" if gone else None


def seed_in(home: Path, instance: Instance) -> Path:
    """Return a data directory as its installer leaves it, made where it is missing.

    Raises GitmigError where there is no room for it and a copy of it.
    """
    seed = home / "seed"
    if seed.exists():
        require_room(home, LEAST)
        return seed
    require_room(home, 2 * LEAST)  # its copy needs as much
    try:
        with tempfile.TemporaryDirectory(dir=home, ignore_cleanup_errors=True) as folder:
            made = replace(instance, folder=Path(folder))
            made.initialize()
            with contextlib.suppress(OSError):  # another run was faster
                made.data.rename(seed)
    except OSError as error:
        raise Unavailable(f"its data cannot be made: {error}") from error
    return seed


def version_of(programs: Programs, home: Path) -> str:
    """Return the server's name and version, noted in its place when it was asked once."""
    noted = home / "version"
    with contextlib.suppress(OSError):
        return noted.read_text()
    told = ask_version(programs)
    with contextlib.suppress(OSError):
        store.write(noted, None, told)
    return told


def ask_version(programs: Programs) -> str:
    """Return the server's name and version; raises Unavailable where it does not tell."""
    command = [str(programs.server), "--no-defaults", "--version"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError as error:
        raise Unavailable(f"{programs.server} cannot be started: {error.strerror}") from error
    version = re.search(r"Ver (\d[\d.]*)", told)
    if version is None:
        raise Unavailable(f"{programs.server} does not tell its version")
    return f"{'MariaDB' if 'MariaDB' in told else 'MySQL'} {version[1]}"


def find_installer(programs: Programs) -> str:
    """Return MariaDB's program that makes a data directory."""
    prefix = programs.folder.parent
    folders = [programs.folder, prefix / "bin", prefix / "scripts"]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    for name in ("mariadb-install-db", "mysql_install_db"):
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Unavailable("there is no mariadb-install-db with it")


def clean(folder: Path) -> dict[str, str]:
    """Return the environment of its programs: nothing of the user's settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(folder)}


def telling(output: str) -> str:
    """Return the line of a program's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "ERROR" in line), (lines or ["no word"])[0])
