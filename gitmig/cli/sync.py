"""``gitmig sync``: the developer's database follows the branch that is checked out."""

from __future__ import annotations

from pathlib import Path

import click

from gitmig.cli import options
from gitmig.cli.alembic import extra_words
from gitmig.commands.projectside import How
from gitmig.commands.sync import Wanted
from gitmig.commands.sync import sync as run_sync
from gitmig.errors import OK
from gitmig.report import text
from gitmig.report.console import conversation


@click.command()
@options.directory
@options.environment
@options.verbose
@options.quiet
@options.dry_run
@click.option("--yes", is_flag=True, help="Also where tables, columns or rows are dropped.")
@click.option(
    "--from",
    "source",
    default="",
    metavar="COMMIT",
    help="The commit whose files the database was upgraded with, where that cannot be found out.",
)
@click.option("-x", "extra", multiple=True, metavar="KEY=VALUE", help="For env.py, as ever.")
@options.database_url
def sync(
    directory: Path,
    environment: str | None,
    quiet: bool,
    dry_run: bool,
    yes: bool,
    source: str,
    extra: tuple[str, ...],
    database: tuple[str, ...],
) -> int:
    """Take your database to the revisions of the branch that is checked out.

    What only another branch has is taken back with that branch's files, found in git.
    """
    with conversation(quiet=True) as (_, confirm):  # a bar would draw over what env.py prints
        wanted = Wanted(extra_words(extra), yes, dry_run, quiet, confirm, source)
        report = run_sync(directory, environment, wanted, How(database))
    text.synced(report, dry_run=dry_run, quiet=quiet)
    return OK


COMMANDS = (sync,)
