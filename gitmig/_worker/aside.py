"""Connections of gitmig's own that are not to be turned to the project's ephemeral databases."""

from __future__ import annotations

import contextlib
import threading

_state = threading.local()


def active():
    """Say whether this thread is inside ``own_connections``."""
    return getattr(_state, "active", False)


@contextlib.contextmanager
def own_connections():
    """Let this thread's connections go where their URL says."""
    _state.active = True
    try:
        yield
    finally:
        _state.active = False
