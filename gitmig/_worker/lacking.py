"""Revisions without an ``upgrade()`` or a ``downgrade()``: it is they that fail, not env.py.

Alembic asks a revision for its function while it makes the list of steps, before any of them runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


def let_them_fail(script: Any) -> None:
    """Give every loaded revision the function it lacks: one that fails when its turn comes."""
    for revision in script.revision_map._revision_map.values():
        module = getattr(revision, "module", None)
        for name in ("upgrade", "downgrade"):
            if module is not None and not hasattr(module, name):
                setattr(module, name, failing(name))


def failing(name: str) -> Callable[..., NoReturn]:
    """Return a function of a revision that only says that it is not there."""

    def function(**_: Any) -> NoReturn:
        raise AttributeError(f"the file has no function {name}()")

    return function
