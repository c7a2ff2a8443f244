"""PostgreSQL: checks and partial indexes that stay while the type of their column changes.

PostgreSQL makes them again from their old texts, with casts that stay when the type comes back
(``price > 0`` is ``price::numeric > 0::numeric`` after a change of an integer to a number and
back); or it cannot. Where that is so they are dropped before and made anew after, both ways.
"""

from __future__ import annotations

from typing import Any

from alembic.operations import ops
from sqlalchemy import exc, text

from . import constraints, holders
from .models import checks_of, condition, name_in, type_text
from .namedchecks import plain, put
from .operations import flatten
from .rebuilt import Drop
from .shapes import Context, Op
from .sql import escaped
from .together import key_of
from .unseen import table_of


def add(up: Op, down: Op, context: Context) -> bool:
    """Have what does not survive a change of types, both ways, dropped and made; say if any was."""
    if context.dialect.name != "postgresql":
        return False
    changes: dict[str, list[Any]] = {}
    for op in flatten(up):
        if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
            changes.setdefault(key_of(op), []).append(op)
    touched = {(key_of(op), name_of(op)) for op in flatten(up)}
    any_added = False
    for key, found in changes.items():
        table = table_of(key, context)
        columns = [op.column_name for op in found]
        held = holders.of_columns(table, columns, context)
        held = [each for each in held if (key, each.plain) not in touched]
        if held and not survive(found, held, table, context):
            any_added = True
            for each in held:
                made_anew(each, up, down, table, context)
    return any_added


def name_of(op: Op) -> str:
    """Return the name of the constraint or index that an operation is about."""
    return str(getattr(op, "constraint_name", None) or getattr(op, "index_name", ""))


def survive(found: list[Any], held: list[Any], table: Any, context: Context) -> bool:
    """Say whether all is as before once types have changed and changed back; tried and undone."""
    name = context.dialect.identifier_preparer.format_table(table)
    columns = [op.column_name for op in found]
    trial = context.connection.begin_nested()
    try:
        for side in ("modify_type", "existing_type"):
            for op in found:
                type_ = type_text(getattr(op, side), context.dialect)
                column = context.dialect.identifier_preparer.quote(op.column_name)
                context.connection.execute(text(escaped(
                    f"ALTER TABLE {name} ALTER COLUMN {column} TYPE {type_} USING {column}::{type_}"
                )))  # fmt: skip
        after = holders.of_columns(table, columns, context)
        return set(held) <= set(after)
    except exc.DBAPIError:
        return False
    finally:
        trial.rollback()


def made_anew(each: Any, up: Op, down: Op, table: Any, context: Context) -> None:
    """Have a check or an index dropped, and made as the models say it; as it was on the way back.

    ``retyped`` puts them where they belong.
    """
    if not each.table:
        index = next((one for one in table.indexes
                      if name_in(context.dialect, one) == each.plain), None)  # fmt: skip
        back = ops.ExecuteSQLOp(escaped(each.text))
        drop = Drop(each.plain, table.name, schema=table.schema, back=back)
        new: Op = ops.CreateIndexOp.from_index(index) if index is not None else back
        up.ops += [drop, new]
        down.ops += [ops.DropIndexOp(each.plain, table.name, schema=table.schema), back]
        return
    old = constraints.check(each.plain, table, each.condition)
    new = constraints.check(each.plain, table, in_models(each, table, context))
    for way, goes, comes in ((up, old, new), (down, new, old)):
        gone = ops.DropConstraintOp(goes.constraint_name, table.name, type_="check",
                                    schema=table.schema, _reverse=goes)  # fmt: skip
        put(way, gone, first=True)
        put(way, comes, first=False)


def in_models(each: Any, table: Any, context: Context) -> str:
    """Return a check's condition as the models say it, or else as the database does."""
    known = {name_in(context.dialect, one): condition(one, context.dialect)
             for one in checks_of(table)}  # fmt: skip
    alike = (text for text in known.values() if plain(text) == plain(each.condition))
    return known.get(each.plain) or next(alike, each.condition)
