"""The place of a server that stays between two runs, and the list of what it keeps.

``<base>/<kind>-<build>/``: ``lock`` is held by the run that uses it, ``boot`` says in which boot
of the machine it was written (nothing was synced: after a crash of the machine it is worth
nothing), ``entries/<id>.json`` is one replayed database each. What has no such file is not known.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gitmig.ephemeral.provision import BOUND
from gitmig.outcomes import Entry

Lock = IO[str]  # an open file, locked


class Shelf:
    """The list of what is kept in a folder."""

    def __init__(self, folder: Path, bound: int = BOUND) -> None:
        self.folder = folder
        self.bound = bound

    def find(self, entries: tuple[str, ...]) -> tuple[str, str] | None:
        """Return ``(id, database)`` of the first that is kept, None for none."""
        for entry in entries:
            found = read_entry(self.folder / "entries" / f"{entry}.json")
            if found is not None:
                with contextlib.suppress(OSError):  # `gitmig cache prune` has just removed it
                    os.utime(found.path)
                return entry, found.database
        return None

    def put(self, entry: str, database: str, size: int, told: str) -> list[Entry]:
        """Keep a database of ``size`` bytes; return those that must go instead of it.

        One that cannot be noted is not kept: the next run finds it on the server and drops it.
        """
        with contextlib.suppress(OSError):
            (self.folder / "entries").mkdir(exist_ok=True)
            write(self.folder / "entries" / f"{entry}.json", [database, size, told])
        gone = over_bound(list_entries(self.folder), self.bound)
        for each in gone:
            each.path.unlink(missing_ok=True)
        return gone

    def known(self) -> list[str]:
        """Return the names of all databases that are kept."""
        return [entry.database for entry in list_entries(self.folder)]

    def forget(self, database: str) -> None:
        """Keep a database no longer."""
        for entry in list_entries(self.folder):
            if entry.database == database:
                entry.path.unlink(missing_ok=True)


class Place:
    """A folder that is ours alone while the lock is held."""

    def __init__(self, folder: Path, lock: Lock) -> None:
        self.folder = folder
        self.lock = lock

    def is_of_this_boot(self) -> bool:
        """Say whether what lies here was written since the machine was started."""
        return is_of_this_boot(self.folder)

    def empty(self) -> None:
        """Remove all but the lock: nothing of it is worth keeping."""
        (self.folder / "boot").unlink(missing_ok=True)  # first: killed here, the rest is no good
        for path in self.folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        note_boot(self.folder)


@contextlib.contextmanager
def take(folder: Path) -> Iterator[Place | None]:
    """Give a place, made where it is missing; None where another run is using it.

    Also where it cannot be made or written: a run goes on without what is kept.
    """
    with contextlib.ExitStack() as stack:
        place = None
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            lock = stack.enter_context(open_lock(folder))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock.fileno()), (folder / "lock").stat()):
                place = Place(folder, lock)  # nobody removed it in between
        yield place


def open_lock(folder: Path) -> Lock:
    """Open the file that is locked for a folder; who may open it could hold it up for ever."""
    return open(folder / "lock", "w", opener=lambda path, flags: os.open(path, flags, 0o600))


def list_entries(folder: Path) -> list[Entry]:
    """Return what is kept in a place, the last used first."""
    found = [read_entry(path) for path in (folder / "entries").glob("*.json")]
    return sorted((each for each in found if each is not None), key=lambda each: -each.used)


def read_entry(path: Path) -> Entry | None:
    """Return an entry, None where there is none that can be read."""
    try:
        database, size, told = json.loads(path.read_text())
        return Entry(path.stem, str(database), int(size), str(told), path.stat().st_mtime, path)
    except (OSError, ValueError, TypeError, OverflowError):
        return None


def over_bound(entries: list[Entry], bound: int) -> list[Entry]:
    """Return which entries (the last used come first) do not fit; the first always does."""
    room, gone = bound, []
    for number, entry in enumerate(entries):
        room -= entry.size
        if room < 0 and number:
            gone.append(entry)
    return gone


def trim(folder: Path, bound: int) -> None:
    """Remove the SQLite databases of a folder that were not used for the longest time."""
    with contextlib.suppress(OSError):
        gone = over_bound(sqlite_entries(folder), bound)
        for each in gone:
            for path in (each.path, each.path.with_name(each.path.name + ".sum")):
                path.unlink(missing_ok=True)


def sqlite_entries(folder: Path) -> list[Entry]:
    """Return the replayed SQLite databases in a folder, the last used first."""
    found = []
    for path in folder.glob("*.sqlite"):
        with contextlib.suppress(OSError):
            is_ = path.stat()
            found.append(Entry(path.stem, path.name, is_.st_size, "", is_.st_mtime, path))
    return sorted(found, key=lambda each: -each.used)


def write(path: Path, value: object, text: str = "") -> None:
    """Write a file in one step."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as beside:
        try:
            beside.write(text or json.dumps(value))
            beside.flush()
        except OSError:
            Path(beside.name).unlink()
            raise
    Path(beside.name).replace(path)


def is_of_this_boot(folder: Path) -> bool:
    """Say whether a folder was noted to be written since the machine was started."""
    with contextlib.suppress(OSError, ValueError):
        return (folder / "boot").read_text() == boot()
    return False


def note_boot(folder: Path) -> None:
    """Note in which boot of the machine a folder was written."""
    write(folder / "boot", None, boot())


def boot() -> str:
    """Return what is another text after each start of the machine."""
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    command = ["sysctl", "-n", "kern.boottime"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
