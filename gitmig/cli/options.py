"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def common(command: Command) -> Command:
    """Add ``-C``, ``--env``, ``-v`` and ``-q``."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Say only what matters."),
        click.option("-v", "--verbose", is_flag=True, help="Show what the project printed, too."),
        click.option("--env", "environment", metavar="NAME", help="The Alembic environment."),
        click.option(
            "-C",
            "directory",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            default=Path(),
            metavar="DIR",
            help="Run as if started in DIR.",
        ),
    ):
        command = option(command)
    return command


def formats(command: Command) -> Command:
    """Add ``--format``."""
    return click.option(
        "--format", "output", type=click.Choice(["text", "json"]), default="text",
        help="How to print the result.",
    )(command)  # fmt: skip


database_url = click.option(
    "--database-url",
    "database",
    default="",
    metavar="URL",
    help="A server on which gitmig may make databases of its own.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
message = click.option("-m", "--message", default="", help="The revision's message.")
no_stage = click.option("--no-stage", is_flag=True, help="Write the file without staging it.")
