"""Type changes that PostgreSQL does not cast by itself get the ``USING`` that does.

PostgreSQL casts in ``ALTER COLUMN … TYPE`` what it would cast in an assignment: to any text,
between numbers, between times. (Its manual, ALTER TABLE and CREATE CAST.) For all else Alembic's
own operation fails as soon as it is applied.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy
from alembic.autogenerate import render, renderers
from alembic.operations import ops

from .enumof import native_enum
from .shapes import Dialect, Op

NUMBERS = (sqlalchemy.Integer, sqlalchemy.Numeric)
CAST_LITERAL = re.compile(r"('(?:[^']|'')*')(?:::[^']+)?")  # PostgreSQL's form of one
TIMES = (sqlalchemy.DateTime, sqlalchemy.Date)


def add(up: Op, down: Op, dialect: Dialect) -> None:
    """Give the type changes of a revision their ``USING``, both ways."""
    if dialect.name == "postgresql":
        for container in (up, down):
            add_to(container, dialect)


def add_to(container: Op, dialect: Dialect) -> None:
    """Give the type changes of one way their ``USING``; a default steps aside meanwhile."""
    made: list[Op] = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            add_to(op, dialect)
        is_change = isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
        made += steps(op, dialect) if is_change else [op]
    container.ops[:] = made


def steps(op: Any, dialect: Dialect) -> list[Op]:
    """Return a type change with its ``USING``, between what drops and what sets the default.

    PostgreSQL casts no default with it, and Alembic sets a new one before the type.
    """
    cast = using(op, dialect)
    if cast:
        op.kw["postgresql_using"] = cast
    old, new = op.existing_type, op.modify_type
    enums = {getattr(native_enum(each, dialect), "name", None) for each in (old, new)}
    if not cast and len(enums) == 1:
        return [op]
    before, after = op.existing_server_default or None, op.modify_server_default
    after = recast(before, new, dialect) if after is False else after
    op.modify_server_default = op.existing_server_default = False
    around = [
        default_of(op, old, before, None) if before is not None else None,
        op,
        default_of(op, new, None, after) if after is not None else None,
    ]
    return [each for each in around if each is not None]


def recast(default: Any, new: Any, dialect: Dialect) -> Any:
    """Return a reflected default for another type, None for none."""
    if default is None:
        return None
    text = str(getattr(default, "arg", default))
    literal = CAST_LITERAL.fullmatch(text)
    text = literal[1] if literal else f"({text})::text::{new.compile(dialect=dialect)}"
    return sqlalchemy.DefaultClause(sqlalchemy.text(text))


def default_of(op: Any, type_: Any, before: Any, after: Any) -> Op:
    """Return the change of the default alone."""
    nullable = op.existing_nullable if op.modify_nullable is None else op.modify_nullable
    return ops.AlterColumnOp(op.table_name, op.column_name, schema=op.schema, existing_type=type_,
                             existing_nullable=nullable, existing_server_default=before,
                             modify_server_default=after)  # fmt: skip


def using(op: Op, dialect: Dialect) -> str:
    """Return the expression that casts the column, empty where PostgreSQL does it by itself."""
    old, new = op.existing_type, op.modify_type
    if old is None or casts_itself(old, new, dialect):
        return ""
    column = dialect.identifier_preparer.quote(op.modify_name or op.column_name)
    many = "[]" if isinstance(old, sqlalchemy.ARRAY) else ""
    through = f"::text{many}" if native_enum(old, dialect) is not None else ""
    return f"{column}{through}::{new.compile(dialect=dialect)}"


def casts_itself(old: Any, new: Any, dialect: Dialect) -> bool:
    """Say whether PostgreSQL casts one type to another in an assignment."""
    before, after = native_enum(old, dialect), native_enum(new, dialect)
    if after is not None:
        return before is not None and before.name == after.name
    if isinstance(new, sqlalchemy.String):
        return True
    if before is not None:
        return False
    families = (NUMBERS, TIMES)
    if any(isinstance(old, family) and isinstance(new, family) for family in families):
        return True
    return bool(old._type_affinity is new._type_affinity)


def render_alter_column(autogen_context: Any, op: ops.AlterColumnOp) -> str:
    """Render as Alembic does, with the ``USING`` that it leaves out."""
    text = str(render._alter_column(autogen_context, op))
    cast = op.kw.get("postgresql_using")
    if not cast or not text.endswith(")"):
        return text
    return f"{text[:-1]},\n{' ' * 11}postgresql_using={cast!r})"


renderers._registry[(ops.AlterColumnOp, "default")] = render_alter_column
