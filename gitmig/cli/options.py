"""Options that many commands share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Asked:
    """What the options said that also decides how a failure of the command is printed."""

    command: str = ""
    json: bool = False
    verbose: bool = False


def asked(context: click.Context) -> Asked:
    """Return what was asked of the running command."""
    return context.ensure_object(Asked)


def note_verbose(context: click.Context, _option: click.Parameter, value: bool) -> None:
    """Keep ``-v`` for the printing of an error, and have remarks printed as they come."""
    asked(context).verbose = value
    if value:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("gitmig: %(message)s"))
        logging.getLogger("gitmig").addHandler(handler)
        logging.getLogger("gitmig").setLevel(logging.INFO)


def note_format(context: click.Context, _option: click.Parameter, value: str) -> str:
    """Keep ``--format`` for the printing of an error."""
    asked(context).command = context.info_name or ""
    asked(context).json = value == "json"
    return value


directory = click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Run as if started in DIR.",
)
environment = click.option("--env", "environment", metavar="NAME", help="The Alembic environment.")
verbose = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=note_verbose,
    help="Show what the project printed, too.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Say only what matters.")


def formats_of(names: Sequence[str]) -> Callable[[Command], Command]:
    """Return the option that chooses how the result is printed."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(names),
        default="text",
        callback=note_format,
        help="How to print the result.",
    )


formats = formats_of(("text", "json"))


def read_base(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    """Return the branch; raises click.BadParameter where one was to be named, and is not."""
    if value is None:
        return ""
    if not value.strip():
        raise click.BadParameter("it names no branch (is a variable unset?); leave it out for none")
    return value


def base(what: str) -> Callable[[Command], Command]:
    """Return the option that names the base branch; ``what`` it is for."""
    return click.option("--base", metavar="REF", callback=read_base, help=what)


def split(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Return words that may be repeated, and may have commas between them."""
    return tuple(word.strip() for value in values for word in value.split(","))


select = click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    callback=split,
    help="The rules to judge: codes, their beginnings (GM71), or names; see `gitmig rules`.",
)
ignore = click.option(
    "--ignore",
    multiple=True,
    metavar="CODES",
    callback=split,
    help="What to leave out, as for --select; also what other gates find.",
)
database_url = click.option(
    "--database-url",
    "database",
    multiple=True,
    metavar="URL",
    help="A server on which gitmig may make databases of its own; one for each kind.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
message = click.option("-m", "--message", default="", help="The revision's message.")
no_stage = click.option("--no-stage", is_flag=True, help="Write the file without staging it.")
