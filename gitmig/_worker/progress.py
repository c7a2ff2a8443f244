"""Progress, as JSON lines on the descriptor that the caller gave."""

from __future__ import annotations

import json
import os

_descriptor = -1


def open_to(descriptor):
    """Send what follows to this file descriptor; -1 for nowhere."""
    global _descriptor
    _descriptor = descriptor


def emit(**event):
    """Send one event; a caller that no longer listens is no reason to stop."""
    global _descriptor
    if _descriptor < 0:
        return
    try:
        os.write(_descriptor, (json.dumps(event) + "\n").encode())
    except OSError:
        _descriptor = -1
