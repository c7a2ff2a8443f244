"""Where in the project a statement comes from: the stack, also across greenlets.

A driver that is async runs each statement in a greenlet of its own, whose stack ends there; the
one that waits for it has the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

# how SQLAlchemy's dialects name what asks about the schema
ASKS = ("has_", "_has_", "get_", "_get_")


def line_in(path: str) -> int:
    """Return the line of a file that is being run, the innermost; 0 where none is."""
    for frame in frames():
        if frame.f_code.co_filename == path:
            return int(frame.f_lineno)
    return 0


def frames() -> Iterator[FrameType]:
    """Yield the frames that led here, the innermost first."""
    greenlet: Any = sys.modules.get("greenlet")
    current = greenlet.getcurrent() if greenlet else None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
        while frame is None and current is not None:
            current = current.parent
            frame = current.gr_frame if current is not None else None


def is_library_asking() -> bool:
    """Say whether SQLAlchemy itself asks about the schema or the server."""
    return any(is_question(frame.f_code) for frame in frames())


def is_question(code: Any) -> bool:
    """Say whether a function of SQLAlchemy reflects, or looks at a new connection."""
    _, found, module = code.co_filename.replace("\\", "/").rpartition("/sqlalchemy/")
    if not found:
        return False
    if module.startswith("dialects/"):
        return bool(code.co_name.startswith(ASKS))
    return module == "engine/reflection.py" or code.co_name in ("initialize", "first_connect")
