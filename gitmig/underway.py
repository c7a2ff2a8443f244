"""What a worker is doing, as its log says: for progress, and the words about one that died.

The log is a file in which a worker writes which revision is under way, see ``_worker.line``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from gitmig.errors import WorkerFailed
from gitmig.model import JsonObject, Progress

TAIL = 2000  # bytes of stderr that are kept for an error
STACK = 50_000  # bytes of it in which a line is looked for
GLANCE = 0.1  # seconds between two looks at the log
PATIENCE = 5.0  # seconds to wait for a process to say where it stands
# a stack as the interpreter prints it for a signal
THREAD = re.compile(r"^(?:Current thread|Thread) 0x", re.MULTILINE)
FRAME = re.compile(r'^  File "([^"]+)", line (\d+) in ', re.MULTILINE)
WORKER = str(Path(__file__).with_name("_worker")) + os.sep


class Running:
    """Which revision is under way; what the log says is passed on to ``on_progress``."""

    def __init__(self, on_progress: Progress | None, log: IO[bytes], tree: str = "") -> None:
        self.on_progress = on_progress
        self.tree = tree  # the project's code that runs
        self.log = log
        self.read = 0  # bytes of it
        self.revision = ""
        self.path = ""
        self.way = ""
        self.line = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Read the log from time to time, and once more at the end."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(GLANCE):
                self.look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.look()

    def look(self) -> None:
        """Note what was written since the last look; half a line is left for the next one."""
        end = size(self.log)
        whole = os.pread(self.log.fileno(), end - self.read, self.read).rpartition(b"\n")[0]
        self.read += len(whole) + bool(whole)
        for line in whole.splitlines():
            self.hear(json.loads(line))

    def hear(self, event: JsonObject) -> None:
        """Note which revision is under way, or which lines are about to end the process."""
        if event["event"] == "ending":
            self.stand(event["places"])
            return
        self.line = 0
        self.revision = str(event.get("revision", ""))
        self.path = str(event.get("path", ""))
        self.way = "upgrade" if event.get("up", True) else "downgrade"
        if self.on_progress is not None:
            self.on_progress(event)

    @property
    def words(self) -> str:
        """The revision and its place, or that of other code; as the end of a sentence."""
        if not self.revision:
            return f", at {self.path}:{self.line}" if self.line else ""
        line = f":{self.line}" if self.line else ""
        return f", in the {self.way} of revision {self.revision} ({self.path}{line})"

    @property
    def place(self) -> JsonObject:
        """The same as data: ``revision``, ``path``, ``line`` (0: unknown), ``up``; or nothing."""
        if not self.revision:
            return {"path": self.path, "line": self.line} if self.line else {}
        up = self.way == "upgrade"
        return {"revision": self.revision, "path": self.path, "line": self.line, "up": up}

    def locate(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        """Have a process that takes too long say in which line of the project it stands.

        It answers SIGUSR1 with its stack, on stderr; one that does not stays without a line.
        """
        before = size(errors)
        os.kill(process.pid, signal.SIGUSR1)
        give_up = time.monotonic() + PATIENCE
        while process.poll() is None and not self.line and time.monotonic() < give_up:
            self.read_stack(tail(errors, min(STACK, size(errors) - before)))
            time.sleep(0.02)

    def read_stack(self, said: str) -> None:
        """Note the line at which the printed stack of a thread stands in the project."""
        for thread in THREAD.split(said)[1:]:
            self.stand(list(self.places(thread)))

    def places(self, thread: str) -> Iterator[tuple[str, int]]:
        """Yield the places in the project of one thread's stack, the innermost first.

        None where gitmig itself is at work, called by the project.
        """
        for path, line in FRAME.findall(thread):
            if path.startswith(WORKER) and not self.revision:
                return
            if path.startswith(self.tree + os.sep) and "site-packages" not in path:
                yield os.path.relpath(path, self.tree), int(line)

    def stand(self, places: Sequence[Sequence[Any]]) -> None:
        """Note that the process stands there, in lines of the project, the innermost first.

        That of the revision is the one that counts, where one is under way.
        """
        for path, line in places:
            if not self.line and self.path in ("", path):
                self.path, self.line = path, line


def out_of_time(timeout: float, running: Running, printed: str) -> WorkerFailed:
    """Return the failure of a worker that took too long."""
    waits = "what that line" if running.line else "what env.py"
    waits = f"what revision {running.revision}" if running.revision else waits
    return WorkerFailed(
        "out_of_time",
        f"the project's side did not finish within {timeout:g} seconds{running.words}",
        f"raise `timeout` in [tool.gitmig], or see {waits} waits for",
        printed,
        running.place,
    )


def size(file: IO[bytes]) -> int:
    """Return how many bytes were written to a file."""
    return os.fstat(file.fileno()).st_size


def tail(errors: IO[bytes], length: int = TAIL) -> str:
    """Return the end of what a process printed into a file."""
    end = size(errors)
    # the process writes where this file stands: it is the same open file to both
    said = os.pread(errors.fileno(), length, max(0, end - length))
    return said.decode("utf-8", "replace").strip()
