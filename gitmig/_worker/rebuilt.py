"""SQLite's tables that batch mode writes anew: what it cannot address there, or would lose.

A constraint without a name can only be dropped once it has one, which ``naming_convention`` gives
it while the table is read. A CHECK without a name is not carried over, and neither it nor a UNIQUE
without one comes back with its column: they are stated again (``table_args``). An index on
an expression, in descending order or of some rows is not read, or not in full: it is dropped
before (if it is there: an earlier try may have failed), and made after. See also ``triggers``, and
for generated columns ``computed``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from alembic.autogenerate import render, renderers
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.sql.elements import conv

from . import computed, triggers
from .shapes import Connection, Op
from .sql import escaped, mentions

OPTION = "gitmig_unnamed"  # among those of the migration context
INDEXES = (
    "SELECT name, tbl_name, sql FROM sqlite_master AS m WHERE type = 'index' AND sql IS NOT NULL "
    "AND (EXISTS (SELECT 1 FROM pragma_index_xinfo(m.name) "
    "WHERE key AND (cid = -2 OR \"desc\" OR coll <> 'BINARY')) OR EXISTS "
    "(SELECT 1 FROM pragma_index_list(m.tbl_name) AS l WHERE l.name = m.name AND l.partial)) "
    "ORDER BY name"
)
TEXTS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'trigger') "
    "ORDER BY name"
)
# without one of these words a table has no check, no generated column, and no unique constraint
# but those that have a name, which batch mode carries over
WORDS = re.compile(r"\b(?:check|unique|as)\b", re.IGNORECASE)
NAMED_UNIQUE = re.compile(r'\bconstraint\s+("[^"]*"|[\w$]+)\s+unique\b', re.IGNORECASE)
# as ``names.FORMS`` for a database that keeps its constraints unnamed
CONVENTION = {"fk": "fk_%(table_name)s_%(column_0_N_name)s",
              "uq": "uq_%(table_name)s_%(column_0_N_name)s"}  # fmt: skip


@dataclass
class Held:
    """What one table holds that reflection or batch mode passes over."""

    checks: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    uniques: list[list[str]] = field(default_factory=list)
    indexes: dict[str, str] = field(default_factory=dict)
    computed: dict[str, Any] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)

    def arguments(
        self, added: Collection[str], gone: Collection[str]
    ) -> Iterator[tuple[str, bool]]:
        """Yield what is stated again: its text, and whether it comes with an added column."""
        for check in self.checks:
            if not mentions(check, gone):
                yield f"sa.CheckConstraint({check!r})", mentions(check, added)
        for unique in self.uniques:
            if set(unique) & set(added):
                columns = ", ".join(repr(name) for name in unique)
                yield f"sa.UniqueConstraint({columns})", True


class Drop(ops.DropIndexOp):
    """Drop an index whose old form is known as a statement only."""

    def __init__(self, name: str, table: str, *, schema: Any, back: Op, known: Any = None) -> None:
        super().__init__(name, table, schema=schema, _reverse=known)
        self.back = back

    def reverse(self) -> Any:
        """Return the statement that makes the old index."""
        return self.back


def hold(context: Any, upgrades: Collection[Op], downgrades: Collection[Op]) -> None:
    """Note what the tables of a SQLite database hold.

    Dropped indexes come back as they were, and a CHECK goes with its column.
    """
    if context.dialect.name != "sqlite":
        return
    held = context.opts[OPTION] = of_database(context.connection)
    for up, down in zip(upgrades, downgrades):
        changed = [restore(up, held), drop_checks(up, held)]
        if any(changed):
            up.reverse_into(down)


def of_database(connection: Connection) -> dict[str, Held]:
    """Return by table what is passed over.

    Every commit that changes models pays for this: most tables need no look, as their text tells.
    """
    inspector = inspect(connection)
    found = {name: Held() for name in inspector.get_table_names()}
    rows = [tuple(row) for row in connection.execute(sqlalchemy.text(TEXTS))]
    texts = {name: sql for kind, name, _, sql in rows if kind == "table"}
    for name, table, statement in (row[1:] for row in rows if row[0] == "trigger"):
        for each in triggers.concerned(table, statement, found):
            found[each].triggers[name] = statement
    for name, held in found.items():
        if not WORDS.search(NAMED_UNIQUE.sub("", texts.get(name) or "")):
            continue
        columns = inspector.get_columns(name)
        held.computed = computed.of_table(columns)
        by_type = set(checks_by_type(columns))
        for each in inspector.get_check_constraints(name):
            if each["name"]:
                held.named[each["name"]] = each["sqltext"]
            elif each["sqltext"].replace('"', "") not in by_type:
                held.checks.append(each["sqltext"])
        held.uniques = [each["column_names"] for each in inspector.get_unique_constraints(name)
                        if not each["name"]]  # fmt: skip
    for index, table, statement in connection.execute(sqlalchemy.text(INDEXES)):
        if table in found:
            found[table].indexes[index] = statement
    return found


def checks_by_type(columns: Iterable[Any]) -> Iterator[str]:
    """Yield the checks that come with the types of columns that are read: SQLAlchemy before 1.4."""
    for column in columns:
        type_ = column["type"]
        if isinstance(type_, sqlalchemy.Boolean) and type_.create_constraint:
            yield f"{column['name']} IN (0, 1)"


def restore(container: Op, held: dict[str, Held]) -> bool:
    """Have the way back of dropped indexes make them as they were; say whether there are any."""
    any_here = False
    for place, op in enumerate(container.ops):
        if isinstance(op, ops.OpContainer):
            any_here = restore(op, held) or any_here
        elif isinstance(op, ops.DropIndexOp) and not isinstance(op, Drop):
            statement = held.get(str(op.table_name), Held()).indexes.get(str(op.index_name))
            if statement:
                back = ops.ExecuteSQLOp(escaped(statement))
                name = str(op.index_name)
                container.ops[place] = Drop(name, str(op.table_name), schema=op.schema, back=back,
                                            known=op._reverse)  # fmt: skip
                any_here = True
    return any_here


def drop_checks(container: Op, held: dict[str, Held]) -> bool:
    """Drop the named checks that mention a dropped column; say whether there are any."""
    any_here = False
    for group in container.ops:
        if not isinstance(group, ops.ModifyTableOps):
            continue
        gone = [op.column_name for op in group.ops if isinstance(op, ops.DropColumnOp)]
        known = {str(op.constraint_name) for op in group.ops if hasattr(op, "constraint_name")}
        table, schema = group.table_name, group.schema
        for bare, text in held.get(table, Held()).named.items():
            name = conv(bare)
            if bare not in known and mentions(text, gone):
                back = ops.CreateCheckConstraintOp(name, table, sqlalchemy.text(escaped(text)),
                                                   schema=schema)  # fmt: skip
                group.ops.insert(0, ops.DropConstraintOp(name, table, type_="check",
                                                         schema=schema, _reverse=back))  # fmt: skip
                any_here = True
    return any_here


def drop_unnamed(text: str, context: Any, table: Any) -> list[Op] | None:
    """Return what drops a unique constraint, empty where it is not there without a name.

    ``text`` is as in ``models.unnamed``. None for another kind: a CHECK cannot be addressed.
    """
    kind, _, names = text.partition(" ")
    if kind != "unique":
        return None
    columns = names.split(", ")
    there = inspect(context.connection).get_unique_constraints(table.name, schema=table.schema)
    if not any(each["column_names"] == columns and not each["name"] for each in there):
        return []
    name = "_".join(["uq", table.name, *columns])  # as in CONVENTION
    back = ops.CreateUniqueConstraintOp(name, table.name, columns, schema=table.schema)
    drop = ops.DropConstraintOp(name, table.name, type_="unique", schema=table.schema,
                                _reverse=back)  # fmt: skip
    drop.by_convention = True  # type: ignore[attr-defined]
    return [ops.ModifyTableOps(table.name, [drop], schema=table.schema)]


def render_group(autogen_context: Any, group: Any) -> list[str]:
    """Render as Alembic does; in batch mode on SQLite with what would be lost."""
    held = autogen_context.opts.get(OPTION, {}).get(group.table_name)
    if not autogen_context.opts.get("render_as_batch") or held is None:
        return list(as_alembic(autogen_context, group))
    first = [op for op in group.ops if is_index(op, ops.DropIndexOp, held)]
    last = [op for op in group.ops if is_index(op, ops.CreateIndexOp, held)]
    inner = [op for op in group.ops if op not in first and op not in last]
    kept = carried(inner, group.ops, held)
    if writes_anew(inner):
        inner = computed.again(group.table_name, held.computed, inner) + inner
    lines = [line for op in first for line in render.render_op(autogen_context, op)]
    lines += [execute(autogen_context, f'DROP INDEX IF EXISTS "{name}"') for name in kept]
    again = held.triggers if writes_anew(inner) else {}
    lines += [execute(autogen_context, f'DROP TRIGGER IF EXISTS "{name}"') for name in again]
    if inner:
        batch = ops.ModifyTableOps(group.table_name, inner, schema=group.schema)
        head, *rest = as_alembic(autogen_context, batch)
        lines += [head.replace(") as batch_op:", arguments(inner, held) + ") as batch_op:"), *rest]
    lines += [execute(autogen_context, statement) for statement in kept.values()]
    lines += [execute(autogen_context, statement) for statement in again.values()]
    return lines + [line for op in last for line in render.render_op(autogen_context, op)]


def is_index(op: Op, kind: Any, held: Held) -> bool:
    """Say whether an operation is about an index that batch mode does not know in full."""
    if isinstance(op, ops.ExecuteSQLOp):
        return kind is ops.CreateIndexOp
    if not isinstance(op, kind):
        return False
    if isinstance(op, Drop) or str(op.index_name) in held.indexes:
        return True
    original = getattr(op, "_reverse", None) if isinstance(op, ops.DropIndexOp) else op
    columns = getattr(original, "columns", None) or ()
    return any(not isinstance(each, (str, sqlalchemy.Column)) for each in columns)


def carried(inner: Collection[Op], every: Collection[Op], held: Held) -> dict[str, str]:
    """Return the indexes that must be made again after a table is written anew, by name."""
    if not writes_anew(inner):
        return {}
    named = {str(op.index_name) for op in every if hasattr(op, "index_name")}
    texts = [str(op.sqltext) for op in every if isinstance(op, ops.ExecuteSQLOp)]
    return {name: statement for name, statement in held.indexes.items()
            if name not in named and statement not in texts}  # fmt: skip


def writes_anew(inner: Collection[Op]) -> bool:
    """Say whether batch mode makes another table, and copies the rows."""
    plain = (ops.AddColumnOp, ops.CreateIndexOp, ops.DropIndexOp)
    return not all(isinstance(op, plain) and not calculated(op) for op in inner)


def calculated(op: Op) -> bool:
    """Say whether a new column has a default or a value that SQLite cannot add."""
    column = getattr(op, "column", None)
    return column is not None and (column.server_default is not None or bool(column.computed))


def arguments(inner: Collection[Op], held: Held) -> str:
    """Return further arguments of ``batch_alter_table``."""
    found = ""
    added = [op.column.name for op in inner if isinstance(op, ops.AddColumnOp)]
    gone = [op.column_name for op in inner if isinstance(op, ops.DropColumnOp)]
    stated = list(held.arguments(added, gone))
    if stated:
        more = "," if len(stated) == 1 else ""
        found += f", table_args=({', '.join(text for text, _ in stated)}{more})"
    if any(comes for _, comes in stated):
        found += ", recreate='always'"
    if any(getattr(op, "by_convention", False) for op in inner):
        found += f", naming_convention={CONVENTION!r}"
    return found


def execute(autogen_context: Any, statement: str) -> str:
    """Render a statement."""
    return render.render_op(autogen_context, ops.ExecuteSQLOp(escaped(statement)))[0]


as_alembic = renderers._registry[(ops.ModifyTableOps, "default")]
renderers._registry[(ops.ModifyTableOps, "default")] = render_group
