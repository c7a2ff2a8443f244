"""What a worker that was ended had changed in the project is put back."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from gitmig.errors import WorkerFailed

PROGRAM = "putback.py"  # of the worker, started by itself: it knows what it kept
KEPT = "kept"  # its folder in the run directory, where a revision changed something


@contextlib.contextmanager
def restored(python: Path, worker: Path, run: Path) -> Iterator[None]:
    """Put back what is left when the block is left by an error; a WorkerFailed gets to tell it.

    ``worker`` is the folder of its modules, ``run`` the directory of its run.
    """
    try:
        yield
    except WorkerFailed as error:
        error.message += put_back(python, worker, run)
        raise
    except BaseException:
        put_back(python, worker, run)
        raise


def put_back(python: Path, worker: Path, run: Path) -> str:
    """Put back what was kept in a run; return the end of a sentence, empty for nothing."""
    kept = run / KEPT
    if not kept.exists():
        return ""
    with uninterrupted():
        done = subprocess.run(
            [python, "-I", worker / PROGRAM, kept],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, check=False,
        )  # fmt: skip
    try:
        left = json.loads(done.stdout)
    except ValueError:  # the run goes, and all that is in it
        copies = shutil.copytree(kept, mkdtemp(prefix="gitmig-kept-"), dirs_exist_ok=True)
        return f"; what it changed in the project was not put back: copies are in {copies}"
    if not left["paths"]:
        return "; what it changed in the project is as it was"
    return f"; not as it was is {', '.join(left['paths'])}: copies are in {left['copies']}"


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no second Ctrl-C end the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of one
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
