"""``gitmig rules`` and ``gitmig rule``: what findings mean."""

from __future__ import annotations

import click

from gitmig.cli import options
from gitmig.commands import squawk
from gitmig.errors import OK, ConfigError
from gitmig.report import rules as report
from gitmig.rules import codes, documents


@click.command("rules")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    callback=options.note_format,
    help="How to print the result; markdown is the page docs/rules.md.",
)
def rules_command(output: str) -> int:
    """List the codes of everything that `gitmig check` finds."""
    if output == "json":
        click.echo(report.listed_json(codes.CODES))
    elif output == "markdown":
        click.echo(documents.page(), nl=False)
    else:
        report.listed(codes.CODES, about_squawk())
    return OK


def about_squawk() -> str:
    """Say whether squawk's rules are judged too."""
    path = squawk.program()
    if path:
        return f"PostgreSQL's SQL is judged by squawk, too ({path}): codes SQ-…"
    return "more rules for PostgreSQL with squawk: pip install 'gitmig[squawk]'"


@click.command("rule")
@click.argument("code")
@options.formats
def rule_command(code: str, output: str) -> int:
    """Explain one code, or name, of a finding."""
    found = codes.find(code)
    if found is None:
        raise ConfigError(f'"{code}" is no code or name of a finding.', codes.suggestion(code))
    if found.code.startswith(codes.SQUAWK) and not squawk.knows(found.name):
        raise ConfigError(f"squawk has no rule {found.name}.", f"they are all at {squawk.RULES}")
    if output == "json":
        click.echo(report.explained_json(found))
    else:
        report.explained(found)
    return OK


COMMANDS = (rules_command, rule_command)
