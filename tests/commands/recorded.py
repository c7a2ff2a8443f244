"""Verbs for the tests of what `gitmig check` records."""

from __future__ import annotations

import json
from typing import Any

from support import Project

Ran = list[dict[str, Any]]


def published(project: Project, up: str, down: str = "pass") -> None:
    """Let main have another first revision, and begin a branch."""
    project.revision("base00000000", None, up, down, "users")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")


def upgraded(project: Project, *lines: str, down: str = "pass") -> Ran:
    """Check a branch with one new revision; return what was recorded of its way up."""
    project.revision("more00000000", "base00000000", "\n    ".join(lines), down)
    return [each for each in checked(project) if each["up"]]


def checked(project: Project) -> Ran:
    """Check what is staged against main; return what was recorded."""
    project.git("add", "-A")
    told = project.gitmig("check", "--base", "main", "--format", "json", code=None)
    assert told.returncode in (0, 1), told.stdout + told.stderr
    answer = json.loads(told.stdout)
    assert "ran" in answer, told.stdout
    found: Ran = answer["ran"]
    return found


def only(ran: Ran) -> dict[str, Any]:
    """Return the one statement of the one operation."""
    assert [len(each["statements"]) for each in ran] == [1], ran
    found: dict[str, Any] = ran[0]["statements"][0]
    return found


def kinds(ran: Ran) -> list[tuple[int, str]]:
    """Return line and kind of each operation."""
    return [(each["line"], each["kind"]) for each in ran]


def locks(statement: dict[str, Any]) -> set[str]:
    """Return the locks of a statement, as ``table mode``, without the words all modes end in."""
    return {f"{lock['table']} {lock['mode'].removesuffix('Lock')}" for lock in statement["locks"]}
