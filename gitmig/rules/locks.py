"""GM70: what is locked, and for how long."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from gitmig.ran import Statement
from gitmig.rules.changes import Change, same
from gitmig.rules.reading import changes
from gitmig.rules.rule import POSTGRESQL, Rule, Told, at, rule
from gitmig.rules.way import EXCLUSIVE, Act, Way

COPIED = "SHARED"  # on MySQL and MariaDB: writers wait
BESIDE = ("reindex", "refresh")  # what PostgreSQL can do CONCURRENTLY
ANEW = ("truncate", "drop table")  # these also change what a table is stored in, at once


@rule("GM701", "work-under-exclusive-lock", "warning", POSTGRESQL)
def work_under_exclusive_lock(way: Way) -> Iterator[Told]:
    """Rows are changed or checked while an earlier statement's lock keeps everybody out.

    Why: ALTER TABLE and the like take an ACCESS EXCLUSIVE lock, in which not even a SELECT gets
    through, and it is kept until the transaction ends. What takes long after it makes the
    application wait for all that time. Alembic runs all revisions of an upgrade in one
    transaction unless env.py says `transaction_per_migration=True`, so locks of the earlier ones of
    a branch count.

    Example:

        op.add_column("users", sa.Column("state", sa.Text()))
        op.execute("UPDATE users SET state = 'active'")

    Instead: change the rows in a revision of its own, with `transaction_per_migration=True` in
    env.py; or before the lock is taken.
    """
    told: set[int] = set()
    for act in way.on_old("update", "delete", "insert", "validate constraint"):
        change, line = act.change, act.operation.line
        if line in told or not _takes_long(way, act):
            continue
        held = _held_before(way, act)
        if held:
            told.add(line)
            table, since = held
            yield at(
                act,
                f"{_work(change)} while {table} is locked against reading and writing"
                f" (since {since})",
                "do it in a revision of its own, with transaction_per_migration=True in env.py",
            )


@rule("GM702", "table-rewritten", "warning", ("postgresql", "mysql"))
def table_rewritten(way: Way) -> Iterator[Told]:
    """A table, or an index of it, is written anew from the first row to the last.

    Why: that takes as long as the table is large, and as much space again. On PostgreSQL nobody can
    read or write the table for all that time, on MySQL and MariaDB nobody can write. This is
    measured, not guessed: the table has another file afterwards, or was seen being copied.
    `varchar` to `text` is no rewrite, and a table that MariaDB writes anew while writers go on is
    not told.

    Example:

        op.alter_column("orders", "id", type_=sa.BigInteger())
        op.execute("ALTER TABLE orders ADD token uuid DEFAULT gen_random_uuid()")

    Instead: add a new nullable column, fill it in batches, let the application change over, drop
    the old one in a later release.
    """
    for operation, statement in way.statements:
        done = changes(statement.sql, way.context.dialect)
        mysql = way.context.dialect == "mysql"
        if mysql and not any(lock.mode == COPIED for lock in statement.locks):
            continue  # written anew in place, while writers go on
        if statement.rewritten and not any(change.kind in ANEW for change in done):
            message, hint = _rewriting(statement, done)
            yield Told(message, hint, operation.line)


@rule("GM703", "exclusive-lock-without-timeout", "off", POSTGRESQL)
def exclusive_lock_without_timeout(way: Way) -> Iterator[Told]:
    """A lock that keeps everybody out is waited for without a limit.

    Why: while the statement waits for one long query to end, all queries that come after it wait
    behind it. With a `lock_timeout` it gives up, and the deploy can be tried again. Off unless
    asked for: the limit may be set in env.py or for the role, which is not seen here.

    Example:

        op.drop_column("users", "name")

    Instead:

        op.execute("SET LOCAL lock_timeout = '5s'")
        op.drop_column("users", "name")
    """
    limited = False
    for operation, statement in way.statements:
        done = changes(statement.sql)
        limited = limited or any(_limits(change) for change in done)
        locked = [lock for lock in statement.locks if lock.mode == EXCLUSIVE]
        if locked and not limited:
            message = f"the exclusive lock on {locked[0].table} is waited for without a limit"
            hint = "first: op.execute(\"SET LOCAL lock_timeout = '5s'\")"
            yield Told(message, hint, operation.line)
            return


FAMILY: tuple[Rule, ...] = (
    work_under_exclusive_lock,
    table_rewritten,
    exclusive_lock_without_timeout,
)


def _takes_long(way: Way, act: Act) -> bool:
    """Say whether it grows with the rows; of VALIDATE right after ADD another rule tells."""
    if act.change.kind == "validate constraint":
        added = (each.change.name for each, _ in way.before_in_transaction(act, "add constraint"))
        return act.change.name not in added
    return act.change.kind != "insert" or act.change.has("select")


def _held_before(way: Way, act: Act) -> tuple[str, str] | None:
    """Return an old table that an earlier statement locked, in this transaction, and where."""
    own = itertools.takewhile(lambda each: each[1] is not act.statement, way.statements)
    before = [(way, *each) for each in own]
    before += [(other, *each) for other in way.earlier for each in other.statements]
    held = [
        (lock.table, way.place(owner, operation))
        for owner, operation, statement in before
        if 0 < statement.transaction == act.statement.transaction
        for lock in statement.locks
        if lock.mode == EXCLUSIVE
    ]
    own_table = [each for each in held if same(each[0], act.change.table)]
    return next(iter(own_table + held), None)


def _work(change: Change) -> str:
    """Say what takes long."""
    if change.kind == "validate constraint":
        return f"all rows of {change.table} are checked"
    some = "" if change.has("where") or change.kind == "insert" else "all "
    verb = {"update": "changed", "delete": "deleted", "insert": "copied"}[change.kind]
    return f"{some}rows of {change.table} are {verb}"


def _rewriting(statement: Statement, done: list[Change]) -> tuple[str, str]:
    """Say what is written anew and why, and what to do instead."""
    tables = [each.table for each in done if any(same(each.table, t) for t in statement.rewritten)]
    names = ", ".join(statement.rewritten)
    if any(each.kind in BESIDE for each in done):
        return f"{names} is written anew", "build it CONCURRENTLY, outside of the transaction"
    if not tables:
        return f"{names} is written anew", "do it while nobody needs the table"
    message = f"every row of {tables[0]} is written anew"
    if any(lock.mode == COPIED for lock in statement.locks) and any(map(_makes_key, done)):
        return f"{message}: a foreign key is made", "do it while nobody needs the table"
    for change in done:
        if change.kind == "change type":
            return (
                f"{message}: {change.name} becomes {change.to}",
                "add a column, fill it, change over",
            )
        if change.kind == "add column" and change.has("generated"):
            return (
                f"{message}: {change.name} is computed and stored",
                "fill a plain column in batches",
            )
        if change.kind == "add column":
            hint = f"add {change.name} without a default; set the default; fill it in batches"
            return f"{message}: each gets a {change.name} of its own", hint
    return message, "do it in steps, or while nobody needs the table"


def _makes_key(change: Change) -> bool:
    """Say whether a foreign key is made, for which MySQL and MariaDB copy the table."""
    column = change.kind == "add column" and change.has("references") and not change.has("default")
    return column or (change.kind == "add constraint" and change.to == "foreign key")


def _limits(change: Change) -> bool:
    return change.kind == "set" and change.name == "lock_timeout" and change.to not in ("0", "'0'")
