"""``gitmig init``, ``install``, ``uninstall``, ``doctor``, ``demo`` and ``graph``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gitmig.cli import options
from gitmig.commands import hooks
from gitmig.commands.demo import demo
from gitmig.commands.doctor import doctor
from gitmig.commands.graph import graph
from gitmig.commands.init import Plan, apply, plan
from gitmig.errors import COULD_NOT_RUN, FINDINGS, OK, GitmigError
from gitmig.hookfiles import HookChange
from gitmig.report import text
from gitmig.report.picture import revision_graph


@click.command("init")
@options.directory
@options.verbose
@click.option("--folder", default="migrations", help="The folder for env.py and the revisions.")
@click.option("--template", default="generic", help="One of Alembic's templates.")
@click.option("--url", default="", help="The database; a SQLite file by default.")
@click.option("--yes", is_flag=True, help="Change files that exist without asking.")
@click.option("--no-hooks", is_flag=True, help="Leave the git hooks alone.")
def init_command(
    directory: Path,
    folder: str,
    template: str,
    url: str,
    yes: bool,
    no_hooks: bool,
) -> int:
    """Set up Alembic for the models found here, the hooks, the settings and a CI workflow."""
    wanted = Plan(folder, template, url, hooks=not no_hooks)
    steps = plan(directory, wanted)
    allowed = [step for step in steps if not step.changes_existing or yes or agreed(step.path)]
    for line in apply(directory, wanted, allowed):
        click.echo(f"gitmig: {line}")
    return OK


def agreed(path: str) -> bool:
    """Ask whether a file may be changed; raises GitmigError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise GitmigError(
            f"{path} would be changed, and nobody is there to be asked", "gitmig init --yes"
        )
    return click.confirm(f"change {path}?", default=True)


@click.command("install")
@options.directory
@options.verbose
@options.quiet
def install_command(directory: Path, quiet: bool) -> int:
    """Put gitmig's git hooks in, in front of those that are there."""
    print_hooks(hooks.install(directory), quiet)
    return OK


@click.command("uninstall")
@options.directory
@options.verbose
@options.quiet
def uninstall_command(directory: Path, quiet: bool) -> int:
    """Take gitmig's git hooks out and put back those that were there before."""
    print_hooks(hooks.uninstall(directory), quiet)
    return OK


def print_hooks(changes: list[HookChange], quiet: bool) -> None:
    """Print what was done with each hook."""
    for change in changes:
        if not quiet:
            click.echo(f"gitmig: {change.name} hook {change.action} ({change.path})")
    for note in {change.note for change in changes if change.note}:
        click.echo(f"gitmig: {note}", err=True)


@click.command("doctor")
@options.directory
@options.environment
@options.verbose
@options.database_url
def doctor_command(directory: Path, environment: str | None, database: tuple[str, ...]) -> int:
    """Show what gitmig would use here, and why."""
    lines = doctor(directory, environment, database)
    text.examined(lines)
    return FINDINGS if any(line.ok is False for line in lines) else OK


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the repository to play with.")
def demo_command(keep: bool) -> int:
    """Show the whole way in a real repository in a temporary directory."""
    return OK if demo(click.echo, keep=keep) else COULD_NOT_RUN


@click.command("graph")
@options.directory
@options.environment
@options.verbose
def graph_command(directory: Path, environment: str | None) -> int:
    """Draw the graph of the staged revisions."""
    for report in graph(directory, environment):
        for line in revision_graph(report.revisions, report.marks):
            click.echo(line)
        for finding in report.findings:
            click.echo(f"gitmig: {finding.path}: {finding.code} {finding.message}", err=True)
    return OK


COMMANDS = (
    init_command,
    install_command,
    uninstall_command,
    doctor_command,
    demo_command,
    graph_command,
)
