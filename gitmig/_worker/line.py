"""The line to the front: remarks go out as JSON lines, questions are answered with one each.

Which revision is under way changes hundreds of times a second: that goes into a log, a file that
the front reads from time to time.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import Any

from .failures import Failure

_descriptor = -1
_log = -1
_one_at_a_time = threading.Lock()


def open_to(descriptor: int, log: int) -> None:
    """Use this socket, and this file as the log, for what follows; -1 for none."""
    global _descriptor, _log
    _descriptor, _log = descriptor, log


def note(**event: Any) -> None:
    """Add to the log what is under way."""
    if _log >= 0:
        with contextlib.suppress(OSError):  # a full disk: the front knows less
            os.write(_log, (json.dumps(event) + "\n").encode())


def remark(text: str) -> None:
    """Have the front say something where it is asked for details; it may no longer listen."""
    global _descriptor
    if _descriptor < 0:
        return
    try:
        with _one_at_a_time:
            send({"remark": text})
    except OSError:
        _descriptor = -1


def ask(**question: Any) -> dict[str, Any]:
    """Send one question and return its answer; raises ``no_database`` where that is a refusal."""
    if _descriptor < 0:
        raise Failure("no_database", "no server is lent here")
    with _one_at_a_time:
        send(question)
        answer: dict[str, Any] = json.loads(receive())
    if "error" in answer:
        raise Failure("no_database", answer["error"], hint=answer["hint"])
    return answer


def send(message: dict[str, Any]) -> None:
    """Write one line, whole: a socket may take less than all of it."""
    rest = (json.dumps(message) + "\n").encode()
    while rest:
        rest = rest[os.write(_descriptor, rest) :]


def receive() -> bytes:
    """Read up to the end of a line."""
    found = b""
    while not found.endswith(b"\n"):
        more = os.read(_descriptor, 65536)
        if not more:
            raise Failure("no_database", "gitmig has gone")
        found += more
    return found
