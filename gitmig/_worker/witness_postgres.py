"""PostgreSQL: the locks that a statement took, and what it wrote anew.

``pg_locks`` has what the transaction holds. A table or index that is written anew has another
``relfilenode``; an index that came back as it was (``ALTER COLUMN TYPE`` drops and makes it again)
keeps the file. The transaction is known by its virtual id.

Where a revision runs in the transaction of those before it, what they locked is locked already, and
nothing shows that a statement would have done so: the first one that alters a table by its name is
taken to need the exclusive lock that it finds, where it takes no other.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from . import sqltext
from .shapes import Connection, Result
from .witness import Thing, Witness, ask, qualified

MINE = "l.pid = pg_catalog.pg_backend_pid() AND l.granted"
# no % and no ?, which some driver takes for a parameter; types that all drivers give alike
LOCKS = f"""
    SELECT 'transaction', CAST(l.virtualtransaction AS text), '',
        CAST(pg_catalog.txid_current_if_assigned() AS bigint), CAST(0 AS bigint)
    FROM pg_catalog.pg_locks l WHERE l.locktype = 'virtualxid' AND {MINE}
    UNION ALL
    SELECT 'lock', CAST(l.mode AS text), '', CAST(l.relation AS bigint), 0
    FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND {MINE}
"""  # noqa: S608
CLASSES = """
    UNION ALL
    SELECT CAST(c.relkind AS text), CAST(n.nspname AS text), CAST(c.relname AS text),
        CAST(c.oid AS bigint), CAST(c.relfilenode AS bigint)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I') AND n.nspname !~ '^pg_'
        AND n.nspname <> 'information_schema'
"""
# how often a table was read from the first row to the last, in this transaction
SCANS = """
    UNION ALL
    SELECT 'scans', '', '', CAST(c.oid AS bigint),
        CAST(pg_catalog.pg_stat_get_xact_numscans(c.oid) AS bigint)
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'm') AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0
"""
# what has a file with no row in it, and the indexes of such
EMPTY = """
    SELECT CAST(n.nspname AS text), CAST(c.relname AS text) FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE c.relkind IN ('r', 'm', 'i')
        AND pg_catalog.pg_relation_size(COALESCE(i.indrelid, c.oid)) = 0
