"""The project's files that revisions change or remove, kept before that and put back after it."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass

MOST = 50 << 20  # bytes of one file that are kept in memory


@dataclass(frozen=True)
class Before:
    """What was at a path: a file with ``content``, a link to ``target``, a folder, or nothing.

    ``mode`` is 0 for nothing. What is larger than ``MOST`` has no content: it is not put back.
    """

    mode: int = 0
    content: bytes | None = None
    target: str = ""

    @property
    def existed(self) -> bool:
        """True where there was something."""
        return bool(self.mode)

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_too_large(self) -> bool:
        """True for a file that was not read."""
        return stat.S_ISREG(self.mode) and self.content is None


class PutBack:
    """What was at some paths of the project before revisions did something to them."""

    def __init__(self) -> None:
        self._before: dict[str, Before] = {}

    def keep(self, path: str) -> Before:
        """Keep what is at a path; only what was there first counts."""
        if path not in self._before:
            self._before[path] = before(path)
        return self._before[path]

    def keep_all(self, folder: str, moved_to: str) -> None:
        """Keep what is in a folder that goes, and that nothing is where it is moved to."""
        for here, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = os.path.join(here, name)
                self.keep(path)
                self.keep(moved_to + path[len(folder) :])

    def put_back(self) -> None:
        """Make all that was there be as it was; folders come before what is in them."""
        for path in sorted(self._before):
            if self._before[path].existed:
                with contextlib.suppress(OSError):
                    put(path, self._before[path])
                    del self._before[path]

    def remove_new(self) -> None:
        """Remove what was not there, what is in a folder before the folder."""
        for path in sorted(self._before, reverse=True):
            if not self._before[path].existed:
                with contextlib.suppress(OSError):
                    remove(path)


def before(path: str) -> Before:
    """Return what is at a path."""
    try:
        state = os.lstat(path)
        if stat.S_ISLNK(state.st_mode):
            return Before(state.st_mode, target=os.readlink(path))
        if not stat.S_ISREG(state.st_mode) or state.st_size > MOST:
            return Before(state.st_mode)
        with open(path, "rb") as file:
            return Before(state.st_mode, file.read())
    except OSError:
        return Before()


def put(path: str, had: Before) -> None:
    """Make a path hold what it held."""
    if before(path) == had:
        return
    os.makedirs(path if had.is_folder else os.path.dirname(path), exist_ok=True)
    if had.target:
        remove(path)
        os.symlink(had.target, path)
        return
    if had.content is not None:  # whole or not at all: a disk may be full
        descriptor, beside = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as file:
            file.write(had.content)
        os.replace(beside, path)
    os.chmod(path, stat.S_IMODE(had.mode))


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
