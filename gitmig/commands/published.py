"""Gate ``published``: the revisions that the base branch has stay as they are.

Published is what the merge base of ``HEAD`` and the base branch holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from gitmig import config, revisions
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError
from gitmig.model import Environment, Finding, Revision


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


def heads(workspace: Workspace, commit: str, found: Sequence[Revision]) -> list[str]:
    """Return the ids of the staged revisions that all published ones lead to."""
    tree = workspace.repository.tree(commit)
    known = [revision for revision in found if revision.path in tree]
    parents = {parent for revision in known for parent in (*revision.parents, *revision.depends_on)}
    return [revision.id for revision in known if revision.id not in parents]


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
