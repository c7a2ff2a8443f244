"""The project's files that revisions change or remove, kept before that and put back after it.

What is at a path is noted in a folder of the run before anything is done to it: a line in a
journal, and a copy of what a file holds. So it is not lost where the worker is killed. Run as a
program, ``python putback.py FOLDER``, this file puts back what such a worker left undone, and
prints as JSON what it could not (``paths``) and where the copies are then (``copies``).

The journal has JSON lines: ``path`` with the fields of ``Before``, or alone for what is as it was
again. The copy of a file is whole before its line, and the line before the deed.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass
from typing import Any

MOST = 50 << 20  # bytes of one file that is kept: the folder may lie in memory
FOLDER = "kept"  # its name in the run directory
JOURNAL = "journal"


@dataclass(frozen=True)
class Before:
    """What was at a path: a file that is kept as ``copy``, a link to ``target``, a folder, nothing.

    ``mode`` is 0 for nothing; ``written`` is when, in nanoseconds. A file larger than ``MOST``, or
    not readable, has no copy.
    """

    mode: int = 0
    copy: str = ""
    target: str = ""
    written: int = 0

    @property
    def existed(self) -> bool:
        """True where there was something."""
        return bool(self.mode)

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_lost(self) -> bool:
        """True for what was there and cannot be put back."""
        return self.existed and not (self.is_folder or self.copy or self.target)


class PutBack:
    """What was at some paths of the project before revisions did something to them.

    ``folder`` is where it is kept; it is made when there is something to keep.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._before: dict[str, Before] = {}

    def keep(self, path: str) -> Before:
        """Keep what is at a path; only what was there first counts."""
        if path not in self._before:
            os.makedirs(self.folder, exist_ok=True)
            had = before(path, self.folder)
            self.note(path, asdict(had))
            self._before[path] = had
        return self._before[path]

    def keep_all(self, folder: str, moved_to: str) -> None:
        """Keep what is in a folder that goes, and that nothing is where it is moved to."""
        for here, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = os.path.join(here, name)
                self.keep(path)
                self.keep(moved_to + path[len(folder) :])

    def note(self, path: str, had: dict[str, Any]) -> None:
        """Write a line of the journal at once: there may be no later."""
        with open(os.path.join(self.folder, JOURNAL), "ab", buffering=0) as journal:
            journal.write(json.dumps({"path": path, **had}).encode() + b"\n")

    def read(self) -> None:
        """Read what another process kept here; half a line is of a deed that was not done."""
        with open(os.path.join(self.folder, JOURNAL), "rb") as journal:
            for line in journal:
                had = json.loads(line) if line.endswith(b"\n") else {"path": ""}
                path = had.pop("path")
                if had:
                    self._before.setdefault(path, Before(**had))
                else:
                    self._before.pop(path, None)

    def put_back(self) -> None:
        """Make all that was there be as it was; folders come before what is in them."""
        for path in sorted(self._before):
            if self._before[path].existed:
                with contextlib.suppress(OSError):
                    put(path, self._before[path])
                    del self._before[path]
                    self.note(path, {})

    def remove_new(self) -> None:
        """Remove what was not there, what is in a folder before the folder."""
        for path in sorted(self._before, reverse=True):
            if not self._before[path].existed:
                with contextlib.suppress(OSError):
                    remove(path)

    def not_put_back(self) -> list[str]:
        """Return the paths that are not as they were."""
        return [path for path, had in self._before.items()
                if had.existed or os.path.lexists(path)]  # fmt: skip

    def forget(self) -> None:
        """Remove what is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


def before(path: str, folder: str) -> Before:
    """Return what is at a path; what a file holds is copied into a folder."""
    try:
        state = os.lstat(path)
    except OSError:
        return Before()
    with contextlib.suppress(OSError):  # it may not be read, or the disk is full
        if stat.S_ISLNK(state.st_mode):
            return Before(state.st_mode, target=os.readlink(path))
        if stat.S_ISREG(state.st_mode) and state.st_size <= MOST:
            return Before(state.st_mode, copy=copied(path, folder))
    return Before(state.st_mode, written=state.st_mtime_ns)


def copied(path: str, folder: str) -> str:
    """Return a new copy of a file in a folder, with its rights and times."""
    descriptor, copy = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    try:
        shutil.copy2(path, copy)
    except OSError:
        os.unlink(copy)
        raise
    return copy


def put(path: str, had: Before) -> None:
    """Make a path hold what it held; raises OSError where that cannot be."""
    if is_as_it_was(path, had):
        return
    if had.is_lost:
        raise OSError("no copy was made")
    os.makedirs(path if had.is_folder else os.path.dirname(path), exist_ok=True)
    if had.target:
        remove(path)
        os.symlink(had.target, path)
    elif had.copy:  # whole or not at all: a disk may be full
        beside = copied(had.copy, os.path.dirname(path))
        os.replace(beside, path)
    else:
        os.chmod(path, stat.S_IMODE(had.mode))


def is_as_it_was(path: str, had: Before) -> bool:
    """Say whether there is at a path what was there."""
    try:
        state = os.lstat(path)
    except OSError:
        return not had.existed
    if state.st_mode != had.mode:
        return False
    if had.target:
        return os.readlink(path) == had.target
    if had.is_lost:
        return state.st_mtime_ns == had.written
    return not had.copy or filecmp.cmp(path, had.copy, shallow=False)


def remove(path: str) -> None:
    """Remove a file or an empty folder; nothing where there is none."""
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)


def listing(root: str) -> dict[str, tuple[int, int]]:
    """Return when each file below a folder was last written, and its size; git's own left out."""
    found = {}
    for here, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each != ".git"]
        for name in files:
            path = os.path.join(here, name)
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                found[path] = (state.st_mtime_ns, state.st_size)
    return found


def after_another(folder: str) -> dict[str, Any]:
    """Put back what another process kept in a folder; return what could not be, see above."""
    files = PutBack(folder)
    files.read()
    files.put_back()
    files.remove_new()
    paths = files.not_put_back()
    copies = tempfile.mkdtemp(prefix="gitmig-kept-") if paths else ""
    if copies:  # the run goes, and all that is in it
        shutil.copytree(folder, copies, dirs_exist_ok=True)
    files.forget()
    return {"paths": paths, "copies": copies}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(after_another(sys.argv[1])))
