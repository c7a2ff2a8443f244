"""``gitmig check`` as annotations of GitHub Actions: workflow commands on stdout.

Escapes: github.com/actions/toolkit, ``core/src/command.ts``. Limit: ten annotations of a type for
each step (actions/toolkit, ``docs/problem-matchers.md``); what is beyond is printed as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitmig.model import Severity
from gitmig.outcomes import CheckReport, Failure
from gitmig.report.located import Located, counted, failures, located, one_line

LIMIT = 10
TYPES: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
MARKS = {"passed": "✓", "failed": "✗", "skipped": "-"}


def checked(reports: Sequence[CheckReport]) -> str:
    """Return the lines to print in a step."""
    several = len(reports) > 1
    broken = failures(reports)
    lines = [line for report in reports for line in told(report)]
    lines += [could_not_run(*each) for each in broken[:LIMIT]]
    found = list(located(reports))
    for severity in TYPES:
        used = min(len(broken), LIMIT) if severity == "error" else 0
        same = [each for each in found if each.finding.severity == severity]
        lines += annotated(same, LIMIT - used, several=several)
    return "\n".join(lines) + "\n"


def told(report: CheckReport) -> Iterator[str]:
    """Yield what the log says of an environment: gates and versions."""
    name = one_line(report.environment)
    for gate in report.gates:
        yield f"{MARKS[gate.status]} {name}: {gate.name} {gate.status} ({gate.seconds:.2f} s)"
    versions = ", ".join(f"{key} {value}" for key, value in report.versions.items())
    if report.failure is None:
        count = counted(report.revisions, "revision")
        yield one_line(f"  {name}: {count}" + (f"; {versions}" if versions else ""))


def could_not_run(report: CheckReport, failure: Failure) -> str:
    """Return the annotation for what could not be checked."""
    where = f" {report.environment}" if report.environment else ""
    text = "\n".join(filter(None, [failure.message, failure.hint]))
    code = f"{failure.code}: " if failure.code else ""
    path = failure.path or report.place
    return command("error", path, failure.line, f"gitmig {code}could not check{where}", text)


def annotated(same: Sequence[Located], room: int, *, several: bool) -> Iterator[str]:
    """Yield the annotations of one type; the last one there is room for says what is left out."""
    fits = len(same) if len(same) <= room else max(room - 1, 0)
    for each in same[:fits]:
        finding = each.finding
        where = f" ({each.environment})" if several else ""
        text = f"{finding.message}\n→ {finding.hint}" if finding.hint else finding.message
        title = f"gitmig {finding.code}{where}"
        yield command(TYPES[finding.severity], each.path, each.line, title, text)
    rest = same[fits:]
    if rest and room > 0:
        severity = rest[0].finding.severity
        words = f"{counted(len(rest), f'more {severity}')}, in the log of this step"
        yield command(TYPES[severity], "", 0, "gitmig", words)
    for each in rest:
        place = f"{each.path}:{each.line}:" if each.line else f"{each.path}:"
        yield one_line(f"- {place} {each.finding.code} {each.finding.message}")


def command(kind: str, path: str, line: int, title: str, text: str) -> str:
    """Return one workflow command."""
    named = {"file": path, "line": str(line or ""), "title": title}
    properties = ",".join(f"{key}={escaped(value)}" for key, value in named.items() if value)
    return f"::{kind} {properties}::{data(text)}"


def data(text: str) -> str:
    """Escape the text of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped(text: str) -> str:
    """Escape the value of a property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
