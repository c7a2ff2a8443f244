"""What changed in the models and no operation of Alembic's does anything about.

The models of the commit before and of this one are compared. What Alembic did not see (it compares
no CHECK texts, no enum members, and types and defaults only where env.py asks for it) is generated
where that can be done and proved. The rest is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy import inspect

from . import enums
from .models import Models
from .operations import flatten
from .shapes import Context, Op
from .sql import RenameColumnOp, RenameTable, put_last

ASPECTS = {"type": "modify_type", "default": "modify_server_default"}


@dataclass(frozen=True)
class Change:
    """One difference between the models of two commits.

    ``aspect`` is type, members, default, computed, identity, check or index; ``name`` the column,
    constraint or index; ``before`` and ``after`` are texts, None where there is none.
    """

    table: str
    aspect: str
    name: str
    before: Any
    after: Any

    def told(self) -> str:
        """Return the change in words."""
        of_column = self.aspect in COLUMN
        what = f"{self.table}.{self.name}" if of_column else f"{self.name} of {self.table}"
        return f"{self.aspect} {what} changed from {self.before} to {self.after}"


COLUMN = ("type", "members", "default", "computed", "identity")


def add(
    up: Op, down: Op, before: Models, after: Models, renames: Sequence[Op], context: Context
) -> tuple[bool, list[str]]:
    """Add operations for what was not seen in one database.

    ``renames`` are done there already. Returns whether any was added, and in words what could not
    be.
    """
    known, told, left = set(seen(up)), set(), []
    any_added = False
    for change in changes(renamed(before, renames), after):
        if (change.table, change.name, change.aspect) in known:
            continue
        made = operations_for(change, context, table_of(change.table, context))
        if made is None:
            left.append(change.told())
        elif str(made[0]) not in told:  # one enum type may be that of many columns
            any_added = True
            put_last(up, down, made)
            told.add(str(made[0]))
    return any_added, left


def table_of(key: str, context: Context) -> Any:
    """Return a table of the project's metadata."""
    metadata = context.opts["target_metadata"]
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    return next(each.tables[key] for each in several if key in each.tables)


def changes(before: Models, after: Models) -> Iterator[Change]:
    """Yield the differences in tables and columns that both have."""
    for table in sorted(set(before) & set(after)):
        old, new = before[table], after[table]
        for column in sorted(set(old["columns"]) & set(new["columns"])):
            yield from column_changes(table, column, old["columns"][column], new["columns"][column])
        for kind, aspect in (("checks", "check"), ("indexes", "index")):
            for name in sorted(set(old[kind]) | set(new[kind])):
                was, is_now = old[kind].get(name), new[kind].get(name)
                if was != is_now and (aspect == "check" or (was and is_now)):
                    yield Change(table, aspect, name, was, is_now)


