"""``gitmig autogenerate``, ``gitmig merge-heads`` and ``gitmig fold``."""

from __future__ import annotations

from pathlib import Path

import click

from gitmig.cli import options
from gitmig.commands.autogenerate import autogenerate
from gitmig.commands.fold import fold
from gitmig.commands.merge_heads import Line, merge_heads
from gitmig.errors import FINDINGS, OK
from gitmig.model import Options
from gitmig.report import json as as_json
from gitmig.report import text
from gitmig.report.console import conversation, progress_bar


@click.command("autogenerate")
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.formats
@options.message
@options.dry_run
@options.no_stage
@options.database_url
def autogenerate_command(
    directory: Path,
    environment: str | None,
    quiet: bool,
    output: str,
    message: str,
    dry_run: bool,
    no_stage: bool,
    database: tuple[str, ...],
) -> int:
    """Write the revision that the staged models need, proved and staged."""
    with conversation(quiet) as (on_progress, confirm):
        reports = autogenerate(
            directory,
            environment,
            Options(message, dry_run, not no_stage, database, confirm),
            on_progress=on_progress,
        )
    if output == "json":
        click.echo(as_json.generated(reports))
    else:
        for report in reports:
            text.generated(report, quiet=quiet)
    return FINDINGS if any(report.stopped for report in reports) else OK


@click.command("merge-heads")
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.formats
@options.message
@options.dry_run
@options.no_stage
@options.database_url
@click.option(
    "--rebase/--no-rebase",
    default=None,
    help="Put the side that is not published after the other one, instead of joining them.",
)
@options.base("The branch whose revisions stay.")
def merge_heads_command(
    directory: Path,
    environment: str | None,
    quiet: bool,
    output: str,
    message: str,
    dry_run: bool,
    no_stage: bool,
    database: tuple[str, ...],
    rebase: bool | None,
    base: str,
) -> int:
    """Join the heads of the staged revisions, after a proof that they may be joined.

    Two to five heads must end in one schema in every order; of more, every two are tried in both.
    """
    with progress_bar(quiet) as on_progress:
        wanted = Options(message, dry_run, not no_stage, database)
        line = Line(rebase, base)
        reports = merge_heads(directory, environment, wanted, on_progress, line=line)
    if output == "json":
        click.echo(as_json.merged(reports))
    else:
        for report in reports:
            text.merged(report, quiet=quiet)
    return OK


@click.command("fold")
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.formats
@options.message
@options.dry_run
@options.no_stage
@options.database_url
@options.base("The branch whose revisions are published; the others are folded.")
def fold_command(
    directory: Path,
    environment: str | None,
    quiet: bool,
    output: str,
    message: str,
    dry_run: bool,
    no_stage: bool,
    database: tuple[str, ...],
    base: str,
) -> int:
    """Make one of the revisions that the base branch does not have, proved to do the same."""
    with progress_bar(quiet) as on_progress:
        wanted = Options(message, dry_run, not no_stage, database)
        report = fold(directory, environment, base=base, options=wanted, on_progress=on_progress)
    if output == "json":
        click.echo(as_json.folded(report))
    else:
        text.folded(report, quiet=quiet)
    return OK


COMMANDS = (autogenerate_command, merge_heads_command, fold_command)
