"""Progress, as JSON lines on the descriptor that the caller gave."""

from __future__ import annotations

import json
import os
from typing import Any

_descriptor = -1


def open_to(descriptor: int) -> None:
    """Send what follows to this file descriptor; -1 for nowhere."""
    global _descriptor
    _descriptor = descriptor


def emit(**event: Any) -> None:
    """Send one event; a caller that no longer listens is no reason to stop."""
    global _descriptor
    if _descriptor < 0:
        return
    try:
        os.write(_descriptor, (json.dumps(event) + "\n").encode())
    except OSError:
        _descriptor = -1
