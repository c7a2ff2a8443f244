"""Alembic's own commands, on the project's real database, through its interpreter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import click

from gitmig.cli import options
from gitmig.commands.everyday import preview, run_alembic
from gitmig.errors import OK
from gitmig.report import text
from gitmig.report.console import progress_bar, stderr

PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": True}
SUMMARIES = {
    "branches": "Show where the revisions branch.",
    "current": "Show where the database stands.",
    "downgrade": "Take the database down to REVISION (-1, base, an id).",
    "heads": "Show the heads.",
    "history": "List the revisions.",
    "revision": "Write a revision by hand (-m TEXT), with --autogenerate from the database.",
    "show": "Show one revision.",
    "stamp": "Note where the database stands, without running anything.",
    "upgrade": "Take the database up to REVISION (default: head).",
}
MOVES = ("upgrade", "downgrade")


@contextmanager
def steps_told(quiet: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give a function that tells which database is opened, and each revision with its time."""
    console = stderr()
    running: list[tuple[str, float]] = []

    def finish() -> None:
        if running:
            line, started = running.pop()
            console.print(f"{line}  {time.perf_counter() - started:.2f} s", markup=False)

    def tell(event: dict[str, Any]) -> None:
        if quiet:
            return
        if event["event"] == "database":
            console.print(f"gitmig: database {event['url']}", markup=False)
            return
        finish()
        if event["event"] == "step":
            arrow = "↑" if event["up"] else "↓"
            running.append((f"{arrow} {event['revision']} {event['subject']}", time.perf_counter()))

    yield tell


def alembic_command(name: str) -> click.Command:
    """Return the command that passes its arguments on to Alembic's command of that name."""

    @click.command(name, help=SUMMARIES[name], context_settings=PASS_ON)
    @options.common
    @click.option("-x", "extra", multiple=True, metavar="KEY=VALUE", help="For env.py, as ever.")
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(
        directory: Path,
        environment: str | None,
        verbose: bool,
        quiet: bool,
        extra: tuple[str, ...],
        arguments: tuple[str, ...],
    ) -> int:
        words = [*extra_words(extra), name]
        if verbose and name in ("history", "heads", "current"):
            words.append("-v")
        with steps_told(quiet) as tell:
            report = run_alembic(directory, environment, [*words, *arguments], tell)
        click.echo(report.output, nl=False)
        for path in report.files:
            click.echo(f"gitmig: {path} written; look at it, then `git add {quote(path)}`")
        return OK

    return command


def extra_words(extra: tuple[str, ...]) -> list[str]:
    """Return Alembic's global options for what env.py shall get."""
    return [word for each in extra for word in ("-x", each)]


def move_command(name: str) -> click.Command:
    """Return ``upgrade`` or ``downgrade``: Alembic's, and ``--dry-run``."""
    plain = alembic_command(name)
    run: Any = plain.callback

    def command(dry_run: bool, database: str, **given: Any) -> Any:
        arguments = given["arguments"]
        if name == "upgrade" and not any(not word.startswith("--") for word in arguments):
            arguments = (*arguments, "head")
        if not dry_run:
            return run(**{**given, "arguments": arguments})
        target = next((word for word in arguments if not word.startswith("--")), "-1")
        with progress_bar(given["quiet"]) as on_progress:
            steps = preview(
                given["directory"],
                given["environment"],
                target,
                up=name == "upgrade",
                arguments=extra_words(given["extra"]),
                database=database,
                on_progress=on_progress,
            )
        text.previewed(steps)
        return OK

    plain.callback = command
    plain.params += [
        click.Option(
            ["--dry-run"],
            is_flag=True,
            help="Show what each revision would do, in words and in SQL, on a throw-away database.",
        ),
        click.Option(
            ["--database-url", "database"],
            default="",
            metavar="URL",
            help="With --dry-run: a server on which gitmig may make a database of its own.",
        ),
    ]
    return plain


COMMANDS = tuple(
    move_command(name) if name in MOVES else alembic_command(name) for name in SUMMARIES
)
