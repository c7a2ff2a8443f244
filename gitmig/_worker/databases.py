"""Ephemeral databases: one for each database that the project asks for, of its own kind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .files import SqliteFiles
from .lent import LentServer
from .shapes import Dialect

NAMES_OF_A_DATABASE = ("host", "port", "user", "username", "database", "dbname", "db", "dsn")
KINDS = {"mariadb": "mysql"}


class Databases:
    """The databases of one run.

    ``directory`` is the run directory, ``registry`` a folder in which the names of databases on a
    given server are noted while they exist, ``cache`` the folder of replayed SQLite databases,
    empty for none. ``needs`` is asked what a server of a kind must have: see ``needs.of``.
    """

    def __init__(self, directory: str, registry: str, cache: str) -> None:
        self.directory = directory
        self.registry = registry
        self.cache = cache
        self.needs: Callable[[str], dict[str, Any]] = lambda kind: {}
        self.dialect: Dialect = None
        self.generation = 0
        self._homes: dict[str, Any] = {}
        self._keys: Sequence[str] = ()
        self._left: Mapping[str, Mapping[str, str]] = {}
        self._open: list[Any] = []

    def connect(
        self, dialect: Dialect, cargs: Iterable[Any], cparams: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """Open a connection to the ephemeral database that stands for the one asked for.

        Returns it and the name of what was asked for, as ``keep`` takes it.
        """
        self.dialect = dialect
        kind = KINDS.get(dialect.name, dialect.name)
        asked = identity(kind, cargs, cparams)
        connection = self._home(kind, dialect).connect(dialect, asked, cparams)
        self._open.append(connection)
        return connection, f"{kind} {asked}"

    def fresh(self, keys: Sequence[str] = ()) -> None:
        """Leave the databases made so far: what connects from now on gets new ones.

        They are empty, or restored from the longest prefix of ``keys`` that is known.
        """
        self._keys = keys
        self.generation += 1
        for home in self._homes.values():
            home.fresh()
            home.keys = keys

    def mark(self) -> None:
        """Remember what the databases hold now, where that costs next to nothing."""
        for home in self._homes.values():
            if home.cheap:
                home.mark()

    def rewind(self) -> bool:
        """Give new databases that hold what they held at the mark; False where not all can."""
        homes = self._homes.values()
        if not homes or not all(home.cheap and home.rewind() for home in homes):
            return False
        self.generation += 1
        return True

    def keep(self, keys: Mapping[str, str], costly: bool) -> None:
        """Keep databases under their keys; ``costly`` says whether it took long to get there."""
        by_kind: dict[str, dict[str, str]] = {}
        for name, key in keys.items():
            kind, _, asked = name.partition(" ")
            by_kind.setdefault(kind, {})[asked] = key
        for kind, found in by_kind.items():
            home = self._homes[kind]
            if costly or home.cheap:
                home.keep(found)

    def hand_over(self) -> dict[str, dict[str, str]]:
        """Leave the databases to another process; return what ``adopt`` takes there."""
        return {kind: home.hand_over() for kind, home in self._homes.items()}

    def adopt(self, left: Mapping[str, Mapping[str, str]]) -> None:
        """Go on with the databases that another process left."""
        self._left = left

    def blame(self, message: str) -> dict[str, Any]:
        """Return which lent server is to blame for a failure: see ``LentServer.blame``."""
        servers = [home for home in self._homes.values() if isinstance(home, LentServer)]
        return next(filter(None, (home.blame(message) for home in servers)), {})

    def run_on_own(self, kind: str, statement: str) -> bool:
        """Run a statement on the server of a kind, where it is one of gitmig's; say if it was."""
        home = self._homes.get(kind)
        return isinstance(home, LentServer) and home.run_on_own(statement)

    def is_apart(self, kind: str) -> bool:
        """Say whether what all databases of a server share is only this run's to change there."""
        home = self._homes.get(kind)
        return isinstance(home, LentServer) and home.is_apart()

    def another(self, dialect: Dialect) -> contextlib.AbstractContextManager[str]:
        """Give the name of one more empty database on the server of a dialect; it is dropped."""
        found: contextlib.AbstractContextManager[str] = self._home(
            KINDS.get(dialect.name, dialect.name), dialect
        ).another()
        return found

    def close(self) -> None:
        """Close what is open and drop what was made on servers."""
        for connection in self._open:
            # it may be closed by the project already, or lost with its event loop
            with contextlib.suppress(Exception):
                connection.close()
        for home in self._homes.values():
            home.close()

    def _home(self, kind: str, dialect: Dialect) -> Any:
        if kind not in self._homes:
            if kind == "sqlite":
                home: Any = SqliteFiles(self.directory, self.cache)
            else:
                driver = f"{dialect.driver} {getattr(dialect.dbapi, '__version__', '')}"
                needs = {**self.needs(kind), "driver": driver}
                home = LentServer(kind, self.registry, needs)
            home.keys = self._keys
            if kind in self._left:
                home.adopt(self._left[kind])
            self._homes[kind] = home
        return self._homes[kind]


def identity(kind: str, cargs: Iterable[Any], cparams: Mapping[str, Any]) -> str:
    """Return a short name for the database that connection arguments lead to."""
    named = {name: str(cparams[name]) for name in NAMES_OF_A_DATABASE if name in cparams}
    here = os.getcwd() + os.sep  # SQLite's relative paths; the tree may be laid out elsewhere
    asked = [str(argument).replace(here, "") for argument in cargs]
    text_of = json.dumps([kind, asked, named], sort_keys=True)
    return hashlib.sha256(text_of.encode()).hexdigest()[:12]
