"""``gitmig check``: what the staged revisions and models do to a database, gate by gate.

Fails closed: a gate that could not run is never green. To add a gate, put it into one of the
tables below and into ``ORDER``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gitmig.commands import against as open_branches
from gitmig.commands import (
    answered,
    deploy,
    downgrade,
    head_file,
    id_twice,
    joining,
    merge_result,
    recorded,
    side_by_side,
    verdict,
)
from gitmig.commands.projectside import AS_USUAL, How, ProjectSide, open_project
from gitmig.commands.shard import READING, WALK, WHOLE, Shard, parts_of
from gitmig.commands.subject import (
    EVERYTHING,
    Beside,
    FromGit,
    Subject,
    Wanted,
    found_by,
    gate_of,
    gate_passed,
)
from gitmig.commands.workspace import Workspace
from gitmig.model import Environment, Finding, Gate, Revision
from gitmig.outcomes import CheckReport
from gitmig.snapshot import Trees

ORDER = (
    "graph",
    "published",
    "merge",
    "against",
    "upgrade",
    "downgrade",
    "rows",
    "drift",
    "deploy",
    "rolling",
    "rules",
)
# these judge only what is new on the branch: without a base they are not in the list
OF_WHAT_IS_NEW = frozenset({"published", "merge", "rows", "deploy", "rolling", "rules"})


def by_reading(subject: Subject) -> dict[str, Sequence[Finding]]:
    """Return what each gate found that only reads; no code of the project runs."""
    found: dict[str, Sequence[Finding]] = {"graph": subject.known}
    if subject.ref:
        found["published"] = subject.tampered
        result = subject.git.merged(subject.ref, subject.left_at)
        if result:
            staged = subject.found, subject.known
            found["merge"] = merge_result.findings(
                subject.workspace, subject.environment, *staged, result, subject.wanted.base
            )
    if subject.wanted.against:
        team = subject.git.team(subject.ref)
        found["against"] = open_branches.findings_of(
            team, subject.branches, joining.command(subject.environment, subject.wanted.base)
        )
    return found


# those of the worker's `check`: one walk serves them all
IN_WORKER = ("upgrade", "downgrade", "rows", "drift")
# those that go on at the same time: begun with the project's side
Beginning = Callable[[Subject, ProjectSide], AbstractContextManager[Beside]]
BESIDE: Mapping[tuple[str, ...], Beginning] = {("deploy", "rolling"): deploy.beginning}
# those that judge what the worker's `check` answered, and know what the gates before them found
Judge = Callable[[Subject, Mapping[str, Any], Sequence[Gate], Sequence[Finding]], list[Finding]]
JUDGES: Mapping[str, Judge] = {"rules": verdict.rules}


def check(
    directory: Path,
    name: str | None = None,
    wanted: Wanted = EVERYTHING,
    *,
    shard: Shard = WHOLE,
    how: How = AS_USUAL,
) -> list[CheckReport]:
    """Check the named environment, or all; ``shard`` is what of it to do here.

    Raises GitmigError where a check could not be made; one of several environments that
    cannot be checked has a report that says so. One of which this shard has nothing has none.
    """
    workspace = Workspace.open(directory)
    try:
        everything = workspace.environments(name)
        has_base = wanted.base or any(each.settings.base for each in everything)
        parts = parts_of(wanted.static, [names[0] for names in BESIDE] if has_base else ())
        mine = shard.share(parts, [each.name for each in everything])
        environments = [each for each in everything if each.name in mine]
        if len(environments) > 1:
            workspace = replace(workspace, trees=Trees(workspace.repository))
        git = FromGit(workspace, wanted.against)

        def begin(environment: Environment) -> side_by_side.Rest:
            own = mine[environment.name]
            return begin_one(subject_of(workspace, environment, wanted, git, own))

        reports = side_by_side.each(environments, how, begin)
        named = [replace(each, title=shard.title(each.environment, everything)) for each in reports]
        whole = shard == WHOLE
        return [each for each in named if whole or each.gates or each.findings or each.failure]
    finally:
        workspace.close()


def subject_of(
    workspace: Workspace,
    environment: Environment,
    wanted: Wanted,
    git: FromGit,
    parts: Collection[str],
) -> Subject:
    """Read the staged revisions of an environment."""
    found, findings = workspace.read_graph(environment)
    findings = id_twice.at_the_new(workspace, environment, found, findings, wanted.base)
    known = joining.hinted(workspace, environment, found, findings, wanted.base)
    known += nothing_found(environment, found, findings)
    known += head_file.untrue(workspace, environment)
    return Subject(workspace, environment, wanted, git, found, known, parts)


def begin_one(subject: Subject) -> side_by_side.Rest:
    """Run the gates of one environment that read; return what runs those with the project's code.

    They need a graph that can be used.
    """
    subject.choice  # noqa: B018 - a word that means nothing is told before anything runs
    read = by_reading(subject) if READING in subject.parts else {}
    told = dict(read) if subject.is_usable() else {"graph": subject.known, **read}
    report = CheckReport(
        subject.environment.name,
        tuple(gate_of(name, findings) for name, findings in read.items()),
        tuple(each for name, found in told.items() for each in found_by(name, found)),
        revisions=len(subject.found),
        branches=tuple(subject.branches) if READING in subject.parts else (),
        place=subject.environment.ini or subject.environment.toml,
    )
    asked = () if subject.wanted.static else with_code(subject)  # git is asked by here

    def rest(how: How) -> CheckReport:
        gates, told = [*report.gates], [*report.findings]
        answer: Mapping[str, Any] = {}
        if asked and subject.is_usable():
            more, found, answer = on_databases(subject, how)
            gates, told = [*gates, *more], [*told, *found]
        names = {gate.name for gate in gates}
        gates += [Gate(name, "skipped") for name in asked if name not in names]
        gates, told, waived = verdict.settled(subject, gates, told, answer.get("versions", {}))
        return replace(
            report,
            gates=tuple(sorted(gates, key=lambda gate: ORDER.index(gate.name))),
            findings=tuple(told),
            waived=tuple(waived),
            versions=answer.get("versions", {}),
            ran=recorded.operations(answer) if subject.new else (),
        )

    return rest


def with_code(subject: Subject) -> list[str]:
    """Return the gates that run the project's code and are asked for."""
    beside = [name for names in BESIDE for name in names]
    return [name for name in (*IN_WORKER, *beside, *JUDGES) if is_asked(subject, name)]


