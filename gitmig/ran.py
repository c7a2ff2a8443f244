"""What a revision really did to a throw-away database, as the worker saw it. Imports nothing.

The worker records it (``_worker/record.py``), rules judge it, reports show it. Paths are relative
to the repository's top level, with ``/``. Tables are named with their schema unless it is the
connection's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lock:
    """A lock that a statement took on a table that is there at the base's heads.

    ``mode`` is the database's own word. PostgreSQL: as in ``pg_locks`` (``AccessExclusiveLock``).
    MySQL and MariaDB: only ``SHARED``, where the table was seen being copied (writers wait until
    that is done); what else they lock is not known.
    """

    table: str
    mode: str


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent; long ones are cut and end in ``…``.

    ``parameters`` are the values sent with it, as text that is cut, empty for none. ``locks`` are
    those that it took and its transaction had not before, ``rewritten`` the tables (on PostgreSQL
    also indexes and materialized views) that were there before and were written anew. PostgreSQL:
    another relfilenode; MySQL and MariaDB: another table id; SQLite: another root page, as after
    the copy that batch mode makes.

    ``transaction`` is the number of the transaction it ran in, 0 for none: autocommit, and DDL of
    MySQL and MariaDB. On PostgreSQL the locks of such a statement cannot be seen (it had let them
    go before anybody could ask), so that ``locks`` is empty for ``CREATE INDEX CONCURRENTLY``. The
    revisions of one way share a transaction where env.py has it so; what an earlier one has locked
    exclusively counts as taken by the first statement of the next that alters the table.

    ``commits``: the database committed by itself, so that neither it nor what its transaction had
    done before can be rolled back (MySQL and MariaDB). ``scanned`` are the tables that were there
    before and were read from the first row to the last (PostgreSQL; of what changes rows not told).
    ``hidden`` are those that it names whose row security is on after it, with no policy (the same).
    """

    sql: str
    locks: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    transaction: int = 0
    parameters: str = ""
    commits: bool = False
    scanned: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class RanOperation:
    """One operation that a revision asked for, and the statements it was carried out by.

    ``kind`` is the name of Alembic's class (``AddColumnOp``), ``Statement`` for SQL sent outside
    any operation (``connection.execute``; what one line sends to one table is one record), or
    ``BatchAlterTable`` for the copy that batch mode makes of a table, once for all operations of
    the block, which have no statements of their own then. ``line`` is the line of the revision's
    file, also where it calls a function elsewhere; 0 where no line of it was on the stack.
    ``table`` is empty where it is not known; of SQL it is the one that it names first. ``words``
    is how a person would say it. ``new_table``: a new revision made the table, this one or an
    earlier one. ``batch``: asked for within ``op.batch_alter_table``. ``left_out`` is how many more
    statements there were that are not listed: of each line the first 20 on rows are, of a revision
    the first 1,000.

    ``facts`` by kind, a key missing where it does not apply:

    * AddColumnOp: type, nullable, default (text, None for none), computed (text), identity,
      primary_key, unique (the last three only as True), references (table)
    * AlterColumnOp: old_type (where the revision says it), and where each is asked for: type,
      nullable, default (None: dropped), renamed_to, using, comment
    * CreateIndexOp: name, columns, unique, concurrently, if_not_exists, condition
    * DropIndexOp: name, concurrently, if_exists
    * CreateForeignKeyOp: name, columns, references, not_valid
    * CreateCheckConstraintOp: name, condition, not_valid
    * CreateUniqueConstraintOp, CreatePrimaryKeyOp: name, columns
    * DropConstraintOp: name, constraint_type (foreignkey, primary, unique, check; where it is said)
    * RenameTableOp: renamed_to
    * CreateTableOp: columns
    * BulkInsertOp: rows (how many)
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
    left_out: int = 0
