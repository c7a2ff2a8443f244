"""Reports for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from shlex import quote

from rich.console import Console
from rich.text import Text

from gitmig.model import Finding
from gitmig.outcomes import (
    CheckReport,
    Departure,
    Failure,
    FoldReport,
    GenerateReport,
    Holding,
    Line,
    MergeReport,
    Step,
    SyncReport,
)
from gitmig.report.branches import meeting
from gitmig.report.console import Clean, print_code, stderr, stdout
from gitmig.report.located import counted, waived

NAMED = 3  # revisions of a branch that was left
MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "dim")}
COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def generated(report: GenerateReport, *, quiet: bool = False, in_commit: bool = False) -> None:
    """Print what ``gitmig autogenerate`` did; ``in_commit``: as the hook of a commit."""
    console = stdout()
    for file in report.written:
        if report.dry_run and not report.stopped:
            console.print(Text(f"# would write {file.path}", "bold"))
            print_code(console, file.content, "python")
        elif not report.dry_run:
            state = state_of(report, in_commit)
            console.print(Text.assemble(("gitmig: ", "bold"), f"{file.path} {state}"))
            console.print(f"  {file.message}", markup=False)
    told = stderr()
    for note in report.notes:
        told.print(Text.assemble(("gitmig: ", "bold"), note))
    if report.stopped:
        stopped(told, report.stopped, report.hint)
    elif report.written and report.staged and not quiet:
        undo = " ".join(quote(file.path) for file in report.written)
        told.print(Text(f"  undo: git rm -fq {undo}", "dim"))
    if not report.written and not report.notes and not report.stopped and not quiet:
        told.print("gitmig: models and revisions agree, nothing to generate")


def state_of(report: GenerateReport, in_commit: bool) -> str:
    """Return what has become of a file; a commit that stops may take back what was staged."""
    if in_commit:
        return "written" if report.stopped else "added to the commit"
    return "written and staged" if report.staged else "written"


def stopped(console: Console, reason: str, hint: str) -> None:
    """Print why a person must look, and what to type."""
    console.print(Text.assemble(("gitmig: stopped: ", "bold yellow"), reason))
    console.print(Text.assemble(("  → ", "bold"), hint))


def merged(report: MergeReport, *, quiet: bool = False) -> None:
    """Print what ``gitmig merge-heads`` did."""
    console = stdout()
    if report.moved:
        in_line(console, report)
        return
    if report.written is None:
        if not quiet:
            console.print(f"gitmig: {nothing_joined(report)}, nothing to merge", markup=False)
        return
    if report.dry_run:
        console.print(Text(f"# would write {report.written.path}", "bold"))
        print_code(console, report.written.content, "python")
        return
    state = "written and staged" if report.staged else "written"
    console.print(Text.assemble(("gitmig: ", "bold"), f"{report.written.path} {state}"))
    console.print(f"  {report.written.message}", markup=False)
    for note in report.notes:
        stderr().print(Text.assemble(("gitmig: ", "bold"), note))


def in_line(console: Console, report: MergeReport) -> None:
    """Print which revisions have another parent now: their old place, and the new one."""
    state = "and staged" if report.staged else "not staged"
    for move in report.moved:
        path = move.revision.path
        would = "would be rewritten" if report.dry_run else f"rewritten {state}"
        console.print(Text.assemble(("gitmig: ", "bold"), f"{path} {would}"))
        line = (
            f"  {move.revision.id} came after {', '.join(move.revision.parents)}, and comes after "
        )
        console.print(f"{line}{move.parent.id} ({move.parent.subject}) now", markup=False)
    for note in report.notes:
        stderr().print(Text.assemble(("gitmig: ", "bold"), note))


def nothing_joined(report: MergeReport) -> str:
    """Say why there is nothing to merge."""
    names = ", ".join(head.id for head in report.heads)
    if not report.heads:
        return "no revisions"
    if len(report.heads) == 1:
        return f"one head ({names})"
    return f"{len(report.heads)} heads, kept apart by their labels ({names})"


def folded(report: FoldReport, *, quiet: bool = False) -> None:
    """Print what ``gitmig fold`` did."""
    console, told, written = stdout(), stderr(), report.written
    if written is None:
        if not quiet:
            console.print("gitmig: no two revisions that are not published, nothing to fold")
        return
    if report.dry_run:
        console.print(Text(f"# would write {written.path}", "bold"))
        for revision in report.folded:
            console.print(Text(f"# instead of {revision.path}", "bold"))
        print_code(console, written.content, "python")
    else:
        state = "written and staged" if report.staged else "written"
        ids = ", ".join(revision.id for revision in report.folded)
        console.print(Text.assemble(("gitmig: ", "bold"), f"{written.path} {state}"))
        console.print(f"  {written.message}\n  instead of {ids}", markup=False)
    for note in report.notes:
        told.print(Text.assemble(("gitmig: ", "bold"), note))
    if not report.dry_run and not quiet:
        told.print(Text(f"  undo: {report.undo}", "dim"))


def checked(
    reports: Sequence[CheckReport],
    *,
    quiet: bool = False,
    verbose: bool = False,
    console: Console | None = None,
) -> None:
    """Print what ``gitmig check`` found: the gates, then each finding with its remedy."""
    console = console or stdout()
    for report in reports:
        if report.title:
            console.print(Text(report.title, "bold underline"))
        if report.failure is not None:
            could_not_run(console, report.failure, verbose=verbose)
            continue
        for gate in report.gates:
            mark, colour = MARKS[gate.status]
            seconds = f"  {gate.seconds:.2f} s" if gate.seconds else ""
            line = Text.assemble((f"{mark} {gate.name:<10}", colour), gate.status, (seconds, "dim"))
            if not quiet or gate.status == "failed":
                console.print(line)
        for finding in report.findings:
            print_finding(console, finding)
        meeting(console, report.branches, quiet=quiet)
        if not quiet:
            versions = ", ".join(f"{name} {value}" for name, value in report.versions.items())
            count = "; ".join(filter(None, (counted(report.revisions, "revision"), waived(report))))
            console.print(Text(f"  {count}; {versions}" if versions else f"  {count}", "dim"))


def as_text(reports: Sequence[CheckReport]) -> str:
    """Return what ``checked`` prints, without colour."""
    written = StringIO()
    plain = Clean(file=written, color_system=None, highlight=False, soft_wrap=True)
    checked(reports, console=plain)
    return written.getvalue()


def could_not_run(console: Console, failure: Failure, *, verbose: bool) -> None:
    """Print why an environment could not be checked, and with ``-v`` what it printed."""
    code = (f"{failure.code} " if failure.code else "", "bold red")
    console.print(
        Text.assemble(("✗ could not run: ", "bold red"), code, failure.message.rstrip("."))
    )
    if failure.hint:
        console.print(Text.assemble(("  → ", "bold"), failure.hint))
    if failure.detail and verbose:
        console.print(Text("\n".join(f"  | {line}" for line in failure.detail.splitlines()), "dim"))


def found(findings: Sequence[Finding]) -> None:
    """Print findings by themselves, for a hook that only tells."""
    for finding in findings:
        console = stderr()
        console.print(Text.assemble(("gitmig: ", "bold"), finding.message))
        console.print(Text.assemble(("  → ", "bold"), finding.hint))


def departed(departure: Departure) -> None:
    """Print which revisions a branch that was left has, and what takes a database along."""
    gone, console = departure.revisions, stderr()
    named = ", ".join(f"{each.id} ({each.subject})" for each in gone[:NAMED])
    more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    command = "gitmig sync"
    if departure.environment:
        command += f" --env {quote(departure.environment)}"
    it = "it" if len(gone) == 1 else "them"
    console.print(Text.assemble(("gitmig: ", "bold"), f"not on this branch: {named}{more}"))
    console.print(Text.assemble(("  → ", "bold"), f"a database that has {it}: {command}"))


def print_finding(console: Console, finding: Finding) -> None:
    """Print one finding as ``path:line: severity CODE sentence``, its details and its remedy."""
    place = f"{finding.path}:{finding.line}: " if finding.line else f"{finding.path}: "
    sentence, *details = finding.message.splitlines() or [""]
    console.print(
        Text.assemble(
            place if finding.path else "",
            (f"{finding.severity} {finding.code} ", f"bold {COLOURS[finding.severity]}"),
            sentence,
        )
    )
    for line in details:
        console.print(Text(f"  | {line}", "dim"))
    if finding.hint:
        console.print(Text.assemble(("  → ", "bold"), finding.hint))


def previewed(steps: Sequence[Step]) -> None:
    """Print what each revision would do, in words and in SQL."""
    console = stdout()
    if not steps:
        console.print("gitmig: the database is there already, nothing would run")
    for step in steps:
        way = "upgrade" if step.up else "downgrade"
        console.print(Text.assemble((f"{way} {step.revision} ", "bold"), step.subject))
        console.print(Text(f"  {step.path}", "dim"))
        for words in step.words:
            console.print(f"  • {words}", markup=False)
        for statement in step.sql:
            indented = "\n".join(f"    {line}" for line in statement.splitlines())
            print_code(console, f"{indented};", "sql")


def synced(report: SyncReport, *, dry_run: bool, quiet: bool) -> None:
    """Print what ``gitmig sync`` did, or would do."""
    if report.note:
        stderr().print(Text.assemble(("gitmig: ", "bold"), report.note))
    if dry_run:
        previewed(report.steps)
    elif not quiet:
        back = f"{report.down} taken back with the files of {report.told}, " if report.told else ""
        did = f"{back}{report.up} applied" if back or report.up else "nothing to do"
        stdout().print(f"gitmig: {did}; the database is at the heads now", markup=False)


def kept(holdings: Sequence[Holding]) -> None:
    """Print what ``gitmig cache`` found: each place, and the databases in it."""
    console = stdout()
    for holding in holdings:
        size = megabytes(holding.size)
        console.print(Text.assemble((f"{holding.kind} ", "bold"), f"{size} in {holding.folder}"))
        for entry in holding.entries:
            used = datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d %H:%M")
            size = megabytes(entry.size)
            line = f"  {entry.id[:12]}  {size:>9}  used {used}  {entry.told}"
            console.print(line, markup=False)
    total = megabytes(sum(holding.size for holding in holdings))
    console.print(f"{total} in all; `gitmig cache clear` removes it")


def megabytes(size: int) -> str:
    """Return a number of bytes as a person reads it."""
    return f"{size / 1e6:.1f} MB"


def examined(lines: Sequence[Line]) -> None:
    """Print what ``gitmig doctor`` looked at."""
    console = stdout()
    for line in lines:
        mark, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}[line.ok]
        console.print(Text.assemble((f"{mark} {line.what:<22}", colour), line.found))
        if line.hint and line.ok is False:
            console.print(Text.assemble(("  → ", "bold"), line.hint))
