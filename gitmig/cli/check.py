"""``gitmig check``."""

from __future__ import annotations

from pathlib import Path

import click

from gitmig.cli import options
from gitmig.commands.check import check
from gitmig.commands.projectside import How
from gitmig.errors import COULD_NOT_RUN, FINDINGS, OK
from gitmig.report import json as as_json
from gitmig.report import text
from gitmig.report.console import progress_bar


@click.command("check")
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.formats
@options.database_url
@click.option(
    "--base",
    default="",
    metavar="REF",
    help="The branch whose revisions are published and whose databases are to be upgraded.",
)
@click.option("--static", is_flag=True, help="Read the revisions only; run no code of the project.")
@click.option(
    "--against",
    multiple=True,
    metavar="PATTERN",
    help="Open branches, to be compared with the base and each other; may be repeated.",
)
@click.option("--no-cache", is_flag=True, help="Replay everything, and keep nothing of it.")
def check_command(
    directory: Path,
    environment: str | None,
    quiet: bool,
    output: str,
    database: tuple[str, ...],
    base: str,
    static: bool,
    against: tuple[str, ...],
    no_cache: bool,
) -> int:
    """Apply the revisions to a throw-away database, up and down, and compare with the models."""
    with progress_bar(quiet or output == "json") as on_progress:
        reports = check(
            directory,
            environment,
            base=base,
            static=static,
            against=against,
            how=How(database, not no_cache, on_progress),
        )
    if output == "json":
        click.echo(as_json.checked(reports))
    else:
        verbose = options.asked(click.get_current_context()).verbose
        text.checked(reports, quiet=quiet, verbose=verbose)
    if any(report.failure for report in reports):
        return COULD_NOT_RUN
    return OK if all(report.ok for report in reports) else FINDINGS


COMMANDS = (check_command,)
