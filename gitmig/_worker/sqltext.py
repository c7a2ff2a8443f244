"""What little of a statement can be told from its text; what it did is for ``witness`` to see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

LONGEST = 10_000  # characters of a statement
VALUES = 12  # of a statement's parameters
VALUE = 60  # characters of each

COMMENT = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
# ends, begins or sets up a transaction or a session, and does nothing else
CONTROL = re.compile(
    r"(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|RESET|DISCARD|DEALLOCATE|USE)\b",
    re.IGNORECASE,
)
ENDS = re.compile(
    r"(?:COMMIT|END|ABORT|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b))", re.IGNORECASE
)
WRITES_ROWS = re.compile(r"(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|COPY)\b", re.IGNORECASE)
READS_ROWS = re.compile(r"(?:SELECT|WITH|VALUES|EXPLAIN|SHOW|PRAGMA)\b", re.IGNORECASE)

PART = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[\w$]+)'
NAME = rf"(?P<name>{PART}(?:\s*\.\s*{PART})*)"
IF = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
OF_INDEX = rf"{IF}(?:(?!ON\b){PART}(?:\.{PART})?\s+)?ON\s+"
BEFORE_TABLE = "|".join(
    (
        rf"ALTER\s+(?:ONLINE\s+|IGNORE\s+)*(?:FOREIGN\s+)?TABLE\s+{IF}(?:ONLY\s+)?",
        rf"CREATE\s+(?:\w+\s+)*?TABLE\s+{IF}",
        rf"DROP\s+(?:\w+\s+)?TABLE\s+{IF}",
        rf"CREATE\s+(?:\w+\s+)*?INDEX\s+(?:CONCURRENTLY\s+)?{OF_INDEX}(?:ONLY\s+)?",
        r"DROP\s+INDEX\s+\S+\s+ON\s+",  # MySQL
        r"TRUNCATE\s+(?:TABLE\s+)?(?:ONLY\s+)?",
        r"LOCK\s+(?:TABLES?\s+)?(?:ONLY\s+)?",
        r"RENAME\s+TABLE\s+",
        r"(?:INSERT|REPLACE)\s+(?:\w+\s+)*?INTO\s+(?:TABLE\s+)?",
        r"DELETE\s+FROM\s+(?:ONLY\s+)?",
        r"MERGE\s+INTO\s+(?:ONLY\s+)?",
        r"UPDATE\s+(?:OR\s+\w+\s+)?(?:ONLY\s+)?",
        r"COPY\s+",
    )
)
TABLE = re.compile(f"(?:{BEFORE_TABLE}){NAME}", re.IGNORECASE)
QUOTED = re.compile(PART)


def bare(sql: str) -> str:
    """Return a statement without the comments and the space that it begins with."""
    return COMMENT.sub("", sql)


def is_control(sql: str) -> bool:
    """Say whether a bare statement only steers the transaction or the session."""
    return bool(CONTROL.match(sql))


def ends_transaction(sql: str) -> bool:
    """Say whether a bare statement commits or rolls back all of a transaction."""
    return bool(ENDS.match(sql))


def writes_rows(sql: str) -> bool:
    """Say whether a bare statement writes rows and touches nothing else."""
    return bool(WRITES_ROWS.match(sql))


def is_about_rows(sql: str) -> bool:
    """Say whether a bare statement reads or writes rows, as those of a data migration do."""
    return bool(WRITES_ROWS.match(sql) or READS_ROWS.match(sql))


def table_in(sql: str) -> tuple[str, str]:
    """Return schema and name of the table that a bare statement is about; empty where unknown."""
    found = TABLE.match(sql)
    if found is None:
        return "", ""
    parts = [unquoted(part) for part in QUOTED.findall(found["name"])]
    return parts[-2] if len(parts) > 1 else "", parts[-1]


def unquoted(name: str) -> str:
    """Return a name without its quotes."""
    if name[0] in '"`':
        return name[1:-1].replace(name[0] * 2, name[0])
    return name[1:-1] if name[0] == "[" else name


def cut(sql: str) -> str:
    """Return a statement that is not too long to be kept."""
    sql = sql.strip()
    return sql if len(sql) <= LONGEST else sql[:LONGEST] + "…"


def shown(parameters: Any, several: bool) -> str:
    """Return the parameters of a statement as text; of ``several`` sets the first."""
    if several:
        more = len(parameters) - 1
        first = shown(parameters[0], False) if parameters else ""
        return f"{first} and {more} more" if more > 0 else first
    if not parameters:
        return ""
    if isinstance(parameters, Mapping):
        told = [f"{name}: {value(each)}" for name, each in islice(parameters.items(), VALUES)]
    else:
        told = [value(each) for each in islice(parameters, VALUES)]
    return ", ".join(told + ["…"] * (len(parameters) > VALUES))


def value(found: Any) -> str:
    """Return one value as text that is not too long."""
    if isinstance(found, (str, bytes)):
        found = found[: VALUE + 1]
    text = repr(found)
    return text if len(text) <= VALUE else text[:VALUE] + "…"
