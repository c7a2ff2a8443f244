"""What a commit stops for, as the report of a run that generates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from gitmig import config
from gitmig.commands import doubts, joining
from gitmig.commands.wording import listed
from gitmig.errors import Stopped
from gitmig.model import Environment, Revision
from gitmig.outcomes import GenerateReport, WrittenRevision


def several_heads(environment: Environment, heads: Sequence[Revision]) -> GenerateReport:
    """Return the report of a run that cannot know on which head to build."""
    names = ", ".join(f"{head.id} ({head.subject})" for head in heads)
    return GenerateReport(
        environment.name,
        stopped=f"there are {len(heads)} heads: {names}",
        hint=f"join them with `{joining.command(environment)}`, then commit again",
    )


def refuse_unread(environment: Environment, written: Sequence[WrittenRevision]) -> None:
    """Raise Stopped where Alembic would not find the file that its own template names."""
    for file in written:
        if not config.revision_paths(environment, [file.path]):
            raise Stopped(
                f"file_template puts the revision into {file.path}, where Alembic does not "
                "look for it",
                "set recursive_version_locations = true beside file_template",
            )


def only_looked(report: GenerateReport) -> GenerateReport:
    """Return the report of a hook that must not write, and finds something missing."""
    if not report.written:
        return report
    words = ", ".join(operation.words for operation in report.operations)
    return replace(
        report,
        dry_run=True,
        stopped=f"the models need a revision that is not there ({words})",
        hint="run `gitmig autogenerate`, look at the file, and commit it",
    )


def unfinished(
    environment: Environment, report: GenerateReport, path: str, unseen: Sequence[str]
) -> GenerateReport:
    """Return the report of a revision that a person must add to before it is committed.

    What is doubtful about the rest of it is told at once: an edited file is accepted.
    """
    missing = f"nothing, or not all, was generated for what Alembic does not see: {listed(unseen)}"
    told = doubts_of(environment, report)
    hint = f"look at {path}, add to it" if told else f"add it to {path}"
    return replace(
        report,
        stopped=f"{told}; and {missing}" if told else missing,
        hint=f"{hint} by hand, git add {quote(path)}, commit again",
    )


def doubts_of(environment: Environment, report: GenerateReport) -> str:
    """Return why a person must look at what was generated, empty where nobody need."""
    wanted = "doubt" in environment.settings.stop_on
    return doubts.in_words(report.operations) if wanted else ""
