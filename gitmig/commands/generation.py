"""One environment's way from the staged tree to a revision, for ``gitmig autogenerate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote
from typing import Any

from gitmig import config, memo, shape
from gitmig.commands import stops, superseded, which_head
from gitmig.commands.asking import asking
from gitmig.commands.base import Base
from gitmig.commands.doubts import few
from gitmig.commands.grounds import Grounds
from gitmig.commands.identity import identity
from gitmig.commands.projectside import How, open_project
from gitmig.commands.staging import Staging
from gitmig.commands.standing import refuse_forgotten, refuse_standing_tables
from gitmig.commands.superseded import Superseded
from gitmig.commands.wording import listed, not_mended, notes_on, unproved
from gitmig.commands.workspace import Workspace
from gitmig.errors import WorkerFailed
from gitmig.graph import Graph
from gitmig.invocation import Invocation
from gitmig.model import Environment, Operation, Options, Progress
from gitmig.outcomes import GenerateReport, WrittenRevision
from gitmig.placement import place

BY_HAND = "write it by hand: `gitmig revision -m TEXT`, edit it, `git add` it, commit again"


class Run:
    """One environment's way from the staged tree to a revision.

    ``grounds`` is what decided, known when the worker has answered; ``pending`` a revision that
    waits for its commit, and is not enough any more.
    """

    def __init__(
        self,
        workspace: Workspace,
        environment: Environment,
        options: Options,
        invocation: Invocation,
        on_progress: Progress | None,
    ) -> None:
        self.workspace = workspace
        self.environment = environment
        self.options = options
        self.invocation = invocation
        self.on_progress = on_progress
        self.grounds = Grounds()
        self.unmended: list[str] = []
        self.before: list[Any] | None = None
        self.pending: memo.Pending | None = None
        self.staging = Staging(workspace, environment, options, invocation)
        self.base = Base(workspace, environment, How(options.database), invocation)

    def generate(self) -> GenerateReport:
        """Find out what is missing, and write it."""
        found = self.workspace.usable_revisions(self.environment)
        pending = superseded.waiting(self.workspace, self.environment)
        if pending is not None and superseded.still_wanted(
            self.workspace, self.environment, pending
        ):
            return self.accept(pending)
        self.pending, self.grounds.accepted = pending, superseded.accepted(self.workspace, pending)
        old = superseded.find(self.workspace, self.environment, pending, found, self.invocation)
        staged = Graph([each for each in found if old is None or each.path not in old.paths])
        heads = max(staged.head_groups, key=len, default=())
        if len(heads) > 1:
            return stops.several_heads(self.environment, heads)
        answer = self.ask(old)
        self.grounds.take(self.workspace, self.environment, answer)
        if pending is not None and superseded.unstaged(self.workspace, pending):
            if answer["files"]:
                superseded.refuse_beside(self.workspace, pending)
            elif not superseded.outlived(self.workspace, pending):
                old = None  # this commit does not need it, another one will
        return self.finish(answer, old)

    def ask(self, old: Superseded | None) -> dict[str, Any]:
        """Have the worker generate what this commit lacks; raises Stopped where it cannot.

        The tree before the commit is asked first, unless the memo knows it: what it already left
        over is not this commit's, and what its models said tells what Alembic does not see.
        """
        older = self.base.known() or self.base.find()
        self.before = older.models
        known = set(config.revision_paths(self.environment, self.workspace.index))
        without = old.paths if old is not None else ()
        with open_project(
            self.workspace,
            self.environment,
            How(self.options.database, on_progress=self.on_progress),
            without=without,
        ) as project:
            try:
                return asking(
                    project,
                    self.options.confirm,
                    message=self.options.message,
                    rev_id=old.revision if old is not None else "",
                    **identity(self.workspace, self.environment),
                    downgrade=self.environment.settings.downgrade == "required",
                    one_way=self.environment.settings.downgrade == "forbidden",
                    residue=older.residue,
                    before=older.models,
                    by_hand=sorted(self.own_revisions() - set(without)),
                    head=self.environment.settings.head,
                    arrears=self.wants_arrears(),
                )
            except WorkerFailed as error:
                told = which_head.undecided(self.workspace, self.environment, error)
                raise told or unproved(error, known) from error

    def wants_arrears(self) -> bool:
        """Say whether what Alembic does not see is wanted however old: by hand, nothing staged."""
        return not self.invocation.hook and self.base.is_staged()

    def finish(self, answer: dict[str, Any], old: Superseded | None) -> GenerateReport:
        """Turn the worker's answer into files in the work tree and the index, and a report."""
        self.unmended = answer["unmended"]
        report = self.report_of(answer)
        refuse_standing_tables(self.workspace, self.environment, report.operations)
        tables = [key for models in answer["models"] for key in models]
        refuse_forgotten(
            self.workspace, self.environment, self.base.index, answer["loaded"], tables
        )
        stops.refuse_unread(self.environment, report.written)
        if old is not None and unchanged(report.written, old):
            settled = self.settle(replace(report, written=(), operations=()), old)
            if not self.grounds.unseen or settled.stopped or self.options.dry_run:
                return settled
            # what was accepted was another commit's worth: this is new, and not in the file
            self.wait_for_commit([replace(report.written[0], path=old.path)])
            return stops.unfinished(self.environment, settled, old.path, self.grounds.unseen)
        if self.options.dry_run:
            return report
        if self.invocation.only_looking:
            return stops.only_looked(report)
        if old is None and not report.written:
            return self.nothing_generated(report, answer["models"])
        return self.write(report, old)

    def report_of(self, answer: dict[str, Any]) -> GenerateReport:
        """Return what was generated, and what is to be said of it."""
        return GenerateReport(
            self.environment.name,
            operations=tuple(Operation(**each) for each in answer["operations"]),
            notes=(
                *answer["notes"],
                *(answer["differs"] if answer["files"] else ()),
                *(not_mended(answer["unmended"]) if self.tells_unmended(answer) else ()),
                *self.base.notes,
                *answer["own"].values(),
                *notes_on([each for each in self.grounds.residue if each not in answer["own"]]),
            ),
            dry_run=self.options.dry_run,
            written=tuple(
                WrittenRevision(
                    file["path"],
                    file["revision"],
                    file["message"],
                    shape.seal(file["content"]),
                )
                for file in answer["files"]
            ),
        )

    def tells_unmended(self, answer: dict[str, Any]) -> bool:
        """Say whether what is left to a person is a note: where nothing is written it stops."""
        return bool(answer["files"]) or self.options.dry_run

    def nothing_generated(self, report: GenerateReport, models: list[Any]) -> GenerateReport:
        """Return the report of a run that wrote nothing, which may have been for want of sight."""
        if self.unmended:
            stopped = f"nothing can be generated for what is missing: {listed(self.unmended)}"
            return replace(report, stopped=stopped, hint=BY_HAND)
        if not self.grounds.unseen:
            return replace(report, notes=(*report.notes, *self.covered(models)))
        if self.pending is not None and self.grounds.accepted:
            return self.stop_again(report, self.pending)
        if self.own_revisions():
            return replace(
                report, notes=(*report.notes, f"not judged: {listed(self.grounds.unseen)}")
            )
        stopped = (
            f"{listed(self.grounds.unseen)}: Alembic sees no such change, and nothing was generated"
        )
        return replace(report, stopped=stopped, hint=BY_HAND)

    def stop_again(self, report: GenerateReport, pending: memo.Pending) -> GenerateReport:
        """Stop for what came after a person added to a revision: that was for something else."""
        self.grounds.wait_again(self.workspace, pending)
        return stops.unfinished(self.environment, report, pending.path, self.grounds.unseen)

    def covered(self, models: list[Any]) -> tuple[str, ...]:
        """Return a note where the models changed, and a revision of the commit's own is enough."""
        changed = self.before is not None and self.before != models
        if not changed or self.workspace.repository.state == "merge":
            return ()
        own = sorted(self.own_revisions())
        does = "do" if own[1:] else "does"
        return (f"{few(own)} {does} what the models ask for: nothing is generated",) if own else ()

    def own_revisions(self) -> set[str]:
        """Return the paths of the revisions that this commit brings."""
        found, before = (set(config.revision_paths(self.environment, index))
                         for index in (self.workspace.index, self.base.index))  # fmt: skip
        return found - before

    def write(self, report: GenerateReport, old: Superseded | None) -> GenerateReport:
        """Write and stage the revisions, or take an unneeded one away."""
        gone = old.paths if old is not None else ()
        before = memo.pending(self.workspace.repository).get(self.environment.name)
        # noted first: a run that is killed leaves nothing that the next one does not know
        self.staging.note_repair([file.path for file in report.written] + list(gone))
        self.wait_for_commit(report.written, gone)
        try:
            place(
                self.workspace.repository,
                report.written,
                stage=self.staging.is_wanted(),
                instead_of=gone,
                index=self.workspace.index,
            )
        except BaseException:
            memo.set_pending(self.workspace.repository, self.environment.name, before)
            raise
        if not report.written:
            note = f"{gone[0]} is no longer needed and was removed"
            return replace(report, notes=(*report.notes, note))
        if self.invocation.amending and old is not None:
            note = (
                f"{old.revision} was generated again under its id: a database that is at it "
                "already does not get the difference"
            )
            report = replace(report, notes=(*report.notes, note))
        return self.judge(replace(report, staged=self.staging.is_wanted()))

    def judge(self, report: GenerateReport) -> GenerateReport:
        """Say whether the commit may go on with what was written."""
        path = report.written[0].path
        told = stops.doubts_of(self.environment, report)
        if not report.staged:
            stopped, hint = f"{path} was written and is not staged", f"git add {quote(path)}"
        elif self.grounds.unseen:
            return stops.unfinished(self.environment, report, path, self.grounds.unseen)
        elif told:
            stopped = told
            hint = f"look at {path}; committing again accepts it"
        elif self.staging.is_lost_by_git():
            stopped = "`git commit <path>` would leave the revision out of the index afterwards"
            hint = f"git add {quote(path)}, then commit it by its path too"
        else:
            return report
        return replace(report, stopped=stopped, hint=hint)

    def wait_for_commit(self, written: Sequence[WrittenRevision], gone: Sequence[str] = ()) -> None:
        """Keep what a revision was made from, so that committing again takes it as it is."""
        self.grounds.wait_for_commit(self.workspace, self.environment, written, gone)

    def accept(self, pending: memo.Pending) -> GenerateReport:
        """Go on with a revision that is there: it is staged, if it is not any more."""
        if self.options.dry_run:
            return GenerateReport(self.environment.name)
        if superseded.unstaged(self.workspace, pending):
            superseded.refuse_edited(self.workspace, pending)
            if not self.staging.may_add_again():
                return self.staging.missing(pending.path)
            self.staging.add_again(pending.path, pending.instead_of)
        elif self.invocation.only_looking:
            return GenerateReport(self.environment.name)
        content = superseded.content_of(self.workspace, pending) or ""
        if pending.unseen and shape.is_sealed(content):
            report = GenerateReport(self.environment.name)
            return stops.unfinished(self.environment, report, pending.path, pending.unseen)
        self.grounds.take_pending(pending)
        return GenerateReport(self.environment.name, notes=(f"{pending.path} is accepted",))

    def settle(self, report: GenerateReport, old: Superseded) -> GenerateReport:
        """Leave an earlier revision as it is: what was generated anew says the same."""
        self.grounds.inputs |= {old.path}
        if self.options.dry_run or self.workspace.read(old.path) == old.content:
            return report
        if not self.staging.may_add_again():
            return self.staging.missing(old.path)
        self.staging.add_again(old.path, old.instead_of)
        return report


def unchanged(written: Sequence[WrittenRevision], old: Superseded) -> bool:
    """Say whether what was generated is, but for its dates, the earlier revision."""
    if len(written) != 1:
        return False
    shapes = [shape.source_shape(text) for text in (written[0].content, old.content)]
    return shapes[0] == shapes[1]
