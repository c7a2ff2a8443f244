"""Expected failures: a closed set of kinds, each an answer and never a traceback."""

from __future__ import annotations

import functools
import linecache
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
    "other_database": "another database was asked for than the one this is about",
    "wrong_source": "a module of the project was imported from outside the snapshot",
    "no_database": "no server of the kind that the project asks for is to be had",
    "unfit_server": "the server that was lent will not do; the front may have another",
    "prepare_failed": "a statement of `prepare` failed in a new database",
    "setting_failed": "what a setting names (a file of SQL, a function) is not there or fails",
    "server_failed": "the given server refused a connection or a database",
    "rename_unknown": "a model declares a rename of what is not there",
    "not_stable": "two comparisons of one state of models and schema differ",
    "not_converging": "after the new revision the models and the schema still differ",
    "rows_differ": "rows do not keep their values through the new revision",
    "downgrade_differs": "the downgrade of the new revision does not restore the schema",
    "sides_differ": "the order in which heads are applied changes the schema",
    "fold_differs": "one revision does not do what the ones it is to take the place of do",
    "bug": "anything else: a fault of gitmig",
}

ABORTED = "current transaction is aborted"

OF_OS = (os.__file__, "<frozen os>")

_noted: list[BaseException] = []  # the last error of a database that says what is wrong


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


def note_error(context: Any) -> None:
    """Note an error of a database, as SQLAlchemy's event ``handle_error`` tells of it."""
    if ABORTED not in text_of(context.original_exception):
        _noted[:] = [context.sqlalchemy_exception or context.original_exception]


def first_of(error: BaseException) -> BaseException:
    """Return the error that broke a transaction, for one that only says that it is broken.

    PostgreSQL says so of each statement after it, such as one in the handler of the first.
    """
    return _noted[0] if ABORTED in text_of(error) and _noted else error


def text_of(error: object) -> str:
    """Return an exception's text: none where its own class cannot make one."""
    try:
        return str(error)
    except Exception:
        return ""


def one_line(error: object) -> str:
    """Return an exception as one short line: its type and the first line of its text."""
    text = text_of(error).strip().splitlines()
    name = type(error).__name__
    return f"{name}: {text[0][:300]}" if text else name


def missing_settings(error: BaseException) -> list[str]:
    """Return the settings that the project's code wants and does not get.

    Those that ``os.environ`` has not, and the variables of the fields that pydantic misses.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, KeyError) and frames and frames[-1].f_code.co_filename in OF_OS:
        return [str(error.args[0])]
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        found = [each for each in error.errors() if "missing" in str(each.get("type"))]
        prefix = next(filter(None, map(prefix_of, frames)), "")
        return [(prefix + "__".join(map(str, each["loc"]))).upper() for each in found]
    return []


def missing_argument(error: BaseException) -> str:
    """Return the key that a file of the project wants of ``-x`` and does not get, else nothing."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not (isinstance(error, KeyError) and error.args and frames):
        return ""
    lines = linecache.getlines(frames[-1].f_code.co_filename)
    wants = any("get_x_argument" in line for line in lines)
    return str(error.args[0]) if wants and isinstance(error.args[0], str) else ""


def prefix_of(frame: Any) -> str:
    """Return what the variables begin with, in the frame in which pydantic's settings are made."""
    own = frame.f_locals.get("__pydantic_self__", frame.f_locals.get("self"))
    options = getattr(own, "model_config", None)
    return str(options.get("env_prefix") or "") if isinstance(options, dict) else ""


def place_in(error: BaseException, filename: str) -> int:
    """Return the last line of a file that an exception passed through, 0 for none."""
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if os.path.realpath(traceback.tb_frame.f_code.co_filename) == os.path.realpath(filename):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def place(error: BaseException, roots: Sequence[str]) -> tuple[str, int]:
    """Return ``(file, line)`` of the innermost frame below one of ``roots``, or ``("", 0)``.

    The file is relative to its root. Frames of installed packages do not count, even where the
    virtual environment lies inside the project.
    """
    if isinstance(error, SyntaxError) and error.filename:
        found = place_on([traceback.FrameSummary(error.filename, error.lineno, "")], roots)
        if found[0]:
            return found
    return place_on(traceback.extract_tb(error.__traceback__), roots)


def place_on(frames: Sequence[traceback.FrameSummary], roots: Sequence[str]) -> tuple[str, int]:
    """Return ``(file, line)`` of the innermost of some frames below one of ``roots``, likewise."""
    for frame in reversed(frames):
        filename, line = frame.filename, frame.lineno or 0
        for root in roots:  # the snapshot first: it lies inside the repository
            if is_below(filename, root):
                return os.path.relpath(filename, root), line
    return "", 0


def is_below(filename: str, root: str) -> bool:
    """Say whether a file is the project's own: below ``root`` and not an installed package."""
    if filename.startswith("<"):  # <frozen os>, <string>
        return False
    folder, name = os.path.split(os.path.abspath(filename))
    link = os.path.islink(filename)
    path = os.path.realpath(filename) if link else os.path.join(real(folder), name)
    inside = path.startswith(real(root) + os.sep) and "site-packages" not in path
    return inside and not path.startswith(real(sys.prefix) + os.sep)


@functools.cache
def real(folder: str) -> str:
    """Return the real path of a folder: asked for thousands of times, of few."""
    return os.path.realpath(folder)
