"""``gitmig hook``: what the installed hooks call. Not for typing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import click

from gitmig import gate, invocation
from gitmig.commands.autogenerate import autogenerate
from gitmig.commands.left_behind import left_behind
from gitmig.commands.left_branch import left_branch
from gitmig.commands.merge_heads import merge_in_progress
from gitmig.commands.repair import repair
from gitmig.errors import FINDINGS, OK, GitmigError
from gitmig.model import Options
from gitmig.outcomes import MergeReport
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
        if gate.merging(str(Path.cwd())):  # one that had conflicts, or was stopped before
            unstaged = tell_merged(merge_in_progress(Path.cwd(), on_progress))
            if unstaged:
                click.echo(f"gitmig: type `git add {' '.join(map(quote, unstaged))}`", err=True)
                return FINDINGS
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
    unstaged = tell_merged(reports)
    if reports:
        first = f"`git add {' '.join(map(quote, unstaged))}`, then " if unstaged else ""
        click.echo(f"gitmig: the merge is open; type {first}`git commit` to complete it", err=True)
    return FINDINGS if reports else OK


def tell_merged(reports: Sequence[MergeReport]) -> list[str]:
    """Print what was done with heads; return the files that are not staged."""
    for report in reports:
        text.merged(report)
    return [
        file.path
        for report in reports
        if not report.staged
        for file in (report.written, *report.rewritten)
        if file is not None
    ]


@hook.command("post-merge")
@click.option("--framework", is_flag=True, help="Called by the pre-commit framework.")
def post_merge(framework: bool) -> int:
    """Tell what a merge or a fast-forward left behind."""
    return tell_left_behind(framework)


@hook.command("post-rewrite")
@click.option("--framework", is_flag=True, help="Called by the pre-commit framework.")
def post_rewrite(framework: bool) -> int:
    """Tell what a rebase left behind."""
    if framework and os.environ.get("PRE_COMMIT_REWRITE_COMMAND") != "rebase":
        return OK  # `git commit --amend` calls it, too
    return tell_left_behind(framework)


@hook.command("post-checkout")
@click.option("--framework", is_flag=True, help="Called by the pre-commit framework.")
@click.argument("commits", nargs=-1)
def post_checkout(framework: bool, commits: tuple[str, ...]) -> int:
    """Tell of revisions that the branch had which was left; never fails a checkout."""
    if framework:
        if gate.skipped(os.environ) or os.environ.get("PRE_COMMIT_CHECKOUT_TYPE") != "1":
            return OK
        commits = (os.environ["PRE_COMMIT_FROM_REF"], os.environ["PRE_COMMIT_TO_REF"])
    before, after = commits
    try:
        for departure in left_branch(Path.cwd(), before, after):
            text.departed(departure)
    except GitmigError as error:
        click.echo(f"gitmig: {error.message}", err=True)
    return OK


def tell_left_behind(framework: bool) -> int:
    """Print what is wrong with the revisions now; git has done its work already.

    The framework shows only what a hook says that fails.
    """
    if framework and gate.skipped(os.environ):
        return OK
    findings = left_behind(Path.cwd())
    text.found(findings)
    return FINDINGS if findings and framework else OK


@hook.command("post-commit")
def post_commit() -> int:
    """Put back into the index what `git commit <path>` left out of it."""
    repair(Path.cwd())
    return OK


COMMANDS = (hook,)
