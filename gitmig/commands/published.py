"""Gate ``published``: the revisions that the base branch has stay, and new ones come after them.

Published is what the merge base of ``HEAD`` and the base branch holds.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote

from gitmig import config, revisions, shape
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError
from gitmig.graph import Graph
from gitmig.model import Environment, Finding, Revision


def changed(
    workspace: Workspace,
    environments: tuple[Environment, Environment],
    commit: str,
    found: Sequence[Revision],
) -> list[Finding]:
    """Return a finding for each published revision that was edited, renamed or deleted.

    ``environments`` are the one as the commit has it, and that of today: a file may move along with
    its folder. Formatting and comments may change: the code is compared. Databases that have the
    revision already would never see anything else.
    """
    repository, now = workspace.repository, {revision.id: revision for revision in found}
    tree = repository.tree(commit)
    there, here = environments
    findings = []
    for path in config.revision_paths(there, tree):
        if workspace.index.get(path) == tree[path]:
            continue
        try:
            before = repository.read(tree[path])
            old = revisions.parse(before, path)
        except SourceError:
            continue  # it was broken before
        if old is not None:
            restore = f"git checkout {commit[:12]} -- {quote(path)}"
            new = now.get(old.id)
            if new is not None and moved_along(path, new.path, here):
                restore = f"git show {commit[:12]}:{quote(path)} > {quote(new.path)}"
                old = replace(old, path=new.path)
            findings += compare(workspace, before, old, new, restore)
    return findings


def moved_along(old: str, new: str, here: Environment) -> bool:
    """Say whether a file was moved with its folder, which holds no revisions any more."""
    same_name = posixpath.basename(old) == posixpath.basename(new)
    return old != new and same_name and not config.revision_paths(here, [old])


def heads(found: Sequence[Revision], new: Collection[str]) -> list[str]:
    """Return the ids of the staged revisions that all published ones lead to.

    ``new`` are the ids that the base does not have.
    """
    graph = Graph(found)
    known = [revision for revision in graph.by_id.values() if revision.id not in new]
    below = {name for revision in known for name in graph.requirements(revision.id)}
    return [revision.id for revision in known if revision.id not in below]


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
    if shape.source_shape(text) == shape.source_shape(before):
        return []
    moved = moved_to(old, new)
    hint = f"{restore}; write a further revision instead"
    if moved:
        message = f"published revision {old.id} {moved}: databases that have it stay as they are"
        return [Finding("GM021", "error", message, hint, new.path, new.parents_line, old.id)]
    message = f"published revision {old.id} was edited: databases that have it will not notice"
    return [Finding("GM011", "error", message, hint, new.path, new.line, old.id)]


def moved_to(old: Revision, new: Revision) -> str:
    """Say what a revision stands on now, and stood on before; empty where that is the same."""
    if set(old.parents) != set(new.parents):
        return f"has the parent {listed(new.parents)} now instead of {listed(old.parents)}"
    if set(old.depends_on) != set(new.depends_on):
        return f"depends on {listed(new.depends_on)} now instead of {listed(old.depends_on)}"
    return ""


def listed(ids: Sequence[str]) -> str:
    """Return ids for a sentence."""
    return ", ".join(ids) or "none"


def out_of_line(found: Sequence[Revision], new: Collection[str]) -> list[Finding]:
    """Return a finding for each new revision that does not come after what is published.

    ``new`` are the ids that the base does not have. Lines that are kept apart by their labels, a
    base of their own, and what a merge revision joins again are meant.
    """
    graph = Graph(found)
    public = [revision for revision in graph.revisions if revision.id not in new]
    below = graph.ancestors(revision.id for revision in public)
    return [
        *(
            slipped_in(graph, each, public)
            for each in graph.revisions
            if each.id in set(new) & below
        ),
        *branched_off(graph, set(new) - below, public),
    ]


def slipped_in(graph: Graph, revision: Revision, public: Sequence[Revision]) -> Finding:
    """Return the finding for a new revision below a published one."""
    above = [each.id for each in public if revision.id in graph.requirements(each.id)]
    over = above or [each.id for each in public if revision.id in graph.ancestors([each.id])]
    message = (
        f"new revision {revision.id} is below the published {over[0]}: databases that have "
        f"{over[0]} never run it"
    )
    hint = f"give {over[0]} its old parent back; {after(ends(graph, public))}"
    return Finding("GM022", "error", message, hint, revision.path, revision.line, revision.id)


def branched_off(
    graph: Graph, new: Collection[str], public: Sequence[Revision]
) -> Iterator[Finding]:
    """Yield a finding for each new revision that starts from below the published heads."""
    if not new:
        return
    tops = ends(graph, public)
    held = {head.id: graph.ancestors([head.id]) for head in graph.heads}
    for revision in (each for each in graph.revisions if each.id in new):
        at = [each.id for each in public if each.id in revision.parents and each.id not in tops]
        line = [top for top in tops if at and at[0] in graph.ancestors([top])]
        over = [head for head, below in held.items() if revision.id in below]
        if not line or any(top in held[head] for head in over for top in line):
            continue
        if not {graph.labels(head) for head in over} & labels_over(graph, held, line):
            continue
        message = (
            f"new revision {revision.id} branches off at {at[0]}, below the published "
            f"{listed(line)}: a database there would have two heads"
        )
        hint = f"{after(line)} (line {revision.parents_line}), or `gitmig merge-heads`"
        yield Finding("GM023", "error", message, hint, revision.path, revision.parents_line,
                      revision.id)  # fmt: skip


def labels_over(
    graph: Graph, held: Mapping[str, Collection[str]], line: Sequence[str]
) -> set[frozenset[str]]:
    """Return the labels of the heads that stand on one of these; ``held`` is what is below each."""
    return {graph.labels(head) for head, below in held.items() if set(line) & set(below)}


def ends(graph: Graph, public: Sequence[Revision]) -> list[str]:
    """Return the published revisions that no other published one descends from.

    Also by way of a new one in between.
    """
    below: set[str] = set()
    pending = [parent for revision in public for parent in revision.parents]
    while pending:
        name = pending.pop()
        if name not in below and name in graph.by_id:
            below.add(name)
            pending += graph.by_id[name].parents
    return [revision.id for revision in public if revision.id not in below]


def after(heads: Sequence[str]) -> str:
    """Say which parent a new revision is to have."""
    parent = repr(heads[0]) if len(heads) == 1 else repr(tuple(heads))
    return f"let it come after what is published: down_revision = {parent}"
