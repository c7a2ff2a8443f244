"""What the base branch has: revisions that must stay as they are, and databases to start from.

Published is what the merge base of ``HEAD`` and the base branch holds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from shlex import quote

from gitmig import config, revisions
from gitmig.commands.projectside import How, ProjectSide, open_project
from gitmig.commands.workspace import Workspace
from gitmig.errors import GitmigError, SourceError, WorkerFailed
from gitmig.model import Environment, Finding, Gate, Revision

IN_ANOTHER_WAY = ("migration_failed", "alembic_refused")


def changed(
    workspace: Workspace, environment: Environment, commit: str, found: Sequence[Revision]
) -> list[Finding]:
    """Return a finding for each published revision that was edited, renamed or deleted.

    Formatting and comments may change: the code is compared. Databases that have the revision
    already would never see anything else.
    """
    repository, now = workspace.repository, {revision.id: revision for revision in found}
    tree = repository.tree(commit)
    findings = []
    for path in config.revision_paths(environment, tree):
        if workspace.index.get(path) == tree[path]:
            continue
        try:
            before = repository.read(tree[path])
            old = revisions.parse(before, path)
        except SourceError:
            continue  # it was broken before
        if old is not None:
            restore = f"git checkout {commit[:12]} -- {quote(path)}"
            findings += compare(workspace, before, old, now.get(old.id), restore)
    return findings


def head(workspace: Workspace, commit: str, found: Sequence[Revision]) -> str:
    """Return the one revision that all published ones lead to, empty where there is no such."""
    tree = workspace.repository.tree(commit)
    known = [revision for revision in found if revision.path in tree]
    parents = {parent for revision in known for parent in (*revision.parents, *revision.depends_on)}
    heads = [revision.id for revision in known if revision.id not in parents]
    return heads[0] if len(heads) == 1 else ""


def compare(
    workspace: Workspace, before: str, old: Revision, new: Revision | None, restore: str
) -> list[Finding]:
    """Return what was done to one published revision whose file is not as it was.

    ``before`` is the text it had, ``restore`` the command that brings it back.
    """
    if new is None:
        message = f"published revision {old.id} ({old.path}) is gone"
        return [Finding("GM012", "error", message, restore, old.path, old.line, old.id)]
    if new.path != old.path:
        message = f"published revision {old.id} was renamed from {old.path} to {new.path}"
        back = f"git mv {quote(new.path)} {quote(old.path)}"
        return [Finding("GM013", "error", message, back, new.path, new.line, old.id)]
    text = workspace.read(old.path) or ""
    if revisions.source_shape(text) == revisions.source_shape(before):
        return []
    message = f"published revision {old.id} was edited: databases that have it will not notice"
    hint = f"{restore}; write a further revision instead"
    return [Finding("GM011", "error", message, hint, new.path, new.line, old.id)]


def deploy(
    base: ProjectSide, staged: ProjectSide, commit: str, files: Sequence[str]
) -> tuple[Gate, list[Finding]]:
    """Take a database to the base's heads with the base's own files, then on with the staged ones.

    ``base`` is the project at ``commit``, ``staged`` the project as it is being committed,
    ``files`` the revisions of both.
    """
    started = time.perf_counter()
    findings = []
    try:
        go_through(base, staged, files)
    except WorkerFailed as error:
        if error.kind not in IN_ANOTHER_WAY:
            raise
        findings.append(finding_of(error, commit))
    seconds = round(time.perf_counter() - started, 3)
    return Gate("deploy", "failed" if findings else "passed", seconds), findings


def go_through(base: ProjectSide, staged: ProjectSide, files: Sequence[str]) -> None:
    """Take a database through both, again where its server was given up on the way."""
    servers = staged.workspace.servers
    given_up = servers.given_up
    try:
        left = base.ask("deploy", left={}, last=False, needs_of=files)["left"]
        staged.ask("deploy", left=left, last=True, needs_of=files)
    except GitmigError:
        if servers.given_up == given_up:
            raise
        go_through(base, staged, files)


def files_that_run(project: ProjectSide, tree: Mapping[str, str]) -> list[str]:
    """Return the full paths of the revisions and of env.py in a tree."""
    environment = project.environment
    paths = [f"{environment.script_location}/env.py", *config.revision_paths(environment, tree)]
    return [str(project.tree / path) for path in paths]


@contextlib.contextmanager
def deploying(
    workspace: Workspace, environment: Environment, commit: str, staged: ProjectSide
) -> Iterator[Callable[[], tuple[list[Gate], list[Finding]]]]:
    """Begin ``deploy`` beside the other gates; what is given waits for its outcome.

    That is nothing where there is no base, or it has no revisions.
    """
    tree = workspace.repository.tree(commit) if commit else {}
    if not config.revision_paths(environment, tree):
        yield lambda: ([], [])
        return
    how = How(staged.terms.urls, staged.terms.keep)
    with (
        open_project(workspace, environment, how, commit=commit) as base,
        base.beside("deploy") as first,
        staged.beside("deploy") as then,
        ThreadPoolExecutor(1) as pool,
    ):
        files = [*files_that_run(base, tree), *files_that_run(staged, workspace.index)]
        running = pool.submit(deploy, first, then, commit, files)

        def outcome() -> tuple[list[Gate], list[Finding]]:
            gate, findings = running.result()
            return [gate], findings

        yield outcome


def finding_of(error: WorkerFailed, commit: str) -> Finding:
    """Return the finding for a database that does not get from the base to the staged heads."""
    return Finding(
        "GM102",
        "error",
        f"a database at the base ({commit[:12]}) does not upgrade: {error.message}",
        error.hint,
        str(error.data.get("path", "")),
        int(error.data.get("line", 0)),
        str(error.data.get("revision", "")),
    )
