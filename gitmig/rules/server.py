"""GM75: what reaches beyond the tables: the server, rights, the session, triggers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitmig.ran import RanOperation
from gitmig.rules.changes import Change
from gitmig.rules.rule import ANY, Rule, Told, at, rule
from gitmig.rules.way import Act, Way

# of SQLite's, those that change what later statements are held to
PRAGMAS = ("foreign_keys", "ignore_check_constraints", "legacy_alter_table", "writable_schema")
OF_THE_CONNECTION = ("names", "character")
ON = ("on", "1", "true", "'on'", "origin")


@rule("GM751", "beyond-the-database", "error", ("postgresql", "mysql"), down="warning")
def beyond_the_database(way: Way) -> Iterator[Told]:
    """Something is changed that all databases of the server share: roles, databases, its settings.

    In a DO block, too, and where it is only done if it is missing.

    Why: a second database on the same server fails on what the first one made, a restored one
    lacks it, and the application's user mostly has no right to do it.

    Example:

        op.execute("CREATE ROLE reporting")

    Instead: leave it to what sets up servers. What must be there first is told to gitmig with
    `prepare` in `[tool.gitmig.postgresql]`.
    """
    for act in way.of("server"):
        what = f"{act.change.to} {act.change.name}".strip()
        message = f"{what} concerns the whole server, not this database"
        yield at(act, message, "leave it to what sets up the server")


@rule("GM752", "right-revoked", "warning", ("postgresql", "mysql"), down="note")
def right_revoked(way: Way) -> Iterator[Told]:
    """A right on a table that was there before is taken away.

    Why: code that still runs during the deploy may need it.

    Example:

        op.execute("REVOKE INSERT ON orders FROM app")

    Instead: release code that does not need it first, and revoke it later.
    """
    for act in way.on_old("revoke"):
        message = f"{act.change.to} on {act.change.table} is taken away; code that runs may need it"
        yield at(act, message, "first a release that does not need it")


@rule("GM753", "setting-outlives", "warning", ANY, down="note")
def setting_outlives(way: Way) -> Iterator[Told]:
    """A setting of the session is changed and not put back.

    Why: all revisions of an upgrade share the connection, and so does what env.py does after them.
    A `search_path`, a role, checks of foreign keys that are off: later revisions run with it, but
    only where they run together.

    Example:

        op.execute("SET search_path TO audit")

    Instead: `SET LOCAL`, which ends with the transaction; or put it back in the same revision.
    """
    for act in way.of("set"):
        change = act.change
        if change.has("local") or not _matters(change, way.context.dialect):
            continue
        later = [each.change.name for each in way.after(act, "set", "reset")]
        earlier = [each for each in way.before(act, "set") if each.change.name == change.name]
        if change.name not in later and "all" not in later and not _put_back(change, earlier):
            hint = "put it back at the end of this revision"
            if way.context.dialect == "postgresql":
                hint = "SET LOCAL, or put it back in this revision"
            message = f"{change.name} stays {change.to} for the revisions that follow"
            yield at(act, message, hint)


@rule("GM754", "trigger-left-disabled", "warning", ("postgresql",), down="warning")
def trigger_left_disabled(way: Way) -> Iterator[Told]:
    """Triggers of a table are disabled and not enabled again.

    Why: foreign keys are triggers too (`DISABLE TRIGGER ALL`); nothing tells later that they are
    off.

    Example:

        op.execute("ALTER TABLE orders DISABLE TRIGGER ALL")

    Instead: ENABLE them in the same revision.
    """
    for act in way.on_old("disable trigger"):
        again = (each.change for each in way.after(act, "enable trigger"))
        if not any((change.table, change.name) == _trigger(act) for change in again):
            every = act.change.name.lower() in ("all", "user")
            what = "every trigger" if every else f"trigger {act.change.name}"
            message = f"{what} of {act.change.table} stays disabled"
            yield at(act, message, "ENABLE it in the same revision")


@rule("GM755", "rows-hidden", "warning", ("postgresql",))
def rows_hidden(way: Way) -> Iterator[Told]:
    """A table that was there before has row security, and no policy that lets a row through.

    Why: from then on nobody but its owner sees a row of it or may write one; with FORCE not even
    the owner. No query fails: the application finds an empty table. A policy that is there already,
    or that comes later in the branch, is seen.

    Example:

        op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")

    Instead:

        op.execute("CREATE POLICY own ON orders USING (client = current_user)")
        op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    """
    for table, operation in _hidden(way.branch).items():
        if operation in way.operations:
            message = f"{table} has row security and no policy: only its owner sees a row"
            yield Told(message, "CREATE POLICY first, for each role that needs it", operation.line)


FAMILY: tuple[Rule, ...] = (
    beyond_the_database,
    right_revoked,
    setting_outlives,
    trigger_left_disabled,
    rows_hidden,
)


def _hidden(branch: Sequence[RanOperation]) -> dict[str, RanOperation]:
    """Return the tables that the branch leaves without a policy, and what did it."""
    found: dict[str, RanOperation] = {}
    for operation in branch:
        for statement in operation.statements:
            text = statement.sql.lower()
            if "policy" in text or "row level security" in " ".join(text.split()):
                named = [table for table in found if table.rpartition(".")[2].lower() in text]
                for table in {*named} - {*statement.hidden}:
                    del found[table]
            for table in statement.hidden:
                found.setdefault(table, operation)
    return found


def _matters(change: Change, dialect: str) -> bool:
    if dialect == "sqlite":
        return change.name in PRAGMAS
    return not change.name.startswith(OF_THE_CONNECTION)


def _put_back(change: Change, earlier: list[Act]) -> bool:
    """Say whether this is the way back: it was set before, or is switched on."""
    return bool(earlier) or change.to.lower() in ON


def _trigger(act: Act) -> tuple[str, str]:
    return act.change.table, act.change.name
