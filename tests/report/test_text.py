"""The report for people: read in a log file, without colour."""

from __future__ import annotations

from report.conftest import BAD, HOSTILE, Checked
from support import Project

from gitmig.model import Finding
from gitmig.outcomes import CheckReport
from gitmig.report import junit, text


def test_how_bad_is_a_word(checked: Checked) -> None:
    """Each finding says in a word how bad it is: colour is not all that tells."""
    lines = checked.written["text"].splitlines()
    assert any(line.startswith(f"{BAD}:12: error GM202 ") for line in lines)
    assert any(line.startswith(f"{BAD}:5: warning GM005 ") for line in lines)


def test_details_are_below_the_sentence(checked: Checked) -> None:
    """What has line breaks is a sentence in its line and details below it, each behind a mark."""
    assert all(not line.startswith("::") for line in checked.written["text"].splitlines())
    assert f"  | {HOSTILE.splitlines()[1]}" in checked.written["text"]
    finding = Finding("GM101", "error", "it fails: why\nCREATE TABLE t (\n  id INT\n)", "mend it")
    report = CheckReport("default", findings=(finding,))
    assert text.as_text([report]).startswith(
        "error GM101 it fails: why\n  | CREATE TABLE t (\n  |   id INT\n  | )\n  → mend it\n"
    )
    assert "error GM101 it fails: why\nCREATE" in junit.checked([report])


def test_control_characters(project: Project) -> None:
    """What a revision's error says moves no cursor and hides nothing: its picture is shown."""
    raises = r'raise RuntimeError("\x1b[2J\x00\udcff bad \u202e")'
    project.revision("bad000000000", "base00000000", raises)
    project.git("add", "-A")
    said = project.gitmig("check", code=1).stdout
    assert "RuntimeError: ␛[2J␀\ufffd bad \ufffd" in said
    assert "\x1b" not in said and "\x00" not in said


def test_a_statement_of_several_lines(project: Project) -> None:
    """A short statement stands in the sentence, whatever its lines; a long one is below it."""
    short = 'op.execute("""\n    INSERT INTO nowhere\n    VALUES (1)\n    """)'
    project.revision("bad000000000", "base00000000", short)
    project.git("add", "-A")
    said = project.gitmig("check", code=1).stdout
    assert "no such table: nowhere [INSERT INTO nowhere VALUES (1)]" in said
    columns = ", ".join(f"column_{number} INTEGER\n" for number in range(30))
    create = f'op.execute("""CREATE TABLE users (\n{columns})""")'
    project.revision("bad000000000", "base00000000", create)
    project.git("add", "-A")
    said = project.gitmig("check", code=1).stdout
    assert "table users already exists\n  | CREATE TABLE users (\n  | column_0 INTEGER" in said
