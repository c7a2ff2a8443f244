"""What revisions do beside their database, by the interpreter's audit events (PEP 578).

Files of the project that they write, move or remove are noted: those that were there are put back
after each step, those that are new are removed in the end. Those elsewhere that a line of the
revision itself opens (not what a library does for it) are noted, and left where they are. So are
threads and processes that still run when all is done; threads end with the worker, processes are
ended. What the programs did that a revision starts and waits for is seen by comparing the work tree
before and after it, and left as it is.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import stack
from .project import Project
from .putback import FOLDER, PutBack, listing
from .shapes import Result, Step

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PROCESSES = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")
# audit event -> what it does, which of its arguments are paths, which are the folders they are in
CHANGES = {
    "os.remove": ("removes", (0,), (1,)),
    "os.rmdir": ("removes", (0,), (1,)),
    "shutil.rmtree": ("removes", (0,), ()),
    "os.rename": ("moves", (0, 1), (2, 3)),
    "os.mkdir": ("makes the folder", (0,), (2,)),
    "os.link": ("writes", (1,), (3,)),
    "os.symlink": ("writes", (1,), (2,)),
    "os.truncate": ("writes", (0,), ()),
}
OF_THE_SYSTEM = ("/dev/", "/proc/", "/sys/")
REPOSITORY = "the repository itself is not a revision's to remove or move"
HEAD = os.path.join(".git", "HEAD")
ADOPTS = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
CHILDREN = "/proc/self/task/*/children"  # where the system has that (Linux)


@dataclass(frozen=True)
class Write:
    """What a revision did to a file, and where.

    ``existed``: the file was there before; ``left``: it is not made as it was.
    """

    revision: str
    line: int
    does: str
    existed: bool
    left: bool = False


_watching: list[Writes] = []  # one, from when a project is there


def watch(project: Project) -> Writes:
    """Note from here on what the revisions of a project do beside their database."""
    _watching[:] = [Writes(project)]
    return _watching[0]


def watching() -> Writes:
    """Return what is noted."""
    return _watching[0]


class Writes:
    """What is done to files below the work tree, and what is started in a revision."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: dict[str, Write] = {}  # by path
        self.run = project.request["run"]
        self.files = PutBack(os.path.join(self.run, FOLDER))
        self.listed: dict[str, tuple[int, int]] = {}  # as the first program of a step found it
        self.starter = ("", 0)  # its revision and line
        self.moves = 0  # of the branch, before it
        project.settled = self.settle
        self.started: dict[tuple[str, str, int], list[Any]] = {}  # revision, path, line: threads
        sys.addaudithook(self.heard)
        self.hear_threads()

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a file that a revision opens to write, or a process that it starts."""
        step = self.project.step
        if step is not None and event in PROCESSES:
            adopt()
            self.note_start(step, None)
        if step is not None and event in CHANGES:
            self.refuse_repository(event, arguments)
            self.note_change(step, event, arguments)
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
        if self.inside(path):
            self.note_own(step, path, "writes")
        elif own and not self.is_of_git(path):
            self.note(step, path, "writes", os.path.lexists(path))

    def note_change(self, step: Step, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what is removed, moved or made in the project; what is in a folder goes with it."""
        does, paths, folders = CHANGES[event]
        if any(arguments[each] not in (-1, None) for each in folders if each < len(arguments)):
            return  # a path from an open folder, as in shutil.rmtree, which is heard itself
        names = [arguments[each] for each in paths]
        found = [os.path.abspath(os.fsdecode(each)) for each in names if not isinstance(each, int)]
        for path in filter(self.inside, found):
            if os.path.lexists(path) or path == found[-1]:
                self.note_own(step, path, does)
        if event in ("shutil.rmtree", "os.rename") and found and self.inside(found[0]):
            self.files.keep_all(found[0], found[-1])

    def refuse_repository(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise where a revision would remove or move the repository: nothing brings it back."""
        if event in ("shutil.rmtree", "os.rename") and not isinstance(arguments[0], int):
            path = os.path.abspath(os.fsdecode(arguments[0])).rstrip(os.sep) + os.sep
            if any(os.path.join(root, ".git", "").startswith(path) for root in self.project.roots):
                raise PermissionError(REPOSITORY)

    def note_own(self, step: Step, path: str, does: str) -> None:
        """Note what is done to a file of the project, and keep what it holds."""
        had = self.files.keep(path)
        self.note(step, path, does, had.existed, left=had.is_lost)

    def note(self, step: Step, path: str, does: str, existed: bool, left: bool = False) -> None:
        """Note what is done to a file, the first time."""
        if path not in self.found:
            line = stack.line_in(str(step.revision.path))
            self.found[path] = Write(step.revision.revision, line, does, existed, left)

    def settle(self) -> None:
        """Note what programs changed in a step, and put back what the revision itself did."""
        if self.listed:
            before, self.listed = self.listed, {}
            if moves_of_head(self.project.roots[1]) != self.moves:
                write = Write(*self.starter, "runs a program that commits or switches:", True, True)
                self.found.setdefault(os.path.join(self.project.roots[1], HEAD), write)
            now = listing(self.project.roots[0])
            changed = [path for path in {**before, **now} if before.get(path) != now.get(path)]
            for path in sorted(filter(self.inside, changed)):
                does = f"runs a program that {'writes' if path in now else 'removes'}"
                write = Write(*self.starter, does, path in before, left=True)
                self.found.setdefault(path, write)
        self.files.put_back()

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
            if thread is None and not self.listed:
                self.starter = step.revision.revision, line
                self.moves = moves_of_head(self.project.roots[1])
                self.listed = listing(self.project.roots[0])
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
        if path.startswith(self.run + os.sep):
            return ""  # wherever that lies
        for root in self.project.roots:  # the tree first: it may lie inside the repository
            if path.startswith(root + os.sep):
                inside = os.path.relpath(path, root)
                return "" if inside.split(os.sep)[0] == ".git" else inside
        return ""

    def is_of_git(self, path: str) -> bool:
        """Say whether a path lies in a folder of git's."""
        return any(path.startswith(os.path.join(root, ".git", "")) for root in self.project.roots)

    def undo(self) -> list[Result]:
        """Make the project's files as they were; return what was done to files, and by whom."""
        self.files.put_back()
        self.files.remove_new()
        stays = self.files.not_put_back()
        if not stays:
            self.files.forget()
        head = os.path.join(self.project.roots[1], HEAD)
        names = {path: HEAD if path == head else self.inside(path) or path for path in self.found}
        return [dict(asdict(each), file=names[path], left=each.left or path in stays)
                for path, each in self.found.items()]  # fmt: skip

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


def moves_of_head(root: str) -> int:
    """Return the size of git's own notes of where HEAD went, 0 where there are none."""
    folder = os.path.join(root, ".git")
    with contextlib.suppress(OSError):
        if os.path.isfile(folder):  # a linked work tree
            with open(folder, encoding="utf-8") as file:
                folder = os.path.join(root, file.read().partition("gitdir:")[2].strip())
        return os.stat(os.path.join(folder, "logs", "HEAD")).st_size
    return 0


def is_new(database: str) -> bool:
    """Say whether SQLite makes a file for a database; one that is there is mostly read."""
    named = database and not database.startswith((":", "file:"))
    return bool(named) and not os.path.lexists(database)


def opened_by(frame: Any) -> str:
    """Return the file whose code opens another; `Path.write_text` does so for its caller."""
    while frame is not None and "pathlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return str(frame.f_code.co_filename) if frame is not None else ""


@functools.cache
def adopt() -> None:
    """Have this process take in those of its descendants whose parent ends, as a daemon's does."""
    with contextlib.suppress(ImportError, OSError, AttributeError):  # only Linux has that
        import ctypes  # only where a process is started

        ctypes.CDLL(None).prctl(ADOPTS, 1, 0, 0, 0)


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
