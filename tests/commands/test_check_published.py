"""Gate `published`: what the base has stays, and what is new comes after it. No code runs."""

from __future__ import annotations

import json

import pytest
from support import Project

BASE = "migrations/versions/base00000000.py"
TIP = "migrations/versions/tip000000000.py"


@pytest.fixture
def team(project: Project) -> Project:
    """Give a project whose main has two revisions; its feature branch is checked out."""
    project.revision("tip000000000", "base00000000")
    project.commit_all("tip")
    project.git("switch", "-q", "-c", "feature")
    project.write("migrations/env.py", "raise SystemExit('was run')\n")
    return project


def found(project: Project, *, code: int = 1) -> dict[str, dict[str, str]]:
    """Commit all and return the findings of a static check, by code."""
    project.commit_all("feature")
    told = project.gitmig("check", "--static", "--base", "main", "--format", "json", code=code)
    return {each["code"]: each for each in json.loads(told.stdout)["findings"]}


def set_line(project: Project, path: str, name: str, value: str) -> None:
    """Give a revision file's assignment another value."""
    lines = [
        f"{name} = {value}" if line.startswith(f"{name} = ") else line
        for line in project.read(path).splitlines()
    ]
    project.write(path, "\n".join(lines) + "\n")


def test_after_the_base(team: Project) -> None:
    """A revision on the base's head is where it belongs."""
    team.revision("new000000000", "tip000000000")
    assert found(team, code=0) == {}


def test_another_parent(team: Project) -> None:
    """A published revision with another parent is told as that, at the line (H7)."""
    set_line(team, TIP, "down_revision", "None")
    told = found(team)["GM021"]
    assert "tip000000000 has the parent none now instead of base00000000" in told["message"]
    assert (told["path"], told["line"]) == (TIP, 6)
    assert told["hint"].startswith("git checkout ")


def test_another_dependency(team: Project) -> None:
    """A published revision that depends on something else is told as that."""
    set_line(team, TIP, "depends_on", "'base00000000'")
    told = found(team)["GM021"]
    assert "tip000000000 depends on base00000000 now instead of none" in told["message"]


def test_slipped_in(team: Project) -> None:
    """A new revision below a published one is never run where that one is (H7)."""
    path = team.revision("new000000000", "base00000000")
    set_line(team, TIP, "down_revision", "'new000000000'")
    told = found(team)
    assert set(told) == {"GM021", "GM022"}
    assert told["GM022"]["path"] == path
    message = "new000000000 is below the published tip000000000: databases that have tip000000000"
    assert message in told["GM022"]["message"]
    assert "down_revision = 'tip000000000'" in told["GM022"]["hint"]


def test_slipped_in_as_a_dependency(team: Project) -> None:
    """So is one that a published revision depends on now."""
    team.revision("new000000000", "base00000000")
    set_line(team, TIP, "depends_on", "'new000000000'")
    assert "GM022" in found(team)


def test_branches_off(team: Project) -> None:
    """A new revision beside the published head is told with the line to type (H6)."""
    path = team.revision("new000000000", "base00000000")
    told = found(team)["GM023"]
    assert (told["path"], told["line"]) == (path, 6)
    assert "branches off at base00000000, below the published tip000000000" in told["message"]
    assert "down_revision = 'tip000000000' (line 6), or `gitmig merge-heads`" in told["hint"]


def test_the_hint_mends_it(team: Project) -> None:
    """What the hint says makes the check green."""
    path = team.revision("new000000000", "base00000000")
    assert "GM023" in found(team)
    set_line(team, path, "down_revision", "'tip000000000'")
    assert found(team, code=0) == {}


def test_joined_again(team: Project) -> None:
    """A line from further down that a merge revision joins with the head is run everywhere."""
    team.revision("new000000000", "base00000000")
    path = team.revision("join00000000", None)
    set_line(team, path, "down_revision", "('new000000000', 'tip000000000')")
    assert found(team, code=0) == {}


def test_a_line_with_a_label(team: Project) -> None:
    """A new line under a label of its own is meant to be one (H5)."""
    path = team.revision("new000000000", "base00000000")
    set_line(team, path, "branch_labels", "'shop'")
    team.revision("more00000000", "new000000000")
    assert found(team, code=0) == {}


def test_another_base_with_a_label(team: Project) -> None:
    """So is a base of its own, which may depend on what is published."""
    path = team.revision("new000000000", None)
    set_line(team, path, "branch_labels", "'shop'")
    set_line(team, path, "depends_on", "'base00000000'")
    assert found(team, code=0) == {}
