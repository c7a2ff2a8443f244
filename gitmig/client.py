"""Start a worker in the project's interpreter: one request, one typed answer or error."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gitmig.errors import NoInterpreter, WorkerFailed
from gitmig.model import Progress

FOLDER = Path(__file__).parent / "_worker"
# loads the worker as a package of a private name; its folder never gets on sys.path
BOOTSTRAP = """\
import sys
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
TAIL = 2000  # characters of stderr that are kept for an error


def ask(
    python: Path,
    request: Mapping[str, Any],
    *,
    env: Mapping[str, str],
    timeout: float,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Send one request to a worker and return its result.

    ``env`` is added to the environment, ``timeout`` is in seconds, ``on_progress`` is called with
    each progress event. Raises WorkerFailed with the worker's kind, ``out_of_time`` or ``died``;
    NoInterpreter where the Python cannot be started.
    """
    with progress_pipe(on_progress) as descriptor:
        body = json.dumps({**request, "progress": descriptor}).encode()
        process = start(python, descriptor, env)
        try:
            output, errors = process.communicate(body, timeout=timeout)
        except subprocess.TimeoutExpired:
            _, errors = end(process)
            raise WorkerFailed(
                "out_of_time",
                f"the project's side did not finish within {timeout:g} seconds",
                "raise `timeout` in [tool.gitmig], or see what env.py waits for",
                tail(errors),
            ) from None
        except BaseException:
            end(process)
            raise
    return result_of(process, output, errors)


def start(python: Path, descriptor: int, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the worker process, in a group of its own so that its children end with it."""
    try:
        return subprocess.Popen(
            [python, "-c", BOOTSTRAP, str(FOLDER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean_environment(), **env, "GITMIG_RUNNING": "1"},
            pass_fds=[descriptor],
            start_new_session=True,
        )
    except OSError as error:
        raise NoInterpreter(
            f"{python} cannot be started: {error.strerror}",
            "set `python` in [tool.gitmig], or run `gitmig doctor`",
        ) from error


def clean_environment() -> dict[str, str]:
    """Return the environment without what git tells its hooks: it is about another repository
    for everything the project's code may start.
    """  # noqa: D205
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


@contextlib.contextmanager
def progress_pipe(on_progress: Progress | None) -> Iterator[int]:
    """Give the descriptor to write progress to; events are delivered from a thread."""
    readable, writable = os.pipe()

    def deliver() -> None:
        with open(readable, encoding="utf-8") as lines:
            for line in lines:
                if on_progress is not None:
                    on_progress(json.loads(line))

    thread = threading.Thread(target=deliver, daemon=True)
    thread.start()
    try:
        yield writable
    finally:
        os.close(writable)
        thread.join(timeout=2)  # a child the project left behind may still hold the pipe


def end(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Kill the worker and all it started; return what it had printed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()


def result_of(process: subprocess.Popen[bytes], output: bytes, errors: bytes) -> dict[str, Any]:
    """Return the result in a worker's answer, or raise what it says went wrong."""
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise WorkerFailed(
            "died",
            f"the project's interpreter ended without an answer (exit code {process.returncode})",
            "see the output below; env.py may have ended the process",
            tail(errors),
        ) from None
    if "error" in answer:
        error = answer["error"]
        raise WorkerFailed(error["kind"], error["message"], detail=tail(errors), data=error)
    result: dict[str, Any] = answer["result"]
    return result


def tail(output: bytes) -> str:
    """Return the end of what a process printed."""
    return output.decode("utf-8", "replace").strip()[-TAIL:]
