"""Sets of databases that are kept: the whole data directory of a server at one moment, each.

A server without templates is restored by starting it on such a copy. The server's processes stand
still while it is made, so that it is what a power cut at that moment would leave, and the server
makes it whole at its next start, as InnoDB and Aria are built to do. (A clean stop would break the
connections that the project has open.)
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral import store
from gitmig.ephemeral.provision import Unavailable
from gitmig.ephemeral.rundir import tree_size
from gitmig.ephemeral.supervise import Supervised

logger = logging.getLogger(__name__)

# made anew at each start: temporary tables, and what tells of the process
LEFT_OUT = shutil.ignore_patterns("ibtmp1", "#innodb_temp", "*.pid", "*.err", "*.sock*")

PATIENCE = 5  # seconds that a process may take to stand still


@dataclass(frozen=True)
class Set:
    """A kept set: its ``databases`` by the name of what was asked for, its files in ``folder``.

    ``files`` is how many there are and their bytes: another run may be removing them.
    """

    folder: Path
    databases: Mapping[str, str]
    files: tuple[int, int]
    noted: str


class Sets:
    """The sets that are kept in the place of one build and setting of a server, ``home``."""

    def __init__(self, home: Path, bound: int) -> None:
        self.home = home
        self.shelf = store.Shelf(home, bound)

    def find(self, entries: Sequence[str]) -> Set | None:
        """Return the first of the entries that is kept, None for none."""
        found = self.shelf.find(tuple(entries))
        if found is None:
            return None
        entry, noted = found
        try:
            databases, count, size = json.loads(noted)
            return Set(self.folder / entry, dict(databases), (count, size), noted)
        except (ValueError, TypeError):
            self.shelf.forget(noted)
            return self.find(entries)

    def give_up(self, kept: Set, why: Exception) -> None:
        """Keep a set no longer."""
        logger.info("a kept set of databases is no good: %s", why)
        self.shelf.forget(kept.noted)

    def keep(
        self, process: Supervised, data: Path, entry: str, databases: Mapping[str, str], told: str
    ) -> None:
        """Keep the databases of a running server; where there is no room, nothing is kept."""
        with contextlib.suppress(OSError), store.take(self.home) as place:
            if place is None:  # another run keeps its own: this one's come next time
                return
            self.sweep()
            target = self.folder / entry
            if target.exists():
                return
            copy_standing(process, data, target)
            noted = json.dumps([dict(databases), *extent(target)])
            for gone in self.shelf.put(entry, noted, tree_size(target), told):
                shutil.rmtree(self.folder / gone.id, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what is not in the list: a run was killed, or gave it up. The lock is ours."""
        self.folder.mkdir(exist_ok=True)
        known = {entry.id for entry in store.list_entries(self.home)}
        for folder in self.folder.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """Return where the copies are."""
        return self.home / "sets"


def lay_out(source: Path, data: Path) -> None:
    """Copy a data directory; raises Unavailable where that cannot be done."""
    try:
        shutil.copytree(source, data)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(data, ignore_errors=True)
        raise Unavailable(f"its data cannot be laid out: {reason(error)}") from error


def lay_out_set(kept: Set, data: Path) -> None:
    """Copy a set, whole; raises Unavailable where it is not."""
    lay_out(kept.folder, data)
    if extent(data) != kept.files:
        shutil.rmtree(data, ignore_errors=True)
        raise Unavailable(f"some of its files are gone or cut short: {kept.folder}")


def copy_standing(process: Supervised, data: Path, target: Path) -> None:
    """Copy the data directory of a server while its processes stand still."""
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix="new-"))
    try:
        process.pause(True)
        wait_for_still(process.pid)
        shutil.copytree(data, beside, dirs_exist_ok=True, ignore=LEFT_OUT)
        beside.rename(target)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    finally:
        process.pause(False)


def wait_for_still(pid: int) -> None:
    """Wait until every thread of a process is stopped: one that writes goes on to the end of that.

    Raises TimeoutError, or another OSError where the process is gone.
    """
    deadline = time.monotonic() + PATIENCE
    while not stands_still(pid):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} does not stand still")
        time.sleep(0.001)


def stands_still(pid: int) -> bool:
    """Say whether every thread of a process is stopped, or has ended."""
    if sys.platform == "linux":
        states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
        return all(state.rpartition(")")[2].split()[0] in "TZX" for state in states)
    command = ["ps", "-o", "state=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return told.strip().startswith("T")


def extent(folder: Path) -> tuple[int, int]:
    """Return how many files a folder holds, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def reason(error: Exception) -> str:
    """Return the first reason why a copy failed: there may be one for each file."""
    many = error.args[0] if error.args else ""
    if isinstance(error, shutil.Error) and isinstance(many, list) and many:
        return f"{many[0][-1]} (and {len(many) - 1} more)" if len(many) > 1 else str(many[0][-1])
    return str(error)
