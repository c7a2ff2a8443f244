"""``gitmig check``: what the staged revisions and models do to a database, gate by gate.

Fails closed: a gate that could not run is never green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmig.commands import published
from gitmig.commands.projectside import AS_USUAL, How, open_project
from gitmig.commands.workspace import Workspace
from gitmig.explain import hint_for_migration
from gitmig.model import CheckReport, Environment, Finding, Gate, Revision

NEED_A_DATABASE = ("upgrade", "downgrade", "drift")


def check(
    directory: Path,
    name: str | None = None,
    *,
    base: str = "",
    static: bool = False,
    how: How = AS_USUAL,
) -> list[CheckReport]:
    """Check the named environment, or all.

    ``base`` is the branch whose revisions are published (empty: the one in the settings, if any);
    ``static`` reads the revisions and runs no code. Raises GitmigError where a check could not
    be made.
    """
    workspace = Workspace.open(directory)
    wanted = Wanted(base, static, how)
    try:
        return [
            check_one(workspace, environment, wanted)
            for environment in workspace.environments(name)
        ]
    finally:
        workspace.close()


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    base: str
    static: bool
    how: How


def check_one(workspace: Workspace, environment: Environment, wanted: Wanted) -> CheckReport:
    """Run the gates of one environment; those with a database need a graph that can be used."""
    found, findings = workspace.read_graph(environment)
    findings = [*findings, *nothing_found(environment, found, findings)]
    broken = is_bad(findings)
    gates = [Gate("graph", "failed" if broken else "passed")]
    ref = wanted.base or environment.settings.base
    commit = workspace.repository.merge_base(ref) if ref else ""
    if commit:
        changed = published.changed(workspace, environment, commit, found)
        gates.append(Gate("published", "failed" if is_bad(changed) else "passed"))
        findings += changed
    versions: dict[str, str] = {}
    if broken and not wanted.static:
        gates += [Gate(each, "skipped") for each in NEED_A_DATABASE]
    elif not wanted.static:
        standing = (
            published.head(workspace, commit, found) if commit and not is_bad(changed) else ""
        )
        more, problems, versions = on_databases(
            workspace, environment, wanted, found, Base(commit, standing)
        )
        gates, findings = [*gates, *more], [*findings, *problems]
    return CheckReport(environment.name, tuple(gates), tuple(findings), versions, len(found))


@dataclass(frozen=True)
class Base:
    """What is published: the commit, and the one revision its others lead to, if there is one."""

    commit: str
    head: str


def on_databases(
    workspace: Workspace,
    environment: Environment,
    wanted: Wanted,
    found: Sequence[Revision],
    base: Base,
) -> tuple[list[Gate], list[Finding], dict[str, str]]:
    """Run the gates that need a database, those of a deployed one beside the others.

    Returns them, what they found, and the versions. A database at the base is no news where one
    that begins empty fails.
    """
    names = [each for each in NEED_A_DATABASE if wants(environment, each)]
    with (
        open_project(workspace, environment, wanted.how) as project,
        published.deploying(workspace, environment, base.commit, project) as deployed,
    ):
        answer = project.ask("check", gates=names, published=base.head)
        gates, findings = [], []
        for gate in answer["gates"]:
            if gate["name"] in names:
                gates.append(Gate(gate["name"], gate["status"], gate["seconds"]))
            findings += [finding_of(problem, environment, found) for problem in gate["problems"]]
        if gate_passed(gates, "upgrade"):
            more, problems = deployed()
            gates, findings = [*gates, *more], [*findings, *problems]
    findings += [Finding("GM401", "note", note) for note in answer["differs"]]
    return gates, findings, answer["versions"]


def is_bad(findings: Sequence[Finding]) -> bool:
    """Say whether one of the findings is an error."""
    return any(finding.severity == "error" for finding in findings)


def gate_passed(gates: Sequence[Gate], name: str) -> bool:
    """Say whether a gate ran and found nothing."""
    return any(gate.name == name and gate.status == "passed" for gate in gates)


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
