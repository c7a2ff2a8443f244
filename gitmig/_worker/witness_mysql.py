"""MySQL and MariaDB: whether a table was copied, and what was committed on the way.

InnoDB gives a table that is written anew another id. Whether ALTER TABLE copied it, so that writers
wait, or wrote it in place, says the list of the stages it went through.
"""

from __future__ import annotations

import re
from typing import Any

from .shapes import Connection, Result
from .witness import Thing, Witness, ask, raw

# https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
COMMITS = re.compile(
    r"(?:ALTER|CREATE(?!\s+(?:OR\s+REPLACE\s+)?TEMPORARY\b)|DROP(?!\s+TEMPORARY\b)|RENAME|TRUNCATE"
    r"|GRANT|REVOKE|LOCK|UNLOCK|ANALYZE|CHECK|OPTIMIZE|REPAIR|CACHE|FLUSH|RESET|INSTALL|UNINSTALL)\b",
    re.IGNORECASE,
)
ALTERS = re.compile(r"(?:ALTER|CREATE\s+.*INDEX|DROP\s+INDEX|OPTIMIZE)\b", re.IGNORECASE)
SEVERAL = re.compile(r";\s*\S")  # the results of the others are still to come
TABLES = """
    SELECT TABLE_NAME, NULL FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
"""
FILES = """
    SELECT SUBSTRING(NAME, LENGTH(DATABASE()) + 2), TABLE_ID FROM information_schema.{}
    WHERE SUBSTRING_INDEX(NAME, '/', 1) = DATABASE()
"""
STAGES = "SELECT QUERY_ID, STATE FROM information_schema.PROFILING"  # of the last few statements
COPIES = "copy to tmp table"
ENCODED = re.compile(r"@([0-9a-f]{4})")
ONLINE_COPY = (11, 2)  # MariaDB; writers need not wait for a copy any more


class MysqlWitness(Witness):
    """A few queries around each DDL statement, none for those on rows."""

    def __init__(self) -> None:
        super().__init__()
        self._profiled = 0  # the last statement whose stages were read

    def before(self, connection: Connection, sql: str) -> None:
        """Have the stages of a statement noted that may copy a table."""
        if ALTERS.match(sql):
            profile(connection, 1)

    def after(self, connection: Connection, sql: str) -> Result:
        """Return what was copied or written anew, and whether a commit came with it."""
        if not COMMITS.match(sql):
            return {"transaction": self.transaction(connection)}
        self.end()
        found: Result = {"commits": True, "transaction": None}
        if not SEVERAL.search(sql):
            copied = ALTERS.match(sql) is not None and self.was_copied(connection)
            found["rewritten"] = self.tables.compare(self.look(connection))
            if copied and not copies_online(connection):
                found["locks"] = [(name, "SHARED") for name in found["rewritten"]]
        return found

    def was_copied(self, connection: Connection) -> bool:
        """Say whether the last statement copied a table."""
        stages = ask(connection, STAGES)
        profile(connection, 0)
        found = any(text(stage) == COPIES for number, stage in stages if number > self._profiled)
        self._profiled = max([self._profiled, *(number for number, _ in stages)])
        return found

    def look(self, connection: Connection) -> dict[str, Thing]:
        """Return the tables of the database; only InnoDB's have an id."""
        found: dict[str, Thing] = {text(name): (None, None) for name, _ in ask(connection, TABLES)}
        view = "INNODB_TABLES" if has_dictionary(connection) else "INNODB_SYS_TABLES"
        for name, number in ask(connection, FILES.format(view)):
            found[decoded(text(name))] = (number, number)
        return found

    def transaction(self, connection: Connection) -> Any:
        """Return the transaction, as far as the driver knows that there is one."""
        commits_each = getattr(raw(connection), "get_autocommit", None)
        if commits_each is not None and commits_each():
            return None
        return super().transaction(connection)


def profile(connection: Connection, value: int) -> None:
    """Begin or stop noting the stages of statements."""
    cursor = connection.connection.cursor()
    cursor.execute(f"SET profiling = {value}")
    cursor.close()


def has_dictionary(connection: Connection) -> bool:
    """Say whether it is MySQL 8 or later, where the views have other names."""
    return not is_mariadb(connection) and connection.dialect.server_version_info >= (8,)


def is_mariadb(connection: Connection) -> bool:
    """Say whether it is MariaDB, whatever the URL calls it."""
    dialect = connection.dialect
    return bool(getattr(dialect, "is_mariadb", False) or getattr(dialect, "_is_mariadb", False))


def copies_online(connection: Connection) -> bool:
    """Say whether writers go on while a table is copied."""
    return is_mariadb(connection) and connection.dialect.server_version_info >= ONLINE_COPY


def text(name: Any) -> str:
    """Return a name that some drivers give as bytes."""
    return name.decode() if isinstance(name, (bytes, bytearray)) else str(name)


def decoded(name: str) -> str:
    """Return the name of a table from that of its file: ``my@002dtable``."""
    return ENCODED.sub(lambda found: chr(int(found[1], 16)), name)
