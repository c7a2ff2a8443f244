"""GM72: what the code that still runs during the deploy, or a row that is there, does not bear."""

from __future__ import annotations

from collections.abc import Iterator

from gitmig.rules.changes import same
from gitmig.rules.narrowing import narrowed
from gitmig.rules.rule import ANY, POSTGRESQL, Rule, Told, at, rule
from gitmig.rules.way import Act, Way

TWO_RELEASES = "first a release that does not use it, then a revision that takes it away"


@rule("GM721", "table-dropped", "warning", ANY, left_to="rolling")
def table_dropped(way: Way) -> Iterator[Told]:
    """A table that was there before is dropped with all its rows.

    Why: code that still runs during the deploy fails on it, and no downgrade brings the rows back.
    With a base the gate `rolling` knows which tables the old code uses, and this rule is silent.

    Example:

        op.drop_table("sessions")

    Instead: release code that does not use the table first, drop it in a later release.
    """
    for act in way.on_old("drop table"):
        if _happened(act, way):
            message = f"{act.change.table} is dropped with all its rows; code that runs may use it"
            yield at(act, message, TWO_RELEASES)


@rule("GM722", "column-dropped", "warning", ANY, left_to="rolling")
def column_dropped(way: Way) -> Iterator[Told]:
    """A column that was there before is dropped with all its values.

    Why: code that still runs during the deploy names the column in every SELECT, and no downgrade
    brings the values back. With a base the gate `rolling` knows which columns the old code uses,
    and this rule is silent.

    Example:

        op.drop_column("users", "name")

    Instead: release code whose models do not have the column first, drop it in a later release.
    """
    for act in way.on_old("drop column"):
        name = f"{act.change.table}.{act.change.name}"
        message = f"{name} is dropped with all its values; code that runs may use it"
        yield at(act, message, TWO_RELEASES)


@rule("GM723", "table-renamed", "warning", ANY, left_to="rolling")
def table_renamed(way: Way) -> Iterator[Told]:
    """A table that was there before gets another name.

    Why: code that still runs during the deploy uses the old one. With a base the gate `rolling`
    answers this, and this rule is silent.

    Example:

        op.rename_table("users", "accounts")

    Instead: keep the table's name and rename the class (`__tablename__`), or leave a view under the
    old name until the old code is gone.
    """
    for act in way.on_old("rename table"):
        old, new = act.change.table, act.change.to
        if not _has_view(way, act, old):
            message = f"{old} becomes {new}, and code that runs uses the old name"
            hint = f"rename the class only, or leave a view {old} for one release"
            yield at(act, message, hint)


@rule("GM724", "column-renamed", "warning", ANY, left_to="rolling")
def column_renamed(way: Way) -> Iterator[Told]:
    """A column that was there before gets another name.

    Why: code that still runs during the deploy uses the old one. With a base the gate `rolling`
    answers this, and this rule is silent.

    Example:

        op.alter_column("users", "name", new_column_name="full_name")

    Instead: rename the attribute and keep the column's name (`mapped_column("name")`), or add the
    new column, write both, and drop the old one in a later release.
    """
    for act in way.on_old("rename column"):
        table, old, new = act.change.table, act.change.name, act.change.to
        message = f"{table}.{old} becomes {new}, and code that runs uses the old name"
        yield at(act, message, "rename the attribute only, or add, write both, drop later")


@rule("GM725", "enum-value-renamed", "warning", POSTGRESQL, told_by=("GM604", "GM605"))
def enum_value_renamed(way: Way) -> Iterator[Told]:
    """A value of an enum type gets another name.

    Why: code that still runs during the deploy writes and looks for the old one, which the database
    refuses from then on.

    Example:

        op.execute("ALTER TYPE state RENAME VALUE 'open' TO 'active'")

    Instead: rename the member in the code and keep its value; or add the new value, change over,
    update the rows.
    """
    for act in way.of("rename value"):
        if not any(c.change.name == act.change.name for c in way.before(act, "create")):
            message = f"{act.change.name} has no {act.change.to} any more; code that runs writes it"
            yield at(act, message, "keep the value, or add a new one and change over")


