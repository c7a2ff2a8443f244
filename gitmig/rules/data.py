"""GM74: rows and objects that are lost, more of them than the text says."""

from __future__ import annotations

from collections.abc import Iterator

from gitmig.rules.changes import same
from gitmig.rules.rule import ANY, Rule, Told, at, rule
from gitmig.rules.way import Act, Way


@rule("GM741", "all-rows-deleted", "error", ANY, down="warning")
def all_rows_deleted(way: Way) -> Iterator[Told]:
    """DELETE without WHERE, or with one that all rows meet, on a table that was there before.

    Why: every row is lost, and no downgrade brings them back. On the empty database of a test
    nothing shows. A WHERE counts for none where its words say so: `1 = 1`, `… OR true`, `NOT
    false`, and `id > 0` or `id IS NOT NULL`, of the column that is called `id`.

    Example:

        op.execute("DELETE FROM sessions")

    Instead: say which rows; or say in a waiver why all of them may go.
    """
    for act in way.on_old("delete"):
        if not act.change.has("where") and not _dropped_later(way, act):
            message = f"every row of {act.change.table} is deleted"
            yield at(act, message, "add a WHERE, or say in a waiver why all of them may go")


@rule("GM742", "table-truncated", "error", ("postgresql", "mysql"), down="warning")
def table_truncated(way: Way) -> Iterator[Told]:
    """TRUNCATE of a table that was there before.

    Why: every row is lost under a lock that keeps everybody out, triggers do not run, and on MySQL
    and MariaDB it cannot be rolled back.

    Example:

        op.execute("TRUNCATE sessions")

    Instead: delete the rows that must go; or say in a waiver why all of them may.
    """
    for act in way.on_old("truncate"):
        if not act.change.has("cascade"):
            message = f"{act.change.table} is emptied"
            yield at(act, message, "delete what must go, or say in a waiver why all may")


@rule("GM743", "cascade", "error", ("postgresql",), down="warning")
def cascade(way: Way) -> Iterator[Told]:
    """CASCADE drops or empties what depends on the thing that is named, whatever that is.

    Why: views, foreign keys and, with TRUNCATE, whole tables go that nobody named. Production may
    have more of them than the models know.

    Example:

        op.execute("DROP TABLE customers CASCADE")

    Instead: drop what depends on it by name first; what was forgotten then stops the upgrade.
    """
    for act in way.acts:
        change = act.change
        if change.has("cascade") and (act.old or not change.table) and not _made_here(way, act):
            what = change.table or change.name
            verb = "emptied" if change.kind == "truncate" else "dropped"
            yield at(
                act,
                f"whatever depends on {what} is {verb} with it",
                "name what goes, without CASCADE",
            )


FAMILY: tuple[Rule, ...] = (all_rows_deleted, table_truncated, cascade)


def _dropped_later(way: Way, act: Act) -> bool:
    later = way.after(act, "drop table")
    return any(same(each.change.table, act.change.table) for each in later)


def _made_here(way: Way, act: Act) -> bool:
    """Say whether an object without a table was made by this revision, or by one before it."""
    made = {each.change.name for each in way.before(act, "create")}
    return not act.change.table and act.change.name in made | way.made
