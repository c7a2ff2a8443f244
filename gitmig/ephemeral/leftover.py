"""What a server leaves that nobody stopped: its process, and a piece of shared memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# who notes the id of the process: the watchdog, PostgreSQL, MariaDB
NOTES = ("pid", "data/postmaster.pid", "server.pid")
MEMORY = Path("/proc/sysvipc/shm")
PAUSE = 0.005  # seconds between two looks
LETS_GO = 2.0  # seconds that a process which is ending may still have memory attached


def end_leftover(place: Path) -> None:
    """End a server whose gitmig and watchdog are gone, and free its memory; the lock is ours."""
    for note in NOTES:
        with contextlib.suppress(OSError, ValueError, IndexError):
            end(int((place / note).read_text().split()[0]), place)
    free_memory(place / "data")
    with contextlib.suppress(OSError):
        (place / "pid").unlink()


def end(pid: int, place: Path) -> None:
    """Kill a process and wait for its end, if its command line names the place."""
    for number, patience in ((signal.SIGQUIT, 2.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_running(pid, place):
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            time.sleep(PAUSE)


def is_running(pid: int, place: Path) -> bool:
    """Say whether a process is there and its command line names the place."""
    return str(place) in command_line(pid)


def command_line(pid: int) -> str:
    """Return the command line of a process, empty for none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def free_memory(data: Path) -> None:
    """Remove the 56 bytes of System V memory that a killed PostgreSQL leaves; Linux only.

    It notes their key and id in the seventh line of its state file, which it removes otherwise.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        key, number = (data / "postmaster.pid").read_text().splitlines()[6].split()
        deadline = time.monotonic() + LETS_GO
        while (attached := attached_to(key, number)) and time.monotonic() < deadline:
            time.sleep(PAUSE)
        if attached == 0:
            subprocess.run(["ipcrm", "-m", number], capture_output=True, check=False)


def attached_to(key: str, number: str) -> int | None:
    """Return how many processes have a piece of shared memory; None where there is none."""
    for line in MEMORY.read_text().splitlines()[1:]:
        found = line.split()  # key, id, rights, size, two processes, how many have it attached
        if found[:2] == [key, number]:
            return int(found[6])
    return None
