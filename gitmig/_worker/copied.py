"""A second request, of another tree, served by a copy of this process: its imports cost nothing.

The copy is made when Alembic and SQLAlchemy are in and nothing of the project is. It has no server
and no cache. What it cannot do, whatever the reason, has no answer: a worker of its own may be
asked then, and says why.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any, NoReturn

from . import paths
from .shapes import Request

PATIENCE = 10  # seconds that are waited for it when all else is done

Work = Callable[[Request], Any]


class Copy:
    """A process beside this one that does ``work`` with a request."""

    def __init__(self, request: Request, work: Work, closing: int) -> None:
        self.answers, writing = os.pipe()
        self.process = os.fork()
        if not self.process:
            os.close(closing)  # whoever reads from it waits for the last who has it open
            answer(request, work, writing)
        os.close(writing)

    def result(self) -> Any:
        """Return what the work gave, and end the process; None where there is nothing."""
        try:
            return json.loads(self.read())
        except ValueError:
            return None
        finally:
            os.close(self.answers)
            # a revision may have waited for every child of its process
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)

    def read(self) -> bytes:
        """Read until the process is done or has had its time."""
        found, until = b"", time.monotonic() + PATIENCE
        while select.select([self.answers], [], [], max(0, until - time.monotonic()))[0]:
            more = os.read(self.answers, 1 << 20)
            if not more:
                return found
            found += more
        return b""


def answer(request: Request, work: Work, writing: int) -> NoReturn:
    """Do the work, write what it gives, and end this process."""
    try:
        paths.enter(request)
        with os.fdopen(writing, "w", encoding="utf-8") as out:
            out.write(json.dumps(work(request)))
    finally:
        os._exit(0)
