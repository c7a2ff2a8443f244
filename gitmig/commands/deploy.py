"""Gate ``deploy``: a database at the base's heads, by the base's own files, upgrades to these.

What the base's code meets there is judged by the gate ``rolling``.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from gitmig import client
from gitmig.commands import apart, problems, rolling, same_way, verdict
from gitmig.commands.drift import NO_MODELS
from gitmig.commands.projectside import How, ProjectSide, open_project
from gitmig.commands.shard import WALK
from gitmig.commands.subject import Beside, Outcome, Subject, gate_of
from gitmig.errors import GitmigError, WorkerFailed
from gitmig.explain import at_the_base, where
from gitmig.model import Finding, Gate

Met = dict[str, Any]
Refused = list[dict[str, Any]]
Ends = list[apart.End]
# the gate, what it found, what is met and how the databases end
Gone = tuple[list[Gate], list[Finding], Met | None, Ends]
IN_ANOTHER_WAY = ("migration_failed", "alembic_refused")


@contextlib.contextmanager
def beginning(subject: Subject, staged: ProjectSide) -> Iterator[Beside]:
    """Begin the gate beside those of the worker's `check`, as far as it goes a way of its own.

    Where the walk from empty goes the same way, that worker tells what the base's code meets: on
    SQLite. Once it asks for a server a way of its own is begun.
    """
    base, workspace = subject.base, subject.workspace
    if is_the_base(subject):
        yield Beside({}, functools.partial(outcome_of_the_base, subject))
        return
    how = How(staged.terms.urls, staged.terms.keep, line=staged.terms.line)
    with (
        open_project(workspace, subject.there, how, commit=base.commit) as old,
        old.beside("deploy") as first,
        staged.beside("deploy") as then,
        a_thread() as pool,
    ):
        own = OwnWay(subject, first, then, pool)
        if not same_way.is_the_same(subject):
            own.begin()
            yield Beside({"deployed": True}, own.outcome)
            return
        with workspace.servers.telling(staged.terms.line, own.begin):
            alone = {**first.common_part(), "cache": ""}
            yield Beside({"base": alone, "deployed": True}, own.outcome)


@contextlib.contextmanager
def a_thread() -> Iterator[Executor]:
    """Give a thread that is waited for; on an interrupt, what it waits for ends."""
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            client.end_all()
            raise


@dataclass
class OwnWay:
    """A deployed database gone through by workers of its own, from when it is ``begin`` on."""

    subject: Subject
    base: ProjectSide
    staged: ProjectSide
    pool: Executor
    begun: Future[Gone] | None = None
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> Future[Gone]:
        """Begin, if that was not done; return what will come of it."""
        workspace, commit = self.subject.workspace, self.subject.base.commit
        with self.one_at_a_time:
            if self.begun is None:
                tree = workspace.repository.tree(commit)
                files = [*self.base.files_that_run(tree)]
                files += self.staged.files_that_run(workspace.index)
                self.begun = self.pool.submit(deploy, self.base, self.staged, commit, files)
            return self.begun

    def outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return the gates and what they found: on the walk that ``answer`` tells of, or here."""
        met = answer.get("rolling")
        gates, found = [Gate("deploy", "passed")], list[Finding]()
        if met is None:
            gates, found, met, ends = self.begin().result()
            if met is None:
                return gates, found
            here = answer["ends"] or apart.of_a_new_one(self.staged)  # a shard has no such walk
            found = [*found, *apart.findings(self.subject, self.base, self.staged, here, ends)]
            gates = [replace(gates[0], status=gate_of("deploy", found).status)]
        deeds = functools.partial(verdict.deeds, answer)
        gate, more = rolling.outcome(self.subject, met, deeds)
        return [*gates, gate], [*found, *more]


def is_the_base(subject: Subject) -> bool:
    """Say whether not a file differs from the base, and the walk from empty is taken beside.

    The way to the base's heads is that walk then, and the code that meets them is their own.
    """
    workspace = subject.workspace
    same = workspace.index == workspace.repository.tree(subject.base.commit)
    return same and WALK in subject.parts


def outcome_of_the_base(subject: Subject, answer: Mapping[str, Any]) -> Outcome:
    """Return the outcome where the base's code meets its own schema."""
    reasons = [NO_MODELS] if answer["without_models"] else []
    met = {"problems": [], "judged": not reasons, "reasons": reasons}
    gate, found = rolling.outcome(subject, met, functools.partial(verdict.deeds, answer))
    return [Gate("deploy", "passed"), gate], found


def deploy(base: ProjectSide, staged: ProjectSide, commit: str, files: Sequence[str]) -> Gone:
    """Take a database to the base's heads with the base's own files, then on with the staged ones.

    ``base`` is the project at ``commit``, ``staged`` the project as it is being committed,
    ``files`` the revisions of both. Returns the gate, what it found, what the base's code meets at
    the end, None where it was not reached, and what the schema is there.
    """
    started = time.perf_counter()
    findings: list[Finding] = []
    met, ends = None, list[apart.End]()
    try:
        met, ends, refused = go_through(base, staged, commit, files)
        findings += map(needs_superuser, refused)
    except WorkerFailed as error:
        if error.kind not in IN_ANOTHER_WAY:
            raise
        findings.append(finding_of(error, commit))
    seconds = round(time.perf_counter() - started, 3)
    return [replace(gate_of("deploy", findings), seconds=seconds)], findings, met, ends


def go_through(
    base: ProjectSide, staged: ProjectSide, commit: str, files: Sequence[str]
) -> tuple[Met, Ends, Refused]:
    """Take a database through both, again where its server was given up on the way.

    Returns what the base's code meets at the end, what the schema is there, and what needs a
    superuser.
    """
    servers = staged.workspace.servers
    given_up = servers.given_up
    try:
        old = ask_base(base, commit, files)
        left, models = old["left"], old["models"]
        new = staged.ask("deploy", left=left, before=models, last=True, needs_of=files)
        return new["rolling"], new["ends"], new["refused"]
    except GitmigError:
        if servers.given_up == given_up:
            raise
        return go_through(base, staged, commit, files)


def ask_base(base: ProjectSide, commit: str, files: Sequence[str]) -> dict[str, Any]:
    """Take a database to the base's heads; an error says that it is the base's."""
    try:
        return base.ask("deploy", left={}, last=False, needs_of=files)
    except WorkerFailed as error:
        if error.kind in IN_ANOTHER_WAY:
            raise
        raise at_the_base(error, commit) from error


def needs_superuser(refused: dict[str, Any]) -> Finding:
    """Return the finding for a statement that the database's owner may not send."""
    message = (
        f"revision {refused['revision']} needs a superuser: one who owns the database and is none "
        f"is refused: {refused['message']}"
    )
    hint = (
        "leave it to what sets up the server (`prepare` in [tool.gitmig.postgresql] tells gitmig)"
    )
    return Finding(
        "GM104",
        "warning",
        problems.with_statement(message, refused["sql"]),
        hint,
        refused["path"],
        refused["line"],
        refused["revision"],
    )


def finding_of(error: WorkerFailed, commit: str) -> Finding:
    """Return the finding for a database that does not get from the base to the staged heads."""
    path, line = str(error.data.get("path", "")), int(error.data.get("line", 0))
    told = error.message.replace(where(path, line), "", 1) if path else error.message
    message = f"a database at the base ({commit[:12]}) does not upgrade: {told}"
    revision = str(error.data.get("revision", ""))
    return Finding("GM102", "error", message, error.hint, path, line, revision)
