"""One environment's way from the staged tree to a revision, for ``gitmig autogenerate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote
from typing import Any

from gitmig import config, memo, revisions
from gitmig.commands import doubts, joining, superseded, which_head
from gitmig.commands.asking import asking
from gitmig.commands.base import Base
from gitmig.commands.doubts import few
from gitmig.commands.identity import identity
from gitmig.commands.projectside import How, open_project
from gitmig.commands.staging import Staging
from gitmig.commands.standing import refuse_forgotten, refuse_standing_tables
from gitmig.commands.superseded import Superseded
from gitmig.commands.wording import listed, not_mended, notes_on, unproved
from gitmig.commands.workspace import Workspace
from gitmig.errors import Stopped, WorkerFailed
from gitmig.graph import Graph
from gitmig.invocation import Invocation
from gitmig.model import Environment, Operation, Options, Progress
from gitmig.outcomes import GenerateReport, WrittenRevision
from gitmig.placement import place

BY_HAND = "write it by hand: `gitmig revision -m TEXT`, edit it, `git add` it, commit again"


class Run:
    """One environment's way from the staged tree to a revision.

    ``inputs`` are the files that decided, known when the worker has answered; ``residue`` what
    was there before and is not this commit's.
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
        self.inputs: frozenset[str] = frozenset()
        self.packages = ""
        self.residue: list[str] = []
        self.models = ""
        self.unseen: list[str] = []
        self.unmended: list[str] = []
        self.before: list[Any] | None = None
        self.pending: memo.Pending | None = None
        self.accepted: list[str] = []
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
        self.pending, self.accepted = pending, superseded.accepted(self.workspace, pending)
        old = superseded.find(self.workspace, self.environment, pending, found, self.invocation)
        staged = Graph([each for each in found if old is None or each.path not in old.paths])
        heads = max(staged.head_groups, key=len, default=())
        if len(heads) > 1:
            names = ", ".join(f"{head.id} ({head.subject})" for head in heads)
            return GenerateReport(
                self.environment.name,
                stopped=f"there are {len(heads)} heads: {names}",
                hint=f"join them with `{joining.command(self.environment)}`, then commit again",
            )
        answer = self.ask(old)
        self.note_inputs(answer)
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

    def note_inputs(self, answer: dict[str, Any]) -> None:
        """Keep which files decided: what was imported, the revisions, the configuration."""
        environment = self.environment
        configuration = {environment.ini, environment.toml, f"{environment.script_location}/env.py"}
        known = config.revision_paths(environment, self.workspace.index)
        self.inputs = frozenset({*answer["loaded"], *known, *configuration} - {""})
        self.packages = answer["site"]
        self.residue = answer["left_out"]
        self.models = memo.keep_models(self.workspace.repository, answer["models"])

    def finish(self, answer: dict[str, Any], old: Superseded | None) -> GenerateReport:
        """Turn the worker's answer into files in the work tree and the index, and a report."""
        self.unseen = [each for each in answer["unseen"] if each not in self.accepted]
        self.unmended = answer["unmended"]
        report = GenerateReport(
            self.environment.name,
            operations=tuple(Operation(**each) for each in answer["operations"]),
            notes=(
                *answer["notes"],
                *(answer["differs"] if answer["files"] else ()),
                *(not_mended(answer["unmended"]) if self.tells_unmended(answer) else ()),
                *self.base.notes,
                *answer["own"].values(),
                *notes_on([each for each in self.residue if each not in answer["own"]]),
            ),
            dry_run=self.options.dry_run,
        )
        refuse_standing_tables(self.workspace, self.environment, report.operations)
        tables = [key for models in answer["models"] for key in models]
        refuse_forgotten(
            self.workspace, self.environment, self.base.index, answer["loaded"], tables
        )
        report = replace(
            report,
            written=tuple(
                WrittenRevision(
                    file["path"],
                    file["revision"],
                    file["message"],
                    revisions.seal(file["content"]),
                )
                for file in answer["files"]
            ),
        )
        self.refuse_unread(report.written)
        if old is not None and unchanged(report.written, old):
            settled = self.settle(replace(report, written=(), operations=()), old)
            if not self.unseen or settled.stopped or self.options.dry_run:
                return settled
            # what was accepted was another commit's worth: this is new, and not in the file
            self.wait_for_commit([replace(report.written[0], path=old.path)], ())
            return self.unfinished(settled, old.path, self.unseen)
        if self.options.dry_run or self.invocation.only_looking:
            return self.looked(report)
        if old is None and not report.written:
            return self.nothing_generated(report, answer["models"])
        return self.write(report, old)

    def tells_unmended(self, answer: dict[str, Any]) -> bool:
        """Say whether what is left to a person is a note: where nothing is written it stops."""
        return bool(answer["files"]) or self.options.dry_run

    def refuse_unread(self, written: Sequence[WrittenRevision]) -> None:
        """Raise Stopped where Alembic would not find the file that its own template names."""
        for file in written:
            if not config.revision_paths(self.environment, [file.path]):
                raise Stopped(
                    f"file_template puts the revision into {file.path}, where Alembic does not "
                    "look for it",
                    "set recursive_version_locations = true beside file_template",
                )

    def looked(self, report: GenerateReport) -> GenerateReport:
        """Return the report of a run that must not write."""
        if not report.written or self.options.dry_run:
            return report
        words = ", ".join(operation.words for operation in report.operations)
        return replace(
            report,
            dry_run=True,
            stopped=f"the models need a revision that is not there ({words})",
            hint="run `gitmig autogenerate`, look at the file, and commit it",
        )

    def nothing_generated(self, report: GenerateReport, models: list[Any]) -> GenerateReport:
        """Return the report of a run that wrote nothing, which may have been for want of sight."""
        if self.unmended:
            stopped = f"nothing can be generated for what is missing: {listed(self.unmended)}"
            return replace(report, stopped=stopped, hint=BY_HAND)
        if not self.unseen:
            return replace(report, notes=(*report.notes, *self.covered(models)))
        if self.pending is not None and self.accepted:
            return self.stop_again(report, self.pending)
        if self.own_revisions():
            return replace(report, notes=(*report.notes, f"not judged: {listed(self.unseen)}"))
        stopped = f"{listed(self.unseen)}: Alembic sees no such change, and nothing was generated"
        return replace(report, stopped=stopped, hint=BY_HAND)

    def stop_again(self, report: GenerateReport, pending: memo.Pending) -> GenerateReport:
        """Stop for what came after a person added to a revision: that was for something else."""
        more = replace(
            pending,
            inputs=self.made_from({pending.path, *pending.instead_of}),
            models=self.models,
            residue=self.residue,
            unseen=self.unseen,
            accepted=self.accepted,
        )
        memo.set_pending(self.workspace.repository, self.environment.name, more)
        return self.unfinished(report, pending.path, self.unseen)

    def made_from(self, without: set[str]) -> dict[str, str]:
        """Return what decided, path → blob id, without the revisions that it led to."""
        index = self.workspace.index
        return {each: index[each] for each in self.inputs - without if each in index}

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
        told = self.doubts_of(report)
        if not report.staged:
            stopped, hint = f"{path} was written and is not staged", f"git add {quote(path)}"
        elif self.unseen:
            return self.unfinished(report, path, self.unseen)
        elif told:
            stopped = told
            hint = f"look at {path}; committing again accepts it"
        elif self.staging.is_lost_by_git():
            stopped = "`git commit <path>` would leave the revision out of the index afterwards"
            hint = f"git add {quote(path)}, then commit it by its path too"
        else:
            return report
        return replace(report, stopped=stopped, hint=hint)

    def unfinished(
        self, report: GenerateReport, path: str, unseen: Sequence[str]
    ) -> GenerateReport:
        """Return the report of a revision that a person must add to before it is committed.

        What is doubtful about the rest of it is told at once: an edited file is accepted.
        """
        missing = (
            f"nothing, or not all, was generated for what Alembic does not see: {listed(unseen)}"
        )
        told = self.doubts_of(report)
        hint = f"look at {path}, add to it" if told else f"add it to {path}"
        return replace(
            report,
            stopped=f"{told}; and {missing}" if told else missing,
            hint=f"{hint} by hand, git add {quote(path)}, commit again",
        )

    def doubts_of(self, report: GenerateReport) -> str:
        """Return why a person must look at what was generated, empty where nobody need."""
        wanted = "doubt" in self.environment.settings.stop_on
        return doubts.in_words(report.operations) if wanted else ""

    def wait_for_commit(self, written: Sequence[WrittenRevision], gone: Sequence[str]) -> None:
        """Keep what a revision was made from, so that committing again takes it as it is."""
        if not written:
            memo.set_pending(self.workspace.repository, self.environment.name, None)
            return
        path = written[0].path
        entry = memo.Pending(
            self.environment.name,
            path,
            written[0].revision,
            self.made_from({path, *gone}),
            self.packages,
            self.residue,
            self.models,
            self.unseen,
            self.workspace.repository.committed(path),
            [each for each in gone if each != path],
            self.workspace.repository.resolve("HEAD"),
            self.accepted,
        )
        memo.set_pending(self.workspace.repository, self.environment.name, entry)

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
        if pending.unseen and revisions.is_sealed(content):
            return self.unfinished(
                GenerateReport(self.environment.name), pending.path, pending.unseen
            )
        self.inputs = frozenset({*pending.inputs, pending.path})
        self.packages = pending.packages
        self.residue = pending.residue
        self.models = pending.models
        return GenerateReport(self.environment.name, notes=(f"{pending.path} is accepted",))

    def settle(self, report: GenerateReport, old: Superseded) -> GenerateReport:
        """Leave an earlier revision as it is: what was generated anew says the same."""
        self.inputs = self.inputs | {old.path}
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
    shapes = [revisions.source_shape(text) for text in (written[0].content, old.content)]
    return shapes[0] == shapes[1]
