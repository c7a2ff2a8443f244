"""A server process that ends when gitmig does; any program will do for a server here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from throwaway import alive, until

from gitmig.ephemeral import leftover, store, supervise
from gitmig.ephemeral.provision import Unavailable
from gitmig.ephemeral.supervise import Supervised, last_error

# it names its place, as a server does, and says how it was stopped
SERVER = """\
trap 'echo gentle >"$0/end"; exit' INT
trap 'echo hard >"$0/end"; exit' TERM
env >"$0/env"
touch "$0/ready"
while :; do sleep 0.02; done
"""


@contextmanager
def supervised(place: Path, script: str = SERVER, **more: Any) -> Iterator[Supervised]:
    """Give a supervised script; what is left of it is stopped."""
    with store.take(place) as taken:
        assert taken is not None
        command = [sys.executable, "-c", UNIGNORED, "sh", "-c", script, str(place)]
        server = Supervised(command, place, taken.lock, gentle="INT", hard="TERM", **more)
        try:
            yield server
        finally:
            server.stop()


# the shell cannot take back that an interrupt is ignored, as it is for what it starts aside
UNIGNORED = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def is_ready(place: Path) -> bool:
    """Say whether the script has begun."""
    return (place / "ready").exists()


def test_stopped_in_order(place: Path) -> None:
    """A normal end is the gentle signal, and leaves the folder as it is."""
    with supervised(place, remove=str(place / "data")) as server:
        (place / "data").mkdir()
        server.wait_until(lambda: is_ready(place))
        assert server.is_alive()
        server.stop()
        assert not server.is_alive()
        assert (place / "end").read_text() == "gentle\n"
        assert (place / "data").exists() and not (place / "pid").exists()


def test_gitmig_has_gone(place: Path) -> None:
    """When the pipe closes without a word it is the hard signal, and the data goes."""
    with supervised(place, remove=str(place / "data")) as server:
        (place / "data").mkdir()
        server.wait_until(lambda: is_ready(place))
        assert server.watchdog.stdin is not None
        server.watchdog.stdin.close()
        server.watchdog.wait()
        server.watchdog.stdin = open(os.devnull, "wb")  # noqa: SIM115 - for stop
        assert (place / "end").read_text() == "hard\n"
        assert not (place / "data").exists()


def test_its_environment_is_empty(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server gets nothing of the user's settings, and no descriptor but its own three."""
    monkeypatch.setenv("PGHOST", "production.invalid")
    with supervised(place) as server:
        server.wait_until(lambda: is_ready(place))
        names = {line.partition("=")[0] for line in (place / "env").read_text().splitlines()}
        assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "LC_ALL"}
        if sys.platform == "linux":
            opened = {
                path.name: path.readlink() for path in Path(f"/proc/{server.pid}/fd").iterdir()
            }
            told = str(Path(f"/proc/self/fd/{server.output.fileno()}").readlink())
            assert {str(opened[name]) for name in "012"} == {"/dev/null", told, str(place / "log")}
            assert str(place / "lock") not in map(str, opened.values())


def test_a_hook_runner_does_not_wait(place: Path) -> None:
    """What a command prints ends with the command, though its server is still being stopped."""
    script = f"""\
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_supervise import supervised
with supervised(Path({str(place)!r}), 'trap "" TERM; touch "$0/ready"; sleep 60') as server:
    server.wait_until(lambda: (Path({str(place)!r}) / "ready").exists())
    os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert alive(place)  # the pipes are at their end, and it still resists
    until(lambda: not alive(place))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next run ends it")
def test_the_watchdog_is_killed(place: Path) -> None:
    """The server ends with its watchdog, and stopping it is no error."""
    with supervised(place) as server:
        server.wait_until(lambda: is_ready(place))
        server.watchdog.kill()
        assert server.hangs_up(60)
        server.stop()
        assert not (place / "pid").exists()


def test_it_does_not_start(place: Path) -> None:
    """A server that ends at once is the line of its log that says why."""
    script = "echo LOG: begins >&2; echo 'FATAL: no room' >&2; echo HINT: more >&2; exit 1"
    with supervised(place, script) as server:
        with pytest.raises(Unavailable, match="it does not start: FATAL: no room"):
            server.wait_until(lambda: False)
        assert not alive(place)


def test_a_program_that_is_not_there(place: Path) -> None:
    """So is a program that cannot be run."""
    with store.take(place) as taken:
        assert taken is not None
        server = Supervised(["/nowhere/x"], place, taken.lock, gentle="INT", hard="TERM")
        with pytest.raises(Unavailable, match=r"it does not start: .*not found"):
            server.wait_until(lambda: False)


def test_last_words(tmp_path: Path) -> None:
    """The last line that names an error is told, else the last, else nothing."""
    log = tmp_path / "log"
    assert last_error(log) == ""
    log.write_text("one\ntwo\n")
    assert last_error(log) == "two"
    log.write_bytes(b"PANIC: \xff full\n" + b"later\nERROR: of a statement\n" * 10)
    assert last_error(log) == "PANIC: \ufffd full"


def test_only_a_process_of_ours_is_ended(place: Path) -> None:
    """A process is killed for a note only if its command line names the place."""
    other = subprocess.Popen(["sleep", "60"])
    mine = subprocess.Popen(["sh", "-c", "while :; do sleep 0.1; done", str(place)])
    until(lambda: mine.pid in alive(place))
    try:
        for process in (other, mine):
            (place / "pid").write_text(str(process.pid))
            leftover.end_leftover(place)
            assert not (place / "pid").exists()
        assert mine.wait() in (-signal.SIGQUIT, -signal.SIGKILL)  # a slow core dump
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_setpriv_that_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `setpriv` without `--pdeathsig`, as busybox has it, is not used."""
    (tmp_path / "setpriv").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "setpriv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert supervise.ends_with_parent.__wrapped__() == ()
