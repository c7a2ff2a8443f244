"""A command on the real database is the user's own: its terminal, its prints, its interrupts."""

from __future__ import annotations

import os
import pty
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from support import BIN, ENV, Project

# sqlite3 only begins a transaction of its own accord before an INSERT
SLOW = """\
import time, pathlib
    op.execute("INSERT INTO users (name) VALUES ('half')")
    pathlib.Path("running").touch()
    {wait}"""
PATIENCE = 60


def start(
    project: Project, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start gitmig and return the process."""
    return subprocess.Popen(
        [BIN / "gitmig", *arguments],
        cwd=project.path,
        env=project.env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def slow(project: Project, wait: str) -> None:
    """Bring the database to the base; add a revision that inserts a row, then waits."""
    project.gitmig("upgrade")
    project.revision("slow00000000", "base00000000", SLOW.format(wait=wait), subject="slow")


def users(project: Project) -> int:
    """Return how many users the database holds."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM users").fetchone()[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt(project: Project, number: signal.Signals) -> None:
    """An interrupt reaches the revision, which is rolled back and cleaned up before gitmig ends."""
    slow(project, "exec(\"try: time.sleep(60)\\nfinally: pathlib.Path('cleaned').touch()\")")
    process = start(project, "upgrade")
    wait_for((project.path / "running").exists)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert re.search(r"\n↑ slow00000000 slow\n+gitmig: interrupted\n$", errors), errors
    assert (project.path / "cleaned").exists()
    assert users(project) == 0
    assert project.gitmig("current").stdout == "base00000000\n"


def test_second_interrupt(project: Project) -> None:
    """A second Ctrl-C kills what does not end at the first."""
    slow(
        project,
        "import signal; signal.signal(2, lambda *_: pathlib.Path('deaf').touch()); "
        "[time.sleep(0.1) for _ in range(600)]",
    )
    process = start(project, "upgrade")
    wait_for((project.path / "running").exists)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    wait_for((project.path / "deaf").exists)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and users(project) == 0


def test_no_time_limit(project: Project) -> None:
    """`timeout` is for what gitmig proves on its own; a migration takes as long as it takes."""
    project.write("gitmig.toml", "timeout = 1\n")
    slow(project, "time.sleep(2)")
    project.gitmig("upgrade")
    assert users(project) == 1


def test_killed_front(project: Project) -> None:
    """Where gitmig is killed, the revision that is running is still done."""
    slow(project, "time.sleep(1.5)")
    process = start(project, "upgrade", "-q")
    wait_for((project.path / "running").exists)
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: users(project) == 1)


def test_password_at_the_terminal(project: Project) -> None:
    """An env.py that asks for a password is answered at the terminal, also with --dry-run."""
    ask = 'import getpass, sys\nif sys.stdin.isatty():\n    print("<" + getpass.getpass() + ">")\n'
    project.write("migrations/env.py", ask + ENV)
    for arguments in (["upgrade"], ["upgrade", "--dry-run"]):
        ours, theirs = pty.openpty()
        process = start(project, *arguments, stdin=theirs)
        os.close(theirs)
        assert process.stderr is not None
        told = ""
        while "Password: " not in told:
            told += process.stderr.read(1) or pytest.fail(told)
        os.write(ours, b"secret\n")
        _, errors = process.communicate(timeout=PATIENCE)
        os.close(ours)
        assert process.returncode == 0, errors
        assert "<secret>" in errors
    assert "users" in project.tables()


def test_prints(project: Project) -> None:
    """What a revision prints and logs comes when it does, on lines of its own."""
    project.revision(
        "talk00000000",
        "base00000000",
        'print("7 rows"); import logging; logging.getLogger("own").warning("slowly")',
        subject="talk",
    )
    told = project.gitmig("upgrade").stderr
    assert re.search(
        r"^↑ talk00000000 talk\n7 rows\nslowly\n↑ talk00000000 talk  \d+\.\d\d s\n$",
        told[told.index("↑ talk") :],
    ), told
    project.gitmig("downgrade", "base")
    told = project.gitmig("upgrade", "-q").stderr
    assert told == "7 rows\nslowly\n"


def test_alembics_log(project: Project) -> None:
    """Alembic's log is shown as env.py sets it up, without the line that says the same again."""
    log = "import logging\nlogging.basicConfig(level=logging.INFO, format='%(message)s')\n"
    project.write("migrations/env.py", log + ENV)
    told = project.gitmig("upgrade").stderr
    assert "Context impl SQLiteImpl." in told and "Running upgrade" not in told
    assert "↑ base00000000 users  " in told
    project.gitmig("downgrade", "base")
    assert "Running upgrade  -> base00000000" in project.gitmig("upgrade", "-q").stderr


def test_failing_revision_is_shown(project: Project) -> None:
    """The revision that fails is shown before the error, on a line of its own."""
    project.revision("bad000000000", "base00000000", 'op.drop_table("absent")', subject="bad")
    errors = project.gitmig("upgrade", code=2).stderr
    assert "\n↑ bad000000000 bad\ngitmig: migrations/versions/bad000000000.py:" in errors
