"""GitLab's code quality report (K8)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from report.conftest import BAD, Checked

from gitmig.model import Finding
from gitmig.outcomes import CheckReport
from gitmig.report import gitlab

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def issues(text: str) -> list[dict[str, Any]]:
    """Read a report, and hold it to what GitLab's documentation asks of each issue."""
    found: list[dict[str, Any]] = json.loads(text)
    for each in found:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert all(isinstance(each[name], str) and each[name] for name in set(each) - {"location"})
        assert each["severity"] in SEVERITIES
        path, line = each["location"]["path"], each["location"]["lines"]["begin"]
        assert path and not path.startswith(("/", "./")) and line >= 1
    fingerprints = [each["fingerprint"] for each in found]
    assert len(set(fingerprints)) == len(fingerprints)  # GitLab shows one of each
    return found


def test_findings_are_issues(checked: Checked) -> None:
    """Each finding is an issue at its file and line, errors above warnings."""
    found = issues(checked.written["gitlab"])
    severity = {each["check_name"]: each["severity"] for each in found}
    assert severity["GM202"] == "critical" and severity["GM005"] == "minor"
    (downgrade,) = [each for each in found if each["check_name"] == "GM202"]
    assert downgrade["location"] == {"path": BAD, "lines": {"begin": 12}}
    assert "mend downgrade()" in downgrade["description"]


def test_fingerprints_stay(checked: Checked) -> None:
    """Another run, and lines that shift, leave the fingerprints as they were."""
    project, before = checked.project, issues(checked.written["gitlab"])
    text = project.read(BAD)
    try:
        project.write(BAD, text.replace('"""email"""', '"""email"""\n\n# more\n'))
        project.git("add", "-A")
        again = issues(project.gitmig("check", "--base=main", "--format=gitlab", code=1).stdout)
    finally:
        project.write(BAD, text)
        project.git("add", "-A")
    assert [each["fingerprint"] for each in again] == [each["fingerprint"] for each in before]
    assert [each["location"] for each in again] != [each["location"] for each in before]


def test_fingerprints_leave_out_what_is_of_one_run() -> None:
    """Numbers, commits and places on the machine are no part of it; what is wrong is."""
    message = "a database at the base ({}) does not upgrade: {} line {}: no such table: t"
    told = [
        Finding("GM102", "error", message.format("0a1b2c3d4e5f", "/somewhere/g-1/run-x_y/a", 12)),
        Finding("GM102", "error", message.format("9a8b7c6d5e4f", "/else/run-zz/b", 40)),
        Finding("GM102", "error", message.replace("table", "view").format("0a1b2c3d4e5f", "/", 1)),
    ]
    one, other, third = (
        issues(gitlab.checked([CheckReport("default", findings=(each,))]))[0]["fingerprint"]
        for each in told
    )
    assert one == other != third


def test_the_same_twice() -> None:
    """Two findings that say the same, or of two environments, are two issues."""
    finding = Finding("GM301", "error", "drift", path="env.py")
    one = CheckReport("one", findings=(finding, finding))
    assert len(issues(gitlab.checked([one, replace(one, environment="two")]))) == 4


def test_green_and_failed(green: Checked, failed: Checked) -> None:
    """Nothing found is an empty list; what could not be checked is an issue that blocks."""
    assert issues(green.written["gitlab"]) == []
    (only,) = issues(failed.written["gitlab"])
    assert only["severity"] == "blocker" and "never_there" in only["description"]
