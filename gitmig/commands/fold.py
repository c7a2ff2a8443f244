"""``gitmig fold``: the unpublished revisions of a branch as one, proved to do the same.

It has the id of the last one: a database that is at the branch's head stays there, and so does
whatever follows that id. A database at one of the others is refused by Alembic, as its revision is
gone; under the first one's id it would be taken for upgraded and lack the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from gitmig import config, history, shape
from gitmig.commands import doubts, foldable, head_file
from gitmig.commands.base import Base, Older
from gitmig.commands.foldable import Foldable, published_ids
from gitmig.commands.identity import identity
from gitmig.commands.projectside import How, open_project
from gitmig.commands.wording import NOT_PROVED, REASONS, listed
from gitmig.commands.workspace import Workspace
from gitmig.errors import ConfigError, GitmigError, Stopped, WorkerFailed
from gitmig.model import AS_ASKED, Environment, Operation, Options, Progress, Revision
from gitmig.outcomes import FoldReport, WrittenRevision
from gitmig.placement import place

LEAVE = "leave them apart; `gitmig check` tells whether models and revisions agree"


def fold(
    directory: Path,
    name: str | None = None,
    *,
    base: str = "",
    options: Options = AS_ASKED,
    on_progress: Progress | None = None,
) -> FoldReport:
    """Make one revision of those on top that the base branch does not have.

    ``base`` is that branch (empty: the one in the settings). Nothing to do is a report without a
    file. Raises Stopped where they may not be one, other GitmigErrors where it cannot be known;
    nothing has changed then.
    """
    with Workspace.writing(directory) as workspace:
        environment = workspace.environment(name)
        return Folding(workspace, environment, options, on_progress).run(base)


class Folding:
    """The way to one revision in one environment; ``notes`` is what to say besides."""

    def __init__(
        self,
        workspace: Workspace,
        environment: Environment,
        options: Options,
        on_progress: Progress | None,
    ) -> None:
        self.workspace = workspace
        self.environment = environment
        self.options = options
        self.how = How(options.database, on_progress=on_progress)
        self.notes: list[str] = []

    def run(self, base: str) -> FoldReport:
        """Choose, prove, write."""
        workspace, environment = self.workspace, self.environment
        refuse_midway(workspace)
        ref = base or environment.settings.base
        if not ref:
            raise ConfigError(
                "there is no telling which revisions are published",
                "name the branch that has them: `gitmig fold --base main`, or `base` in "
                "[tool.gitmig]",
            )
        commit = history.merge_base(workspace.repository, ref)
        published = published_ids(workspace, environment, ref)
        found = workspace.usable_revisions(environment)
        chosen = foldable.choose(workspace, found, published)
        if not chosen.folded:
            return FoldReport(environment.name)
        foldable.refuse_unsettled(workspace, environment, chosen.folded)
        start = foldable.start(workspace, environment, commit, found, chosen.folded)
        answer = self.ask(chosen.folded, self.older(start))
        return self.finish(chosen, answer)

    def older(self, start: str) -> Older:
        """Return what the models said before the revisions; nothing where that is not known."""
        if not start:
            self.notes.append("no commit has just the revisions before these: the models as they "
                              "were then are not known")  # fmt: skip
            return Older()
        base = Base(self.workspace, self.environment, self.how, commit=start)
        older = base.known() or base.find()
        self.notes += base.notes
        return older

    def ask(self, folded: Sequence[Revision], older: Older) -> dict[str, Any]:
        """Have the worker run the revisions, then generate and prove the one in their place."""
        workspace, environment, how = self.workspace, self.environment, self.how
        paths = [revision.path for revision in folded]
        with (
            open_project(workspace, environment, how) as staged,
            open_project(workspace, environment, how, without=paths) as rest,
        ):
            files = staged.files_that_run(workspace.index)
            try:
                seen = staged.ask("trace", parent="".join(folded[0].parents), needs_of=files)
                return rest.ask(
                    "fold",
                    left=seen["left"],
                    renamed=seen["renamed"],
                    residue=seen["residue"],
                    before=older.models,
                    message=self.options.message,
                    rev_id=folded[-1].id,
                    **identity(workspace, environment),
                    scratch=str(rest.scratch()),
                    downgrade=environment.settings.downgrade == "required",
                    one_way=environment.settings.downgrade == "forbidden",
                    needs_of=files,
                )
            except WorkerFailed as error:
                known = set(config.revision_paths(environment, workspace.index))
                raise refused(error, known) from error

    def finish(self, chosen: Foldable, answer: dict[str, Any]) -> FoldReport:
        """Put the new revision in place of the others, and report it."""
        written = written_by(answer, chosen.folded, self.environment)
        operations = tuple(Operation(**each) for each in answer["operations"])
        stage = self.options.stage and self.environment.settings.stage
        paths = [revision.path for revision in chosen.folded]
        if not self.options.dry_run:
            place(
                self.workspace.repository,
                [written],
                stage=stage,
                instead_of=paths,
                unstage=stage,
                index=self.workspace.index,
            )
            head_file.keep(self.workspace, self.options)
        return FoldReport(
            self.environment.name,
            chosen.folded,
            written,
            stage and not self.options.dry_run,
            operations,
            (*self.notes, *notes_on(chosen, operations, answer)),
            undo(written.path, paths, stage, inside=bool(self.workspace.directory)),
            self.options.dry_run,
        )


def refuse_midway(workspace: Workspace) -> None:
    """Raise GitmigError in the middle of a merge, a rebase and the like."""
    state = workspace.repository.state
    if state:
        raise GitmigError(f"a {state} is in progress", "finish or abort it, then fold")


def written_by(
    answer: dict[str, Any], folded: Sequence[Revision], environment: Environment
) -> WrittenRevision:
    """Return the revision that the worker proved; raises Stopped where it is not one in place."""
    files, first, last = answer["files"], folded[0], folded[-1]
    if not files:
        parent = "".join(first.parents) or "base"
        paths = " ".join(quote(revision.path) for revision in folded)
        raise Stopped(
            f"{first.id} to {last.id} take each other back: there is nothing left to write",
            f"`gitmig downgrade {parent}` where they were applied, then `git rm {paths}`",
        )
    file = files[0]
    text = shape.seal(file["content"])
    made = foldable.parsed(text, file["path"])
    fits = made is not None and (made.id, made.parents) == (last.id, first.parents)
    if len(files) > 1 or not fits or not config.revision_paths(environment, [file["path"]]):
        raise Stopped(
            f"the project's own hooks or template make other than one revision {last.id} "
            f"after {''.join(first.parents) or 'nothing'}, where Alembic looks for it",
            "see process_revision_directives in env.py, script.py.mako and file_template",
        )
    return WrittenRevision(file["path"], last.id, file["message"], text)


def refused(error: WorkerFailed, known: set[str]) -> Exception:
    """Return what to raise where the proof says that the revisions may not be one."""
    if error.kind == "fold_differs":
        return Stopped(f"one revision would not do the same: {error.data['message']}", LEAVE)
    if error.kind not in NOT_PROVED:
        return error
    if error.kind == "migration_failed" and error.data.get("path") in known:
        return error
    return Stopped(
        f"nothing was folded: {REASONS[error.kind]}: {error.data['message']}", LEAVE, error.detail
    )


def notes_on(
    chosen: Foldable, operations: Sequence[Operation], answer: dict[str, Any]
) -> list[str]:
    """Return what a person should know about the folded revision."""
    notes = [*answer["notes"], *answer["differs"]]
    if chosen.apart:
        notes.append(f"{chosen.apart}: it is kept apart, and so is what comes before it")
    if answer["unseen"]:
        notes.append(f"not judged: {listed(answer['unseen'])}")
    told = doubts.in_words(operations)
    if told:
        notes.append(f"as before: {told}")
    gone = ", ".join(revision.id for revision in chosen.folded[:-1])
    last = chosen.folded[-1].id
    notes.append(f"a database at {gone} has to be at {last} before it gets this")
    return notes


def undo(path: str, paths: Sequence[str], staged: bool, *, inside: bool) -> str:
    """Return the line of shell that puts everything back.

    ``inside``: it is typed below the top level, where ``:/`` leads to that.
    """
    top = ":/" if inside else ""
    old = " ".join(quote(top + each) for each in paths)
    if not staged:
        away = "" if path in paths else f" && git clean -fq -- {quote(top + path)}"
        return f"git restore -- {old}{away}"
    new = "" if path in paths else f" {quote(top + path)}"
    return f"git restore --staged --worktree -- {old}{new}"
