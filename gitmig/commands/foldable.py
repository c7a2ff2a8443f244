"""Which revisions of a branch may become one: those on top that are as gitmig generated them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from gitmig import config, history, revisions, shape
from gitmig.commands.superseded import text_in_work_tree
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError, Stopped
from gitmig.graph import Graph
from gitmig.model import Environment, Revision

KEPT_APART = "what stays by hand is kept apart; two generated revisions on top of it can be folded"


@dataclass(frozen=True)
class Foldable:
    """``folded`` are the revisions that become one, the first one first; empty for nothing to do.

    ``apart`` says why the one before them stays, where it is not published.
    """

    folded: tuple[Revision, ...] = ()
    apart: str = ""


def published_ids(workspace: Workspace, environment: Environment, ref: str) -> set[str]:
    """Return what the base branch has: where ``HEAD`` left it, and now, here or on ``origin``.

    Raises GitFailed as ``history.merge_base`` does.
    """
    repository = workspace.repository
    commits = (history.merge_base(repository, ref), *history.known_as(repository, ref))
    return set().union(*(workspace.ids_at(environment, commit) for commit in commits))


def parsed(text: str, path: str) -> Revision | None:
    """Return the revision in a text, None where there is none that can be read."""
    try:
        return revisions.parse(text, path)
    except SourceError:
        return None


def choose(workspace: Workspace, found: Sequence[Revision], published: set[str]) -> Foldable:
    """Return the longest run of foldable revisions that ends in the head.

    Raises Stopped where there are several unpublished revisions and no such run.
    """
    own = [revision for revision in found if revision.id not in published]
    if len(own) < 2:
        return Foldable()
    graph = Graph(found)
    if len(graph.heads) > 1:
        names = ", ".join(f"{head.id} ({head.subject})" for head in graph.heads)
        hint = "join them with `gitmig merge-heads`; what comes after that can be folded"
        raise Stopped(f"there are {len(graph.heads)} heads: {names}", hint)
    run: list[Revision] = []
    each: Revision | None = graph.heads[0]
    reason = ""
    while each is not None and each.id not in published and not reason:
        reason = why_not(workspace, each)
        if not reason:
            run.insert(0, each)
            each = graph.by_id[each.parents[0]] if each.parents else None
    apart = f"{each.path} {reason}" if each is not None and reason else ""
    if len(run) > 1:
        return Foldable(tuple(run), apart)
    if not apart:
        return Foldable()
    after = f"only {run[0].path} comes after it" if run else "nothing comes after it"
    raise Stopped(f"{apart}, and {after}: there is nothing to fold", KEPT_APART)


def why_not(workspace: Workspace, revision: Revision) -> str:
    """Return why a revision stays as it is, empty where it may be folded."""
    text = workspace.read(revision.path) or ""
    if len(revision.parents) > 1:
        return f"joins {len(revision.parents)} heads"
    if revision.labels:
        return f"has the branch label {revision.labels[0]}"
    if revision.depends_on:
        return f"depends on {revision.depends_on[0]}"
    if not shape.is_generated(text):
        return "is written by hand"
    return "" if shape.is_sealed(text) else "was edited"


def refuse_unsettled(
    workspace: Workspace, environment: Environment, folded: Sequence[Revision]
) -> None:
    """Raise Stopped where a file is not committed as it lies there, or one would lose its parent.

    What is committed can be put back by git; a revision that is not staged cannot be proved.
    """
    status, repository = workspace.repository.status(), workspace.repository
    for revision in folded:
        if revision.path in status.unstaged:
            hint = f"`git add {quote(revision.path)}` and commit it, or `git restore` it"
            raise Stopped(f"{revision.path} has changes that are not staged", hint)
        if repository.committed(revision.path) != workspace.index[revision.path]:
            raise Stopped(f"{revision.path} is staged and not committed", "commit it, then fold")
    gone = {revision.id for revision in folded[:-1]}
    for path in config.revision_paths(environment, [*status.unstaged, *status.untracked]):
        stray = parsed(text_in_work_tree(workspace, path) or "", path)
        standing = gone.intersection((*stray.parents, *stray.depends_on)) if stray else ()
        for parent in standing:
            hint = f"let it follow {folded[-1].id}, or commit it first"
            raise Stopped(f"{path} is not staged and follows {parent}, which would go", hint)


def start(
    workspace: Workspace,
    environment: Environment,
    base: str,
    found: Sequence[Revision],
    folded: Iterable[Revision],
) -> str:
    """Return the first commit of the branch whose revisions are just those before the folded ones.

    Empty where no commit has just these: they were written in another order.
    """
    rest = {revision.id for revision in found}.difference(each.id for each in folded)
    since = history.commits_since(workspace.repository, base, environment.version_locations)
    return next(
        (commit for commit in (base, *since) if workspace.ids_at(environment, commit) == rest), ""
    )
