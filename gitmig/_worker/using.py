"""Type changes that PostgreSQL does not cast by itself get the ``USING`` that does.

PostgreSQL casts in ``ALTER COLUMN … TYPE`` what it would cast in an assignment: to any text,
between numbers, between times. (Its manual, ALTER TABLE and CREATE CAST.) For all else Alembic's
own operation fails as soon as it is applied.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.autogenerate import render, renderers
from alembic.operations import ops

from .operations import flatten
from .shapes import Dialect, Op

NUMBERS = (sqlalchemy.Integer, sqlalchemy.Numeric)
TIMES = (sqlalchemy.DateTime, sqlalchemy.Date)


def add(up: Op, down: Op, dialect: Dialect) -> None:
    """Give the type changes of a revision their ``USING``, both ways."""
    if dialect.name != "postgresql":
        return
    for container in (up, down):
        for op in flatten(container):
            if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
                cast = using(op, dialect)
                if cast:
                    op.kw["postgresql_using"] = cast


def using(op: Op, dialect: Dialect) -> str:
    """Return the expression that casts the column, empty where PostgreSQL does it by itself."""
    old, new = op.existing_type, op.modify_type
    if old is None or casts_itself(old, new):
        return ""
    column = dialect.identifier_preparer.quote(op.modify_name or op.column_name)
    through = "::text" if is_enum(old) else ""
    return f"{column}{through}::{new.compile(dialect=dialect)}"


def casts_itself(old: Any, new: Any) -> bool:
    """Say whether PostgreSQL casts one type to another in an assignment."""
    if is_enum(new):
        return is_enum(old) and old.name == new.name
    if isinstance(new, sqlalchemy.String):
        return True
    if is_enum(old):
        return False
    families = (NUMBERS, TIMES)
    if any(isinstance(old, family) and isinstance(new, family) for family in families):
        return True
    return bool(old._type_affinity is new._type_affinity)


def is_enum(type_: Any) -> bool:
    """Say whether a type is an enum of its own in the database."""
    return isinstance(type_, sqlalchemy.Enum) and bool(getattr(type_, "native_enum", True))


def render_alter_column(autogen_context: Any, op: ops.AlterColumnOp) -> str:
    """Render as Alembic does, with the ``USING`` that it leaves out."""
    text = str(render._alter_column(autogen_context, op))
    cast = op.kw.get("postgresql_using")
    if not cast or not text.endswith(")"):
        return text
    return f"{text[:-1]},\n{' ' * 11}postgresql_using={cast!r})"


renderers._registry[(ops.AlterColumnOp, "default")] = render_alter_column
