"""``gitmig check`` as Markdown, for a pull request's comment or the summary of a job.

At most ``LIMIT`` bytes: GitHub takes comments of 65,536 characters (job summaries of 1 MiB). What
a person must read comes first; SQL is what is left out. Whatever comes from a project is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gitmig.model import Gate
from gitmig.outcomes import CheckReport
from gitmig.ran import RanOperation
from gitmig.report.located import Located, counted, failures, located, one_line, waived

LIMIT = 65_000
HALF = LIMIT // 2  # what findings may take
LONG = 2_000  # characters of one sentence
SQL = 20_000  # characters of what one revision sent
MARKS = {"passed": "✅", "failed": "❌", "skipped": "◌"}
SEVERITIES = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}  # noqa: RUF001 - the sign for it
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b"})
SPECIAL = re.compile(r"[\\`*\[\]~|]|(?<!\w)_|_(?!\w)|:(?=/)")
FIRST = re.compile(r"^(?=[-+#=])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")  # what makes a list, a title


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the text."""
    page = Page(LIMIT)
    page.add(f"### {headline(reports)}\n")
    for report, failure in failures(reports):
        hint = f"\\\n  → {text(failure.hint)}" if failure.hint else ""
        where = f"**{text(report.environment)}**: " if report.environment else ""
        place = f"{failure.path}:{failure.line}" if failure.line else failure.path
        told = f"**{failure.code}** {code(place)} " if failure.code else ""
        page.add(f"\n- ❌ {where}{told}{text(failure.message)}{hint}\n")
    for report in reports:
        if report.gates:
            page.add(gates(report))
    found = sorted(located(reports), key=lambda each: list(SEVERITIES).index(severity(each)))
    page.add_all((finding(each, several=len(reports) > 1) for each in found), HALF, "finding")
    for report in reports:
        if report.waived:
            page.add(f"\n_{text(waived(report))}_\n")
    below = versions(reports)
    page.limit -= size(below)
    page.add_all(
        (revision(id, list(own)) for report in reports for id, own in by_revision(report)),
        page.limit,
        "revision",
    )
    page.limit += size(below)
    page.add(below)
    return page.text


class Page:
    """A text that takes no more than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.text = ""

    def add(self, block: str) -> bool:
        """Add a block where there is room for it; say whether there was."""
        fits = size(self.text) + size(block) <= self.limit
        self.text += block if fits else ""
        return fits

    def add_all(self, blocks: Iterator[str], limit: int, what: str) -> None:
        """Add blocks up to a limit for the text so far, and how many are left out."""
        whole, self.limit = self.limit, min(self.limit, limit) - 200
        left = sum(not self.add(block) for block in blocks)
        self.limit = whole
        if left:
            self.add(f"\n_{counted(left, f'more {what}')}: there is no room for all here_\n")


def size(words: str) -> int:
    """Return how many bytes a text takes."""
    return len(words.encode("utf-8", "replace"))


def headline(reports: Sequence[CheckReport]) -> str:
    """Return the outcome in a line."""
    if failures(reports):
        return "❌ gitmig could not check this"
    if not all(report.ok for report in reports):
        errors = sum(
            finding.severity == "error" for report in reports for finding in report.findings
        )
        return f"❌ gitmig check: {counted(errors, 'error')}"
    return "✅ gitmig check passed" if reports else "✅ gitmig check: nothing to do in this shard"


def gates(report: CheckReport) -> str:
    """Return the table of an environment's gates."""
    title = f"\n#### {text(report.title)}\n" if report.title else ""
    rows = "".join(f"| {MARKS[gate.status]} {text(gate.name)} | {time(gate)} |\n"
                   for gate in report.gates)  # fmt: skip
    return f"{title}\n| gate | seconds |\n|---|---|\n{rows}"


def time(gate: Gate) -> str:
    """Return how long a gate took, or that it did not run."""
    if gate.status == "skipped":
        return "skipped"
    return f"{gate.seconds:.2f}" if gate.seconds else ""


def severity(each: Located) -> str:
    """Return how bad a finding is."""
    return each.finding.severity


