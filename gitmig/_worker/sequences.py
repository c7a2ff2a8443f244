"""Sequences of the models, which Alembic does not compare: made, altered, dropped.

A sequence that its column makes (``SERIAL``), or that goes with it, is left to the column. What a
sequence starts with counts when it is made: where that changes, it does not count anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.schema import CreateSequence

from .operations import flatten
from .shapes import Context, Dialect, Op
from .sql import SqlOp, put_first, put_last

Told = Mapping[str, Mapping[str, Any]]
"""By key: the sequence's ``schema`` and ``name``, as SQL writes it (``sql``), and ``options``."""

# what ALTER SEQUENCE says of an option, and without a value
OPTIONS = {
    "increment": ("INCREMENT BY {}", "INCREMENT BY 1"),
    "minvalue": ("MINVALUE {}", "NO MINVALUE"),
    "maxvalue": ("MAXVALUE {}", "NO MAXVALUE"),
    "start": ("START WITH {}", "START WITH 1"),
    "cache": ("CACHE {}", "CACHE 1"),
    "cycle": ("CYCLE", "NO CYCLE"),
}
OWNED = sqlalchemy.text(
    "SELECT 1 FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' "
    "WHERE d.objid = to_regclass(:name) AND d.deptype IN ('a', 'i')"
)


def describe(metadata: Any, dialect: Dialect) -> dict[str, Any]:
    """Return the sequences of the models that a database of this kind gets, see ``Told``."""
    quote = dialect.identifier_preparer.format_sequence
    return {
        key: {"schema": each.schema, "name": each.name, "sql": quote(each),
              "create": str(CreateSequence(each).compile(dialect=dialect)).strip(),
              "options": {name: getattr(each, name, None) or None for name in OPTIONS}}
        for key, each in sorted(getattr(metadata, "_sequences", {}).items())
        if dialect.supports_sequences and not (dialect.sequences_optional and each.optional)
    }  # fmt: skip


def add(up: Op, down: Op, before: Told | None, after: Told, context: Context) -> bool:
    """Add what makes the sequences those of the models; say whether there was any.

    ``before`` is None where the models of the commit before are not known: none is altered then,
    and none dropped.
    """
    known = after if before is None else before
    made = [op for key in sorted(after) for op in
            (coming(after[key], up, context) if before is None or key not in before
             else altered(known[key], after[key]))]  # fmt: skip
    gone = [op for key in sorted(set(known) - set(after)) for op in leaving(known[key], context)]
    put_first(up, down, made)
    put_last(up, down, gone)
    return bool(made or gone)


def older(before: Told | None, after: Told, context: Context) -> list[str]:
    """Return in words the sequences that the commit before had, and no revision made."""
    return [f"sequence {each['sql']}" for key, each in sorted(after.items())
            if key in (before or {}) and not is_there(each, context)]  # fmt: skip


def coming(sequence: Mapping[str, Any], up: Op, context: Context) -> Iterator[Op]:
    """Yield what makes a sequence, unless it is there or a new table's column makes it."""
    by_columns = set(made_by_columns(up, context.dialect))
    if is_there(sequence, context) or (sequence["schema"], sequence["name"]) in by_columns:
        return
    yield SqlOp(f"sequence {sequence['sql']}", [sequence["create"]], [drop(sequence)])


def leaving(sequence: Mapping[str, Any], context: Context) -> Iterator[Op]:
    """Yield what drops a sequence, unless it is not there or goes with a column."""
    name = sequence["sql"]
    owned = (
        context.dialect.name == "postgresql"
        and context.connection.execute(OWNED, {"name": name}).scalar()
    )
    if is_there(sequence, context) and not owned:
        doubt = f"sequence {name} is dropped: what it counted to is lost"
        yield SqlOp(f"drop sequence {name}", [drop(sequence)], [sequence["create"]], doubt=doubt)


def altered(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Op]:
    """Yield what gives a sequence other options."""
    old, new = before["options"], after["options"]
    names = [name for name in OPTIONS if old[name] != new[name]]
    if names:
        forth, back = (" ".join(clause(name, options[name]) for name in names)
                       for options in (new, old))  # fmt: skip
        alter = f"ALTER SEQUENCE {after['sql']}"
        words = f"alter sequence {after['sql']} ({', '.join(names)})"
        yield SqlOp(words, [f"{alter} {forth}"], [f"{alter} {back}"])


def clause(name: str, value: Any) -> str:
    """Return what ALTER SEQUENCE says of one option."""
    given, none = OPTIONS[name]
    return none if value is None else given.format(value)


def drop(sequence: Mapping[str, Any]) -> str:
    """Return the statement that drops a sequence."""
    return f"DROP SEQUENCE {sequence['sql']}"


def is_there(sequence: Mapping[str, Any], context: Context) -> bool:
    """Say whether the database has a sequence."""
    has = inspect(context.connection).has_sequence
    return bool(has(sequence["name"], schema=sequence["schema"]))


def made_by_columns(up: Op, dialect: Dialect) -> Iterator[tuple[Any, str]]:
    """Yield the sequences that columns of new tables make on PostgreSQL: schema and name.

    A column that counts by a sequence of another name gets none of its own.
    """
    for op in flatten(up):
        if not isinstance(op, ops.CreateTableOp) or dialect.name != "postgresql":
            continue
        columns: list[Any] = list(op.columns)
        for column in columns:
            counts = getattr(column, "default", None)
            is_key = getattr(column, "primary_key", False) and column.server_default is None
            if isinstance(counts, sqlalchemy.Sequence) and is_key:
                own = f"{op.table_name}_{column.name}_seq"
                if counts.name == own and column.autoincrement in (True, "auto"):
                    yield op.schema, own
                elif not counts.optional:
                    column.autoincrement = False
