"""Killed at random moments: nothing runs a second later, the next run leaves nothing (R1)."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import Project, column, use_url
from throwaway import alive, ask, base, child, kept, of, served, until

STRAY = "SELECT datname FROM pg_database WHERE datname LIKE 'gitmig%'"
MEMORY = Path("/proc/sysvipc/shm")
VICTIMS = ("front", "group", "server", "watchdog", "front+watchdog", "front+server", "all")
FRONT = 'sys.argv[0] = "gitmig"'  # in the command of the hook
ROUNDS = int(os.environ.get("GITMIG_TEST_ROUNDS", "1"))  # 15 are 210 kills
SLOW = 'op.execute("SELECT pg_sleep(60)")'


def memory_of(servers: set[int]) -> set[int]:
    """Return which of some servers have left shared memory that no process has attached."""
    lines = [line.split() for line in MEMORY.read_text().splitlines()[1:]]
    return {int(line[4]) for line in lines if line[6] == "0"} & servers


def strike(place: Path, front: int, victims: str, number: int) -> set[int]:
    """Kill a command, what it started, or both; return the servers there were."""
    found = {"front": [front], "server": of(place, "server"), "watchdog": of(place, "watchdog")}
    if victims == "group":
        os.killpg(front, number)
    for name in found if victims == "all" else victims.split("+"):
        for pid in found.get(name, []):
            with contextlib.suppress(ProcessLookupError):  # one ends with another
                os.kill(pid, number if name == "front" else signal.SIGKILL)
    return set(found["server"])


def assert_that_nothing_runs(place: Path) -> None:
    """Assert that within a second nothing is left running; a busy machine gets five."""
    until(lambda: not alive(place), 5)


@pytest.mark.parametrize("way", ["kept", "private"])
def test_killed_at_any_moment(place: Path, way: str) -> None:
    """The command, its watchdog, its server, the group or all of them are killed (R1)."""
    moments = random.Random(f"R1 {way}")  # noqa: S311 - the same moments in each run
    servers: set[int] = set()
    for victims in VICTIMS * ROUNDS:
        command = child(place, way)
        if "server" in victims or "watchdog" in victims:
            assert command.stdout is not None and command.stdout.readline()
        time.sleep(moments.uniform(0, 0.4))
        number = moments.choice([signal.SIGKILL, signal.SIGTERM])
        servers |= strike(place, command.pid, victims, number)
        command.wait(60)
        assert_that_nothing_runs(place)
        with served() as server:
            for name in ask(server, STRAY):
                ask(server, f"DROP DATABASE {name}")  # as a worker does
        found = {path.name for path in base(place).iterdir()}
        name = kept(place).name
        assert found == {"lock", name, f"{name}-seed"}
        assert {path.name for path in place.iterdir()} == {base(place).name}
    assert servers and memory_of(servers) == set()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_hook_that_is_killed(hooked: Project, place: Path, number: signal.Signals) -> None:
    """A killed hook leaves the index and the work tree as they were, and nothing behind (R1)."""
    hooked.env["TMPDIR"] = str(place)
    hooked.revision("slow00000000", "base00000000", SLOW)
    use_url(hooked, "postgresql+psycopg://production.invalid/app")
    hooked.append("models.py", column("email"))
    hooked.git("add", "-A")
    hooked.append("models.py", column("phone"))
    before = state(hooked)
    command = subprocess.Popen(["git", "commit", "-qm", "x"], cwd=hooked.path, env=hooked.env)
    until(lambda: any("[local] SELECT" in told for told in alive(place).values()))
    (front,) = (pid for pid, told in alive(hooked.path).items() if FRONT in told)
    os.kill(front, number)
    assert command.wait(60) != 0
    assert_that_nothing_runs(place)
    assert state(hooked) == before
    with served() as server:
        assert server.shelf is not None
    assert not list(base(place).glob("run-*"))


def state(project: Project) -> tuple[str, ...]:
    """Return all that a commit changes."""
    commands = (("diff",), ("diff", "--cached"), ("status", "--porcelain"), ("rev-parse", "HEAD"))
    return tuple(project.git(*command).stdout for command in commands)