"""
# row security is on, and no policy lets a row through
HIDDEN = """
    SELECT CAST(n.nspname AS text), CAST(c.relname AS text) FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relrowsecurity
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)
"""
HIDES = re.compile(r"\bROW\s+LEVEL\s+SECURITY\b|\bPOLICY\b", re.IGNORECASE)
BLOCK = re.compile(r"(?:DO|CALL|SELECT|WITH)\b", re.IGNORECASE)
ASIDE = ("transaction", "lock", "scans")
INDEXES = ("i", "I")
EXCLUSIVE = "AccessExclusiveLock"
# what reading and writing rows takes
WEAK = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}
WORD = re.compile(r"[\w$]+")


class PostgresWitness(Witness):
    """One query after each statement."""

    def __init__(self) -> None:
        super().__init__()
        self._held: set[tuple[int, str]] = set()
        self._held_by = ""
        self._inherited: set[int] = set()  # tables that earlier revisions locked exclusively
        self._names: dict[int, str] = {}  # of tables, by oid
        self._scans: dict[int, int] = {}

    def begin(self, connection: Connection, old: Collection[str] | None = None) -> None:
        """Look at what is there before the revision, and what its transaction has locked."""
        super().begin(connection, old)
        self._inherited = {oid for oid, mode in self._held if mode == EXCLUSIVE}

    def after(self, connection: Connection, sql: str) -> Result:
        """Return the locks that a statement took, what it wrote anew, and its transaction."""
        if sqltext.is_control(sql):
            return {}
        before = self._names
        all_of_it = not sqltext.writes_rows(sql)
        rows = self.rows(connection, all_of_it)
        taken = self.take_locks(rows)
        taken |= {(oid, EXCLUSIVE) for oid in self.needed_again(sql, taken)}
        old = {oid: name for oid, name in before.items() if name in self.tables.old}
        found: Result = {
            "locks": sorted((old[oid], mode) for oid, mode in taken if oid in old),
            "transaction": self.transaction_in(rows),
        }
        if all_of_it:
            rewritten = self.tables.compare(self.things(connection, rows))
            emptied = self.emptied(connection, sql) if rewritten else set()
            found["rewritten"] = [name for name in rewritten if name not in emptied]
            found["scanned"] = sorted(old[oid] for oid in self.take_scans(rows) if oid in old)
        if HIDES.search(sql):
            found["hidden"] = self.hidden(connection, sql)
        return found

    def hidden(self, connection: Connection, sql: str) -> list[str]:
        """Return the tables that a statement names and nobody but their owner can read now."""
        rows = [row for row in ask(connection, HIDDEN) if row[1].lower() in sql.lower()]
        names = {qualified(schema, name, connection.dialect) for schema, name in rows}
        return sorted(names & self.tables.old)

    def emptied(self, connection: Connection, sql: str) -> set[str]:
        """Return what has a new file because a TRUNCATE took all that was in it.

        One in a block or function, too; where that may rewrite a table, and none was there before,
        only what says TRUNCATE counts.
        """
        truncates = "TRUNCATE" in sql.upper()
        if not truncates and (not BLOCK.match(sql) or "ALTER" in sql.upper()):
            return set()
        return {
            qualified(schema, name, connection.dialect) for schema, name in ask(connection, EMPTY)
        }

    def needed_again(self, sql: str, taken: set[tuple[int, str]]) -> set[int]:
        """Return the tables that a statement would lock exclusively if they were not locked yet."""
        if not self._inherited or sqltext.is_about_rows(sql):
            return set()
        words = {*WORD.findall(sql.lower())}
        others = {oid for oid, mode in taken if mode not in WEAK}
        found = {oid for oid in self._inherited - others
                 if (oid, EXCLUSIVE) in self._held
                 and self._names.get(oid, "").lower().rpartition(".")[2] in words}  # fmt: skip
        self._inherited -= found
        return found

    def look(self, connection: Connection) -> dict[str, Thing]:
        """Return tables, materialized views and indexes."""
        rows = self.rows(connection, True)
        self.take_locks(rows)
        self.take_scans(rows)
        return self.things(connection, rows)

    def rows(self, connection: Connection, all_of_it: bool) -> list[Any]:
        """Ask for the locks, and for everything that has a file where that is wanted."""
        return ask(connection, LOCKS + CLASSES + SCANS if all_of_it else LOCKS)

    def take_locks(self, rows: list[Any]) -> set[tuple[int, str]]:
        """Return the locks that are held and were not when this transaction was last asked."""
        by = next((row[1] for row in rows if row[0] == "transaction"), "")
        held = {(row[3], row[1]) for row in rows if row[0] == "lock"}
        taken = held - self._held if by == self._held_by else held
        self._held, self._held_by = held, by
        return taken

    def take_scans(self, rows: list[Any]) -> list[int]:
        """Return the tables that were read from end to end since this was last asked."""
        scans = {row[3]: row[4] for row in rows if row[0] == "scans"}
        taken = [oid for oid, count in scans.items() if count > self._scans.get(oid, 0)]
        self._scans = scans
        return taken

    def transaction_in(self, rows: list[Any]) -> Any:
        """Return the transaction, None where the statement's has ended with it.

        Then this query ran in one of its own: it has written nothing and locked no table.
        """
        lasts = any(row[0] == "transaction" and row[3] is not None for row in rows)
        locked = any(oid in self._names for oid, _ in self._held)
        return self._held_by if lasts or locked else None

    def things(self, connection: Connection, rows: list[Any]) -> dict[str, Thing]:
        """Return everything that has a file, and know the tables among it."""
        found: dict[str, Thing] = {}
        self._names = {}
        for kind, schema, name, oid, file in rows:
            if kind not in ASIDE:
                full = qualified(schema, name, connection.dialect)
                found[full] = (oid, file)
                if kind not in INDEXES:
                    self._names[oid] = full
        return found
