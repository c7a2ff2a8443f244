"""Where the project's code ends the whole process: told to the front before it happens.

A signal that gitmig did not send is heard by the interpreter's audit events (PEP 578), and
``os._exit``, which has none, by a function in its place. Of a crash the interpreter itself prints
the stack, which the front reads.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from . import line, stack
from .failures import place_on

SIGNALS = ("os.kill", "os.killpg", "signal.pthread_kill")


def install(roots: Sequence[str]) -> None:
    """Tell from now on which lines of the project, below one of ``roots``, end this process."""
    faulthandler.enable()
    leave, worker = os._exit, os.getpid()

    def exit_told(status: int = 0) -> Any:
        if os.getpid() == worker:  # a copy of it that ends is nothing to tell
            note(roots)
        leave(status)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in SIGNALS and os.getpid() == worker and is_own(event, arguments[0]):
            note(roots)

    os._exit = exit_told
    sys.addaudithook(heard)


def is_own(event: str, target: int) -> bool:
    """Say whether a signal goes to this process, by itself or with others."""
    if event == "os.kill":
        return target in (os.getpid(), 0, -1, -os.getpgrp())
    return event != "os.killpg" or target in (os.getpgrp(), 0)


def note(roots: Sequence[str]) -> None:
    """Note the lines of the project that led here, the innermost first; nothing where none did."""
    frames = [traceback.FrameSummary(each.f_code.co_filename, each.f_lineno, "")
              for each in stack.frames()]  # fmt: skip
    places = [place_on([each], roots) for each in frames]
    found = [(path.replace(os.sep, "/"), number) for path, number in places if path]
    if found:
        line.note(event="ending", places=found)
