"""GM73: what is left when a revision fails halfway."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitmig.ran import Statement
from gitmig.rules.changes import same
from gitmig.rules.rule import ANY, POSTGRESQL, Rule, Told, at, rule
from gitmig.rules.way import Act, Way

SCHEMA = (
    "create table", "drop table", "rename table", "add column", "drop column", "rename column",
    "create index", "drop index", "add constraint", "drop constraint", "create", "drop",
    "add value", "rename value",
)  # fmt: skip
IDEMPOTENT = ("if", "replace")
OUTSIDE = "use op.get_context().autocommit_block()"
UNDOES = "leave out the rollback; what may fail goes into op.get_bind().begin_nested()"
# these concern the session or the transaction; which one they ran in is not known
STEERS = re.compile(
    r"\s*(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|RESET|DISCARD)\b",
    re.IGNORECASE,
)


@rule("GM731", "partly-applied", "warning", POSTGRESQL)
def partly_applied(way: Way) -> Iterator[Told]:
    """A revision ends a transaction halfway, and what it did before cannot be done twice.

    Why: `autocommit_block()` commits what came before it. If the rest fails, an index that finds
    duplicates for example, that much stays done while the database is still noted at the
    revision before; the next try fails on what is there already.

    Example:

        op.add_column("users", sa.Column("email", sa.Text()))
        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)

    Instead: a revision of its own for what runs outside of a transaction; or `if_not_exists=True`
    for what comes before it.
    """
    ends = _last(way)
    for act in way.of(*SCHEMA):
        alone = act.statement.transaction == 0
        last = act.statement is ends or (
            not alone and ends is not None and act.statement.transaction == ends.transaction
        )
        if not last and not any(act.change.has(flag) for flag in IDEMPOTENT):
            yield at(
                act,
                f"if the rest of the revision fails, this stays ({_what(act)}) and the revision"
                " cannot be run again",
                "split the revision where the transaction ends, or do this with IF [NOT] EXISTS",
            )
            return


@rule("GM732", "rows-changed-after-ddl", "warning", ("mysql", "sqlite"))
def rows_changed_after_ddl(way: Way) -> Iterator[Told]:
    """Rows are changed after a schema change that cannot be rolled back.

    Why: MySQL and MariaDB commit at every DDL statement, and SQLite is mostly driven so. If the
    change of the rows fails, the schema change stays while the database is still noted at the
    revision before; the next try fails on what is there already. A column that the revision adds
    and gives a constant, as for NOT NULL, is not told: no row can refuse it. Nor is DDL after DDL:
    nearly every generated revision has that, and DDL that rows can stop (UNIQUE, a foreign key, NOT
    NULL, a narrower type) fails in the gate `rows` (GM501), before it is deployed.

    Example:

        op.add_column("users", sa.Column("state", sa.String(10)))
        op.execute("UPDATE users SET state = upper(status)")

    Instead: change the rows in a revision of its own.
    """
    for act in way.on_old("update", "delete", "insert"):
        if _fills_what_is_new(way, act):
            continue
        for before in way.before(act, *SCHEMA):
            stays = before.statement.commits or before.statement.transaction == 0
            if before.old and not before.change.has("if") and stays:
                yield at(
                    act,
                    f"if this fails, line {before.operation.line} stays done ({_what(before)}) and"
                    " the revision cannot be run again",
                    "change the rows in a revision of its own",
                )
                return


@rule("GM733", "commit-in-revision", "error", ANY, down="warning")
def commit_in_revision(way: Way) -> Iterator[Told]:
    """A revision ends Alembic's transaction by itself.

    Why: after a commit, what came before cannot be rolled back any more, for this and every earlier
    revision of the same run; what comes after runs in a transaction that nobody commits, or in
    none. After a rollback what came before is lost, and the revision is noted as done. Seen are
    COMMIT and ROLLBACK as SQL, and `commit()` and `rollback()` of the connection; on PostgreSQL
    also what the driver is asked for past SQLAlchemy.

    Example:

        op.get_bind().commit()

    Instead: `with op.get_context().autocommit_block():` around what must be outside; `with
    op.get_bind().begin_nested():` around what may fail.
    """
    ends = list(way.of("commit", "rollback"))
    for act in ends:
        message = f"{act.change.kind.upper()} ends the transaction that Alembic began"
        undone = _undone(way, act) if act.change.kind == "rollback" else None
        if undone:
            line = undone.operation.line
            message = f"{message}, and what line {line} did is lost ({_what(undone)})"
        yield at(act, message, UNDOES if undone else OUTSIDE)
    if way.context.dialect == "postgresql" and not ends:
        yield from _jumps(way)


FAMILY: tuple[Rule, ...] = (partly_applied, rows_changed_after_ddl, commit_in_revision)


def _undone(way: Way, rollback: Act) -> Act | None:
    """Return the first thing that a rollback takes back, None where there is none."""
    found = None
    for act in way.acts[: way.acts.index(rollback)]:
        if act.change.kind in ("commit", "rollback") or act.statement.commits:
            found = None
        elif act.statement.transaction and act.change.kind not in ("set", "reset"):
            found = found or act
    return found


def _last(way: Way) -> Statement | None:
    """Return the statement that the revision ends with, but for those that only steer."""
    doing = [each for _, each in way.statements if not STEERS.match(each.sql)]
    return doing[-1] if doing else None


def _jumps(way: Way) -> Iterator[Told]:
    """Find where another transaction goes on and no autocommit_block() was between."""
    current = 0
    for operation, statement in way.statements:
        number = statement.transaction
        if current and number and number != current:
            message = "the transaction that Alembic began was ended before this"
            yield Told(message, OUTSIDE, operation.line)
            return
        current = number


def _fills_what_is_new(way: Way, act: Act) -> bool:
    """Say whether it is an UPDATE that gives constants to columns the revision added."""
    added = {each.change.name.lower() for each in way.before(act, "add column")
             if same(each.change.table, act.change.table)}  # fmt: skip
    filled = act.change.to.lower().split(", ") if act.change.kind == "update" else [""]
    return added.issuperset(filled)


def _what(act: Act) -> str:
    change = act.change
    return " ".join(part for part in (change.kind, change.table, change.name) if part)
