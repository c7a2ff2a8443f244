"""Reports as JSON, in the shape that docs/json.md describes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from gitmig.model import Finding, JsonObject
from gitmig.outcomes import CheckReport, Failure, FoldReport, GenerateReport, MergeReport

VERSION = 1


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the report of ``gitmig check``; several environments go under ``environments``."""
    for report in reports:
        if report.failure is not None and not report.environment:
            return failed("check", report.failure)
    return dump("check", [check_object(report) for report in reports])


def check_object(report: CheckReport) -> JsonObject:
    """Return one environment's part."""
    told: JsonObject = {"ok": report.ok, "environment": report.environment}
    if report.failure is not None:
        told["error"] = error_object(report.failure)
    return {
        **told,
        "gates": [asdict(gate) for gate in report.gates],
        "findings": [finding_object(finding) for finding in report.findings],
        "waived": [finding_object(finding) for finding in report.waived],
        "versions": dict(report.versions),
        "branches": [asdict(branch) for branch in report.branches],
        "ran": [asdict(operation) for operation in report.ran],
    }


def finding_object(finding: Finding) -> JsonObject:
    """Return a finding; only one that is waived has a reason."""
    told = asdict(finding)
    return told if finding.reason else {key: told[key] for key in told if key != "reason"}


def generated(reports: Sequence[GenerateReport]) -> str:
    """Return the report of ``gitmig autogenerate``."""
    return dump("autogenerate", [generate_object(report) for report in reports])


def generate_object(report: GenerateReport) -> JsonObject:
    """Return one environment's part; with ``--dry-run`` ``written`` is what would be."""
    return {
        "ok": not report.stopped,
        "environment": report.environment,
        "dry_run": report.dry_run,
        "written": [asdict(file) for file in report.written],
        "staged": report.staged,
        "operations": [asdict(operation) for operation in report.operations],
        "stopped": report.stopped,
        "hint": report.hint,
        "notes": list(report.notes),
    }


def merged(reports: Sequence[MergeReport]) -> str:
    """Return the report of ``gitmig merge-heads``."""
    return dump("merge-heads", [merge(report) for report in reports])


def merge(report: MergeReport) -> JsonObject:
    """Return what was done with the heads of one environment."""
    return {
        "ok": True,
        "environment": report.environment,
        "dry_run": report.dry_run,
        "heads": [asdict(head) for head in report.heads],
        "written": asdict(report.written) if report.written else None,
        "staged": report.staged,
        "moved": [
            {
                "revision": move.revision.id,
                "path": move.revision.path,
                "from": list(move.revision.parents),
                "to": move.parent.id,
            }
            for move in report.moved
        ],
        "notes": list(report.notes),
    }


def folded(report: FoldReport) -> str:
    """Return the report of ``gitmig fold``."""
    found = {
        "ok": True,
        "environment": report.environment,
        "dry_run": report.dry_run,
        "folded": [asdict(revision) for revision in report.folded],
        "written": asdict(report.written) if report.written else None,
        "staged": report.staged,
        "operations": [asdict(operation) for operation in report.operations],
        "notes": list(report.notes),
        "undo": report.undo,
    }
    return dump("fold", [found])


def failed(command: str, error: Failure) -> str:
    """Return the answer of a command that could not run."""
    told = error_object(error)
    return json.dumps({"version": VERSION, "command": command, "ok": False, "error": told})


def error_object(error: Failure) -> JsonObject:
    """Return what could not be done, and what to type; with the place where it is known."""
    names = ("code", "path", "line", "revision")
    place = {name: getattr(error, name) for name in names if getattr(error, name)}
    return {"message": error.message, "hint": error.hint, **place}


def dump(command: str, parts: list[JsonObject]) -> str:
    """Return the envelope: one environment's part in it, or a list of them."""
    head: JsonObject = {"version": VERSION, "command": command}
    if len(parts) == 1:
        return json.dumps({**head, **parts[0]}, indent=2)
    ok = all(part["ok"] for part in parts)
    return json.dumps({**head, "ok": ok, "environments": parts}, indent=2)
