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

from gitmig.ephemeral import address
from gitmig.ephemeral.supervise import end_leftover
from gitmig.errors import GitmigError

ROOM = 512 * 1024 * 1024  # bytes
MEMORY = "/dev/shm"  # noqa: S108 - our own 0700 folder is made inside


@contextlib.contextmanager
def run_directory() -> Iterator[Path]:
    """Give an empty private directory and remove it at the end.

    Raises GitmigError where no directory can be made, or where the one for this user's runs
    belongs to somebody else.
    """
    base = private_base()
    sweep(base)
    run = Path(tempfile.mkdtemp(dir=base, prefix="run-"))
    with tempfile.NamedTemporaryFile(dir=base, delete=False) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # it gets its name when it is locked: no sweep sees an unlocked one
            Path(lock.name).rename(run / "lock")
            yield run
        finally:
            shutil.rmtree(run, ignore_errors=True)


def private_base() -> Path:
    """Return this user's directory for runs, made where it is missing."""
    return own_directory(Path(roomy()) / f"gitmig-{os.getuid()}", 0o700)


def base_for(account: str) -> Path:
    """Return where the servers of an account have their folders; empty: the user's own.

    For another account it can be passed, not read: each folder in it is the account's alone.
    """
    if not account:
        return private_base()
    base = own_directory(Path(roomy()) / f"gitmig-{os.getuid()}-{account}", 0o711)
    sweep(base)
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
    try:
        if not base.exists():
            base.mkdir(mode=mode, exist_ok=True)
            base.chmod(mode)  # whatever the umask
        found = base.lstat()
    except OSError as error:
        raise GitmigError(
            f"no temporary directory can be made at {base}: {error.strerror}",
            "set TMPDIR to a directory with free space",
        ) from error
    others = found.st_mode & 0o777 & ~mode
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or others:
        raise GitmigError(
            f"{base} is not a directory of yours alone", "remove it, or set TMPDIR elsewhere"
        )
    return base


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
    """End the servers and remove the directories of runs that have ended without doing so."""
    for run in base.glob("run-*"):
        with contextlib.suppress(OSError), open(run / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for noted in (*run.glob("pid"), *run.glob("*/pid")):
                end_leftover(noted.parent)
                address.clear(noted.parent)
            shutil.rmtree(run, ignore_errors=True)