def is_asked(subject: Subject, name: str) -> bool:
    """Say whether a gate is asked for: by the settings, by there being a base, in this shard."""
    beside = next((names[0] for names in BESIDE if name in names), "")
    if (beside or WALK) not in subject.parts:
        return False
    if beside or name == "rows":
        return bool(subject.base.paths)
    return bool(subject.base.commit) or name not in OF_WHAT_IS_NEW


def on_databases(subject: Subject, how: How) -> tuple[list[Gate], list[Finding], Mapping[str, Any]]:
    """Run the gates that need a database, those of a deployed one beside the others.

    Returns them, what they found, and the worker's answer. A database at the base is no news where
    one that begins empty fails.
    """
    names = [name for name in IN_WORKER if is_asked(subject, name)]
    beside = [begin for own, begin in BESIDE.items() if is_asked(subject, own[0])]
    published, new = list(subject.base.heads), list(subject.base.new)
    with (
        open_project(subject.workspace, subject.environment, how) as project,
        contextlib.ExitStack() as stack,
    ):
        waiting = [stack.enter_context(begin(subject, project)) for begin in beside]
        seed = subject.environment.settings.seed
        answer = project.ask(
            "check",
            gates=names,
            published=published,
            new=new,
            seed=seed,
            one_way=downgrade.one_way(subject),
            **{name: value for each in waiting for name, value in each.fields.items()},
        )
        gates, findings = answered.outcome(subject, project, answer, names)
        for each in waiting if gate_passed(gates, "upgrade") or not names else ():
            more, told = each.outcome(answer)
            told = found_by(more[0].name if more else "", told)
            gates, findings = [*gates, *more], [*findings, *told]
    for name, judge in JUDGES.items():
        if is_asked(subject, name) and gate_passed(gates, "upgrade"):
            told = judge(subject, answer, gates, findings)
            gates, findings = [*gates, gate_of(name, told)], [*findings, *found_by(name, told)]
    findings += answered.besides(subject, answer)
    return gates, findings, answer


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
