"""What a revision really did to a throw-away database, as the worker saw it. Imports nothing.

The worker records it (``_worker/record.py``), rules judge it, reports show it. Paths are relative
to the repository's top level, with ``/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lock:
    """A lock that a statement took on a table that was there before the revision.

    ``mode`` is the database's own word: ``AccessExclusiveLock``.
    """

    table: str
    mode: str


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent.

    ``locks`` are those that it took and its transaction had not before, ``rewritten`` the tables
    and indexes that were there before and were written anew (PostgreSQL: another relfilenode;
    MySQL and MariaDB: another table id), ``transaction`` the number of the transaction it ran in,
    0 for none (autocommit).
    """

    sql: str
    locks: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    transaction: int = 0


@dataclass(frozen=True)
class RanOperation:
    """One operation that a revision asked for, and the statements it was carried out by.

    ``kind`` is the name of Alembic's class (``AddColumnOp``), or ``Statement`` for SQL sent
    outside any operation (``connection.execute``). ``line`` is the line of the revision's file, 0
    where no line of it was on the stack. ``new_table``: the table was made in the same revision.
    ``facts`` by kind, a key missing where it does not apply:

    * AddColumnOp: type, nullable, default (text, None for none), computed, identity, primary_key,
      unique, references (table)
    * DropColumnOp: type
    * AlterColumnOp: type, old_type, nullable, default (only where each is asked for), renamed_to
    * CreateIndexOp, DropIndexOp: name, columns, unique, concurrently
    * CreateForeignKeyOp, CreateCheckConstraintOp: name, columns, references, condition, not_valid
    * CreateUniqueConstraintOp, CreatePrimaryKeyOp: name, columns
    * DropConstraintOp: name, constraint_type
    * RenameTableOp: renamed_to
    * CreateTableOp, DropTableOp: columns
    """

    revision: str
    path: str
    line: int
    up: bool
    kind: str
    table: str = ""
    column: str = ""
    words: str = ""
    new_table: bool = False
    batch: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
