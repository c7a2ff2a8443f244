"""``gitmig check`` as GitLab's code quality report.

Format: docs.gitlab.com/ci/testing/code_quality, "Code Quality report format".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gitmig.model import JsonObject, Severity
from gitmig.outcomes import CheckReport, Failure
from gitmig.report.located import WHOLE, failures, located

SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "minor", "note": "info"}


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the list of issues; what could not be checked is one, so that it is never green."""
    several = len(reports) > 1
    issues = [could_not_run(*each) for each in failures(reports)]
    for each in located(reports):
        finding = each.finding
        where = f"{each.environment}: " if several else ""
        text = f"{where}{finding.message}" + (f" → {finding.hint}" if finding.hint else "")
        severity = SEVERITIES[finding.severity]
        issues.append(issue(finding.code, severity, text, (each.path, each.line), each.fingerprint))
    return json.dumps(issues, indent=2) + "\n"


def could_not_run(report: CheckReport, failure: Failure) -> JsonObject:
    """Return the issue for what could not be checked."""
    where = f" {report.environment}" if report.environment else ""
    text = f"gitmig could not check{where}: {failure.message} → {failure.hint}"
    name = f"gitmig-{report.environment or 'check'}"
    place = (failure.path or report.place or WHOLE, failure.line)
    return issue(failure.code or "gitmig", "blocker", text, place, name)


def issue(
    code: str, severity: str, text: str, place: tuple[str, int], fingerprint: str
) -> JsonObject:
    """Return one issue."""
    path, line = place
    return {
        "check_name": code,
        "description": text,
        "severity": severity,
        "fingerprint": fingerprint,
        "location": {"path": path, "lines": {"begin": max(line, 1)}},
    }
