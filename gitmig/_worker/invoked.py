"""What revisions do: each operation as it is asked for, and none of those it is carried out by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.operations import BatchOperations

from .shapes import Op


def watch(tell: Callable[[Op], None]) -> None:
    """Call a function with each operation that a revision asks for, from here on."""
    owner: Any = next(each for each in BatchOperations.__mro__ if "invoke" in vars(each))
    invoke = owner.invoke
    inside = 0

    def told(operations_self: Any, op: Op) -> Any:
        nonlocal inside
        if not inside:
            tell(op)
        inside += 1
        try:
            return invoke(operations_self, op)
        finally:
            inside -= 1

    owner.invoke = told
