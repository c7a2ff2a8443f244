"""A server process that ends when gitmig does, however gitmig ends.

A small shell, the watchdog, starts it and reads from a pipe that gitmig holds open: at its end the
server is killed. The lock of the place is held by gitmig and the watchdog, never by the server, so
that whatever outlives both is found by the next run (``leftover``). On Linux the server is killed
with the watchdog.

Measured (killing at random moments): without the lock left to the watchdog, or inherited by the
server, a server could outlive both unseen.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from gitmig.ephemeral.leftover import PAUSE, end_leftover, is_running
from gitmig.ephemeral.provision import Unavailable

# $1 signal for a normal stop, $2 for all other ends, $3 folder for pid and log, $4 what is removed
# at all other ends. A signal is sent again and again: a program that just starts does not hear it.
WATCHDOG = """\
trap '' INT TERM HUP QUIT
umask 077
signal=$1 hard=$2 place=$3 remove=$4
shift 4
WATCHDOG=$$ "$@" </dev/null 2>"$place/log" &
server=$!
echo $server >"$place/pid"
echo $server
exec >/dev/null
read -r word
[ "$word" = stop ] && remove= || signal=$hard
for pause in 0.005 0.005 0.01 0.02 0.05 0.1 0.2 0.3 0.5 1 1 0; do
    [ $pause = 0 ] && signal=KILL
    kill -s $signal $server || break
    sleep $pause 2>/dev/null  # without the lock, which it would hold for a killed watchdog
done
wait $server
[ $? = 137 ] && exit  # killed: the next run clears away what it left
rm -f "$place/pid"
[ -z "$remove" ] || rm -rf -- "$remove"
"""
# the watchdog may have been killed before this process was told to end with it
GUARD = 'test "$PPID" = "$WATCHDOG" || exit 1; unset WATCHDOG; exec "$@"'
READY = 60  # seconds that a server may take until it answers
ENDS = ("FATAL", "PANIC", "[ERROR]")
TAIL = 2000  # bytes of a log that are kept for an error


class Supervised:
    """A running server below a folder of ours; ``place`` gets its ``pid`` and ``log``.

    ``command`` starts it in the foreground, behind ``prefix`` if it is to be somebody else's;
    ``gentle`` and ``hard`` are the signals that stop it in order and at once, ``lock`` is the open
    file that holds the lock of the place, ``remove`` is removed when gitmig ends without stopping
    it (empty for nothing). Raises Unavailable where it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        place: Path,
        lock: IO[str],
        *,
        gentle: str,
        hard: str,
        prefix: Sequence[str] = (),
        remove: str = "",
    ) -> None:
        self.place = place
        (place / "log").unlink(missing_ok=True)
        guarded = [*prefix, *ends_with_parent(), "sh", "-c", GUARD, "gitmig-server", *command]
        self.watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG, "gitmig-watchdog", gentle, hard, str(place), remove, *guarded],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=lock,  # what kill says when it is done; it carries the lock
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            start_new_session=True,
        )
        assert self.watchdog.stdout is not None  # noqa: S101 - it was asked for
        self.output = self.watchdog.stdout
        self.pid = int(self.output.readline() or 0)
        if not self.pid:
            self.stop()
            raise Unavailable("its watchdog was killed")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until the server answers; raises Unavailable with the end of its log."""
        deadline = time.monotonic() + READY
        while not ready():
            if self.hangs_up(PAUSE):
                self.stop()
                raise Unavailable(f"it does not start: {self.log() or 'it says nothing'}")
            if time.monotonic() > deadline:
                self.stop()
                raise Unavailable(f"it does not answer within {READY} seconds")

    def hangs_up(self, patience: float) -> bool:
        """Say whether all of the server is gone, after at most ``patience`` seconds."""
        readable, _, _ = select.select([self.output], [], [], patience)
        return bool(readable)

    def is_alive(self) -> bool:
        """Say whether the server's first process is there; others may outlive it for a moment."""
        return is_running(self.pid, self.place)

    def log(self) -> str:
        """Return the last line of the server's log that says what went wrong."""
        return last_error(self.place / "log")

    def stop(self) -> None:
        """Stop the server in order and wait for it; one whose watchdog is gone is killed."""
        if self.output.closed:
            return
        assert self.watchdog.stdin is not None  # noqa: S101 - it was asked for
        with contextlib.suppress(OSError):
            self.watchdog.stdin.write(b"stop\n")
            self.watchdog.stdin.close()
        self.watchdog.wait()
        end_leftover(self.place)
        self.output.close()

    def pause(self, frozen: bool) -> None:
        """Stop the server's processes where they are, or let them go on."""
        os.kill(self.pid, signal.SIGSTOP if frozen else signal.SIGCONT)


# ends with all that it started when what it reads from ends; it leads a group of its own
GROUP_GUARD = """\
exec 3<&0
{ read -r _ <&3; kill -s KILL 0; } &
reader=$!
"$@" </dev/null 3<&-
code=$?
kill -s KILL $reader
exit $code
"""


def run_guarded(
    command: Sequence[str], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it, and what it starts, end with gitmig."""
    reading, writing = os.pipe()
    try:
        return subprocess.run(
            ["sh", "-c", GROUP_GUARD, "gitmig-guard", *command],
            stdin=reading, cwd=folder, env=env, capture_output=True, text=True, check=False,
            start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)


@functools.cache
def ends_with_parent() -> tuple[str, ...]:
    """Return what to put before a command so that it is killed when its parent ends.

    It goes after what makes the process somebody else's, which would undo it. Not all ``setpriv``
    have it: busybox's does not.
    """
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    if found is None:
        return ()
    prefix = (found, "--pdeathsig", "KILL", "--")
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def last_error(log: Path) -> str:
    """Return the most telling of the last lines of a log: the last that says why it ended.

    PostgreSQL's ``ERROR`` is of one statement, MariaDB's is of the server.
    """
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    telling = [line for line in lines if any(word in line for word in ENDS)]
    return (telling or lines or [""])[-1].strip()
