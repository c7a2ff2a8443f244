"""Alembic's own commands, on the project's real database, through its interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import click

from gitmig.cli import options
from gitmig.commands.everyday import preview, run_alembic
from gitmig.commands.projectside import How
from gitmig.errors import OK
from gitmig.report import text
from gitmig.report.console import progress_bar

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
VERBOSE = ("branches", "current", "heads", "history")  # to these Alembic has a -v of its own


class AlembicCommand(click.Command):
    """A command whose own options are few; every other word is Alembic's and stays as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let click parse gitmig's own options alone; it takes clusters of letters apart."""
        own, others = parted(args, self.get_params(ctx))
        super().parse_args(ctx, own)
        ctx.params["arguments"] = tuple(others)
        return []


def parted(
    words: Sequence[str], parameters: Sequence[click.Parameter]
) -> tuple[list[str], list[str]]:
    """Return the words that are one of the options, each with its value, and all the others."""
    takes_value = {
        name: not (isinstance(each, click.Option) and (each.is_flag or each.count))
        for each in parameters
        for name in each.opts
    }
    own: list[str] = []
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        name, attached, _ = word.partition("=") if word.startswith("--") else (word, "", "")
        if word == "--":
            others += [word, *rest]
        elif name in takes_value:
            own.append(word)
            if takes_value[name] and not attached:
                own += [value for value in [next(rest, None)] if value is not None]
        elif not word.startswith("--") and takes_value.get(word[:2]):
            own.append(word)  # -CDIR, -xKEY=VALUE
        else:
            others.append(word)
    return own, others


def alembic_command(name: str) -> click.Command:
    """Return the command that passes its arguments on to Alembic's command of that name."""

    @click.command(
        name, cls=AlembicCommand, help=SUMMARIES[name], options_metavar="[OPTIONS] [ARGUMENTS]..."
    )
    @options.directory
    @options.environment
    @options.quiet
    @click.option("-x", "extra", multiple=True, metavar="KEY=VALUE", help="For env.py, as ever.")
    def command(
        directory: Path,
        environment: str | None,
        quiet: bool,
        extra: tuple[str, ...],
        arguments: tuple[str, ...],
    ) -> int:
        words = [*extra_words(extra), name, *arguments]
        report = run_alembic(directory, environment, words, quiet)
        click.echo(report.output, nl=False)
        for path in report.files:
            click.echo(f"gitmig: {path} written; look at it, then `git add {quote(path)}`")
        return OK

    return command if name in VERBOSE else options.verbose(command)


def extra_words(extra: tuple[str, ...]) -> list[str]:
    """Return Alembic's global options for what env.py shall get."""
    return [word for each in extra for word in ("-x", each)]


def move_command(name: str) -> click.Command:
    """Return ``upgrade`` or ``downgrade``: Alembic's, and ``--dry-run``."""
    plain = alembic_command(name)
    run: Any = plain.callback

    def command(dry_run: bool, database: tuple[str, ...], **given: Any) -> Any:
        if not dry_run:
            return run(**given)
        with progress_bar(given["quiet"]) as on_progress:
            steps = preview(
                given["directory"],
                given["environment"],
                [name, *given["arguments"]],
                options=extra_words(given["extra"]),
                how=How(database, on_progress=on_progress),
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
            multiple=True,
            metavar="URL",
            help="With --dry-run: a server on which gitmig may make a database of its own.",
        ),
    ]
    return plain


COMMANDS = tuple(
    move_command(name) if name in MOVES else alembic_command(name) for name in SUMMARIES
)
