"""What a gate of the worker's `check` found, as findings in the user's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitmig.explain import hint_for_migration
from gitmig.model import Environment, Finding, Revision

Problem = dict[str, Any]


def finding_of(problem: Problem, environment: Environment, found: Sequence[Revision]) -> Finding:
    """Return the finding for a problem of a gate."""
    path, line = str(problem.get("path", "")), int(problem.get("line", 0))
    revision = str(problem.get("revision", ""))
    if problem["kind"] == "downgrade_differs":
        message = f"the downgrade of {revision} does not restore the schema: {problem['message']}"
        hint = "mend downgrade() in this file"
        return Finding("GM202", "error", message, hint, path, line or line_of(revision, found),
                       revision)  # fmt: skip
    return failure(problem, path, line, revision)


def failure(problem: Problem, path: str, line: int, revision: str) -> Finding:
    """Return the finding for a revision that failed while it ran."""
    code, way = ("GM101", "upgrade") if problem.get("up", True) else ("GM201", "downgrade")
    if problem.get("again"):
        code, way = "GM203", "upgrade after its downgrade"
    sql = f" [{problem['sql']}]" if problem.get("sql") else ""
    message = f"revision {revision} fails on {way}: {problem['message']}{sql}"
    hint = hint_for_migration(problem["message"], bool(problem.get("replayed")))
    return Finding(code, "error", message, hint, path, line, revision)


def line_of(revision: str, found: Sequence[Revision]) -> int:
    """Return the line of a revision's id in its file."""
    return next((each.line for each in found if each.id == revision), 0)