def column_changes(table: str, column: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield the differences of one column; members matter where the type's text is the same."""
    for aspect in COLUMN:
        if old[aspect] != new[aspect]:
            if aspect == "members" and (old["type"] != new["type"] or not new["members"]):
                continue
            yield Change(table, aspect, column, old[aspect], new[aspect])


def renamed(before: Models, renames: Sequence[Op]) -> Models:
    """Return the models of before with the names that they have after the renames."""
    found = {key: {**facts, "columns": dict(facts["columns"])} for key, facts in before.items()}
    for op in renames:
        if isinstance(op, RenameTable):
            prefix = f"{op.schema}." if op.schema else ""
            if prefix + op.table_name in found:
                found[prefix + op.new_table_name] = found.pop(prefix + op.table_name)
        elif isinstance(op, RenameColumnOp):
            key = f"{op.schema}.{op.table_name}" if op.schema else op.table_name
            columns = found.get(key, {}).get("columns", {})
            if op.column_name in columns:
                columns[op.modify_name] = columns.pop(op.column_name)
    return found


def seen(up: Op) -> Iterator[tuple[str, str, str]]:
    """Yield ``(table, name, aspect)`` of what the operations already change."""
    for op in flatten(up):
        schema, table = getattr(op, "schema", None), getattr(op, "table_name", "")
        key = f"{schema}.{table}" if schema else table
        if isinstance(op, ops.AlterColumnOp):
            for aspect, attribute in ASPECTS.items():
                if getattr(op, attribute) not in (None, False):
                    yield key, op.column_name, aspect
            if op.modify_type is not None:
                yield key, op.column_name, "members"
            if op.modify_server_default is None:
                yield key, op.column_name, "default"
        elif isinstance(op, (ops.CreateIndexOp, ops.DropIndexOp)):
            yield key, str(op.index_name), "index"
        elif isinstance(op, (ops.CreateCheckConstraintOp, ops.DropConstraintOp)):
            yield key, str(op.constraint_name), "check"
        elif not isinstance(op, ops.OpContainer) and type(op).__module__.startswith("alembic_"):
            yield key, "", type(op).__name__  # a plugin's


def operations_for(change: Change, context: Context, table: Any) -> list[Op] | None:
    """Return the operations that carry a change out, None where a person must write them."""
    if change.aspect == "members":
        return enums.operations_for(change, context, table.columns[change.name].type)
    if change.aspect in ASPECTS:
        return [alter(change, context, table)]
    if change.aspect == "check" and context.dialect.name != "sqlite":
        return check_operations(change, table)
    if change.aspect == "index":
        return index_operations(change, table)
    return None


def alter(change: Change, context: Context, table: Any) -> Op:
    """Return the change of a column's type or default, which knows the way back."""
    column = table.columns[change.name]
    existing = reflected(context, table, change.name)
    options: dict[str, Any] = {
        "schema": table.schema,
        "existing_type": existing["type"],
        "existing_nullable": existing["nullable"],
        "existing_server_default": clause(existing.get("default")),
    }
    if change.aspect == "type":
        options["modify_type"] = column.type
    else:
        options["modify_server_default"] = column.server_default
    op = ops.AlterColumnOp(table.name, change.name, **options)
    return ops.ModifyTableOps(table.name, [op], schema=table.schema)


def reflected(context: Context, table: Any, column: str) -> Any:
    """Return what the database says of a column."""
    columns = inspect(context.connection).get_columns(table.name, schema=table.schema)
    return next(each for each in columns if each["name"] == column)


def clause(default: Any) -> Any:
    """Return a reflected default as a server default, None for none."""
    if default is None:
        return None
    return sqlalchemy.DefaultClause(sqlalchemy.text(default), _reflected=True)


def check_operations(change: Change, table: Any) -> list[Op]:
    """Return what drops the old check and adds the new one."""
    made: list[Op] = []
    if change.before is not None:
        old = check(change.name, table, change.before)
        made.append(ops.DropConstraintOp(change.name, table.name, type_="check",
                                         schema=table.schema, _reverse=old))  # fmt: skip
    if change.after is not None:
        made.append(check(change.name, table, change.after))
    return [ops.ModifyTableOps(table.name, made, schema=table.schema)]


def check(name: str, table: Any, text: str) -> Op:
    """Return what adds a check."""
    return ops.CreateCheckConstraintOp(name, table.name, sqlalchemy.text(text), schema=table.schema)


def index_operations(change: Change, table: Any) -> list[Op]:
    """Return what drops an index and makes it anew: its columns are the same, its text is not."""
    index = next(each for each in table.indexes if each.name == change.name)
    back = ops.ExecuteSQLOp(change.before)
    drop = Drop(change.name, table.name, schema=table.schema, back=back)
    return [drop, ops.CreateIndexOp.from_index(index)]


class Drop(ops.DropIndexOp):
    """Drop an index whose old form is known as a statement only."""

    def __init__(self, name: str, table: str, *, schema: Any, back: Op) -> None:
        super().__init__(name, table, schema=schema)
        self.back = back

    def reverse(self) -> Any:
        """Return the statement that makes the old index."""
        return self.back


def render_check(autogen_context: Any, op: Any) -> str:
    """Render ``create_check_constraint``, which older versions of Alembic do not."""
    with contextlib.suppress(NotImplementedError):
        return str(render_as_alembic(autogen_context, op))
    batch = autogen_context._has_batch
    prefix = "batch_op." if batch else autogen_context.opts["alembic_module_prefix"] or ""
    arguments = [repr(str(op.constraint_name))]
    arguments += [] if batch else [repr(op.table_name)]
    arguments.append(repr(str(op.condition)))
    arguments += [f"schema={op.schema!r}"] if op.schema and not batch else []
    return f"{prefix}create_check_constraint({', '.join(arguments)})"


render_as_alembic = renderers._registry[(ops.CreateCheckConstraintOp, "default")]
renderers._registry[(ops.CreateCheckConstraintOp, "default")] = render_check
