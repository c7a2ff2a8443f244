"""``gitmig merge-heads``: one revision that joins the heads, after a proof that they may be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import Any

from gitmig import config, history, revisions, shape
from gitmig.commands import head_file, meeting
from gitmig.commands.identity import identity
from gitmig.commands.linear import put_in_line
from gitmig.commands.projectside import How, open_project
from gitmig.commands.superseded import text_in_work_tree
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError, Stopped, WorkerFailed
from gitmig.graph import Graph
from gitmig.model import AS_ASKED, Environment, Options, Progress, Revision
from gitmig.outcomes import MergeReport, WrittenRevision
from gitmig.placement import place


@dataclass(frozen=True)
class Line:
    """Whether heads are put in one line (None: as the settings say), and the branch that stays."""

    wanted: bool | None = None
    base: str = ""


AS_SET = Line()
SUBJECT = 60  # characters of a parent's subject that are kept in the message
NAMED = 8  # operations that are told of what the models ask for beyond the revisions


def merge_heads(
    directory: Path,
    name: str | None = None,
    options: Options = AS_ASKED,
    on_progress: Progress | None = None,
    *,
    line: Line = AS_SET,
) -> list[MergeReport]:
    """Join the heads of the staged revisions; nothing to do is one report without a file.

    Heads that are kept apart by their labels are joined within each label. ``line`` says whether
    they are put in one line instead. Raises Stopped where the heads may not be joined, other
    GitmigErrors where it cannot be known; nothing has changed then.
    """
    with Workspace.writing(directory) as workspace:
        environment = workspace.environment(name)
        groups = head_groups(workspace, environment)
        wanted = [group for group in groups if len(group) > 1]
        if not wanted:
            head_file.keep(workspace, options)
            return [MergeReport(environment.name, tuple(chain.from_iterable(groups)))]
        in_line = environment.settings.merge == "linear" if line.wanted is None else line.wanted
        reports = [
            put_in_line(workspace, environment, heads, line.base, options, on_progress)
            if in_line
            else join(workspace, environment, heads, options, on_progress)
            for heads in wanted
        ]
        return reports if options.dry_run else write(workspace, environment, reports, options)


def write(
    workspace: Workspace, environment: Environment, reports: Sequence[MergeReport], options: Options
) -> list[MergeReport]:
    """Put all that was proved into the work tree and the index, or nothing of it."""
    stage = options.stage and environment.settings.stage
    again = [file for report in reports for file in report.rewritten]
    new = [report.written for report in reports if report.written is not None]
    place(
        workspace.repository,
        [*new, *again],
        stage=stage,
        instead_of=[file.path for file in again],
        unstage=False,
        index=workspace.index,
    )
    head_file.keep(workspace, options)
    return [replace(report, staged=stage) for report in reports]


def join(
    workspace: Workspace,
    environment: Environment,
    heads: tuple[Revision, ...],
    options: Options,
    on_progress: Progress | None,
) -> MergeReport:
    """Join heads by one revision, proved in all orders; the report has the file."""
    refuse_joined(workspace, environment, heads)
    answer = ask(workspace, environment, heads, options, on_progress)
    return MergeReport(
        environment.name,
        heads,
        written_by(answer),
        dry_run=options.dry_run,
        notes=notes_of(answer),
    )


def refuse_joined(
    workspace: Workspace, environment: Environment, heads: Sequence[Revision]
) -> None:
    """Raise Stopped where a file that is not staged joins the heads: a second one would be two."""
    untracked = workspace.repository.status().untracked
    for path in config.revision_paths(environment, untracked):
        with suppress(SourceError):  # somebody's draft
            found = revisions.parse(text_in_work_tree(workspace, path) or "", path)
            if found is not None and set(found.parents) == {head.id for head in heads}:
                raise Stopped(f"{path} joins the heads and is not staged", f"git add {quote(path)}")


def ask(
    workspace: Workspace,
    environment: Environment,
    heads: tuple[Revision, ...],
    options: Options,
    on_progress: Progress | None,
) -> dict[str, Any]:
    """Have the worker replay the sides in all orders, and render and prove the merge."""
    how = How(options.database, on_progress=on_progress)
    with open_project(workspace, environment, how) as project:
        try:
            return project.ask(
                "merge",
                heads=[head.id for head in heads],
                message=options.message or message_for(workspace, heads),
                **identity(workspace, environment),
                scratch=str(project.scratch()),
            )
        except WorkerFailed as error:
            raise meeting.refused(workspace, error, heads) from error


def head_groups(workspace: Workspace, environment: Environment) -> tuple[tuple[Revision, ...], ...]:
    """Return the heads, those that are to become one together.

    Heads under different branch labels are kept apart on purpose and are not joined. Raises
    SourceError for a broken graph.
    """
    return Graph(workspace.usable_revisions(environment)).head_groups


def message_for(workspace: Workspace, heads: tuple[Revision, ...]) -> str:
    """Return a message that names each head, its subject and its author."""
    told = []
    for head in heads:
        author = history.writer_of(workspace.repository, head.path)
        told.append(f"{head.id} ({head.subject[:SUBJECT]}{', ' + author if author else ''})")
    return "merge " + " and ".join(told)


def written_by(answer: dict[str, Any]) -> WrittenRevision:
    """Return the merge revision that the worker rendered and proved."""
    file = answer["files"][0]
    return WrittenRevision(
        file["path"], file["revision"], file["message"], shape.seal(file["content"])
    )


def notes_of(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return what a person should know about the joined schema."""
    missing = [operation["words"] for operation in answer["operations"]]
    found = (*answer["notes"], *answer["differs"])
    if not missing:
        return found
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    told = ", ".join(missing[:NAMED]) + more
    return (*found, f"the models ask for more than the joined revisions give: {told}")


def merge_in_progress(directory: Path, on_progress: Progress | None = None) -> list[MergeReport]:
    """Join heads in every environment, for the hook of a merge; return what was written."""
    workspace = Workspace.open(directory)
    names = [environment.name for environment in workspace.config.environments]
    workspace.close()
    reports = [merge_heads(directory, name, on_progress=on_progress) for name in names]
    return [report for each in reports for report in each if report.written or report.moved]
