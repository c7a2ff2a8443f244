"""Read one request, do it, write one answer."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import NoReturn

from . import putback
from .failures import Failure, one_line
from .shapes import Request, Result

# operation -> module of this package with a function ``run(request)``; imported when asked for
OPERATIONS = {
    "alembic": "alembic_command",
    "apart": "apart",
    "check": "check",
    "deploy": "deploy",
    "describe": "describe_project",
    "drift": "drift",
    "fold": "fold",
    "generate": "generate",
    "init": "init",
    "meeting": "meeting",
    "merge": "merge",
    "preview": "preview",
    "residue": "residue",
    "schema": "schema",
    "trace": "trace",
}


def main() -> NoReturn:
    """Serve the request in the file whose descriptor is the argument, and end the process."""
    with os.fdopen(int(sys.argv.pop(1)), encoding="utf-8") as body:
        request = json.load(body)
    answer_to = claim_stdout()
    if request["attached"]:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # it rolls back, then ends
    else:
        bound_memory(request.get("memory", 0))
        faulthandler.register(signal.SIGUSR1)  # the front asks where it stands
    try:
        answer = {"result": serve(request, answer_to)}
    except Failure as failure:
        answer = {"error": failure.answer()}
    except BaseException as error:
        answer = {"error": bug(error)}
    with contextlib.suppress(BrokenPipeError), os.fdopen(answer_to, "w", encoding="utf-8") as out:
        out.write(json.dumps(answer))  # `dump` has no encoder in C
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that env.py started must not keep the process alive


def claim_stdout() -> int:
    """Keep stdout for the answer; all that is printed from here on goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    return kept


def bound_memory(megabytes: int) -> None:
    """Let this process, and those it starts, have no more memory of their own than that.

    What asks for more gets a MemoryError, where the system knows such a bound (Linux).
    """
    if megabytes:
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = megabytes << 20
        soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (soft, most))


def end_with_front(line: int, run: str) -> None:
    """End this process when the front has ended, however and whenever: the line hangs up.

    What revisions changed in the project is put back by what takes the place of this process.
    """
    ended = select.poll()
    ended.register(line, 0)  # nothing to read is waited for: a hang-up is always told

    def watch() -> None:
        if any(what & select.POLLHUP for _, what in ended.poll()):
            kept = os.path.join(run, putback.FOLDER)
            if os.path.exists(kept):
                with contextlib.suppress(OSError):
                    program = [sys.executable, "-I", putback.__file__, kept]
                    os.execv(sys.executable, program)  # noqa: S606 - ends every thread at once
            os._exit(1)

    threading.Thread(target=watch, daemon=True, name="gitmig-front").start()


def serve(request: Request, answer_to: int) -> Result:
    """Run the named operation and return its result.

    One that has a ``beside`` is given a copy of this process, which has not seen the project yet
    and does that with the request's ``base``.
    """
    from . import paths

    require_packages()
    # before the project's bytecode goes elsewhere: that of this package stays beside its sources
    module = importlib.import_module("." + OPERATIONS[request["operation"]], __package__)
    collect_seldom()
    if request.get("base"):
        request["base"] = module.beside(request["base"], answer_to)
    if not request["attached"]:
        # only now: a copy of a process has only one of its threads
        end_with_front(request["line"], request["run"])
    paths.enter(request)
    result: Result = module.run(request)
    return result


def collect_seldom() -> None:
    """Look for circular garbage a thousand times less often: a request makes little, and ends."""
    with contextlib.suppress(AttributeError):  # another Python than CPython
        gc.freeze()  # what is imported by now is never garbage
        gc.set_threshold(700_000, 20, 20)
    gc.enable()


def require_packages() -> None:
    """Raise ``alembic_missing`` where the interpreter lacks what the worker stands on."""
    for name in ("sqlalchemy.engine", "alembic.config"):
        try:
            with without_pygments():
                importlib.import_module(name)
        except ImportError as error:
            raise Failure("alembic_missing", one_line(error), package=name.split(".")[0]) from error


@contextlib.contextmanager
def without_pygments() -> Iterator[None]:
    """Let no import in the block find Pygments: Mako would take it for its error pages in HTML.

    An eighth of the time that Alembic's import takes, where it is installed.
    """
    if "pygments" in sys.modules:  # something at the start of this Python has use for it
        yield
        return
    sys.modules["pygments"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["pygments"]


def bug(error: BaseException) -> Result:
    """Return the error object for a failure that nobody expected."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {"kind": "bug", "message": one_line(error), "traceback": text}
