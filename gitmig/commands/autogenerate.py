"""``gitmig autogenerate``: the revision that the staged models need, proved and staged.

The hook's main job, and by hand. Nothing is written before the worker has proved it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gitmig import memo
from gitmig.commands import head_file, superseded
from gitmig.commands.generation import Run
from gitmig.commands.unchanged import same_code
from gitmig.commands.workspace import Workspace
from gitmig.invocation import BY_HAND, Invocation
from gitmig.model import AS_ASKED, Options, Progress
from gitmig.outcomes import GenerateReport

NOT_DURING = ("rebase", "cherry-pick", "revert", "bisect")


def autogenerate(
    directory: Path,
    name: str | None = None,
    options: Options = AS_ASKED,
    invocation: Invocation = BY_HAND,
    on_progress: Progress | None = None,
) -> list[GenerateReport]:
    """Generate what is missing in the named environment, or from a hook in all of them.

    Returns a report for each environment. Raises GitmigError; nothing has changed then.
    """
    with Workspace.writing(directory) as workspace:
        state = workspace.repository.state
        if invocation.hook and state in NOT_DURING:
            return [not_during(state)]
        if invocation.hook and not workspace.config.environments:
            return []
        environments = (
            workspace.environments(name) if invocation.hook else (workspace.environment(name),)
        )
        runs = [
            Run(workspace, environment, options, invocation, on_progress)
            for environment in environments
        ]
        settled = same_code(workspace, whatever_is_old=invocation.committing)
        if settled and not superseded.forgotten(workspace) and not runs[0].wants_arrears():
            return [GenerateReport(environment.name) for environment in environments]
        reports = [run.generate() for run in runs]
        if not invocation.only_looking:
            head_file.keep(workspace, options)
        if len(environments) == len(workspace.config.environments):
            remember(directory, runs, reports)
        return reports


def not_during(state: str) -> GenerateReport:
    """Return the report of a hook that must keep out of the way."""
    note = f"a {state} is in progress: nothing is generated; run `gitmig check` when it is done"
    return GenerateReport("", notes=(note,))


def remember(directory: Path, runs: Sequence[Run], reports: Sequence[GenerateReport]) -> None:
    """Keep that the staged tree lacks nothing, where every environment is done."""
    if any(report.stopped or report.dry_run for report in reports):
        return
    if any(report.written and not report.staged for report in reports):
        return
    if not all(run.grounds.inputs for run in runs):
        return
    workspace = Workspace.open(directory)  # the index as it is now
    written = {file.path for report in reports for file in report.written}
    inputs = written.union(*(run.grounds.inputs for run in runs))
    packages = {run.grounds.packages for run in runs if run.grounds.packages}
    residue = {run.environment.name: run.grounds.residue for run in runs if run.grounds.residue}
    models = {run.environment.name: run.grounds.models for run in runs}
    memo.remember(workspace.repository, workspace.index, inputs, packages, residue, models)
    workspace.close()
