"""Operations that Alembic never generates: plain statements, and things that get another name.

And literal colons in texts of SQL, before which a model writes a backslash: what Alembic renders,
and what SQLAlchemy makes of what it reflects, lacks it. There ``':x'`` is read as a parameter, and
NULL is written in its place, without an error. DDL has no parameters: it is a literal one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Any

import sqlalchemy
from alembic.autogenerate import render, renderers
from alembic.operations import ops
from sqlalchemy.sql.elements import ClauseElement, TextClause

from .operations import DESCRIBERS
from .shapes import Op

COLON = re.compile(r"(?<![:\w\\]):(?=\w)")  # what SQLAlchemy's text() takes for a parameter


# what is read for parameters, as ``literal_column`` is not
TEXT = re.compile(r"(?P<before>(?:\w+\.)*text\(|)(?P<text>['\"].*['\"])(?P<after>\)?)", re.DOTALL)


class SqlOp(ops.MigrateOperation):
    """Statements, and those that take them back; ``apart``: in no transaction."""

    def __init__(
        self,
        words: str,
        statements: list[str],
        back: list[str],
        apart: bool = False,
        back_apart: bool = False,
        doubt: str = "",
    ) -> None:
        self.words = words
        self.statements = statements
        self.back = back
        self.apart = apart
        self.back_apart = back_apart
        self.doubt = doubt

    def __str__(self) -> str:
        return self.words

    def reverse(self) -> SqlOp:
        """Return the way back."""
        return SqlOp(self.words, self.back, self.statements, self.back_apart, self.apart)

    def to_diff_tuple(self) -> Any:
        """Return what Alembic's ``check`` shows."""
        return ("sql", self.words)


@renderers.dispatch_for(SqlOp)
def render_sql(autogen_context: Any, op: SqlOp) -> list[str]:
    """Render the statements; outside the transaction where PostgreSQL asks for it."""
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    lines = [f"{prefix}execute({escaped(each)!r})" for each in op.statements]
    if op.apart:
        head = f"with {prefix}get_context().autocommit_block():"
        return ["\n    ".join([head, *lines])]
    return lines


def escaped(statement: str) -> str:
    """Return a statement in which nothing is taken for a parameter."""
    return COLON.sub(r"\\:", statement)


def render_expression(value: Any, autogen_context: Any, **options: Any) -> str:
    """Render an expression as Alembic does, with a backslash before each literal colon."""
    if isinstance(value, TextClause):
        value = sqlalchemy.text(escaped(value.text))
    rendered = str(expression_as_alembic(value, autogen_context, **options))
    parts = TEXT.fullmatch(rendered)
    is_sql = isinstance(value, ClauseElement) and not isinstance(value, sqlalchemy.Column)
    if not is_sql or parts is None:
        return rendered
    return f"{parts['before']}{escaped(ast.literal_eval(parts['text']))!r}{parts['after']}"


expression_as_alembic = render._render_potential_expr
render._render_potential_expr = render_expression


def mentions(text: str, names: Collection[str]) -> bool:
    """Say whether a text has one of some names as a word."""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)


class RenameColumnOp(ops.AlterColumnOp):
    """A column gets another name."""

    def __init__(
        self, table: str, old: str, new: str, schema: Any, column: Any, counts: bool = False
    ) -> None:
        more: dict[str, Any] = {"autoincrement": True} if counts else {}
        super().__init__(
            table,
            old,
            schema=schema,
            modify_name=new,
            existing_type=column.type,
            existing_nullable=column.nullable,
            existing_comment=column.comment,
            # MySQL would lose what is not told
            existing_server_default=column.server_default or False,
            **more,
        )
        self.column = column
        self.counts = counts

    def reverse(self) -> RenameColumnOp:
        """Return the way back."""
        new = str(self.modify_name)
        column, counts = self.column, self.counts
        return RenameColumnOp(self.table_name, new, self.column_name, self.schema, column, counts)


@renderers.dispatch_for(RenameColumnOp)
def render_rename_column(autogen_context: Any, op: RenameColumnOp) -> str:
    """Render as any other change of a column, but for one that MySQL computes.

    There a change of a column says all of it again, and Alembic does not say the expression.
    """
    dialect = autogen_context.migration_context.dialect
    if dialect.name not in ("mysql", "mariadb") or op.column.computed is None:
        return str(renderers._registry[(ops.AlterColumnOp, "default")](autogen_context, op))
    quote = dialect.identifier_preparer.quote
    table = f"{quote(op.schema)}.{quote(op.table_name)}" if op.schema else quote(op.table_name)
    old, new = quote(op.column_name), quote(op.modify_name)
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    return f"{prefix}execute({escaped(f'ALTER TABLE {table} RENAME COLUMN {old} TO {new}')!r})"


class RenameTable(ops.RenameTableOp):
    """A table gets another name."""

    def reverse(self) -> RenameTable:
        """Return the way back."""
        return RenameTable(self.new_table_name, self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> Any:
        """Return what Alembic's ``check`` shows."""
        return ("rename_table", self.table_name, self.new_table_name)


@renderers.dispatch_for(RenameTable)
def render_rename_table(autogen_context: Any, op: RenameTable) -> str:
    """Render ``op.rename_table``, which Alembic itself never generates."""
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"{prefix}rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


def put_first(up: Op, down: Op, made: list[Op]) -> None:
    """Put operations before all others of a revision, and their way back after its downgrade.

    The rest of the downgrade stays as it is: the project's own hook may have changed it.
    """
    up.ops[:0] = made
    down.ops += [op.reverse() for op in reversed(made)]


def put_last(up: Op, down: Op, made: list[Op]) -> None:
    """Put operations after all others of a revision, and their way back before its downgrade."""
    up.ops += made
    down.ops[:0] = [op.reverse() for op in reversed(made)]


def put_apart_first(up: Op) -> None:
    """Put what runs outside of the transaction before all others: it would commit these halfway.

    Such is a new member of an enum type that is there already, so that nothing has to come before.
    """
    up.ops.sort(key=lambda op: not getattr(op, "apart", False))


def without_empty(container: Op) -> None:
    """Take out the changes of columns that change nothing any more, and groups without any."""
    kept = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            without_empty(op)
        group = isinstance(op, ops.ModifyTableOps)
        changes = isinstance(op, ops.AlterColumnOp) and not op.modify_name
        if not ((group and not op.ops) or (changes and not op.has_changes())):
            kept.append(op)
    container.ops[:] = kept


def _sql(op: Op, table: str) -> tuple[str, str, str]:
    return op.words, "", op.doubt


DESCRIBERS[SqlOp] = _sql
