"""The run directory: where the throw-away databases of one run live.

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

from gitmig.errors import GitmigError

ROOM = 512 * 1024 * 1024  # bytes


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
    base = Path(roomy()) / f"gitmig-{os.getuid()}"
    try:
        base.mkdir(mode=0o700, exist_ok=True)
        found = base.lstat()
    except OSError as error:
        raise GitmigError(
            f"no temporary directory can be made at {base}: {error.strerror}",
            "set TMPDIR to a directory with free space",
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise GitmigError(
            f"{base} is not a directory of yours alone", "remove it, or set TMPDIR elsewhere"
        )
    return base


def roomy() -> str:
    """Return the directory for temporary files: RAM where there is room."""
    if "TMPDIR" not in os.environ:
        with contextlib.suppress(OSError):
            space = os.statvfs("/dev/shm")  # noqa: S108  # our own 0700 folder is made inside
            if space.f_bavail * space.f_frsize >= ROOM and os.access("/dev/shm", os.W_OK):  # noqa: S108
                return "/dev/shm"  # noqa: S108
    return tempfile.gettempdir()


def sweep(base: Path) -> None:
    """Remove the directories of runs that have ended without doing so."""
    for run in base.glob("run-*"):
        with contextlib.suppress(OSError), open(run / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(run, ignore_errors=True)
