"""``gitmig check`` as SARIF 2.1.0, in one run (GitHub takes no second one of a tool).

Format: docs.oasis-open.org/sarif/sarif/v2.1.0. What GitHub wants besides: a location in each
result, descriptions in each rule (docs.github.com, "SARIF support for code scanning").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from inspect import cleandoc
from urllib.parse import quote

from gitmig import __version__
from gitmig.model import Finding, JsonObject
from gitmig.outcomes import CheckReport, Failure
from gitmig.report.located import Located, failures, located, with_failure
from gitmig.rules import codes

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT = "%SRCROOT%"


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the log."""
    found = list(located(map(with_failure, reports), waived=True))
    known = sorted({each.finding.code for each in found})
    driver = {"name": "gitmig", "version": __version__, "rules": [rule(code) for code in known]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(reports)],
        "results": [result(each, known.index(each.finding.code)) for each in found],
        "properties": {"environments": [environment(report) for report in reports]},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def rule(code: str) -> JsonObject:
    """Return what is said of a code."""
    known = codes.find(code)
    if known is None:
        text = {"text": f"finding {code} of gitmig check"}
        return {"id": code, "shortDescription": text, "fullDescription": text, "help": text}
    sentence = {"text": known.sentence}
    return {
        "id": code,
        "name": known.name,
        "shortDescription": sentence,
        "fullDescription": sentence,
        "help": {"text": cleandoc(known.documentation)},
    }


def result(each: Located, index: int) -> JsonObject:
    """Return one finding."""
    finding = each.finding
    text = f"{finding.message}\n→ {finding.hint}" if finding.hint else finding.message
    region = {"region": {"startLine": each.line}} if each.line else {}
    place = {
        "artifactLocation": {"uri": quote(each.path, errors="surrogateescape"), "uriBaseId": ROOT},
        **region,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"gitmigFinding/v1": each.fingerprint},
        "suppressions": suppressions(finding),
        "properties": {"environment": each.environment, "revision": finding.revision},
    }


def suppressions(finding: Finding) -> list[JsonObject]:
    """Return what a waiver says of a finding; where one result has this, all must (3.27.23)."""
    return [{"kind": "inSource", "justification": finding.reason}] if finding.reason else []


def invocation(reports: Sequence[CheckReport]) -> JsonObject:
    """Return whether all could be checked, and why not."""
    notes = [notification(*each) for each in failures(reports)]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def notification(report: CheckReport, failure: Failure) -> JsonObject:
    """Return why an environment could not be checked."""
    where = f"{report.environment}: " if report.environment else ""
    text = "\n→ ".join(filter(None, [where + failure.message, failure.hint]))
    return {"level": "error", "message": {"text": text}}


def environment(report: CheckReport) -> JsonObject:
    """Return what a result cannot hold: gates and versions."""
    gates = {gate.name: gate.status for gate in report.gates}
    versions = dict(report.versions)
    return {"name": report.environment, "ok": report.ok, "gates": gates, "versions": versions}