def finding(each: Located, *, several: bool) -> str:
    """Return one finding with its remedy."""
    found = each.finding
    place = f"{found.path}:{found.line}" if found.line else found.path
    where = f" ({text(each.environment)})" if several else ""
    head = f"\n- {SEVERITIES[found.severity]} **{text(found.code)}**{where}"
    at = f" {code(place)}" if place else ""
    hint = f"\\\n  → {text(found.hint)}" if found.hint else ""
    return f"{head}{at} {text(found.message)}{hint}\n"


def by_revision(report: CheckReport) -> Iterator[tuple[str, Iterator[RanOperation]]]:
    """Yield the revisions that ran, in that order, each with all that it did."""
    order = list(dict.fromkeys(ran.revision for ran in report.ran))
    ordered = sorted(report.ran, key=lambda ran: order.index(ran.revision))
    yield from groupby(ordered, key=lambda ran: ran.revision)


def revision(id: str, ran: Sequence[RanOperation]) -> str:
    """Return what a revision did: in words, with locks and rewrites, and as SQL, folded."""
    up = [each for each in ran if each.up]
    path = ran[0].path
    lines = "".join(f"- {operation(each)}\n" for each in up) or "- nothing\n"
    return f"\n#### {code(id)} {code(path)}\n\n{lines}{folded(ran)}"


def operation(ran: RanOperation) -> str:
    """Return one operation in words, the locks that it took, what was written anew."""
    sent = [statement.sql for statement in ran.statements]
    words = text(ran.words) if ran.words else code(" ".join(sent)[:200] or ran.kind)
    locks = [f"{code(lock.table)} {text(lock.mode)}"
             for statement in ran.statements for lock in statement.locks]  # fmt: skip
    anew = [code(name) for statement in ran.statements for name in statement.rewritten]
    told = [f"locks {', '.join(dict.fromkeys(locks))}"] if locks else []
    told += [f"rewrites {', '.join(dict.fromkeys(anew))}"] if anew else []
    told += ["commits by itself"] if any(sent.commits for sent in ran.statements) else []
    return f"{words} — {'; '.join(told)}" if told else words


def folded(ran: Sequence[RanOperation]) -> str:
    """Return the SQL that ran, up and down, in a block that opens with a click."""
    lines = [line for way in (True, False) for line in sql_of(ran, up=way)]
    if not lines:
        return ""
    sql = printable("\n".join(lines))
    cut = sql if len(sql) <= SQL else f"{sql[:SQL]}\n-- and more"
    sent = sum(len(each.statements) + each.left_out for each in ran)
    number = counted(sent, "statement")
    fence = "`" * max(3, longest_run(cut) + 1)
    return (
        f"\n<details><summary>SQL that ran: {number}</summary>\n\n"
        f"{fence}sql\n{cut}\n{fence}\n\n</details>\n"
    )


def sql_of(ran: Sequence[RanOperation], *, up: bool) -> Iterator[str]:
    """Yield the statements of one way; those of a loop that are not listed are counted."""
    own = [each for each in ran if each.up == up and each.statements]
    if own:
        yield "-- upgrade" if up else "-- downgrade"
    for each in own:
        yield from (f"{sent.sql.rstrip().rstrip(';')};" for sent in each.statements)
        if each.left_out:
            yield f"-- and {each.left_out} more"


def versions(reports: Sequence[CheckReport]) -> str:
    """Return what it was proved with, each set of versions once."""
    told = [
        text(", ".join(f"{name} {value}" for name, value in report.versions.items()))
        for report in reports
        if report.versions
    ]
    return "".join(f"\n<sub>{each}</sub>\n" for each in dict.fromkeys(told))


def text(words: str) -> str:
    """Escape words for a line of text: no markup, no HTML, no mention of anybody."""
    line = one_line(printable(words))
    cut = line if len(line) <= LONG else f"{line[:LONG]}…"
    return FIRST.sub(r"\\", SPECIAL.sub(r"\\\g<0>", cut), count=1).translate(ENTITIES)


def code(words: str) -> str:
    """Return words as code in a line."""
    line = one_line(printable(words)) or "?"
    fence = "`" * (longest_run(line) + 1)
    edge = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{edge}{line}{edge}{fence}"


def longest_run(words: str) -> int:
    """Return how many backticks follow each other at most."""
    return max(map(len, re.findall("`+", words)), default=0)


def printable(words: str) -> str:
    """Return words without what moves a cursor, reverses a line or is no character."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in words)
