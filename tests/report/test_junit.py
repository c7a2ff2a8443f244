"""JUnit XML (K8): what Jenkins' schema allows, read back by a parser of test reports."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import junitparser
from report.conftest import HOSTILE, Checked

from gitmig.model import Finding, Gate
from gitmig.outcomes import CheckReport, Failure
from gitmig.report import junit

# element → its attributes, from junit-10.xsd of Jenkins' xunit-plugin; + is required
ALLOWED = {
    "testsuites": "name time tests failures errors",
    "testsuite": "+name +tests +failures +errors group time skipped timestamp hostname id package",
    "testcase": "+name time classname group",
    "failure": "type message",
    "error": "type message",
    "skipped": "type message",
    "properties": "",
    "property": "+name +value",
    "system-out": "",
}


def read(text: str) -> junitparser.JUnitXml:
    """Return what a parser makes of a document that keeps to the schema."""
    root = ElementTree.fromstring(text)  # noqa: S314 - it is our own
    for element in root.iter():
        attributes = ALLOWED[element.tag].split()
        assert set(element.attrib) <= {name.lstrip("+") for name in attributes}
        assert {name[1:] for name in attributes if name.startswith("+")} <= set(element.attrib)
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
    return junitparser.JUnitXml.fromroot(root)


def test_gates_are_cases(checked: Checked) -> None:
    """Each environment is a suite, each gate a case that failed, was skipped or passed."""
    (suite,) = read(checked.written["junit"])
    assert suite.name == "default"
    cases = {case.name: case for case in suite}
    gates = json.loads(checked.written["json"])["gates"]
    assert list(cases) == [gate["name"] for gate in gates]
    assert [case.is_passed for case in suite] == [gate["status"] == "passed" for gate in gates]
    assert cases["upgrade"].is_passed and cases["upgrade"].classname == "default"
    (failure,) = cases["downgrade"].result
    assert failure.type == "GM202" and "mend downgrade() in this file" in failure.text
    assert "GM005" in cases["graph"].system_out and cases["graph"].is_passed
    (drift,) = cases["drift"].result
    assert HOSTILE.splitlines()[0].split()[0] in drift.message
    versions = {each.name for each in suite.properties()}
    assert {"python", "alembic", "sqlalchemy", "dialect", "database"} <= versions


def test_green(green: Checked) -> None:
    """A check that passed has no failure."""
    document = read(green.written["junit"])
    assert (document.tests, document.failures, document.errors) == (4, 0, 0)


def test_could_not_run(failed: Checked) -> None:
    """What could not be checked is an error with its reason and remedy."""
    (suite,) = read(failed.written["junit"])
    ((error,),) = (case.result for case in suite)
    assert isinstance(error, junitparser.Error) and "never_there" in error.message


def test_a_place_is_said_once() -> None:
    """What could not be run is told with its place, once, whether the sentence has it or not."""
    for message in ("app/settings.py:12: env.py failed", "env.py failed"):
        failure = Failure(message, "mend it", path="app/settings.py", line=12)
        (suite,) = read(junit.checked([CheckReport("default", failure=failure)]))
        ((error,),) = (case.result for case in suite)
        assert error.text == "app/settings.py:12: error env.py failed\n  → mend it"


def test_signs_that_xml_cannot_hold() -> None:
    """Control characters and halves of characters are replaced; several environments are told."""
    finding = Finding("GM101", "error", "bell \x07 null \x00 ]]> & <b>\ud800", gate="upgrade")
    gates = (Gate("upgrade", "failed", 1234.5), Gate("drift", "skipped"))
    reports = [
        CheckReport("one", gates, (finding, Finding("GM401", "note", "other version"))),
        CheckReport("two", failure=Failure("no interpreter", "set python")),
    ]
    one, two = read(junit.checked(reports))
    failed, skipped = one
    assert failed.result[0].message == "bell � null � ]]> & <b>�"
    assert isinstance(skipped.result[0], junitparser.Skipped)
    assert "<system-out>note GM401 other version</system-out>" in junit.checked(reports)
    assert two.errors == 1
