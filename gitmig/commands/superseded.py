"""Revisions of gitmig's own that the next one takes the place of.

Two kinds: one that waits for a person (``pending``), and one that the commit being amended added.
Both only while nobody has edited them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitmig import config, memo, revisions
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


def waiting(workspace: Workspace, environment: Environment) -> memo.Pending | None:
    """Return the pending revision that is still there, forgetting one that is not.

    Raises Stopped where it was edited but is not staged: only its author knows whether it is done.
    """
    found = memo.pending(workspace.repository).get(environment.name)
    if found is None:
        return None
    content = content_of(workspace, found.path)
    if content is None:
        memo.set_pending(workspace.repository, environment.name, None)
        return None
    if found.path not in workspace.index and not revisions.is_sealed(content):
        raise Stopped(
            f"{found.path} was edited and is not staged",
            f"git add {found.path}, then commit again",
        )
    return found


def still_wanted(workspace: Workspace, pending: memo.Pending) -> bool:
    """Say whether a pending revision fits what is staged now: it was proved for just this."""
    return all(workspace.index.get(path) == blob for path, blob in pending.inputs.items())


def find(
    workspace: Workspace,
    environment: Environment,
    pending: memo.Pending | None,
    found: list[Revision],
    invocation: Invocation,
) -> Superseded | None:
    """Return the revision that a new one takes the place of."""
    if pending is not None:
        return untouched(workspace, pending.path, pending.revision)
    if invocation.amending and not workspace.repository.head_is_published():
        return added_by_amended(workspace, environment, found)
    return None


def added_by_amended(
    workspace: Workspace, environment: Environment, found: list[Revision]
) -> Superseded | None:
    """Return the untouched revision that the commit being amended added, if it is a head."""
    own = config.revision_paths(environment, workspace.repository.added_by_head())
    for revision in Graph(found).heads:
        if revision.path in own:
            return untouched(workspace, revision.path, revision.id)
    return None


def untouched(workspace: Workspace, path: str, revision: str) -> Superseded | None:
    """Return the revision at a path unless it was edited."""
    content = content_of(workspace, path)
    if content is None or not revisions.is_sealed(content):
        return None
    return Superseded(path, revision, content)


def content_of(workspace: Workspace, path: str) -> str | None:
    """Return a file's staged text, or that of the work tree where it is not staged."""
    if path in workspace.index:
        return workspace.repository.read(workspace.index[path])
    try:
        return (workspace.repository.root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
