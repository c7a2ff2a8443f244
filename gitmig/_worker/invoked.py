"""What revisions do: each operation as it is asked for, and none of those it is carried out by."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from alembic.operations import BatchOperations

from .shapes import Op

Around = Callable[[Any, Op], AbstractContextManager[Any]]
"""What is entered with the ``Operations`` and the operation, and left when it is done."""


def watch(tell: Callable[[Op], None]) -> None:
    """Call a function with each operation that a revision asks for, from here on."""

    def telling(invoke: Any) -> Any:
        def told(operations: Any, op: Op) -> Any:
            tell(op)
            return invoke(operations, op)

        return told

    wrap(telling)


def surround(around: Around) -> None:
    """Carry each operation that a revision asks for out within a context, from here on."""

    def within(invoke: Any) -> Any:
        def surrounded(operations: Any, op: Op) -> Any:
            with around(operations, op):
                return invoke(operations, op)

        return surrounded

    wrap(within)


def wrap(wrapper: Callable[[Any], Any]) -> None:
    """Replace what carries out the operations that are asked for, the outermost alone."""
    owner: Any = next(each for each in BatchOperations.__mro__ if "invoke" in vars(each))
    invoke, wrapped, inside = owner.invoke, wrapper(owner.invoke), 0

    def told(operations: Any, op: Op) -> Any:
        nonlocal inside
        inside += 1
        try:
            return (wrapped if inside == 1 else invoke)(operations, op)
        finally:
            inside -= 1

    owner.invoke = told
