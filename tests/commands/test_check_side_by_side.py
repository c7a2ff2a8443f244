"""`gitmig check` of several environments: side by side, in order, each with its own outcome."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ephemeral.throwaway import alive
from support import BIN, ENV, INI, SERVICE, Project, services

MEET = """
import os, pathlib, time
meeting = pathlib.Path(os.environ["MEETING"])
(meeting / pathlib.Path.cwd().name).touch()
while len(list(meeting.iterdir())) < 2:
    time.sleep(0.02)
"""
HANG = """
import os, pathlib, time
pathlib.Path(os.environ["MEETING"], str(os.getpid())).touch()
time.sleep(600)
"""


def test_side_by_side(project: Project) -> None:
    """Two environments that wait for each other both pass: they run at the same time."""
    meeting = project.path.parent / "meeting"
    meeting.mkdir()
    services(project, "accounts", "billing", env=MEET + ENV)
    told = project.gitmig("check", MEETING=str(meeting)).stdout
    assert told.index("accounts") < told.index("billing")
    assert told.count("✓ drift     passed") == 2 and project.status() == ""


def test_reports_come_in_order(project: Project) -> None:
    """Whoever is ready first, the reports come in the order of the environments."""
    names = ["alpha", "beta", "gamma", "delta", "omega"]
    services(project, *names)
    slow = "import time\ntime.sleep(1)\n"
    project.write("alpha/migrations/env.py", slow + ENV)
    project.commit_all("slow")
    told = json.loads(project.gitmig("check", "--format", "json").stdout)
    found = [each["environment"] for each in told["environments"]]
    assert found == sorted(found) and set(found) == set(names) and told["ok"]


def test_one_that_cannot_run_loses_nothing(project: Project) -> None:
    """Where one environment cannot be checked the others are, and the exit code is 2."""
    services(project, "accounts", "billing", "orders")
    project.write("billing/migrations/env.py", "import never_there\n")
    project.write("orders/models.py", SERVICE.replace("things", "other"))
    project.commit_all("broken")
    result = project.gitmig("check", code=2)
    first, second, third = (result.stdout.index(each) for each in ("accounts", "billing", "orders"))
    assert "✓ drift     passed" in result.stdout[first:second]
    assert "could not run" in result.stdout[second:third]
    assert "never_there" in result.stdout[second:third]
    assert "GM301" in result.stdout[third:]
    told = json.loads(project.gitmig("check", "--format", "json", code=2).stdout)
    accounts, billing, orders = told["environments"]
    assert (told["ok"], accounts["ok"], billing["ok"], orders["ok"]) == (False, True, False, False)
    assert "never_there" in billing["error"]["message"] and billing["gates"] == []
    assert "error" not in accounts and "error" not in orders


def test_a_base_that_is_not_there(project: Project) -> None:
    """A base that one environment's settings name and git has not stops that environment alone."""
    services(project, "accounts", "billing")
    environments = {"accounts": "", "billing": 'base = "nowhere"\n'}
    text = "".join(
        f'[environments.{name}]\nconfig = "{name}/alembic.ini"\n{more}'
        for name, more in environments.items()
    )
    project.write("gitmig.toml", text)
    project.commit_all("settings")
    told = json.loads(project.gitmig("check", "--static", "--format", "json", code=2).stdout)
    accounts, billing = told["environments"]
    assert accounts["ok"] and "nowhere" in billing["error"]["message"]


def test_what_keeps_all_is_told_once(project: Project) -> None:
    """A base that nobody knows is one error, not one for each environment."""
    services(project, "accounts", "billing", "orders")
    result = project.gitmig("check", "--base", "nowhere", code=2)
    assert result.stderr.count("there is no commit called nowhere") == 1 and result.stdout == ""


def test_interrupted(project: Project) -> None:
    """An interrupt ends the workers of all environments, and gitmig, at once."""
    services(project, "accounts", "billing", "orders", env=HANG + ENV)
    interrupted(project, "check")


def test_interrupted_on_its_own_way(project: Project) -> None:
    """It ends those that go a deployed database's way, beside the walk from empty, too."""
    project.git("switch", "-q", "-c", "feature")
    project.write("migrations/env.py", HANG + ENV)
    project.commit_all("another env.py")
    interrupted(project, "check", "--base", "main")


def interrupted(project: Project, *command: str) -> None:
    """Interrupt a command when two workers hang; all must end."""
    meeting = project.path.parent / "meeting"
    meeting.mkdir()
    process = subprocess.Popen(
        [BIN / "gitmig", *command], cwd=project.path, env={**project.env, "MEETING": str(meeting)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        while len(list(meeting.iterdir())) < 2:
            time.sleep(0.05)
        workers = [int(worker.name) for worker in meeting.iterdir()]
        for _ in range(4):  # Python loses an interrupt that comes while it finalizes a thing
            process.send_signal(signal.SIGINT)
            if one_ends(workers):
                break
        output, _ = process.communicate(timeout=90)  # the one that came is enough
    finally:
        process.kill()
    assert process.returncode == 130 and "Traceback" not in output
    deadline = time.monotonic() + 60  # far more than it may ever take
    while any(map(is_there, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def one_ends(workers: list[int]) -> bool:
    """Say whether one of these processes ends before long."""
    for _ in range(200):
        if not all(map(is_there, workers)):
            return True
        time.sleep(0.05)
    return False


def is_there(process: int) -> bool:
    """Say whether a process has not ended, or nobody has asked yet how it did."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


URLS = {
    "postgresql": "postgresql+psycopg://ada@production.invalid/app",
    "mariadb": "mysql+pymysql://ada@production.invalid/app",
}


@pytest.mark.parametrize("kind", URLS)
def test_on_one_server(project: Project, pg_place: Path, kind: str) -> None:
    """Services of one kind of database share servers and have databases of their own."""
    project.env["TMPDIR"] = str(pg_place)
    names = ("accounts", "billing", "orders", "stock")
    services(project, *names)
    for name in names:
        project.write(f"{name}/alembic.ini", INI.replace("sqlite:///app.db", URLS[kind]))
    project.commit_all("servers")
    project.git("switch", "-q", "-c", "feature")
    for name in names:  # the same names of tables everywhere
        create = 'op.create_table("shared", sa.Column("id", sa.Integer(), primary_key=True))'
        project.revision("more00000000", f"{name}00000000", create, 'op.drop_table("shared")',
                         path=f"{name}/migrations/versions/more.py")  # fmt: skip
        model = SERVICE.replace("things", name) + SHARED
        project.write(f"{name}/models.py", model)
    project.commit_all("shared")
    for _ in range(2):  # from empty, then from what is kept
        told = json.loads(project.gitmig("check", "--base", "main", "--format", "json").stdout)
        assert [each["environment"] for each in told["environments"]] == list(names)
        for each in told["environments"]:
            assert {gate["status"] for gate in each["gates"]} == {"passed"}, each
            assert each["versions"]["dialect"] in (kind, "mysql")
    assert alive(pg_place) == {}


SHARED = """

class Shared(Base):
    __tablename__ = "shared"
    id = Column(Integer, primary_key=True)
"""
