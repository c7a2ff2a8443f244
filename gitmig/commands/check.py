"""``gitmig check``: what the staged revisions and models do to a database, gate by gate.

Fails closed: a gate that could not run is never green.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitmig.commands.projectside import open_project
from gitmig.commands.workspace import Workspace
from gitmig.explain import hint_for_migration
from gitmig.model import CheckReport, Environment, Finding, Gate, Progress, Revision

NEED_A_DATABASE = ("upgrade", "downgrade", "drift")


def check(
    directory: Path,
    name: str | None = None,
    *,
    static: bool = False,
    database: str = "",
    on_progress: Progress | None = None,
) -> list[CheckReport]:
    """Check the named environment, or all; ``static`` reads the revisions and runs no code.

    Raises GitmigError where a check could not be made.
    """
    workspace = Workspace.open(directory)
    try:
        return [
            check_one(workspace, environment, static, database, on_progress)
            for environment in workspace.environments(name)
        ]
    finally:
        workspace.repository.close()


def check_one(
    workspace: Workspace,
    environment: Environment,
    static: bool,
    database: str,
    on_progress: Progress | None,
) -> CheckReport:
    """Run the gates of one environment; the others need a graph that can be used."""
    found, findings = workspace.read_graph(environment)
    findings = [*findings, *nothing_found(environment, found, findings)]
    broken = any(finding.severity == "error" for finding in findings)
    gates = [Gate("graph", "failed" if broken else "passed")]
    if static:
        return CheckReport(environment.name, tuple(gates), tuple(findings), {}, len(found))
    if broken:
        gates += [Gate(each, "skipped") for each in NEED_A_DATABASE]
        return CheckReport(environment.name, tuple(gates), tuple(findings), {}, len(found))
    with open_project(
        workspace, environment, database=database, on_progress=on_progress
    ) as project:
        wanted = [each for each in NEED_A_DATABASE if wants(environment, each)]
        answer = project.ask("check", gates=wanted)
    for gate in answer["gates"]:
        if gate["name"] in wanted:
            gates.append(Gate(gate["name"], gate["status"], gate["seconds"]))
        findings += [finding_of(problem, environment, found) for problem in gate["problems"]]
    return CheckReport(
        environment.name, tuple(gates), tuple(findings), answer["versions"], len(found)
    )


def wants(environment: Environment, gate: str) -> bool:
    """Say whether the settings ask for a gate."""
    return gate != "downgrade" or environment.settings.downgrade == "required"


def nothing_found(
    environment: Environment, found: Sequence[Revision], findings: Sequence[Finding]
) -> list[Finding]:
    """Return the finding for an environment without a single revision: nothing was checked."""
    if found or findings:
        return []
    folders = ", ".join(environment.version_locations)
    return [
        Finding(
            "GM009",
            "error",
            f"no revision is tracked in {folders}",
            "make the first one with `gitmig autogenerate`, or see `version_locations`",
            environment.ini or environment.toml,
        )
    ]


def finding_of(
    problem: dict[str, Any], environment: Environment, found: Sequence[Revision]
) -> Finding:
    """Return the finding for a problem of a gate."""
    path, line = str(problem.get("path", "")), int(problem.get("line", 0))
    revision = str(problem.get("revision", ""))
    if problem["kind"] == "drift":
        message = f"the models ask for what no revision does: {problem['message']}"
        hint = "run `gitmig autogenerate`, look at the revision, and commit it"
        return Finding("GM301", "error", message, hint, f"{environment.script_location}/env.py")
    if problem["kind"] == "downgrade_differs":
        message = f"the downgrade of {revision} does not restore the schema: {problem['message']}"
        hint = "mend downgrade() in this file"
        return Finding("GM202", "error", message, hint, path, line or line_of(revision, found),
                       revision)  # fmt: skip
    code, way = ("GM101", "upgrade") if problem.get("up", True) else ("GM201", "downgrade")
    if problem.get("again"):
        code, way = "GM203", "upgrade after its downgrade"
    sql = f" [{problem['sql']}]" if problem.get("sql") else ""
    return Finding(
        code,
        "error",
        f"revision {revision} fails on {way}: {problem['message']}{sql}",
        hint_for_migration(problem["message"], bool(problem.get("replayed"))),
        path,
        line,
        revision,
    )


def line_of(revision: str, found: Sequence[Revision]) -> int:
    """Return the line of a revision's id in its file."""
    return next((each.line for each in found if each.id == revision), 0)
