"""Files of the project that revisions write while they run: noted, and what is new is removed."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from .project import Project
from .shapes import Result

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Writes:
    """What is opened for writing below the work tree, by the interpreter's audit events."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: dict[str, tuple[str, bool]] = {}  # by path: the revision, was it there before
        sys.addaudithook(self.heard)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a file, where a revision opens it to write."""
        step = self.project.step
        if step is None or event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        if isinstance(arguments[2], int) and arguments[2] & WRITING:
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if self.inside(path) and path not in self.found:
                self.found[path] = (step.revision.revision, os.path.lexists(path))

    def inside(self, path: str) -> str:
        """Return the path from the top of the tree, empty for one that is not the project's."""
        for root in self.project.roots:  # the tree first: it may lie inside the repository
            if path.startswith(root + os.sep):
                inside = os.path.relpath(path, root)
                return "" if inside.split(os.sep)[0] == ".git" else inside
        return ""

    def undo(self) -> list[Result]:
        """Remove the files that were not there; return them all, with who wrote them."""
        told = []
        for path, (revision, existed) in self.found.items():
            if not existed:
                with contextlib.suppress(OSError):
                    os.unlink(path)
            told.append({"revision": revision, "file": self.inside(path), "existed": existed})
        return told
