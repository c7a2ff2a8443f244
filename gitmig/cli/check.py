"""``gitmig check``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from gitmig.cli import options, outputs
from gitmig.commands import shard
from gitmig.commands.check import check
from gitmig.commands.projectside import How
from gitmig.commands.shard import Shard
from gitmig.commands.subject import Wanted
from gitmig.errors import COULD_NOT_RUN, FINDINGS, OK, GitmigError, of_the_machine
from gitmig.explain import failure_of
from gitmig.model import Progress
from gitmig.outcomes import CheckReport
from gitmig.report.formats import FORMATS, render


def read_shard(_context: click.Context, _option: click.Parameter, value: str) -> Shard:
    """Return the shard that is asked for; raises click.BadParameter."""
    try:
        return shard.read(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("check")
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.formats_of(FORMATS)
@click.option(
    "--output",
    "written",
    metavar="[FORMAT:]FILE",
    multiple=True,
    callback=outputs.read_outputs,
    help="A file for the report, besides what is printed; the name says the format. Repeatable.",
)
@options.database_url
@options.base("The branch whose revisions are published and whose databases are to be upgraded.")
@click.option("--static", is_flag=True, help="Read the revisions only; run no code of the project.")
@click.option(
    "--against",
    multiple=True,
    metavar="PATTERN",
    help="Open branches, to be compared with the base and each other; may be repeated.",
)
@click.option(
    "--shard",
    "part",
    default="1/1",
    metavar="N/M",
    callback=read_shard,
    help="Do part N of M, for a check that is spread over M machines.",
)
@options.select
@options.ignore
@click.option("--no-cache", is_flag=True, help="Replay everything, and keep nothing of it.")
def check_command(
    directory: Path,
    environment: str | None,
    quiet: bool,
    output: str,
    written: tuple[outputs.Output, ...],
    database: tuple[str, ...],
    part: Shard,
    no_cache: bool,
    **wanted: Any,  # the options that Wanted has, by their names
) -> int:
    """Apply the revisions to a throw-away database, up and down, and compare with the models."""
    files = outputs.placed(written, directory)
    try:
        with progress(quiet or output != "text") as on_progress:
            how = How(database, not no_cache, on_progress)
            reports = check(directory, environment, Wanted(**wanted), shard=part, how=how)
    except GitmigError as error:
        could_not_run(error, output, files)
        raise
    except (OSError, UnicodeError) as error:
        told = of_the_machine(error)
        could_not_run(told, output, files)
        raise told from error
    show(reports, output, part, quiet=quiet)
    outputs.deliver(files, reports)
    if any(report.failure for report in reports):
        return COULD_NOT_RUN
    return OK if all(report.ok for report in reports) else FINDINGS


def progress(quiet: bool) -> AbstractContextManager[Progress]:
    """Give what is told of the progress; a quiet run does without rich, which is slow to import."""
    if quiet:
        return nullcontext(lambda event: None)
    from gitmig.report.console import progress_bar

    return progress_bar(quiet=False)


def show(reports: Sequence[CheckReport], output: str, part: Shard, *, quiet: bool) -> None:
    """Print the reports in the format that is asked for; a quiet run leaves out silent ones."""
    if output != "text":
        click.echo(render(output, reports).rstrip("\n"))
    elif not reports:
        click.echo(f"gitmig: shard {part.number}/{part.of} has nothing to do")
    elif not quiet or not all(report.is_silent for report in reports):
        from gitmig.report import text  # as for the progress

        verbose = options.asked(click.get_current_context()).verbose
        text.checked(reports, quiet=quiet, verbose=verbose)


def could_not_run(error: GitmigError, output: str, files: Sequence[outputs.Output]) -> None:
    """Write why nothing could be checked where reports are expected; the error itself is raised."""
    report = CheckReport("", failure=failure_of(error))
    outputs.deliver(files, [report])
    if output not in ("text", "json"):  # these are printed with the error
        click.echo(render(output, [report]), nl=False)


COMMANDS = (check_command,)
