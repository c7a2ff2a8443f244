"""MariaDB or MySQL from programs on this machine: a data directory of its own for each run.

There are no template databases. What is kept is the whole data directory at one moment: the
server's processes are stopped for the copy, so that it is what a power cut at that moment would
leave, and the server makes it whole at its next start, as InnoDB is built to do. (A clean stop
would break the connections that the project has open.) Native asynchronous writes are off: they
would go on while the processes stand still.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral import address, store
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Need, Server, Unavailable
from gitmig.ephemeral.rundir import private_base, tree_size
from gitmig.ephemeral.supervise import Supervised
from gitmig.model import ServerSettings

logger = logging.getLogger(__name__)

SOCKET = "mysql.sock"
COMMON = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--max-connections=40",
)
OF_MARIADB = (
    "--innodb-log-file-size=8M",
    "--innodb-flush-method=nosync",
    "--sync-frm=0",
    "--performance-schema=0",
)
OF_MYSQL = (
    "--innodb-redo-log-capacity=8M",
    "--innodb-flush-method=nosync",
    "--performance-schema=OFF",
    "--mysqlx=OFF",
)
FOR_TCP = """\
CREATE USER IF NOT EXISTS 'gitmig'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO 'gitmig'@'127.0.0.1' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';
"""


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
        if self.is_mariadb:
            installer = find_installer(self.programs)
            command = [installer, "--no-defaults", "--auth-root-authentication-method=normal",
                       "--skip-test-db", *self.base_directory()]  # fmt: skip
        else:
            command = [str(self.programs.server), "--no-defaults", "--initialize-insecure"]
        found = subprocess.run(
            [*command, f"--datadir={self.data}", *self.options()],
            cwd=self.folder, env=clean(self.folder), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.returncode != 0:
            lines = [line for line in (found.stderr + found.stdout).splitlines() if "ERROR" in line]
            raise Unavailable(f"its data cannot be made: {(lines or ['no word'])[0].strip()}")

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
            listening = [f"--port={where.port}", "--bind-address=127.0.0.1", f"--init-file={first}"]
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
        return f"mysql://root@localhost/mysql?unix_socket={Path(where.folder) / SOCKET}"


@contextlib.contextmanager
def open_mysql(programs: Programs, need: Need) -> Iterator[Server]:
    """Give a server from these programs for one set of databases."""
    build = programs.build((*COMMON, *OF_MARIADB, *OF_MYSQL, repr(need.settings)))
    home = private_base() / f"mysql-{build}"
    with store.take(home) as place:
        if place is not None and not place.is_of_this_boot():
            place.empty()
    told = version_of(programs, home)
    shelf = store.Shelf(home, need.bound)
    instance = Instance(programs, "MariaDB" in told, need.settings, need.run)
    found = shelf.find(need.entries) if need.keep else None
    with store.take(need.run) as own, contextlib.ExitStack() as stack:
        assert own is not None  # noqa: S101 - no other run knows its name
        try:
            if found is None:
                raise Unavailable("nothing is kept")
            lay_out(sets(home) / found[0], instance.data)
            process, where = stack.enter_context(running(instance, own.lock))
        except Unavailable as error:
            if found is not None:
                logger.info("a kept set of databases is no good: %s", error)
                shelf.forget(found[1])
                shutil.rmtree(instance.data, ignore_errors=True)
            found = None
            lay_out(seed_in(home, instance), instance.data)
            process, where = stack.enter_context(running(instance, own.lock))

        def freeze(entry: str, databases: Mapping[str, str], told: str) -> None:
            copy_standing(process, instance.data, sets(home) / entry)
            size = tree_size(sets(home) / entry)
            for gone in shelf.put(entry, json.dumps(databases), size, told):
                shutil.rmtree(sets(home) / gone.id, ignore_errors=True)

        yield Server(
            url=instance.url(where),
            told=f"{told} from {programs.source}",
            own=True,
            one_set=True,
            restored=json.loads(found[1]) if found is not None else {},
            freeze=freeze if need.keep else None,
            last_words=lambda: None if process.is_alive() else process.log() or "no word",
        )


@contextlib.contextmanager
def running(instance: Instance, lock: store.Lock) -> Iterator[tuple[Supervised, Address]]:
    """Run the server of an instance."""
    where = address.choose(instance.folder)
    process = Supervised(instance.command(where), instance.folder, lock,
                         gentle="KILL", hard="KILL")  # fmt: skip
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


def seed_in(home: Path, instance: Instance) -> Path:
    """Return a data directory as its installer leaves it, made where it is missing."""
    seed = home / "seed"
    if not seed.exists():
        with tempfile.TemporaryDirectory(dir=home, ignore_cleanup_errors=True) as folder:
            made = Instance(instance.programs, instance.is_mariadb, instance.settings, Path(folder))
            made.initialize()
            with contextlib.suppress(OSError):  # another run was faster
                made.data.rename(seed)
    return seed


def sets(home: Path) -> Path:
    """Return the folder of the sets of databases that are kept."""
    return home / "sets"


def lay_out(source: Path, data: Path) -> None:
    """Copy a data directory; raises Unavailable where that cannot be done."""
    try:
        shutil.copytree(source, data)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(data, ignore_errors=True)
        raise Unavailable(f"its data cannot be laid out: {error}") from error


def copy_standing(process: Supervised, data: Path, target: Path) -> None:
    """Copy the data directory of a server while its processes stand still."""
    target.parent.mkdir(exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix="new-"))
    process.pause(True)
    try:
        shutil.copytree(data, beside, dirs_exist_ok=True)
        beside.rename(target)
    except OSError:  # no room, or it is there already: it only costs the next run time
        shutil.rmtree(beside, ignore_errors=True)
    finally:
        process.pause(False)


def version_of(programs: Programs, home: Path) -> str:
    """Return the server's name and version, asked once for each build."""
    noted = home / "version"
    if not noted.exists():
        told = subprocess.run(
            [programs.server, "--no-defaults", "--version"],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        version = told.partition("Ver ")[2].split(" ")[0]
        name = "MariaDB" if "MariaDB" in told else "MySQL"
        store.write(noted, None, f"{name} {version.partition('-')[0]}")
    return noted.read_text()


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
