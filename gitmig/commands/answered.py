"""What the worker's `check` answered, as gates and findings."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from gitmig.commands import downgrade, drift, problems, verdict
from gitmig.commands.projectside import ProjectSide
from gitmig.commands.subject import Outcome, Subject, found_by, gate_of
from gitmig.model import Finding, Gate


def outcome(
    subject: Subject, project: ProjectSide, answer: Mapping[str, Any], names: Sequence[str]
) -> Outcome:
    """Return the gates that the worker ran, and what they found."""
    gates, findings = [], []
    for gate in answer["gates"]:
        if gate["name"] not in names:
            continue
        told = told_of(subject, project, gate, answer)
        status, reason = gate["status"], ""
        if status != "skipped":
            status = gate_of(gate["name"], told).status
        elif gate["name"] == "drift" and answer["without_models"]:
            reason = drift.NO_MODELS
            told.append(drift.without_models(subject))
        gates.append(Gate(gate["name"], status, gate["seconds"], reason))
        findings += found_by(gate["name"], told)
    return gates, findings


def told_of(
    subject: Subject, project: ProjectSide, gate: Mapping[str, Any], answer: Mapping[str, Any]
) -> list[Finding]:
    """Return the findings for the problems of one of the worker's gates."""
    found = gate["problems"]
    different = [problem for problem in found if problem["kind"] == "drift"]
    deeds = functools.partial(verdict.deeds, answer)
    told = [
        finding
        for problem in found
        if problem["kind"] != "drift"
        for finding in problems.findings_of(problem, subject.found, deeds)
    ]
    if gate["name"] == "downgrade":
        told += downgrade.findings(subject)
    if gate["name"] == "drift" and gate["status"] != "skipped":
        told += drift.findings(subject, project, different, answer)
    return told


def besides(subject: Subject, answer: Mapping[str, Any]) -> list[Finding]:
    """Return what was found of none of these gates: what a revision leaves, what is not known."""
    files = problems.of_files(answer["wrote"], subject.found)
    running = [problems.left_running(each) for each in answer["running"]]
    notes = [Finding("GM401", "note", note) for note in answer["differs"]]
    return [*found_by("upgrade", files), *found_by("upgrade", running), *notes]
