"""Constraints: checks, which Alembic compares nowhere, and those of which the name alone changes.

A convention makes names of tables and columns, so a rename of these is one of constraints and
indexes, too. Where one statement gives them another name they are renamed along: made anew they
would cost time, and what a foreign key needs cannot be dropped. Of the rest Alembic sees unique
constraints and indexes; it compares no names of keys. A primary key has a name on PostgreSQL alone
(the one in SQLite's text is nowhere needed).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import sqlalchemy
from alembic.autogenerate import renderers
from alembic.autogenerate.render import _render_gen_name
from alembic.operations import ops
from sqlalchemy import inspect
from sqlalchemy.sql.elements import conv

from .follow import other_names
from .models import Models, name_in
from .shapes import Context, Dialect, Op
from .sql import SqlOp, escaped

MYSQL = ("mysql", "mariadb")


def renamed(before: Any, after: Any) -> dict[str, str]:
    """Return the old names of a table's checks and keys that have another one, by the new.

    Alembic sees those of unique constraints.
    """
    keys = [{name: each for name, each in facts.get("keys", {}).items()
             if each[0] != "UniqueConstraint"} for facts in (before, after)]  # fmt: skip
    return {**other_names(before["checks"], after["checks"]), **other_names(*keys)}


def carried(before: Models, after: Models, context: Context) -> list[Op]:
    """Return the renames of constraints and indexes in one database that a statement does.

    ``before`` is what the models said, with the tables' and columns' names of now.
    """
    if context.dialect.name not in (*MYSQL, "postgresql"):
        return []
    return [op for key in sorted(set(before) & set(after))
            for op in of_table(key, before[key], after[key], context)]  # fmt: skip


def of_table(key: str, old: Any, new: Any, context: Context) -> Iterator[Op]:
    """Yield the renames on one table, of what is there."""
    indexes = other_names(old["indexes"], new["indexes"])
    others = {**other_names(old.get("keys", {}), new["keys"]), **renamed(old, new)}
    if not indexes and not others:
        return
    schema, _, table = key.rpartition(".")
    look, place = inspect(context.connection), {"schema": schema or None}
    there = {each["name"] for each in look.get_indexes(table, **place)}
    if context.dialect.name in MYSQL:  # a unique constraint is an index, a foreign key has one
        indexes.update({name: was for name, was in others.items()
                        if new["keys"].get(name, [""])[0] == "UniqueConstraint"})  # fmt: skip
    else:
        for name, was in sorted(others.items()):
            if was in names_there(look, table, place):
                yield rename_constraint(schema, table, was, name, context.dialect)
    for name, was in sorted(indexes.items()):
        if was in there:
            yield rename_index(schema, table, was, name, context.dialect)


def names_there(look: Any, table: str, place: Mapping[str, Any]) -> set[Any]:
    """Return the names of a table's constraints in the database."""
    found = {look.get_pk_constraint(table, **place)["name"]}
    for each in (look.get_unique_constraints, look.get_foreign_keys, look.get_check_constraints):
        found |= {constraint["name"] for constraint in each(table, **place)}
    return found


def rename(table: Any, old: str, new: str, context: Context) -> list[Op]:
    """Return the operations after which a constraint has its new name; none for one without."""
    constraint = named(table, new, context.dialect)
    dialect = context.dialect
    if dialect.name == "postgresql":
        return [rename_constraint(table.schema, table.name, old, new, dialect)]
    if isinstance(constraint, sqlalchemy.PrimaryKeyConstraint):
        return []
    drop, add = anew(table, constraint, old, new)
    between: list[Op] = []
    if dialect.name in MYSQL:
        indexes = inspect(context.connection).get_indexes(table.name, schema=table.schema)
        if old in {each["name"] for each in indexes}:  # which the foreign key made
            between = [rename_index(table.schema, table.name, old, new, dialect)]
    return [ops.ModifyTableOps(table.name, [drop, *between, add], schema=table.schema)]


def named(table: Any, name: str, dialect: Dialect) -> Any:
    """Return the constraint of a name; a check may stand in a column."""
    every = chain(table.constraints, *(column.constraints for column in table.columns))
    return next(each for each in every if name_in(dialect, each) == name)


