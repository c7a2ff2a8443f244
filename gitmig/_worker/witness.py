"""What the database says a statement did: asked for right after it, on the same connection.

A witness serves one connection while one revision runs. It asks with a cursor of its own, so that
no listener hears it, and only what cannot fail: in a transaction, an error of its own would break
the revision's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from . import sqltext
from .shapes import Connection, Dialect, Result

Thing = tuple[Any, Any]  # what stays with a table under any name, and what changes with its file


class Tables:
    """Which tables (and what else has a file) the base has, too: ``old``.

    By the names that they have now. ``seen`` is everything that is there, ``{name: thing}``;
    without ``old`` all of it.
    """

    def __init__(self, seen: Mapping[str, Thing], old: Collection[str] | None = None) -> None:
        self.seen = dict(seen)
        self.old = set(seen) if old is None else set(seen).intersection(old)
        self.gone: set[str] = set()

    def compare(self, now: Mapping[str, Thing]) -> list[str]:
        """Return which of the old ones were written anew since the last time.

        One that was dropped and whose place another takes by a rename (batch mode's copy) was.
        """
        names = {identity: name for name, (identity, _) in self.seen.items() if identity}
        vanished = (set(self.seen) - set(now)) & self.old
        self.old -= vanished
        self.gone |= vanished
        found = []
        for name, (identity, file) in now.items():
            was = name if name in self.seen else names.get(identity, "")
            if name not in self.seen and not self.comes_back(name, was, vanished):
                continue
            if name in self.old and (self.seen[was][1] != file or name in self.gone):
                found.append(name)
            self.gone.discard(name)
        self.seen = dict(now)
        return sorted(found)

    def comes_back(self, name: str, was: str, vanished: set[str]) -> bool:
        """Take in a name that was not there: say whether it stands for an old one.

        ``was`` is the name that its table had, empty for one that was made.
        """
        if was in vanished:
            self.gone.discard(was)
        if not was:
            self.gone.discard(name)
        elif was in vanished or name in self.gone:
            self.old.add(name)
        return name in self.old


class Witness(ABC):
    """What all witnesses have in common; ``begin`` is called before all else."""

    def __init__(self) -> None:
        self.tables = Tables({})
        self._own = object()
        self._ended = 0

    def begin(self, connection: Connection, old: Collection[str] | None = None) -> None:
        """Look at what is there before the revision; ``old`` is what no new one made."""
        self.tables = Tables(self.look(connection), old)

    def before(self, connection: Connection, sql: str) -> None:  # noqa: B027 - most need not
        """Get ready for a statement, given without the comments before it."""

    def after(self, connection: Connection, sql: str) -> Result:
        """Return what a statement did: any of locks, rewritten, transaction, commits."""
        found: Result = {"transaction": self.transaction(connection)}
        if not (sqltext.is_about_rows(sql) or sqltext.is_control(sql)):
            found["rewritten"] = self.tables.compare(self.look(connection))
        return found

    def end(self) -> None:
        """Know that SQLAlchemy committed or rolled back."""
        self._ended += 1

    def is_new(self, table: str) -> bool:
        """Say whether a new revision made a table, this one or an earlier one."""
        return bool(table) and table not in self.tables.old

    @abstractmethod
    def look(self, connection: Connection) -> dict[str, Thing]:
        """Return everything that has a file."""

    def transaction(self, connection: Connection) -> Any:
        """Return what is the same for all statements of a transaction, None for none."""
        return (self._own, self._ended)


class SqliteWitness(Witness):
    """Tables by their root page, which a copy that batch mode makes has not."""

    def look(self, connection: Connection) -> dict[str, Thing]:
        """Return the tables."""
        query = "SELECT name, rootpage FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
        return {name: (page, page) for name, page in ask(connection, query)}

    def transaction(self, connection: Connection) -> Any:
        """Return the transaction that the driver is in, which begins none for DDL."""
        inside = getattr(raw(connection), "in_transaction", False)
        return super().transaction(connection) if inside else None


def raw(connection: Connection) -> Any:
    """Return the driver's own connection, below SQLAlchemy's pool and adapters."""
    fairy = connection.connection
    found = getattr(fairy, "driver_connection", None)
    return fairy.connection if found is None else found


def ask(connection: Connection, query: str) -> list[Any]:
    """Return the rows of a query that is sent with a cursor of its own."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def qualified(schema: Any, table: Any, dialect: Dialect) -> str:
    """Return the name of a table as reports have it: with its schema unless that is the default."""
    if not table:
        return ""
    default = getattr(dialect, "default_schema_name", None)
    return f"{schema}.{table}" if schema and schema != default else str(table)
