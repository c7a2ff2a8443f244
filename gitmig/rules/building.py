"""GM71: work on a whole table that PostgreSQL can also do while others read and write it."""

from __future__ import annotations

from collections.abc import Iterator

from gitmig.rules.changes import Change, same
from gitmig.rules.rule import POSTGRESQL, Rule, Told, at, rule
from gitmig.rules.way import EXCLUSIVE, Act, Way


@rule("GM711", "index-not-concurrently", "warning", POSTGRESQL)
def index_not_concurrently(way: Way) -> Iterator[Told]:
    """An index is built on a table that was there before, and nobody may write to it meanwhile.

    Why: CREATE INDEX keeps a SHARE lock until it is done, which takes as long as the table is
    large; every INSERT, UPDATE and DELETE waits. CONCURRENTLY takes longer and locks nobody out.

    Example:

        op.create_index("ix_users_email", "users", ["email"])

    Instead:

        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    """
    for act in way.on_old("create index"):
        change = act.change
        if not (change.has("concurrently") or change.has("only")):
            yield at(
                act,
                f"nobody can write to {change.table} while {_called('index', change)} is built",
                "postgresql_concurrently=True, in an autocommit_block()",
            )


@rule("GM712", "unique-built-under-lock", "warning", POSTGRESQL)
def unique_built_under_lock(way: Way) -> Iterator[Told]:
    """A constraint builds its index while nobody can read or write the table.

    Why: ADD UNIQUE, ADD PRIMARY KEY and ADD EXCLUDE keep an ACCESS EXCLUSIVE lock for as long as
    the index takes. A unique index can be built before, CONCURRENTLY, and given to the constraint;
    for EXCLUDE there is no such way.

    Example:

        op.create_unique_constraint("uq_users_email", "users", ["email"])

    Instead:

        with op.get_context().autocommit_block():
            op.create_index(
                "uq_users_email", "users", ["email"], unique=True, postgresql_concurrently=True
            )
        op.execute("ALTER TABLE users ADD CONSTRAINT uq UNIQUE USING INDEX uq_users_email")
    """
    kinds = ("unique", "primary key", "exclude")
    for act in way.on_old("add constraint", "add column"):
        change = act.change
        adds = change.to in kinds and not change.has("using index")
        if adds or (change.kind == "add column" and change.has("unique")):
            what = "its unique column" if change.kind == "add column" else change.to
            hint = "build the unique index CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX"
            yield at(
                act,
                f"nobody can read or write {change.table} while the index of {what} is built",
                "do it while nobody needs the table" if change.to == "exclude" else hint,
            )


@rule("GM713", "foreign-key-validated", "warning", POSTGRESQL)
def foreign_key_validated(way: Way) -> Iterator[Told]:
    """A foreign key is added and checked in one step, and nobody may write to either table.

    Why: all rows are looked up while both tables are locked against writing. With NOT VALID only
    new rows are checked, and VALIDATE CONSTRAINT checks the others later without that lock.

    Example:

        op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])

    Instead:

        op.create_foreign_key(
            "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
        )
        # in the next revision
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_user")
    """
    for act in way.on_old("add constraint", "add column"):
        change = act.change
        filled = change.kind == "add column" and change.has("references") and change.has("default")
        if (change.to == "foreign key" and not change.has("not valid")) or filled:
            yield at(
                act,
                f"nobody can write to {change.table} and the table it points to while"
                f" {_called('foreign key', change)} is checked for all rows",
                "postgresql_not_valid=True here, VALIDATE CONSTRAINT in the next revision",
            )


@rule("GM714", "check-validated", "warning", POSTGRESQL)
def check_validated(way: Way) -> Iterator[Told]:
    """A CHECK is added and checked in one step, and nobody can read or write the table.

    Why: all rows are read under an ACCESS EXCLUSIVE lock. With NOT VALID only new rows are
    checked, and VALIDATE CONSTRAINT reads the others later while everybody goes on.

    Example:

        op.create_check_constraint("ck_price", "products", "price > 0")

    Instead:

        op.create_check_constraint("ck_price", "products", "price > 0", postgresql_not_valid=True)
        # in the next revision
        op.execute("ALTER TABLE products VALIDATE CONSTRAINT ck_price")
    """
    for act in way.on_old("add constraint"):
        change = act.change
        if change.to == "check" and not change.has("not valid"):
            yield at(
                act,
                f"nobody can read or write {change.table} while"
                f" {_called('check', change)} is checked for all rows",
                "NOT VALID here, VALIDATE CONSTRAINT in the next revision",
            )


