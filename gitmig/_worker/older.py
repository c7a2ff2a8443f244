"""What is older than the commit: differences that the tree before it already left over.

Each is known by its rendered text. It is not generated again, with one exception: that a column is
NOT NULL in the models alone (or in the schema alone) goes along with a commit that changes this
very column or its foreign key. Only that: a type or a default may be a phantom, this is never one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from alembic.autogenerate.render import render_op_text
from alembic.operations import ops

from . import operations
from .shapes import Op

Place = tuple[Any, str, str]  # schema, table, column


def take_out(autogen: Any, script: Any, residue: Collection[str]) -> list[str]:
    """Take the residue out of a revision and its downgrade; return what of it was there."""
    found: list[str] = []
    for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list):
        gone = list(removed(autogen, up, up, residue, set(changed(autogen, up, residue))))
        if gone:
            up.reverse_into(down)
        found += gone
    return found


def removed(
    autogen: Any, up: Op, container: Op, residue: Collection[str], changed: Collection[Place]
) -> Iterator[str]:
    """Remove the residue from a container of operations and yield its texts."""
    kept = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            yield from removed(autogen, up, op, residue, changed)
            if op.ops:
                kept.append(op)
            continue
        text = signature(autogen, up, op)
        if text in residue and not goes_along(op, changed):
            yield text
        else:
            kept.append(op)
    container.ops[:] = kept


def changed(autogen: Any, up: Op, residue: Collection[str]) -> Iterator[Place]:
    """Yield the columns that the commit itself changes."""
    for op in operations.flatten(up):
        concerns = isinstance(op, (ops.AlterColumnOp, ops.CreateForeignKeyOp))
        if concerns and signature(autogen, up, op) not in residue:
            yield from places(op)


def places(op: Op) -> list[Place]:
    """Return the columns that an alteration or a foreign key is about."""
    if isinstance(op, ops.CreateForeignKeyOp):
        return [(op.kw.get("source_schema"), op.source_table, name) for name in op.local_cols]
    return [(op.schema, op.table_name, op.column_name)]


def goes_along(op: Op, changed: Collection[Place]) -> bool:
    """Say whether an operation is about NOT NULL alone, on a column that is changed anyway."""
    if not isinstance(op, ops.AlterColumnOp) or op.modify_nullable is None:
        return False
    more = op.modify_type is not None or op.modify_server_default is not False
    return not more and places(op)[0] in changed


def signature(autogen: Any, up: Op, op: Op) -> str:
    """Return what an operation is known by in another process: its text, and its database."""
    return f"{up.upgrade_token}: {render_op_text(autogen, op)}"
