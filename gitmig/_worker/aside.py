"""Connections of gitmig's own that are not to be turned to the project's ephemeral databases."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_state = threading.local()


def active() -> bool:
    """Say whether this thread is inside ``own_connections``."""
    return bool(getattr(_state, "active", False))


@contextlib.contextmanager
def own_connections() -> Iterator[None]:
    """Let this thread's connections go where their URL says."""
    _state.active = True
    try:
        yield
    finally:
        _state.active = False
