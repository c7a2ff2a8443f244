"""Where the throw-away databases of this user live: one directory a run, and what stays.

In RAM where there is room, 0700, locked while its owner lives, swept by the next run otherwise.
Rules and figures: a full ``/dev/shm`` (64 MB in containers) fails in mid-replay, so 512 MB free
are asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gitmig.ephemeral import address, store
from gitmig.ephemeral.leftover import end_leftover
from gitmig.errors import GitmigError

ROOM = 512 * 1024 * 1024  # bytes
MEMORY = "/dev/shm"  # noqa: S108 - our own 0700 folder is made inside
RUN = "run-"  # what the names of folders that go with their run begin with


@contextlib.contextmanager
def run_directory() -> Iterator[Path]:
    """Give an empty private directory and remove it at the end.

    Raises GitmigError where no directory can be made, or where the one for this user's runs
    belongs to somebody else.
    """
    with locked_directory(private_base()) as (run, _lock):
        yield run


@contextlib.contextmanager
def locked_directory(base: Path) -> Iterator[tuple[Path, IO[str]]]:
    """Give an empty directory below a base, and its lock; it goes at the end of the run.

    All are made and swept under the lock of the base: nobody finds one that is half made, so one
    whose lock is free, or not there, is of a run that has ended. Raises GitmigError.
    """
    with swept(base):
        run = Path(tempfile.mkdtemp(dir=base, prefix=RUN))
        lock = store.open_lock(run)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield run, lock
    finally:
        shutil.rmtree(run, ignore_errors=True)
        lock.close()


@contextlib.contextmanager
def swept(base: Path) -> Iterator[None]:
    """Hold the lock of a base, with nothing left in it of runs that have ended."""
    with explained(base), store.open_lock(base) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(base)
        yield


def private_base() -> Path:
    """Return this user's directory for runs, made where it is missing."""
    return own_directory(Path(roomy()) / f"gitmig-{os.getuid()}", 0o700)


def base_for(account: str) -> Path:
    """Return where the servers of an account have their folders; empty: the user's own.

    Another account can pass it and not read it.
    """
    if not account:
        return private_base()
    base = own_directory(Path(roomy()) / f"gitmig-{os.getuid()}-{account}", 0o711)
    with swept(base):
        return base


def bases() -> list[Path]:
    """Return the directories that are there for this user, of every account."""
    pattern = f"gitmig-{os.getuid()}*"
    return [base for base in Path(roomy()).glob(pattern) if base.lstat().st_uid == os.getuid()]


def tree_size(folder: Path) -> int:
    """Return how many bytes the files below a folder take."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # it may go at any time
            size += path.lstat().st_blocks * 512
    return size


def own_directory(base: Path, mode: int) -> Path:
    """Return a directory that is ours with these rights; raises GitmigError where it is not."""
    with explained(base):
        with contextlib.suppress(FileExistsError):
            base.mkdir(mode=mode)
            base.chmod(mode)  # whatever the umask; it is ours, we made it
        found = base.lstat()
    others = found.st_mode & 0o777 & ~mode
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or others:
        raise GitmigError(
            f"{base} is not a directory of yours alone", "remove it, or set TMPDIR elsewhere"
        )
    return base


@contextlib.contextmanager
def explained(base: Path) -> Iterator[None]:
    """Turn what keeps a directory from being made into a sentence."""
    try:
        yield
    except OSError as error:
        raise GitmigError(
            f"no temporary directory can be made at {base}: {error.strerror}",
            "set TMPDIR to a directory with free space",
        ) from error


def require_room(base: Path, size: int) -> None:
    """Raise GitmigError where fewer than ``size`` bytes are free."""
    space = os.statvfs(base)
    free = space.f_bavail * space.f_frsize
    if free < size:
        raise GitmigError(
            f"only {free >> 20} MB are free in {base}, and a throw-away server needs {size >> 20}",
            "set TMPDIR to a directory with free space",
        )


def roomy() -> str:
    """Return the directory for temporary files: RAM where there is room."""
    if "TMPDIR" not in os.environ:
        with contextlib.suppress(OSError):
            space = os.statvfs(MEMORY)
            if space.f_bavail * space.f_frsize >= ROOM and os.access(MEMORY, os.W_OK):
                return MEMORY
    return tempfile.gettempdir()


def in_memory(path: Path) -> bool:
    """Say whether a path lies in RAM."""
    return str(path).startswith(MEMORY + os.sep)


def sweep(base: Path) -> None:
    """End what runs that were killed left running, and remove what nobody needs any more.

    That is their directories, and what was kept in an earlier boot of the machine.
    """
    for folder in base.glob("*-*"):
        of_a_run = folder.name.startswith(RUN)
        if not of_a_run and store.is_of_this_boot(folder) and not (folder / "pid").exists():
            continue
        with contextlib.suppress(OSError), store.take(folder) as place:
            if place is not None:
                for each in (folder, *folder.glob("*/")) if of_a_run else (folder,):
                    end_leftover(each)
                    address.clear(each)
                if of_a_run or not store.is_of_this_boot(folder):
                    shutil.rmtree(folder, ignore_errors=True)
