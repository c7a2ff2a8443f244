"""New columns that are NOT NULL, in tables that may have rows.

Without a server default the database refuses them as soon as there is a row. Where the model has
a constant ``default=``, the column comes with it as its server default, which is taken away again:
rows that are there get the value, new ones are filled by the model as before. (PostgreSQL 11,
MySQL 8 and SQLite add such a column without writing the table anew.) Where nothing says what rows
get, the column comes nullable, then a marked place to fill it, then NOT NULL.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum
import uuid
from typing import Any

import sqlalchemy
from alembic.autogenerate import render, renderers
from alembic.operations import ops
from alembic.util import sqla_compat

from .operations import DESCRIBERS, fills
from .shapes import Dialect, Op
from .sql import escaped

MARK = "# gitmig: rows that are there have no value yet, and NOT NULL refuses them; write what"
UPDATE = "UPDATE {} SET {} = {}"
PLAIN = (str, int, float, decimal.Decimal, datetime.date, datetime.time, uuid.UUID)
WITHOUT_DEFAULT = (sqlalchemy.Text, sqlalchemy.LargeBinary, sqlalchemy.JSON)  # on MySQL


class AddRequired(ops.AddColumnOp):
    """Add a column that is NOT NULL; ``value`` is what rows that are there get, None: unknown.

    ``step`` says whether the value cannot be a default there and is written by an UPDATE.
    """

    def __init__(self, op: Any, value: str | None, table: str, column: str, step: bool) -> None:
        super().__init__(op.table_name, op.column, schema=op.schema)
        self.value = value
        self.quoted = (table, column)
        self.step = step

    def parts(self, prefix: str) -> tuple[Op, list[str], Op]:
        """Return the operation before, lines between, and the operation after."""
        column: Any = sqla_compat._copy(self.column)
        change: dict[str, Any] = {
            "existing_type": column.type,
            "existing_comment": column.comment,  # MySQL would lose what is not told
        }
        between: list[str] = []
        if self.value is not None and not self.step:
            column.server_default = sqlalchemy.DefaultClause(self.value)
            change.update(existing_nullable=False, modify_server_default=None,
                          existing_server_default=column.server_default)  # fmt: skip
        else:
            column.nullable = True
            change.update(modify_nullable=False)
            between = self.filling(prefix)
        alter = ops.AlterColumnOp(self.table_name, column.name, schema=self.schema, **change)
        add = ops.AddColumnOp(self.table_name, column, schema=self.schema)
        return self.group(add), between, self.group(alter)

    def group(self, op: Op) -> Op:
        """Return an operation as it stands in a revision."""
        return ops.ModifyTableOps(self.table_name, [op], schema=self.schema)

    def filling(self, prefix: str) -> list[str]:
        """Return the lines that fill the column, or the place where they are to be written."""
        table, column = self.quoted
        if self.value is None:
            example = UPDATE.format(table, column, "...")
            return [MARK, f"# they get in {self.table_name}.{self.column.name}:",
                    f"# {prefix}execute({example!r})"]  # fmt: skip
        text = "'" + self.value.replace("'", "''") + "'"
        return [f"{prefix}execute({escaped(UPDATE.format(table, column, text))!r})"]


class InSteps(ops.ModifyTableOps):
    """The operations on one table of SQLite, which batch mode writes anew once for each step.

    One block adds all the columns, one takes their defaults away or has them NOT NULL: in one
    alone a column would have no value for the rows that are copied.
    """

    def parts(self, prefix: str) -> tuple[Op, list[str], Op]:
        """Return the block before, lines between, and the block after."""
        last = max(place for place, op in enumerate(self.ops) if isinstance(op, AddRequired))
        first: list[Op] = []
        between: list[str] = []
        second: list[Op] = []
        for op in self.ops[: last + 1]:
            if isinstance(op, AddRequired):
                before, lines, after = op.parts(prefix)
                first += before.ops
                between += lines
                second += after.ops
            else:
                first.append(op)
        second += self.ops[last + 1 :]
        return self.block(first), between, self.block(second)

    def block(self, inner: list[Op]) -> Op:
        """Return operations as they stand in a revision."""
        return ops.ModifyTableOps(self.table_name, inner, schema=self.schema)


def fill(up: Op, dialect: Dialect) -> None:
    """Replace what adds a NOT NULL column to a table that is there by steps that rows survive."""
    made: list[Op] = []
    for op in up.ops:
        made += split(op, dialect) if isinstance(op, ops.ModifyTableOps) else [one(op, dialect)]
    up.ops[:] = made


def split(group: Any, dialect: Dialect) -> list[Op]:
    """Return the operations on one table; each such addition stands by itself, in its order.

    On SQLite all of them share their steps.
    """
    if dialect.name == "sqlite":
        filled = [one(op, dialect) for op in group.ops]
        if any(isinstance(op, AddRequired) for op in filled):
            return [InSteps(group.table_name, filled, schema=group.schema)]
        return [group]
    parts: list[Op] = []
    waiting: list[Op] = []

    def flush() -> None:
        if waiting:
            parts.append(ops.ModifyTableOps(group.table_name, list(waiting), schema=group.schema))
            waiting.clear()

    for op in group.ops:
        step = one(op, dialect)
        if step is op:
            waiting.append(op)
        else:
            flush()
            parts.append(step)
    flush()
    return parts if len(parts) != 1 or isinstance(parts[0], AddRequired) else [group]


def one(op: Op, dialect: Dialect) -> Op:
    """Return an operation, or what stands in for it."""
    if not isinstance(op, ops.AddColumnOp) or fills_itself(op.column):
        return op
    quote = dialect.identifier_preparer.quote
    table = f"{quote(op.schema)}.{quote(op.table_name)}" if op.schema else quote(op.table_name)
    step = dialect.name == "mysql" and isinstance(op.column.type, WITHOUT_DEFAULT)
    return AddRequired(op, constant(op.column, dialect), table, quote(op.column.name), step)


def fills_itself(column: Any) -> bool:
    """Say whether a new column asks nothing of the rows that are there."""
    counts = column.primary_key and column.autoincrement in (True, "auto")
    return bool(column.nullable or counts or fills(column))


def constant(column: Any, dialect: Dialect) -> str | None:
    """Return the text of the model's own constant default, None where it has none.

    As a text in quotes every database takes it for every one of these types.
    """
    default = column.default
    if default is None or not default.is_scalar:
        return empty(column)
    value = default.arg
    with contextlib.suppress(Exception):  # types of the project may raise whatever they like
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        value = bind(value) if bind is not None else value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, enum.Enum):  # a type that is there already does not know its class
        known = [each for each in (value.name, value.value)
                 if each in getattr(column.type, "enums", ())]  # fmt: skip
        return str(known[0]) if known else None
    return str(value) if isinstance(value, PLAIN) else None


def empty(column: Any) -> str | None:
    """Return the text of ``default=dict`` or ``default=list``, None for any other callable."""
    name = getattr(getattr(column.default, "arg", None), "__name__", "")
    if isinstance(column.type, sqlalchemy.JSON):
        return {"dict": "{}", "list": "[]"}.get(name)
    return "{}" if name == "list" and isinstance(column.type, sqlalchemy.ARRAY) else None


@renderers.dispatch_for(InSteps)
@renderers.dispatch_for(AddRequired)
def render_in_steps(autogen_context: Any, op: Any) -> list[str]:
    """Render the steps."""
    before, between, after = op.parts(autogen_context.opts["alembic_module_prefix"] or "")
    return [*render.render_op(autogen_context, before), *between,
            *render.render_op(autogen_context, after)]  # fmt: skip


def _add_required(op: Op, table: str) -> tuple[str, str, str]:
    name = op.column.name
    doubt = f"{table}.{name} is NOT NULL, and nothing says what rows that are there get"
    return f"add {table}.{name}", name, doubt if op.value is None else ""


DESCRIBERS[AddRequired] = _add_required
