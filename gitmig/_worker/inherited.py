"""Which tables the base has, too: what a new revision made holds no row when the branch comes in.

Of each database, by the names that these tables have where a revision begins: one may rename them.
"""

from __future__ import annotations

from collections.abc import Collection

Names = frozenset[str]


class Inherited:
    """The tables at the base's heads, and what became of them after each new revision."""

    def __init__(self) -> None:
        self._base: dict[str, Names] = {}  # by database
        self._now: dict[str, Names] = {}
        self._after: dict[tuple[str, str], Names] = {}

    def knows(self, database: str) -> bool:
        """Say whether a database was looked at before its first new revision."""
        return database in self._base

    def begin(self, database: str, there: Collection[str]) -> None:
        """Take in what is there before the first new revision."""
        self._base[database] = self._now[database] = frozenset(there)

    def done(self, database: str, revision: str, old: Collection[str]) -> None:
        """Take in what is left of them after a revision's way up."""
        self._after[database, revision] = self._now[database] = frozenset(old)

    def before(self, database: str, revision: str, up: bool) -> Names | None:
        """Return those that are there before a revision goes up, or down; None: not known.

        Where its way up was not recorded, those of the base under their own names.
        """
        if up:
            return self._now.get(database)
        return self._after.get((database, revision), self._base.get(database))