def rename_constraint(schema: Any, table: str, old: str, new: str, dialect: Dialect) -> SqlOp:
    """Return the rename of a constraint on PostgreSQL."""
    form = f"ALTER TABLE {quoted(schema, table, dialect)} RENAME CONSTRAINT {{}} TO {{}}"
    return both_ways(f"rename constraint {old} of {table} to {new}", form, old, new, dialect)


def rename_index(schema: Any, table: str, old: str, new: str, dialect: Dialect) -> SqlOp:
    """Return the rename of an index."""
    words = f"rename index {old} of {table} to {new}"
    if dialect.name in MYSQL:
        form = f"ALTER TABLE {quoted(schema, table, dialect)} RENAME INDEX {{}} TO {{}}"
        return both_ways(words, form, old, new, dialect)
    prefix = quoted(schema, "", dialect)
    return both_ways(words, f"ALTER INDEX {prefix}{{}} RENAME TO {{}}", old, new, dialect)


def both_ways(words: str, form: str, old: str, new: str, dialect: Dialect) -> SqlOp:
    """Return a rename whose statement has a place for each of two names."""
    one, other = (dialect.identifier_preparer.quote(name) for name in (old, new))
    return SqlOp(words, [form.format(one, other)], [form.format(other, one)])


def quoted(schema: Any, table: str, dialect: Dialect) -> str:
    """Return a table as it is written in a statement."""
    quote = dialect.identifier_preparer.quote
    return (f"{quote(schema)}." if schema else "") + (quote(table) if table else "")


def anew(table: Any, constraint: Any, old: str, new: str) -> list[Op]:
    """Return what drops a constraint under its old name and adds it under its new one."""
    names = [whole(name, table) for name in (old, new)]
    made: list[Any] = [under(name, table, constraint) for name in names]
    kind = "check" if isinstance(constraint, sqlalchemy.CheckConstraint) else "foreignkey"
    drop = ops.DropConstraintOp(names[0], table.name, kind, schema=table.schema, _reverse=made[0])
    return [drop, made[1]]


def under(name: str, table: Any, constraint: Any) -> Op:
    """Return what adds a constraint under a name."""
    if getattr(constraint, "is_column_level", False):  # it has no table for Alembic to ask
        op: Any = check(name, table, constraint.sqltext)
    else:
        op = ops.AddConstraintOp.from_constraint(constraint)
    op.constraint_name = name
    return op


def check(name: str, table: Any, text: Any) -> Op:
    """Return what adds a check; its condition may be a text of SQL."""
    condition = sqlalchemy.text(escaped(text)) if isinstance(text, str) else text
    name = whole(name, table)
    return ops.CreateCheckConstraintOp(name, table.name, condition, schema=table.schema)


def whole(name: str, table: Any) -> str:
    """Return a name that no convention is to make another of."""
    return conv(name) if set(table.metadata.naming_convention) - {"ix"} else name


def render_check(autogen_context: Any, op: Any) -> str:
    """Render ``create_check_constraint``, which older versions of Alembic do not.

    A text stays as it is: Alembic takes a colon in it for a parameter, and gives some drivers
    each ``%`` twice.
    """
    is_text = isinstance(op.condition, sqlalchemy.sql.elements.TextClause) and not op.kw
    if not is_text:
        with contextlib.suppress(NotImplementedError):
            return str(render_as_alembic(autogen_context, op))
    batch = autogen_context._has_batch
    prefix = "batch_op." if batch else autogen_context.opts["alembic_module_prefix"] or ""
    arguments: list[Any] = [repr(_render_gen_name(autogen_context, op.constraint_name))]
    arguments += [] if batch else [repr(op.table_name)]
    arguments.append(repr(op.condition.text if is_text else str(op.condition)))
    arguments += [f"schema={op.schema!r}"] if op.schema and not batch else []
    return f"{prefix}create_check_constraint({', '.join(map(str, arguments))})"


render_as_alembic = renderers._registry[(ops.CreateCheckConstraintOp, "default")]
renderers._registry[(ops.CreateCheckConstraintOp, "default")] = render_check
