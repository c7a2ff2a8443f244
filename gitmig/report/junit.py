"""``gitmig check`` as JUnit XML: a suite for each environment, a case for each gate.

Elements and attributes are those of the schema of Jenkins (xunit-plugin, ``junit-10.xsd``), which
GitLab and the others read, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gitmig.explain import where
from gitmig.model import Finding, Gate
from gitmig.outcomes import CheckReport
from gitmig.report.located import counted, finding_of

# what XML 1.0 cannot hold, escaped or not
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME = "gitmig check"


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the document."""
    root = Element("testsuites", name=NAME)
    suites = [suite(root, report) for report in reports]
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(each.get(total, 0)) for each in suites)))
    root.set("time", f"{sum(float(each.get('time', 0)) for each in suites):.3f}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def suite(root: Element, report: CheckReport) -> Element:
    """Add the suite of an environment."""
    name = clean(report.environment) or NAME
    seconds = sum(gate.seconds for gate in report.gates)
    element = SubElement(root, "testsuite", name=name, time=f"{seconds:.3f}")
    properties = SubElement(element, "properties")
    for key, value in report.versions.items():
        SubElement(properties, "property", name=clean(key), value=clean(value))
    for gate in report.gates:
        case(element, name, gate, [each for each in report.findings if each.gate == gate.name])
    if report.failure is not None:
        own = SubElement(element, "testcase", classname=name, name="check", time="0.000")
        message = clean(report.failure.message)
        error = SubElement(own, "error", type="could not run", message=message)
        error.text = clean(told(finding_of(report.failure)))
    loose = [each for each in report.findings if each.gate not in names(report)]
    if loose:
        SubElement(element, "system-out").text = clean("\n".join(map(told, loose)))
    for total, tag in {"tests": "", "failures": "failure", "errors": "error"}.items():
        found = element.findall(f"testcase/{tag}" if tag else "testcase")
        element.set(total, str(len(found)))
    element.set("skipped", str(len(element.findall("testcase/skipped"))))
    return element


def names(report: CheckReport) -> set[str]:
    """Return the names of a report's gates."""
    return {gate.name for gate in report.gates}


def case(parent: Element, suite: str, gate: Gate, findings: Sequence[Finding]) -> None:
    """Add the case of a gate: it has failed with its errors; what is less is its output."""
    element = SubElement(
        parent, "testcase", classname=suite, name=gate.name, time=f"{gate.seconds:.3f}"
    )
    errors = [each for each in findings if each.severity == "error"]
    if gate.status == "failed":
        more = f" and {counted(len(errors) - 1, 'more error')}" if len(errors) > 1 else ""
        message = f"{first_line(errors[0])}{more}" if errors else f"{gate.name} failed"
        kind = errors[0].code if errors else "failed"
        failure = SubElement(element, "failure", type=kind, message=clean(message))
        failure.text = clean("\n".join(map(told, errors)))
    if gate.status == "skipped":
        reason = gate.reason or "it had nothing to stand on, or did not get to run"
        SubElement(element, "skipped", message=reason)
    others = [each for each in findings if each not in errors or gate.status != "failed"]
    if others:
        SubElement(element, "system-out").text = clean("\n".join(map(told, others)))


def first_line(finding: Finding) -> str:
    """Return the sentence of a finding, without the details below it."""
    return finding.message.partition("\n")[0]


def told(finding: Finding) -> str:
    """Return a finding as lines of text, which say its place once."""
    place = where(finding.path, finding.line)
    message = finding.message.removeprefix(place)
    line = place + " ".join(filter(None, (finding.severity, finding.code, message)))
    return f"{line}\n  → {finding.hint}" if finding.hint else line


def clean(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
