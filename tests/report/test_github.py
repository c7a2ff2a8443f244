"""Annotations for GitHub Actions (K8): read as the runner reads them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from report.conftest import BAD, HOSTILE, Checked

from gitmig.model import Finding, Severity
from gitmig.outcomes import CheckReport
from gitmig.report import github

COMMAND = re.compile(r"\s*::(?P<kind>\w+)(?: (?P<properties>.*?))?::(?P<text>.*)")


def commands(text: str) -> list[dict[str, str]]:
    """Read workflow commands as the runner does: a line that begins with ``::``."""
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        if match is None:
            assert not line.lstrip().startswith("::"), line
            continue
        properties = dict(part.split("=", 1) for part in (match["properties"] or "").split(","))
        told = {"kind": match["kind"], "text": match["text"], **properties}
        found.append({key: unescaped(value) for key, value in told.items()})
    return found


def unescaped(value: str) -> str:
    """Undo the escapes, ``%`` last."""
    for escape, sign in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(escape, sign)
    return value


def test_findings_are_annotations(checked: Checked) -> None:
    """Each finding is an annotation at its file and line, with code, sentence and remedy."""
    found = commands(checked.written["github"])
    assert {each["kind"] for each in found} == {"error", "warning"}
    (downgrade,) = [each for each in found if each["title"] == "gitmig GM202"]
    assert downgrade["file"] == BAD and downgrade["line"] == "12"
    assert "\n→ mend downgrade() in this file" in downgrade["text"]
    (warning,) = [each for each in found if each["kind"] == "warning"]
    assert warning["title"] == "gitmig GM005" and warning["file"] == BAD


def test_nothing_gets_out_of_its_line(checked: Checked) -> None:
    """A name with line breaks and a command in it stays the text of one annotation."""
    text = checked.written["github"]
    assert any(HOSTILE.splitlines()[1] in each["text"] for each in commands(text))
    assert "mine" not in [each["text"] for each in commands(text)]


def test_stdout(checked: Checked) -> None:
    """``--format github`` prints what ``--output github:`` writes, gates and versions first."""
    printed = checked.project.gitmig(
        "check", "--static", "--base", "main", "--format", "github"
    ).stdout
    assert printed.startswith("✓ default: graph passed")
    assert [each["title"] for each in commands(printed)] == ["gitmig GM005"]
    assert "alembic 1." in checked.written["github"]


@pytest.mark.parametrize(("number", "shown", "left"), [(10, 10, 0), (11, 9, 2), (300, 9, 291)])
def test_limit(number: int, shown: int, left: int) -> None:
    """Of each type there are ten at most; the tenth says how many more, and the log has them."""
    kinds: tuple[Severity, ...] = ("error", "warning", "note")
    findings = [
        Finding("GM301", kind, f"{kind} {index}\nsecond line", path="env.py")
        for kind in kinds
        for index in range(number)
    ]
    text = github.checked([CheckReport("default", findings=tuple(findings))])
    found = commands(text)
    expected = shown + bool(left)
    assert Counter(each["kind"] for each in found) == dict.fromkeys(
        ("error", "warning", "notice"), expected
    )
    more = [each["text"] for each in found if each["title"] == "gitmig"]
    assert [each.split()[0] for each in more] == [str(left)] * (3 if left else 0)
    assert text.count("- env.py: GM301 error") == left
    assert all(f"error {index} second line" in text or f"error {index}%0A" in text
               for index in range(number))  # fmt: skip


def test_could_not_run(failed: Checked) -> None:
    """What could not be checked is an error with the remedy, and the exit code is 2."""
    (only,) = commands(failed.written["github"])
    assert only["kind"] == "error" and "could not check" in only["title"]
    assert "never_there" in only["text"]
    printed = failed.project.gitmig("check", "--format", "github", code=2).stdout
    assert commands(printed) == [only]
