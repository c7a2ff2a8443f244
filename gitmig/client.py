"""Start a worker in the project's interpreter: one request, one typed answer or error."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

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
TAIL = 2000  # bytes of stderr that are kept for an error


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
    with progress_pipe(on_progress) as descriptor, tempfile.TemporaryFile() as errors:
        body = json.dumps({**request, "progress": descriptor}).encode()
        process = start(python, descriptor, env, errors)
        try:
            output, _ = process.communicate(body, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise WorkerFailed(
                "out_of_time",
                f"the project's side did not finish within {timeout:g} seconds",
                "raise `timeout` in [tool.gitmig], or see what env.py waits for",
                tail(errors),
            ) from None
        finally:
            end(process)
        return result_of(process, output, tail(errors))


def start(
    python: Path, descriptor: int, env: Mapping[str, str], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start the worker process, in a group of its own so that its children end with it.

    ``errors`` takes what it prints: a file, because children that it leaves behind have it open,
    and the end of a pipe would only come with theirs.
    """
    try:
        return subprocess.Popen(
            [python, "-c", BOOTSTRAP, str(FOLDER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
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


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the worker and all it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def result_of(process: subprocess.Popen[bytes], output: bytes, printed: str) -> dict[str, Any]:
    """Return the result in a worker's answer, or raise what it says went wrong."""
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise WorkerFailed(
            "died",
            f"the project's interpreter ended without an answer (exit code {process.returncode})",
            "env.py may have ended it; -v shows what was printed",
            printed,
        ) from None
    if "error" in answer:
        error = answer["error"]
        raise WorkerFailed(error["kind"], error["message"], detail=printed, data=error)
    result: dict[str, Any] = answer["result"]
    return result


def tail(errors: IO[bytes]) -> str:
    """Return the end of what a process printed into a file."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - TAIL))
    return errors.read().decode("utf-8", "replace").strip()
