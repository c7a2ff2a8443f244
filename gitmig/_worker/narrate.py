"""What a command on a real database says on stderr as it runs: the database, and each revision.

It is said here and not in the front, so that it keeps its place among what the project prints.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator

from .shapes import Step


class Output(io.TextIOWrapper):
    """Stderr, on which a line that was left open is ended before anything else is printed."""

    line_open = False

    def __init__(self) -> None:
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        super().__init__(
            os.fdopen(os.dup(2), "wb"), encoding, errors="backslashreplace", line_buffering=True
        )

    def write(self, text: str) -> int:
        """Write text; what the project prints starts on a line of its own."""
        if text:
            self.end_line()
        return super().write(text)

    def leave_open(self, text: str) -> None:
        """Write text of gitmig's own to which more may be added."""
        self.write(text)
        self.flush()
        self.line_open = True

    def end_line(self) -> None:
        """End the line that was left open, if one is."""
        if self.line_open:
            self.line_open = False
            super().write("\n")


class Narrator:
    """Tells about one command; ``quiet`` only lets through what the project itself prints."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.output = Output()
        sys.stdout = sys.stderr = self.output
        if not quiet:
            logging.getLogger("alembic.runtime.migration").addFilter(is_news)

    def database(self, url: str) -> None:
        """Tell which database is opened."""
        if not self.quiet:
            self.output.write(f"gitmig: database {url}\n")

    def told(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Yield the steps; tell about each when it starts, and how long it took when it is done."""
        for step in steps:
            if self.quiet or not hasattr(step, "revision"):
                yield step
                continue
            arrow = "↑" if step.is_upgrade else "↓"
            line = f"{arrow} {step.revision.revision} {step.revision.doc}"
            self.output.leave_open(line)
            started = time.perf_counter()
            yield step
            told = "" if self.output.line_open else line  # something was printed in between
            self.output.line_open = False
            self.output.write(f"{told}  {time.perf_counter() - started:.2f} s\n")

    def finish(self) -> None:
        """End the line of a revision that failed."""
        self.output.end_line()
        self.output.flush()


def is_news(record: logging.LogRecord) -> bool:
    """Say whether a record of Alembic's tells more than the line about the revision does."""
    step = record.args[0] if isinstance(record.args, tuple) and record.args else None
    return not (record.msg == "Running %s" and hasattr(step, "revision"))
