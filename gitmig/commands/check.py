"""``gitmig check``: what the staged revisions and models do to a database, gate by gate.

Fails closed: a gate that could not run is never green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitmig import history
from gitmig.commands import against as open_branches
from gitmig.commands import head_file, merge_result, published
from gitmig.commands.projectside import AS_USUAL, How, open_project
from gitmig.commands.workspace import Workspace
from gitmig.explain import hint_for_migration
from gitmig.model import CheckReport, Environment, Finding, Gate, OpenBranch, Revision

NEED_A_DATABASE = ("upgrade", "downgrade", "drift")


def check(
    directory: Path,
    name: str | None = None,
    *,
    base: str = "",
    static: bool = False,
    against: Sequence[str] = (),
    how: How = AS_USUAL,
) -> list[CheckReport]:
    """Check the named environment, or all.

    ``base`` is the branch whose revisions are published (empty: the one in the settings, if any);
    ``static`` reads the revisions and runs no code; ``against`` are patterns of open branches, to
    be compared with the base and each other. Raises GitmigError where a check could not be made.
    """
    workspace = Workspace.open(directory)
    wanted = Wanted(base, static, tuple(against), how)
    git = FromGit(workspace, wanted.against)
    try:
        return [
            check_one(workspace, environment, wanted, git)
            for environment in workspace.environments(name)
        ]
    finally:
        workspace.close()


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    base: str
    static: bool
    against: Sequence[str]
    how: How


@dataclass(frozen=True)
class FromGit:
    """What git says of other branches; asked once for all environments that have one base."""

    workspace: Workspace
    against: Sequence[str]
    results: dict[str, merge_result.Result | None] = field(default_factory=dict)
    teams: dict[str, open_branches.Team] = field(default_factory=dict)

    def merged(self, ref: str, left_at: str) -> merge_result.Result | None:
        """Return what a merge with the base would give, None where it is in already."""
        if ref not in self.results:
            self.results[ref] = merge_result.with_branch(self.workspace, ref, left_at)
        return self.results[ref]

    def team(self, ref: str) -> open_branches.Team:
        """Return the open branches that the user named."""
        if ref not in self.teams:
            self.teams[ref] = open_branches.gather(self.workspace, self.against, ref)
        return self.teams[ref]


def check_one(
    workspace: Workspace, environment: Environment, wanted: Wanted, git: FromGit
) -> CheckReport:
    """Run the gates of one environment; those with a database need a graph that can be used."""
    found, findings = workspace.read_graph(environment)
    findings = [*findings, *nothing_found(environment, found, findings)]
    findings += head_file.untrue(workspace, environment)
    broken = is_bad(findings)
    base, more, problems = beside_others(workspace, environment, wanted, (found, findings), git)
    gates = [gate_of("graph", findings), *more]
    findings += problems
    branches: Sequence[OpenBranch] = ()
    if wanted.against:
        team = git.team(wanted.base or environment.settings.base)
        branches = open_branches.look(workspace, environment, team)
        collisions = open_branches.findings_of(team, branches)
        gates.append(gate_of("against", collisions))
        findings += collisions
    versions: dict[str, str] = {}
    if broken and not wanted.static:
        gates += [Gate(each, "skipped") for each in NEED_A_DATABASE]
    elif not wanted.static:
        more, problems, versions = on_databases(workspace, environment, wanted, found, base)
        gates, findings = [*gates, *more], [*findings, *problems]
    count = len(found)
    return CheckReport(
        environment.name, tuple(gates), tuple(findings), versions, count, tuple(branches)
    )


def beside_others(
    workspace: Workspace,
    environment: Environment,
    wanted: Wanted,
    staged: tuple[Sequence[Revision], Sequence[Finding]],
    git: FromGit,
) -> tuple[Base, list[Gate], list[Finding]]:
    """Compare the staged revisions with those of the base, by reading.

    ``staged`` are they and what is wrong with them. Returns what is published, the gates and
    what they found; nothing where there is no base.
    """
    ref = wanted.base or environment.settings.base
    if not ref:
        return Base("", ""), [], []
    found, known = staged
    commit = history.merge_base(workspace.repository, ref)
    changed = published.changed(workspace, environment, commit, found)
    gates, findings = [gate_of("published", changed)], list(changed)
    result = git.merged(ref, commit)
    if result:
        merged = merge_result.findings(workspace, environment, found, known, result)
        gates.append(gate_of("merge", merged))
        findings += merged
    head = "" if is_bad(changed) else published.head(workspace, commit, found)
    return Base(commit, head), gates, findings


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


def gate_of(name: str, findings: Sequence[Finding]) -> Gate:
    """Return the outcome of a gate that found these."""
    return Gate(name, "failed" if is_bad(findings) else "passed")


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
