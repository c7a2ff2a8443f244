"""What an operation or a statement concerns: a column, a name, or all of a table.

Of SQL it is read from the text, roughly: it is asked only where two sides do not fit together, to
find what in them may be the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from . import operations, sqltext
from .shapes import Op, Result
from .sqltext import IF, NAME, PART

Thing = tuple[str, str]
"""A table, and a column or a name in it, or ``WHOLE`` or ``ROWS``. No table: a name anywhere."""

WHOLE = "*"  # it is made, dropped or renamed
ROWS = "(rows)"  # it is read or filled
NAMES = ("column_name", "modify_name", "index_name", "constraint_name")
OF_TABLES = (ops.CreateTableOp, ops.DropTableOp, ops.RenameTableOp)

ALTERS = re.compile(
    rf"\b(?:ADD|DROP|ALTER|MODIFY|CHANGE|RENAME|VALIDATE|TO|AS)\s+"
    rf"(?:COLUMN\s+|CONSTRAINT\s+|INDEX\s+|KEY\s+)?{IF}(?P<name>{PART})",
    re.IGNORECASE,
)
TO_TABLE = re.compile(rf"\bRENAME\s+(?:TO|AS)\s+{NAME}", re.IGNORECASE)
COVERS = re.compile(rf"\b(?:UNIQUE|KEY|INDEX)\s*(?:{PART}\s*)?\((?P<names>[^()]*)\)", re.IGNORECASE)
INDEX = re.compile(
    rf"(?:CREATE|DROP)\s+(?:\w+\s+)*?INDEX\s+(?:CONCURRENTLY\s+)?{IF}(?!ON\b){NAME}"
    r"(?P<covers>[^()]*\((?P<names>[^()]*)\))?",
    re.IGNORECASE,
)
SETS = re.compile(rf"(?:\bSET|,)\s*(?P<name>{PART})\s*=", re.IGNORECASE)
READS = re.compile(rf"\b(?:FROM|JOIN|REFERENCES)\s+(?:ONLY\s+)?{NAME}", re.IGNORECASE)
OBJECT = re.compile(
    r"\A(?:CREATE|ALTER|DROP|REFRESH)\s+(?:\w+\s+)*?(?:TYPE|DOMAIN|VIEW|FUNCTION|PROCEDURE|SEQUENCE"
    rf"|TRIGGER|SCHEMA|EXTENSION|POLICY)\s+(?:CONCURRENTLY\s+)?{IF}{NAME}",
    re.IGNORECASE,
)
# words that stand where a name may stand
NO_NAMES = re.compile(
    r"(?:add|alter|as|check|column|constraint|data|default|exists|foreign|from|generated|identity|if|"
    r"index|key|not|null|only|primary|select|set|statistics|storage|table|to|type|unique|using)\Z",
    re.IGNORECASE,
)


def by_operation(op: Op, described: Result) -> set[Thing]:
    """Return what an operation of Alembic's concerns; nothing where it names no table."""
    of_rows = getattr(op, "table", None)  # of a bulk insert
    table = described["table"] or getattr(of_rows, "name", "")
    if not table:
        return set()
    names = [described["column"] or None, *operations.columns_of(op)]
    names += [getattr(op, name, None) for name in NAMES]
    found = [(table, name) for name in names if name is not None]  # it may be an expression
    if of_rows is not None:
        found.append((table, ROWS))
    if isinstance(op, OF_TABLES):
        found.append((table, WHOLE))
    if isinstance(op, ops.RenameTableOp):
        found.append((op.table_name, WHOLE))
    found.extend(referred(op))
    return {(str(table).lower(), str(name).lower()) for table, name in found}


def referred(op: Op) -> Iterator[tuple[Any, Any]]:
    """Yield the columns that an operation's foreign keys lead to."""
    if isinstance(op, ops.CreateForeignKeyOp):
        for name in op.remote_cols:
            yield op.referent_table, name
    columns = [op.column] if isinstance(op, ops.AddColumnOp) else getattr(op, "columns", ())
    for column in columns if isinstance(op, (ops.AddColumnOp, ops.CreateTableOp)) else ():
        for key in getattr(column, "foreign_keys", ()):
            place, _, name = key.target_fullname.rpartition(".")
            yield place.rpartition(".")[2], name


def by_statements(sql: str) -> set[Thing]:
    """Return what SQL concerns, of several statements that of all."""
    found: set[Thing] = set()
    for part in sql.split(";"):
        found.update(by_statement(sqltext.bare(part)))
    return {(table.lower(), name.lower()) for table, name in found}


def by_statement(sql: str) -> Iterator[Thing]:
    """Yield what one statement concerns."""
    table = sqltext.table_in(sql)[1]
    named = set(names_in(sql)) if table else set()
    if table:
        yield from (
            (table, name) for name in named or {ROWS if sqltext.writes_rows(sql) else WHOLE}
        )
    for found in INDEX.finditer(sql) if not named else ():
        yield "", last_of(found["name"])  # DROP INDEX has no table
    for pattern, what in ((READS, ROWS), (OBJECT, WHOLE)) if not table else ((READS, ROWS),):
        for found in pattern.finditer(sql):
            name = last_of(found["name"])
            if not NO_NAMES.match(name) and name != table:
                yield name, what
    for found in TO_TABLE.finditer(sql) if table else ():
        yield table, WHOLE
        yield last_of(found["name"]), WHOLE


def names_in(sql: str) -> Iterator[str]:
    """Yield the columns, constraints and indexes that a statement about a table names."""
    word = sql.split(None, 1)[0].upper()
    if word == "ALTER":
        yield from names_of(ALTERS, sql)
        yield from covered(COVERS, sql)
    elif word == "UPDATE":
        yield from names_of(SETS, sql)
    elif word in ("CREATE", "DROP"):
        for found in INDEX.finditer(sql):
            yield last_of(found["name"])
        yield from covered(INDEX, sql)


def names_of(pattern: re.Pattern[str], sql: str) -> Iterator[str]:
    """Yield the names that a pattern finds."""
    for found in pattern.finditer(sql):
        if not NO_NAMES.match(found["name"]):
            yield sqltext.unquoted(found["name"])


def covered(pattern: re.Pattern[str], sql: str) -> Iterator[str]:
    """Yield the columns in the parentheses that a pattern finds."""
    for found in pattern.finditer(sql):
        for part in (found["names"] or "").split(","):
            name = re.match(PART, part.strip())
            if name:
                yield sqltext.unquoted(name[0])


def last_of(name: str) -> str:
    """Return a name without its schema and its quotes."""
    return sqltext.unquoted(sqltext.QUOTED.findall(name)[-1])
