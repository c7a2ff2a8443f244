"""``gitmig hook``: what the installed hooks call. Not for typing."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

import click

from gitmig import gate, invocation
from gitmig.commands.autogenerate import autogenerate
from gitmig.commands.merge_heads import merge_in_progress
from gitmig.commands.repair import repair
from gitmig.errors import FINDINGS, OK
from gitmig.model import Options
from gitmig.report import text
from gitmig.report.console import conversation, progress_bar


@click.group("hook", hidden=True)
def hook() -> None:
    """Serve the installed hooks."""


@hook.command("pre-commit")
@click.option("--framework", is_flag=True, help="Called by the pre-commit framework.")
def pre_commit(framework: bool) -> int:
    """Generate what the commit lacks and stage it into it."""
    with conversation(quiet=False) as (on_progress, confirm):
        how, options = invocation.of_hook(framework), Options(confirm=confirm)
        reports = autogenerate(Path.cwd(), None, options, how, on_progress)
    for report in reports:
        text.generated(report, quiet=True, in_commit=True)
    return FINDINGS if any(report.stopped for report in reports) else OK


@hook.command("pre-merge-commit")
@click.option("--framework", is_flag=True, help="Called by the pre-commit framework.")
def pre_merge_commit(framework: bool) -> int:
    """Join heads that the merge brings together; stops once, so that the file gets in."""
    if gate.skipped(os.environ):
        return OK
    with progress_bar(quiet=False) as on_progress:
        reports = merge_in_progress(Path.cwd(), on_progress)
    for report in reports:
        text.merged(report)
    if reports:
        written = [file for each in reports for file in (each.written, *each.rewritten) if file]
        staged = all(each.staged for each in reports)
        unstaged = [] if staged else [file.path for file in written]
        first = f"`git add {' '.join(map(quote, unstaged))}`, then " if unstaged else ""
        click.echo(f"gitmig: the merge is open; type {first}`git commit` to complete it", err=True)
    return FINDINGS if reports else OK


@hook.command("post-commit")
def post_commit() -> int:
    """Put back into the index what `git commit <path>` left out of it."""
    repair(Path.cwd())
    return OK


COMMANDS = (hook,)