@rule("GM726", "not-null-without-default", "error", ANY, told_by=("GM5",))
def not_null_without_default(way: Way) -> Iterator[Told]:
    """A column is added that is NOT NULL, and nothing says what the rows get that are there.

    Why: PostgreSQL and SQLite refuse it as soon as the table has a row; MySQL and MariaDB fill in
    an empty string or 0. An empty database, as in most tests, notices nothing.

    Example:

        op.add_column("users", sa.Column("country", sa.String(2), nullable=False))

    Instead:

        op.add_column(
            "users", sa.Column("country", sa.String(2), nullable=False, server_default="DE")
        )
    """
    filled = ("default", "generated", "identity")
    for act in way.on_old("add column"):
        change = act.change
        if change.has("not null") and not any(change.has(flag) for flag in filled):
            yield at(
                act,
                f"{change.table}.{change.name} is NOT NULL without a server default: rows that are"
                " there have no value",
                "give it a server_default, or add it nullable and fill it first",
            )


@rule("GM727", "constraint-dropped", "note", ANY)
def constraint_dropped(way: Way) -> Iterator[Told]:
    """A constraint goes and none comes in its place.

    Why: rows that break it can come in from then on, and the downgrade fails on them.

    Example:

        op.drop_constraint("fk_orders_user", "orders")

    Instead: nothing, where that is meant: `# gitmig: allow constraint-dropped` and the reason.
    """
    for act in way.on_old("drop constraint"):
        if not _replaced(way, act):
            what = f"{act.change.to or 'constraint'} {act.change.name}".strip()
            message = f"{act.change.table} is not held to {what} any more"
            yield at(act, message, "say why, in a waiver, where that is meant")


@rule("GM728", "type-narrowed", "warning", ANY, told_by=("GM5", "GM604"))
def type_narrowed(way: Way) -> Iterator[Told]:
    """A column gets a type that holds less than the one it had.

    Why: a value that does not fit fails the upgrade, or is cut off (MySQL that is not strict;
    SQLite keeps it as it is). What the column had is read from `existing_type`.

    Example:

        op.alter_column("users", "name", type_=sa.String(20), existing_type=sa.String(50))

    Instead: see that nothing longer is there, in a revision before that stops where there is.
    """
    for act in way.on_old("change type"):
        old = str(act.operation.facts.get("old_type", ""))
        why = narrowed(old, act.change.to) if old else ""
        if why:
            name = f"{act.change.table}.{act.change.name}"
            hint = "look for values that do not fit before the change"
            yield at(act, f"{name} holds less: {why}", hint)


@rule("GM729", "json-without-equality", "note", POSTGRESQL)
def json_without_equality(way: Way) -> Iterator[Told]:
    """A column of type json comes into a table that was there before.

    Why: json has no equality, so SELECT DISTINCT, GROUP BY and UNION fail on the whole table as
    soon as they take the column in ("could not identify an equality operator for type json").
    jsonb has one, and can be indexed. `sa.JSON` is json on PostgreSQL.

    Example:

        op.add_column("users", sa.Column("settings", sa.JSON()))

    Instead:

        op.add_column("users", sa.Column("settings", postgresql.JSONB()))
    """
    for act in way.on_old("add column", "change type"):
        if act.change.to.lower() in ("json", "json[]"):
            yield at(
                act,
                f"{act.change.table}.{act.change.name} is json, which has no equality: DISTINCT,"
                " GROUP BY and UNION fail on it",
                "jsonb (postgresql.JSONB in the model), unless the text is to stay as it was sent",
            )


FAMILY: tuple[Rule, ...] = (
    table_dropped,
    column_dropped,
    table_renamed,
    column_renamed,
    enum_value_renamed,
    not_null_without_default,
    constraint_dropped,
    type_narrowed,
    json_without_equality,
)


def _happened(act: Act, way: Way) -> bool:
    """Say whether the table was there: IF EXISTS does nothing otherwise, and locks nothing."""
    if not act.change.has("if") or way.context.dialect != "postgresql":
        return True
    locked = [lock.table for _, each in way.statements for lock in each.locks]
    return any(same(act.change.table, table) for table in locked)


def _has_view(way: Way, act: Act, name: str) -> bool:
    views = (each.change for each in way.after(act, "create") if each.change.to == "view")
    return any(same(view.name, name) for view in views)


def _replaced(way: Way, act: Act) -> bool:
    """Say whether something guards the rows instead, or was only there to help."""
    dropped = act.change
    added = [
        other.change
        for other in way.of("add constraint", "set not null", "create index")
        if same(other.change.table, dropped.table)
    ]
    return any(
        change.to == dropped.to
        or not dropped.to
        or change.name == dropped.name
        or change.kind == "set not null"
        or (change.has("unique") and dropped.to == "unique")
        for change in added
    )
