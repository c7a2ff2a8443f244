"""Ephemeral SQLite databases: files in the run directory, copied from and to the cache."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine.url import make_url

from . import line
from .shapes import Dialect

KEPT_OPTIONS = ("detect_types", "isolation_level", "timeout", "check_same_thread")


class SqliteFiles:
    """One file for each database that is asked for; ``cache`` is a folder, empty for none."""

    cheap = True  # to keep: a file is copied in a millisecond

    def __init__(self, directory: str, cache: str) -> None:
        self.directory = directory
        self.cache = cache
        self.keys: Sequence[str] = ()
        self._generation = 0
        self._paths: dict[str, str] = {}
        self._marked: dict[str, str] = {}

    def connect(self, dialect: Dialect, asked: str, cparams: Mapping[str, Any]) -> Any:
        """Open a connection to the file that stands for what was asked for."""
        if asked not in self._paths:
            self._paths[asked] = self._path(asked)
            restore(self.cache, self.keys, asked, self._paths[asked])
        args, kwargs = dialect.create_connect_args(make_url("sqlite:///" + self._paths[asked]))
        for name in KEPT_OPTIONS:
            if name in cparams:
                kwargs[name] = cparams[name]
        connection = dialect.connect(*args, **kwargs)
        refuse_attach(connection, self.directory)
        cursor = connection.cursor()
        # it need not survive a power cut, nor that this process is killed
        cursor.execute("PRAGMA synchronous=OFF")
        if not is_wal(self._paths[asked]):  # to leave that takes a lock on the whole file
            cursor.execute("PRAGMA journal_mode=MEMORY")
        cursor.close()
        return connection

    def fresh(self) -> None:
        """Give new, empty files from now on."""
        self._generation += 1
        self._paths = {}

    def mark(self) -> None:
        """Remember what the files hold now."""
        self._marked = {asked: f"{path}.marked" for asked, path in self._paths.items()}
        for asked, copy in self._marked.items():
            shutil.copyfile(self._paths[asked], copy)

    def rewind(self) -> bool:
        """Give new files with what they held at the mark; say whether there is one."""
        if self._marked:
            self.fresh()
            self.adopt(self._marked)
        return bool(self._marked)

    def keep(self, keys: Mapping[str, str]) -> None:
        """Keep the files under their keys."""
        for asked, key in keys.items():
            if self.cache and asked in self._paths:
                save(self.cache, entry(key, asked), self._paths[asked])

    def hand_over(self) -> dict[str, str]:
        """Leave the files to another process; return where they are."""
        return dict(self._paths)

    def adopt(self, left: Mapping[str, str]) -> None:
        """Go on with files that another process left; they are copied when asked for."""
        for asked, path in left.items():
            self._paths[asked] = self._path(asked)
            shutil.copyfile(path, self._paths[asked])

    def close(self) -> None:
        """Leave the files to who made the run directory."""

    def _path(self, asked: str) -> str:
        return os.path.join(self.directory, f"{self._generation}-{asked}.sqlite")


def entry(key: str, asked: str) -> str:
    """Return the name under which a database is kept."""
    return f"{key}-{asked}"


def restore(folder: str, keys: Sequence[str], asked: str, path: str) -> None:
    """Put the database of the longest known prefix at a path; a damaged one is removed."""
    for key in reversed(keys if folder else ()):
        known = os.path.join(folder, f"{entry(key, asked)}.sqlite")
        beside = path + ".new"
        with contextlib.suppress(OSError):
            shutil.copyfile(known, beside)
            if digest(beside) == read_text(known + ".sum"):
                os.replace(beside, path)
                os.utime(known)
                return
            os.unlink(known)
            line.remark(f"{known} was damaged; its revisions are replayed")
        with contextlib.suppress(OSError):
            os.unlink(beside)


def save(folder: str, name: str, path: str) -> None:
    """Keep a database; one that is being written is left alone."""
    known = os.path.join(folder, f"{name}.sqlite")
    if os.path.exists(known) or is_written(path):
        return
    with contextlib.suppress(OSError):  # a full disk only costs the next run time
        os.makedirs(folder, exist_ok=True)
        for suffix, write in ((".sum", write_digest), ("", shutil.copyfile)):
            descriptor, beside = tempfile.mkstemp(dir=folder)
            os.close(descriptor)
            write(path, beside)
            os.replace(beside, known + suffix)


def is_written(path: str) -> bool:
    """Say whether a connection has changes of a database that its file has not, or not yet whole.

    A journal in memory is no file: SQLite lets no second one begin to write.
    """
    if any(os.path.exists(path + end) for end in ("-journal", "-wal")):
        return True
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.Error:
        return True
    finally:
        other.close()
    return False


def write_digest(path: str, target: str) -> None:
    """Write what tells a damaged copy of a file from a whole one."""
    with open(target, "w", encoding="ascii") as file:
        file.write(digest(path))


def digest(path: str) -> str:
    """Return the hash of a file."""
    with open(path, "rb") as file:
        return hashlib.blake2b(file.read(), digest_size=16).hexdigest()


def read_text(path: str) -> str:
    """Return a small file's text."""
    with open(path, encoding="ascii") as file:
        return file.read()


def is_wal(path: str) -> bool:
    """Say whether a project has SQLite log ahead in a file: https://sqlite.org/fileformat.html."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read(20)[18:] == b"\x02\x02"
    return False


def refuse_attach(connection: Any, directory: str) -> None:
    """Let a SQLite connection attach no file outside a directory: it could be a real one."""
    attach, fine = sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_OK

    def authorize(action: int, name: Any, *rest: Any) -> int:  # SQLite asks it very often
        if action != attach or not name or name == ":memory:":
            return fine
        inside = os.path.realpath(name).startswith(os.path.realpath(directory) + os.sep)
        return sqlite3.SQLITE_OK if inside else sqlite3.SQLITE_DENY

    driver = getattr(connection, "driver_connection", None)  # of aiosqlite's adapter
    if driver is None:
        connection.set_authorizer(authorize)
        return
    from sqlalchemy.util import await_only

    await_only(driver._execute(driver._conn.set_authorizer, authorize))
