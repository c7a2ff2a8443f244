"""Revisions of gitmig's own that the next one takes the place of.

Two kinds: one that waits for its commit (``pending``), which stopped for a person or which another
hook refused, and one that the commit being amended added. Both only while nobody has edited them.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from gitmig import config, history, memo, shape
from gitmig.commands.workspace import Workspace
from gitmig.errors import Stopped
from gitmig.graph import Graph
from gitmig.invocation import Invocation
from gitmig.model import Environment, Revision


@dataclass(frozen=True)
class Superseded:
    """An untouched revision that is generated again under its id, and what it was made from."""

    path: str
    revision: str
    content: str
    instead_of: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the files that go: its own, and those it had taken the place of itself."""
        return (self.path, *self.instead_of)


def waiting(workspace: Workspace, environment: Environment) -> memo.Pending | None:
    """Return the pending revision that is still there, forgetting one that is committed or gone."""
    found = memo.pending(workspace.repository).get(environment.name)
    if found is None:
        return None
    if is_over(workspace, found):
        memo.set_pending(workspace.repository, environment.name, None)
        return None
    return found


def is_over(workspace: Workspace, pending: memo.Pending) -> bool:
    """Say whether a pending revision is gone, or in a commit: of any branch, if it is a new file.

    One that was made on another branch and comes in by a merge is staged and not in ``HEAD``, which
    may be where that branch began.
    """
    content, repository = content_of(workspace, pending), workspace.repository
    if content is None:
        return True
    if repository.resolve("HEAD") == pending.head:
        if pending.before or not pending.head:
            return False
        return history.is_on_another_branch(repository, pending.path)
    if not pending.before:
        return history.is_in_a_commit(repository, pending.path)
    committed = repository.committed(pending.path)
    return committed != pending.before or content == repository.read(committed)


def still_wanted(workspace: Workspace, environment: Environment, pending: memo.Pending) -> bool:
    """Say whether a pending revision fits what is staged now: it was proved for just this."""
    others = set(config.revision_paths(environment, workspace.index))
    others -= {pending.path, *pending.instead_of}
    same = all(workspace.index.get(path) == blob for path, blob in pending.inputs.items())
    return same and others <= set(pending.inputs)


def unstaged(workspace: Workspace, pending: memo.Pending) -> bool:
    """Say whether a pending revision is in the work tree alone: so ``commit -a`` leaves it."""
    return workspace.index.get(pending.path, "") == pending.before


def forgotten(workspace: Workspace) -> bool:
    """Say whether an unstaged pending revision has outlived the change it was made for."""
    found = (waiting(workspace, environment) for environment in workspace.config.environments)
    return any(unstaged(workspace, each) and outlived(workspace, each) for each in found if each)


def outlived(workspace: Workspace, pending: memo.Pending) -> bool:
    """Say whether nothing in the work tree waits for a commit that would need the revision."""
    return not set(pending.inputs).intersection(workspace.repository.status().unstaged)


def refuse_edited(workspace: Workspace, pending: memo.Pending) -> None:
    """Raise Stopped where an unstaged one was edited: only its author knows whether it is done."""
    content = content_of(workspace, pending)
    if content is not None and not shape.is_sealed(content):
        raise Stopped(
            f"{pending.path} was edited and is not staged",
            f"git add {quote(pending.path)}, then commit again",
        )


def refuse_beside(workspace: Workspace, pending: memo.Pending) -> None:
    """Raise Stopped where a new one would stand beside an unstaged one, not in its place."""
    refuse_edited(workspace, pending)
    if workspace.repository.is_kept_staged(pending.path):
        raise Stopped(
            f"{pending.path} is staged and not part of this `git commit <path>`",
            "commit what is staged first, or everything at once with `git commit -a`",
        )


def accepted(workspace: Workspace, pending: memo.Pending | None) -> list[str]:
    """Return what a person was told to add by hand, and has had the chance to: it was edited."""
    if pending is None:
        return []
    edited = not shape.is_sealed(content_of(workspace, pending) or "")
    return [*pending.accepted, *(pending.unseen if edited else ())]


def find(
    workspace: Workspace,
    environment: Environment,
    pending: memo.Pending | None,
    found: list[Revision],
    invocation: Invocation,
) -> Superseded | None:
    """Return the revision that a new one takes the place of."""
    if pending is not None:
        content = content_of(workspace, pending)
        return untouched(
            workspace, pending.path, pending.revision, content, tuple(pending.instead_of)
        )
    if invocation.amending and not history.head_is_published(workspace.repository):
        return added_by_amended(workspace, environment, found)
    return None


def added_by_amended(
    workspace: Workspace, environment: Environment, found: list[Revision]
) -> Superseded | None:
    """Return the untouched revision that the commit being amended added, if it is a head.

    Where revisions are gone since the commit before (``gitmig fold``) it was not made from that
    commit's models, and is none that could be made from them again.
    """
    own = config.revision_paths(environment, history.added_by_head(workspace.repository))
    parent = workspace.repository.resolve("HEAD^")
    before = workspace.repository.tree(parent) if own and parent else {}
    if not set(config.revision_paths(environment, before)) <= set(workspace.index):
        return None
    for revision in Graph(found).heads:
        if revision.path in own:
            content = workspace.repository.read(workspace.index[revision.path])
            return untouched(workspace, revision.path, revision.id, content)
    return None


def untouched(
    workspace: Workspace,
    path: str,
    revision: str,
    content: str | None,
    instead_of: tuple[str, ...] = (),
) -> Superseded | None:
    """Return the revision at a path unless it was edited, staged or not."""
    texts = (content, text_in_work_tree(workspace, path))
    if content is None or not all(shape.is_sealed(text) for text in texts if text is not None):
        return None
    return Superseded(path, revision, content, instead_of)


def content_of(workspace: Workspace, pending: memo.Pending) -> str | None:
    """Return a pending revision's staged text, or that of the work tree where it is unstaged."""
    if unstaged(workspace, pending):
        return text_in_work_tree(workspace, pending.path)
    return workspace.repository.read(workspace.index[pending.path])


def text_in_work_tree(workspace: Workspace, path: str) -> str | None:
    """Return the text of a file in the work tree, None where there is none."""
    try:
        return (workspace.repository.root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
