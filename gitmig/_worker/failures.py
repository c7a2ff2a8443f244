"""Expected failures: a closed set of kinds, each an answer and never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from .shapes import Result

KINDS = {
    "alembic_missing": "the interpreter has no Alembic or no SQLAlchemy",
    "alembic_refused": "Alembic itself said no (its sentence is the message)",
    "usage": "Alembic's command line did not accept the arguments",
    "env_failed": "env.py, or a module it imports, raised, exited or never ran the migrations",
    "revision_unreadable": "a revision file could not be loaded",
    "migration_failed": "a revision failed while it ran",
    "wrong_database": "a connection is not the ephemeral one",
    "wrong_source": "a module of the project was imported from outside the snapshot",
    "no_database": "no server of the kind that the project asks for is to be had",
    "server_failed": "the given server refused a connection or a database",
    "not_converging": "after the new revision the models and the schema still differ",
    "downgrade_differs": "the downgrade of the new revision does not restore the schema",
    "sides_differ": "the order in which heads are applied changes the schema",
    "bug": "anything else: a fault of gitmig",
}


class Failure(Exception):
    """An expected failure; the keyword arguments go into the answer as they are."""

    def __init__(self, kind: str, message: str, **data: Any) -> None:
        assert kind in KINDS, kind  # noqa: S101 - a slip of gitmig's, not of the project
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.data = data

    def answer(self) -> Result:
        """Return the answer's ``error`` object."""
        return dict(self.data, kind=self.kind, message=self.message)


def one_line(error: object) -> str:
    """Return an exception as one short line: its type and the first line of its text."""
    text = str(error).strip().splitlines()
    name = type(error).__name__
    return f"{name}: {text[0][:300]}" if text else name


def place(error: BaseException, roots: Sequence[str]) -> tuple[str, int]:
    """Return ``(file, line)`` of the innermost frame below one of ``roots``, or ``("", 0)``.

    The file is relative to its root. Frames of installed packages do not count, even where the
    virtual environment lies inside the project.
    """
    places = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(
        error.__traceback__
    )]  # fmt: skip
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 0))
    for filename, line in reversed(places):
        for root in roots:  # the snapshot first: it lies inside the repository
            if is_below(filename, root):
                return os.path.relpath(filename, root), line
    return "", 0


def is_below(filename: str, root: str) -> bool:
    """Say whether a file is the project's own: below ``root`` and not an installed package."""
    if filename.startswith("<"):  # <frozen os>, <string>
        return False
    path = os.path.realpath(filename)
    base = os.path.realpath(root) + os.sep
    inside = path.startswith(base) and "site-packages" not in path
    return inside and not path.startswith(os.path.realpath(sys.prefix) + os.sep)