@rule("GM715", "not-null-scan", "warning", POSTGRESQL)
def not_null_scan(way: Way) -> Iterator[Told]:
    """NOT NULL is set on a column that was there before, and all rows are read under a lock.

    Why: nobody can read or write the table meanwhile. Where a valid CHECK says that the column is
    not null, PostgreSQL (from 12) believes it and reads no row.

    Example:

        op.alter_column("users", "email", nullable=False)

    Instead:

        op.execute("ALTER TABLE users ADD CONSTRAINT email_set CHECK (email IS NOT NULL) NOT VALID")
        # in the next revision
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT email_set")
        # and then
        op.alter_column("users", "email", nullable=False)
        op.drop_constraint("email_set", "users")
    """
    for act in way.on_old("set not null"):
        table, name = act.change.table, act.change.name
        if any(same(table, scanned) for scanned in act.statement.scanned):
            yield at(
                act,
                f"nobody can read or write {table} while all rows are read for a missing {name}",
                f"first a CHECK ({name} IS NOT NULL) NOT VALID, and VALIDATE CONSTRAINT",
            )


@rule("GM716", "validated-at-once", "warning", POSTGRESQL)
def validated_at_once(way: Way) -> Iterator[Told]:
    """A constraint is added NOT VALID and validated in the same transaction.

    Why: the lock that adding it took is kept until the transaction ends, so nothing is won. Alembic
    runs all revisions of an upgrade in one unless env.py says `transaction_per_migration=True`, so
    that a revision of its own is not enough.

    Example:

        op.create_check_constraint("ck_price", "products", "price > 0", postgresql_not_valid=True)
        op.execute("ALTER TABLE products VALIDATE CONSTRAINT ck_price")

    Instead: validate in a revision of its own, with `transaction_per_migration=True` in env.py.
    """
    for act in way.on_old("validate constraint"):
        for added, place in way.before_in_transaction(act, "add constraint"):
            if added.change.name == act.change.name:
                yield at(
                    act,
                    f"{act.change.name} is validated under the lock that adding it took ({place})",
                    "validate it in a revision of its own, with transaction_per_migration=True",
                )


@rule("GM717", "index-dropped-under-lock", "warning", POSTGRESQL)
def index_dropped_under_lock(way: Way) -> Iterator[Told]:
    """An index of a table that was there before is dropped with a lock that keeps everybody out.

    Why: DROP INDEX takes an ACCESS EXCLUSIVE lock on its table. It waits for all queries that use
    the table, and all that come later wait behind it; the lock is kept until the transaction ends.
    CONCURRENTLY locks nobody out. Where another statement of the same transaction needs that lock
    on the table anyway, nothing would be won, and this rule is silent.

    Example:

        op.drop_index("ix_users_email", "users")

    Instead:

        with op.get_context().autocommit_block():
            op.drop_index("ix_users_email", "users", postgresql_concurrently=True)
    """
    for act in way.of("drop index"):
        table = "" if act.change.has("concurrently") else _locked_by_drop(act)
        if table and not _locked_anyway(way, act, table):
            yield at(
                act,
                f"nobody can read or write {table} from when index {act.change.name} is to be"
                " dropped until the transaction ends",
                "postgresql_concurrently=True, in an autocommit_block()",
            )


FAMILY: tuple[Rule, ...] = (
    index_not_concurrently,
    unique_built_under_lock,
    foreign_key_validated,
    check_validated,
    not_null_scan,
    validated_at_once,
    index_dropped_under_lock,
)
# what needs the same lock on a table that is there
_EXCLUSIVELY = (
    "drop table", "rename table", "truncate", "add column", "drop column", "rename column",
    "change type", "set not null", "drop not null", "set default", "drop default",
    "drop constraint",
)  # fmt: skip


def _locked_by_drop(act: Act) -> str:
    """Return the old table that DROP INDEX locks, empty for none that was not locked before."""
    locked = [lock.table for lock in act.statement.locks if lock.mode == EXCLUSIVE]
    if act.statement.transaction or act.operation.new_table:
        return locked[0] if locked else ""
    return act.operation.table  # outside of a transaction no lock is seen


def _locked_anyway(way: Way, act: Act, table: str) -> bool:
    """Say whether a later statement of the transaction needs the lock on the table, too."""
    number = act.statement.transaction
    return number > 0 and any(
        same(each.change.table, table) and each.statement.transaction == number
        for each in way.after(act, *_EXCLUSIVELY)
    )


def _called(what: str, change: Change) -> str:
    return f"{what} {change.name}" if change.name and change.kind != "add column" else f"the {what}"
