"""Gate `downgrade`: each revision by itself, also below one that fails or leaves something."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Project, use_url
from test_check_downgrade import DROP, chain, judged

from gitmig._worker.waydown import MOST

FAILS = "1 / 0"


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def branch(request: pytest.FixtureRequest, memory: Path) -> Iterator[Project]:
    """Return the project on a branch, on each kind of database."""
    project: Project = request.getfixturevalue("pg" if request.param[0] == "p" else "project")
    if request.param == "mysql":
        use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
        project.env["TMPDIR"] = str(memory)
    project.git("switch", "-q", "-c", "feature")
    yield project


def told(project: Project, *options: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the status of the gate, and what it found, each once."""
    status, found = judged(project, *options)
    return status, list(dict.fromkeys(found))


def messages(project: Project, code: str, *options: str) -> list[str]:
    """Return what findings of a code say."""
    said = project.gitmig("check", "--format", "json", *options, code=1).stdout
    return [each["message"] for each in json.loads(said)["findings"] if each["code"] == code]


def test_one_that_takes_away_what_another_made(branch: Project) -> None:
    """r3 drops what r2 made and is told; r2 is not, and r1, which does nothing, is (K2, K3)."""
    chain(branch, "pass", DROP, 'op.drop_table("t1")')
    base = ("--base", "main")
    assert told(branch, *base) == ("failed", [("GM202", "r2"), ("GM202", "r0")])
    assert any("table t1 is gone" in each for each in messages(branch, "GM202", *base))
    assert messages(branch, "GM501", *base) == []


@pytest.mark.parametrize("options", [(), ("--base", "main")])
def test_those_below_one_that_fails(project: Project, options: tuple[str, ...]) -> None:
    """They are judged, each by itself (K2)."""
    project.git("switch", "-q", "-c", "feature")
    chain(project, "pass", FAILS, DROP, FAILS, DROP)
    found = [("GM201", "r3"), ("GM201", "r1"), ("GM202", "r0")]
    assert judged(project, *options) == ("failed", found)


def test_rights_below_one_that_fails(pg: Project) -> None:
    """What goes with the thing itself is compared there, too, though it is another one (K2)."""
    pg.git("switch", "-q", "-c", "feature")
    pg.revision("r0", "base00000000", "op.execute('GRANT SELECT ON users TO PUBLIC')")
    pg.revision("r1", "r0", "pass", FAILS)
    found = [("GM201", "r1"), ("GM202", "r0")]
    assert judged(pg, "--base", "main") == ("failed", found)


def test_very_many_that_fail(project: Project) -> None:
    """After ten times the way ends, and those that were not taken down are named (K2)."""
    chain(project, DROP, DROP, *[FAILS] * (MOST + 1))
    status, found = judged(project)
    assert status == "failed" and [code for code, _ in found].count("GM201") == MOST + 1
    assert ("GM208", "r1") in found
    (said,) = messages(project, "GM208")
    assert f"taken down: r1, r0, base00000000; {MOST + 1} above fail or leave something" in said


def test_very_many_that_leave_something(project: Project) -> None:
    """All are told; one that then fails on what is left is not blamed, but named (K2)."""
    chain(project, "pass", DROP, 'op.drop_table("t1")', *["pass"] * MOST)
    status, found = told(project)
    expected = [*(("GM202", f"r{number}") for number in range(MOST + 2, 1, -1)), ("GM208", "r1")]
    assert (status, found) == ("failed", expected)
    assert "r1, r0, base00000000; r1 fails on what r2 left: " in messages(project, "GM208")[0]
