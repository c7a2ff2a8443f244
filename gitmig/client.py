"""Start a worker in the project's interpreter: one request, one typed answer or error."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from gitmig.errors import NoInterpreter, WorkerFailed
from gitmig.model import JsonObject, Progress
from gitmig.restored import restored
from gitmig.underway import STACK, Running, out_of_time, tail

FOLDER = Path(__file__).parent / "_worker"
# loads the worker as a package of a private name; its folder never gets on sys.path
# collects no garbage before all is imported, see ``main.collect_seldom``
BOOTSTRAP = """\
import gc
import sys
gc.disable()
if sys.path[:1] == [""]:
    del sys.path[0]  # the work tree: what is untracked there must not be imported
import importlib.util as util
folder = sys.argv.pop(1)
spec = util.spec_from_file_location(
    "_gitmig_worker", folder + "/__init__.py", submodule_search_locations=[folder])
module = util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
from _gitmig_worker.main import main
main()
"""
logger = logging.getLogger(__name__)

Answer = Callable[[JsonObject], JsonObject]
UNDER_WAY: set[subprocess.Popen[bytes]] = set()
ENDING = threading.Event()
# models made from sets are the same in every process, so that two comparisons agree
ONE_ORDER = {"PYTHONHASHSEED": "0"}
# what git tells its hooks about their repository: `git rev-parse --local-env-vars` (git 2.39)
OF_THE_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


def nothing_to_lend(question: JsonObject) -> JsonObject:
    """Answer the question of a worker that is to have no server."""
    return {"error": "no server is lent here", "hint": ""}


def ask(
    python: Path,
    request: Mapping[str, Any],
    *,
    env: Mapping[str, str],
    timeout: float,
    on_progress: Progress | None = None,
    answer: Answer = nothing_to_lend,
) -> dict[str, Any]:
    """Send one request to a worker and return its result.

    ``env`` is added to the environment, ``timeout`` is in seconds, ``on_progress`` is told
    what is under way, ``answer`` with each question. Raises WorkerFailed with the worker's kind,
    ``out_of_time`` or ``died``; NoInterpreter where the Python cannot be started. Where it had to
    be ended, what it had changed in the project is put back.
    """
    left = restored(python, FOLDER, Path(request["run"]))
    with left, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as log:
        running = Running(on_progress, log, request["tree"])
        with open_line(answer) as descriptor:
            ends = {"line": descriptor, "log": log.fileno()}
            whole = {**request, **ends, "attached": False}
            process = start(python, whole, list(ends.values()), env, errors)
            UNDER_WAY.add(process)
            try:
                if ENDING.is_set():
                    raise WorkerFailed("died", "interrupted")
                with running.watched():
                    output, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                running.locate(process, errors)
                raise out_of_time(timeout, running, tail(errors)) from None
            finally:
                end(process)
                UNDER_WAY.discard(process)
        if process.returncode < 0:  # of a crash the interpreter prints the stack
            running.read_stack(tail(errors, STACK))
        return result_of(process, output, tail(errors), running)


def end_all() -> None:
    """End the workers of all threads, and let no other begin: the command was interrupted."""
    ENDING.set()
    for process in list(UNDER_WAY):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def ask_attached(
    python: Path, request: Mapping[str, Any], *, env: Mapping[str, str]
) -> dict[str, Any]:
    """Send one request about a real database, as if the worker were the user's own command.

    It reads from the user's terminal and prints to it, has no time limit, and is never killed in
    the middle of its work but by a second Ctrl-C. Raises as ``ask`` does, and KeyboardInterrupt
    where an interrupt ended it.
    """
    process = start(python, {**request, "line": -1, "attached": True}, [], env, None)
    try:
        with interrupts_passed_on(process) as interrupts:
            output, _ = process.communicate()
    finally:
        end(process)
    try:
        return result_of(process, output, "")
    except WorkerFailed:
        if interrupts:
            raise KeyboardInterrupt from None
        raise


def start(
    python: Path,
    request: Mapping[str, Any],
    descriptors: Sequence[int],
    env: Mapping[str, str],
    errors: IO[bytes] | None,
) -> subprocess.Popen[bytes]:
    """Start the worker process, in a group of its own so that its children end with it.

    ``errors`` takes what it prints: a file, because children that it leaves behind have it open,
    and the end of a pipe would only come with theirs. None attaches it to the user's terminal.
    """
    with tempfile.TemporaryFile() as body:
        body.write(json.dumps(request).encode())
        body.seek(0)
        try:
            return subprocess.Popen(
                [python, "-c", BOOTSTRAP, str(FOLDER), str(body.fileno())],
                stdin=subprocess.DEVNULL if errors else None,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**clean_environment(), **ONE_ORDER, **env, "GITMIG_RUNNING": "1"},
                pass_fds=[body.fileno(), *descriptors],
                start_new_session=True,
            )
        except OSError as error:
            raise NoInterpreter(
                f"{python} cannot be started: {error.strerror}",
                "set `python` in [tool.gitmig], or run `gitmig doctor`",
            ) from error


@contextlib.contextmanager
def interrupts_passed_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass Ctrl-C and SIGTERM on to the worker's group; give the list of what came.

    The first lets it roll back and end, a second one kills it. What the shell had ignored for a
    command in the background stays ignored.
    """
    came: list[int] = []

    def pass_on(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL if came else number)
        came.append(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def clean_environment() -> dict[str, str]:
    """Return the environment without what git tells its hooks: it is about another repository
    for everything the project's code may start.
    """  # noqa: D205
    return {name: value for name, value in os.environ.items() if name not in OF_THE_REPOSITORY}


@contextlib.contextmanager
def open_line(answer: Answer) -> Iterator[int]:
    """Give the descriptor of the worker's line: its remarks and questions come in a thread."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        # a worker that was killed has left half a line, or hears no answer
        with (
            contextlib.suppress(OSError, ValueError),
            ours.makefile(encoding="utf-8") as line,
        ):
            for text in line:
                event = json.loads(text)
                if "ask" in event:
                    ours.sendall((json.dumps(answer(event)) + "\n").encode())
                else:
                    logger.info("%s", event["remark"])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield theirs.fileno()
    finally:
        theirs.close()
        thread.join(timeout=2)  # a child the project left behind may still hold the line
        ours.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the worker and all it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def result_of(
    process: subprocess.Popen[bytes], output: bytes, printed: str, running: Running | None = None
) -> dict[str, Any]:
    """Return the result in a worker's answer, or raise what it says went wrong.

    ``running`` knows which revision was under way.
    """
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        words = running.words if running else ""
        line = running.line if running else 0
        who = "that line" if line else "that revision" if words else "env.py"
        raise WorkerFailed(
            "died",
            f"the project's interpreter ended without an answer "
            f"(exit code {process.returncode}){words}",
            f"{who} may have ended it"
            + (
                " by using up the memory"
                if process.returncode == -signal.SIGKILL and not line
                else ""
            )
            + ("; -v shows what was printed" if printed else ""),
            printed,
            running.place if running else {},
        ) from None
    if "error" in answer:
        error = answer["error"]
        raise WorkerFailed(error["kind"], error["message"], detail=printed, data=error)
    result: dict[str, Any] = answer["result"]
    return result
