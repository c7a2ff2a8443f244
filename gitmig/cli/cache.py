"""``gitmig cache``: what is kept of replayed databases."""

from __future__ import annotations

from pathlib import Path

import click

from gitmig.cli import options
from gitmig.commands import cache
from gitmig.errors import OK
from gitmig.report import text


@click.group("cache", invoke_without_command=True)
@options.directory
@click.pass_context
def cache_group(context: click.Context, directory: Path) -> int:
    """List, measure and remove replayed databases; nothing depends on them but time."""
    if context.invoked_subcommand is None:
        text.kept(cache.listed(directory))
    return OK


@cache_group.command("list")
@options.directory
def list_command(directory: Path) -> int:
    """List what is kept."""
    text.kept(cache.listed(directory))
    return OK


@cache_group.command("size")
@options.directory
def size_command(directory: Path) -> int:
    """Print how many bytes are kept."""
    click.echo(sum(holding.size for holding in cache.listed(directory)))
    return OK


@cache_group.command("prune")
@options.directory
@click.option(
    "--to",
    "megabytes",
    type=click.IntRange(min=0),
    default=0,
    metavar="MB",
    help="How much of each place to keep; by default the database that was used last.",
)
def prune_command(directory: Path, megabytes: int) -> int:
    """Remove what was not used for the longest time."""
    gone = cache.prune(directory, megabytes << 20)
    freed = sum(entry.size for entry in gone)
    what = "database is" if len(gone) == 1 else "databases are"
    click.echo(f"gitmig: {len(gone)} {what} no longer kept ({text.megabytes(freed)})")
    return OK


@cache_group.command("clear")
@options.directory
def clear_command(directory: Path) -> int:
    """Remove everything that is kept, but what a running gitmig is using."""
    gone, used = cache.clear(directory)
    freed = sum(holding.size for holding in gone)
    click.echo(f"gitmig: the cache is empty ({text.megabytes(freed)} freed)")
    for holding in used:
        click.echo(f"gitmig: {holding.folder} is in use and was left", err=True)
    return OK


COMMANDS = (cache_group,)
