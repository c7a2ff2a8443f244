"""What revisions do beside their database, by the interpreter's audit events (PEP 578).

Files of the project that they write are noted, and what is new is removed. Those elsewhere that a
line of the revision itself opens (not what a library does for it) are noted, and left where they
are. So are threads and processes that still run when all is done; threads end with the worker,
processes are ended.
"""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from . import stack
from .project import Project
from .shapes import Result, Step

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PROCESSES = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn")
OF_THE_SYSTEM = ("/dev/", "/proc/", "/sys/")
CHILDREN = "/proc/self/task/*/children"  # where the system has that (Linux)


class Writes:
    """What is opened for writing below the work tree, and what is started in a revision."""

    def __init__(self, project: Project) -> None:
        self.project = project
        # by path: the revision, its line, was the file there before
        self.found: dict[str, tuple[str, int, bool]] = {}
        self.started: dict[tuple[str, str, int], list[Any]] = {}  # revision, path, line: threads
        sys.addaudithook(self.heard)
        self.hear_threads()

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a file that a revision opens to write, or a process that it starts."""
        step = self.project.step
        if step is not None and event in PROCESSES:
            self.note_start(step, None)
        if step is None or event not in ("open", "sqlite3.connect"):
            return
        if not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return
        name = os.fsdecode(arguments[0])
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            self.note_file(step, os.path.abspath(name), opened_by(sys._getframe(1)))
        elif event == "sqlite3.connect" and is_new(name):
            self.note_file(step, os.path.abspath(name), "")

    def note_file(self, step: Step, path: str, opener: str) -> None:
        """Note a file: one of the project, or one that the revision's own line opens elsewhere."""
        own = opener == str(step.revision.path) and not path.startswith(OF_THE_SYSTEM)
        if path not in self.found and (self.inside(path) or (own and not self.is_of_git(path))):
            line = stack.line_in(str(step.revision.path))
            self.found[path] = (step.revision.revision, line, os.path.lexists(path))

    def hear_threads(self) -> None:
        """Note the threads that revisions start: of these no Python before 3.12 tells."""
        start = threading.Thread.start

        def noted(thread: threading.Thread) -> None:
            if self.project.step is not None:
                self.note_start(self.project.step, thread)
            start(thread)

        threading.Thread.start = noted  # type: ignore[method-assign, assignment]

    def note_start(self, step: Any, thread: Any) -> None:
        """Note a thread (None: a process) where it is the revision's own code that starts it."""
        path = str(step.revision.path)
        line = stack.line_in(path)
        if line:
            place = step.revision.revision, self.project.relative(path), line
            self.started.setdefault(place, []).append(thread)

    def still_running(self) -> list[Result]:
        """Return the revisions whose threads and processes did not end, with their lines."""
        told = []
        processes = any(map(is_running, children()))
        for (revision, path, line), threads in self.started.items():
            alive = any(each.is_alive() for each in threads if each is not None)
            what = "a thread" if alive else "a process" if processes and None in threads else ""
            if what:
                told.append({"revision": revision, "path": path, "line": line, "what": what})
        return told

    def inside(self, path: str) -> str:
        """Return the path from the top of the tree, empty for one that is not the project's."""
        for root in self.project.roots:  # the tree first: it may lie inside the repository
            if path.startswith(root + os.sep):
                inside = os.path.relpath(path, root)
                return "" if inside.split(os.sep)[0] == ".git" else inside
        return ""

    def is_of_git(self, path: str) -> bool:
        """Say whether a path lies in a folder of git's."""
        return any(path.startswith(os.path.join(root, ".git", "")) for root in self.project.roots)

    def undo(self) -> list[Result]:
        """Remove the project's files that were not there; return all, with who wrote them."""
        told = []
        for path, (revision, line, existed) in self.found.items():
            if self.inside(path) and not existed:
                with contextlib.suppress(OSError):
                    os.unlink(path)
            name = self.inside(path) or path
            told.append({"revision": revision, "line": line, "file": name, "existed": existed})
        return told

    def end_processes(self) -> None:
        """End what revisions started and left: with a session of its own it outlives the worker."""
        if not any(None in threads for threads in self.started.values()):
            return
        for process in map(int, list(children())):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                group = os.getpgid(process)
                if group == process:  # never the worker's own group
                    os.killpg(group, signal.SIGKILL)
                else:
                    os.kill(process, signal.SIGKILL)


def is_new(database: str) -> bool:
    """Say whether SQLite makes a file for a database; one that is there is mostly read."""
    named = database and not database.startswith((":", "file:"))
    return bool(named) and not os.path.lexists(database)


def opened_by(frame: Any) -> str:
    """Return the file whose code opens another; `Path.write_text` does so for its caller."""
    while frame is not None and "pathlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return str(frame.f_code.co_filename) if frame is not None else ""


def children() -> Iterator[str]:
    """Yield the ids of the processes that this one started and has not collected."""
    for name in glob.glob(CHILDREN):
        with contextlib.suppress(OSError), open(name, encoding="ascii") as file:
            yield from file.read().split()


def is_running(process: str) -> bool:
    """Say whether a process has not ended yet."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0] != b"Z"
    return False
