"""A server process that ends when gitmig does, however gitmig ends.

A small shell, the watchdog, starts it and reads from a pipe that gitmig holds open: at its end the
server is killed. The lock of the place is held by gitmig and the watchdog, never by the server, so
that whatever outlives both is found by the next run (``end_leftover``). On Linux the server is
also told to end with the watchdog.

Measured (killing at random moments): without the lock left to the watchdog, or inherited by the
server, a server could outlive both unseen.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from gitmig.ephemeral.provision import Unavailable

# $1 signal for a normal stop, $2 for all other ends, $3 folder for pid and log, $4 to be removed
WATCHDOG = """\
trap '' INT TERM HUP QUIT
gentle=$1 hard=$2 place=$3 remove=$4
shift 4
"$@" </dev/null 2>"$place/log" &
server=$!
echo $server >"$place/pid"
echo $server
exec >/dev/null
read -r word
if [ "$word" = stop ]; then kill -s $gentle $server; else kill -s $hard $server; fi
for pause in 0.005 0.005 0.01 0.02 0.05 0.1 0.2 0.3 0.5 1 1; do
    kill -0 $server || break
    sleep $pause
done
kill -s KILL $server
wait $server
rm -f "$place/pid"
[ -z "$remove" ] || rm -rf -- "$remove"
"""
READY = 60  # seconds that a server may take until it answers
PAUSE = 0.005  # seconds between two looks
STANDS = 5  # seconds that a process may take to stand still
TAIL = 2000  # bytes of a log that are kept for an error


class Supervised:
    """A running server below a folder of ours; ``place`` gets its ``pid`` and ``log``.

    ``command`` starts it in the foreground, ``gentle`` and ``hard`` are the signals that stop it
    in order and at once, ``lock`` is the open file that holds the lock of the place, ``remove`` is
    removed when it has ended (empty for nothing).
    """

    def __init__(
        self,
        command: Sequence[str],
        place: Path,
        lock: IO[str],
        *,
        gentle: str,
        hard: str,
        remove: str = "",
    ) -> None:
        self.place = place
        self.hard = hard
        (place / "log").unlink(missing_ok=True)
        arguments = [gentle, hard, str(place), remove, *ends_with_parent(hard), *command]
        self.watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG, "gitmig-watchdog", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=lock,  # nothing is written to it: it carries the lock
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            start_new_session=True,
        )
        assert self.watchdog.stdout is not None  # noqa: S101 - it was asked for
        self.output = self.watchdog.stdout
        self.pid = int(self.output.readline() or 0)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until the server answers; raises Unavailable with the end of its log."""
        deadline = time.monotonic() + READY
        while not ready():
            if not self.is_alive(PAUSE):
                raise Unavailable(f"it does not start: {self.log() or 'it says nothing'}")
            if time.monotonic() > deadline:
                self.stop()
                raise Unavailable(f"it does not answer within {READY} seconds")

    def is_alive(self, patience: float = 0.0) -> bool:
        """Say whether the server still has the pipe open, after at most ``patience`` seconds."""
        readable, _, _ = select.select([self.output], [], [], patience)
        return not readable

    def log(self) -> str:
        """Return the last line of the server's log that says what went wrong."""
        return last_error(self.place / "log")

    def stop(self) -> None:
        """Stop the server in order and wait for it; one whose watchdog is gone is killed."""
        assert self.watchdog.stdin is not None  # noqa: S101 - it was asked for
        with contextlib.suppress(OSError):
            self.watchdog.stdin.write(b"stop\n")
            self.watchdog.stdin.close()
        self.watchdog.wait()
        if self.is_alive():
            end(self.pid, self.place)
        self.output.close()

    def pause(self, frozen: bool) -> None:
        """Stop the server's threads where they are, or let them go on; raises OSError.

        A thread that is writing goes on to the end of that: only then does it stand still.
        """
        os.kill(self.pid, signal.SIGSTOP if frozen else signal.SIGCONT)
        deadline = time.monotonic() + STANDS
        while frozen and not stands_still(self.pid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} does not stand still")
            time.sleep(0.001)


def ends_with_parent(hard: str) -> list[str]:
    """Return what to put before a command so that it gets a signal when its parent ends."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    return [found, "--pdeathsig", hard, "--"] if found else []


def end_leftover(place: Path) -> None:
    """End a server whose gitmig and watchdog are gone; the lock of the place is ours."""
    with contextlib.suppress(OSError, ValueError):
        end(int((place / "pid").read_text()), place)
        (place / "pid").unlink()


def end(pid: int, place: Path) -> None:
    """Kill a process and wait for its end, if its command line names the place."""
    if str(place) not in command_line(pid):
        return
    for number, patience in ((signal.SIGQUIT, 2.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if str(place) not in command_line(pid):
                return
            time.sleep(PAUSE)


def stands_still(pid: int) -> bool:
    """Say whether every thread of a process is stopped, or ended; it may raise OSError then."""
    if sys.platform == "linux":
        states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
        return all(state.rpartition(")")[2].split()[0] in "TZX" for state in states)
    command = ["ps", "-o", "state=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return told.strip().startswith("T")


def command_line(pid: int) -> str:
    """Return the command line of a process, empty for none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def last_error(log: Path) -> str:
    """Return the most telling of the last lines of a log: the last that names an error."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR"))]
    return (telling or lines or [""])[-1].strip()
