"""Markdown for a pull request (K8), as GitHub's own parser renders it."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from report.conftest import BAD, LONG, Checked

from gitmig.model import Finding, Gate
from gitmig.outcomes import CheckReport, Failure
from gitmig.ran import Lock, RanOperation, Statement
from gitmig.report import markdown

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^>]*>")
# what the report itself writes; anything else came from the project
OURS = {
    *("h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "p", "strong", "code"),
    *("em", "br", "sub", "details", "summary", "pre", "div"),
}
COMMENT = 65_536  # characters that GitHub takes


def rendered(text: str) -> str:
    """Return what GitHub makes of a text; no tag in it is a project's, all are closed."""
    assert len(text.encode()) <= COMMENT
    html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    open_tags: list[str] = []
    for closing, name in TAG.findall(html):
        assert name in OURS, f"{name} in {html}"
        if closing:
            assert open_tags.pop() == name, html
        elif name != "br":
            open_tags.append(name)
    assert open_tags == []
    return html


def test_gates_and_findings(checked: Checked) -> None:
    """The page has the outcome, each gate, each finding with its place and remedy, versions."""
    html = rendered(checked.written["markdown"])
    assert re.search(r"<h3>❌ gitmig check: \d errors</h3>", html)
    assert "<td>✅ upgrade</td>" in html and "<td>❌ downgrade</td>" in html
    assert f"<code>{BAD}:5</code>" in html
    assert "<br />\n→ mend downgrade() in this file" in html
    assert "alembic 1." in html and "database 3." in html


def test_what_ran(checked: Checked) -> None:
    """The new revision has what it did in words, and the SQL that really ran, folded."""
    html = rendered(checked.written["markdown"])
    (heading,) = re.findall(r"<h4>(.*?)</h4>", html)
    assert heading == f"<code>{LONG}</code> <code>{BAD}</code>"
    assert "<li>add users.email</li>" in html
    (folded,) = re.findall(r"<details>.*?</details>", html, re.DOTALL)
    assert "SQL that ran: 1 statement" in folded
    assert "ALTER TABLE users ADD COLUMN email VARCHAR(200);" in folded


def test_names_that_hurt(checked: Checked) -> None:
    """HTML, pipes, backticks, line breaks and mentions in a name are text, and nothing more."""
    text = checked.written["markdown"]
    html = rendered(text)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html and "@ada" not in html
    assert html.count("<table>") == 1 and "&lt;/details&gt;" in html


def test_green_and_failed(green: Checked, failed: Checked) -> None:
    """A green page says so; one of a check that could not run says why and what to type."""
    assert "<h3>✅ gitmig check passed</h3>" in rendered(green.written["markdown"])
    html = rendered(failed.written["markdown"])
    assert "❌ gitmig could not check this" in html and "never_there" in html


def operation(number: int, sql: str = "ALTER TABLE users ADD COLUMN a INTEGER") -> RanOperation:
    """Return an operation that locked and rewrote a table."""
    statement = Statement(sql, (Lock("users", "AccessExclusiveLock"),), ("users",), 1)
    return RanOperation(
        f"rev{number}", f"versions/rev{number}.py", 12, True, "AddColumnOp", "users", "a",
        f"add users.a{number}", statements=(statement,),
    )  # fmt: skip


def test_operations() -> None:
    """Each new revision has its operations in words, locks, rewrites, and the SQL folded away."""
    down = RanOperation("rev1", "versions/rev1.py", 20, False, "DropColumnOp", "users",
                        statements=(Statement("ALTER TABLE users DROP COLUMN a"),))  # fmt: skip
    ran = (operation(1), down, operation(2, "SELECT '```\n</details>\n'"))
    html = rendered(
        markdown.checked([CheckReport("default", (Gate("upgrade", "passed"),), ran=ran)])
    )
    assert "<h4><code>rev1</code> <code>versions/rev1.py</code></h4>" in html
    assert (
        "add users.a1 — locks <code>users</code> AccessExclusiveLock; rewrites <code>users</code>"
    ) in html
    first, second = re.findall(r"<details>.*?</details>", html, re.DOTALL)
    assert "SQL that ran: 2 statements" in first
    assert "-- upgrade\nALTER TABLE users ADD COLUMN a INTEGER;\n-- downgrade\n" in first
    assert "SELECT '```\n&lt;/details&gt;\n';" in second


@pytest.mark.parametrize("hurt", ["`", "``` ", "|", "<b>", "*", "_", "[x](y)", "#", "1. ", "\\"])
def test_signs(hurt: str) -> None:
    """A sentence of signs that mean something in Markdown comes out as it went in."""
    words = f"{hurt}a{hurt} {hurt}b{hurt}"
    finding = Finding("GM101", "error", words, words, f"{words}.py", 3)
    html = rendered(markdown.checked([CheckReport("default", findings=(finding,))]))
    shown = words.replace("<", "&lt;").replace(">", "&gt;")
    assert re.sub(r"\s+", " ", html).count(" ".join(shown.split())) == 3


def test_size() -> None:
    """However much there is, it fits a comment: what is wrong first, what is left out counted."""
    findings = [
        Finding("GM101", "error" if n > 90 else "note", f"number {n} " + "é" * 5000, path="a.py")
        for n in range(100)
    ]
    ran = [operation(n, "SELECT '" + "x" * 9000 + "'") for n in range(50)]
    report = CheckReport("default", (Gate("upgrade", "failed"),), tuple(findings),
                         {"alembic": "1.20"}, ran=tuple(ran))  # fmt: skip
    html = rendered(markdown.checked([report]))
    assert html.index("number 91") < html.find("number 1 ") or "number 1 " not in html
    assert re.search(r"\d+ more findings: there is no room", html)
    assert re.search(r"\d+ more revisions: there is no room", html)
    assert "add users.a0" in html and "<sub>alembic 1.20</sub>" in html


def test_several_environments() -> None:
    """With several environments each is named; one that could not be checked is not hidden."""
    reports = [
        CheckReport(
            "<one>",
            (Gate("upgrade", "passed", 1.5),),
            (Finding("GM401", "note", "x"),),
            title="<one>",
        ),
        CheckReport("two", failure=Failure("no *interpreter*", "set `python`")),
    ]
    html = rendered(markdown.checked(reports))
    assert "<h4>&lt;one&gt;</h4>" in html and "(&lt;one&gt;)" in html
    assert "<strong>two</strong>: no *interpreter*" in html and "set `python`" in html
    assert "could not check" in html
