"""Revisions that a database is at and the work tree does not have: which commit has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from gitmig import config, elsewhere, revisions
from gitmig.commands.workspace import Workspace, places
from gitmig.elsewhere import Place
from gitmig.errors import GitmigError, WorkerFailed
from gitmig.graph import Graph
from gitmig.model import Environment, Revision

UNKNOWN = re.compile(r"Can't locate revision identified by '([^']+)'")
NOWHERE = (
    "`git fetch --all`, then `gitmig sync`; a revision that is gone for good takes "
    "`gitmig stamp --purge REVISION`, with the one whose schema the database has"
)


@dataclass(frozen=True)
class Found:
    """The commit that has a revision, and all the revisions there."""

    place: Place
    graph: Graph


def find(workspace: Workspace, environment: Environment, heads: Collection[str]) -> Found:
    """Return the commit that has all these revisions, and what they stand on.

    Raises GitmigError where there is none.
    """
    partly: dict[str, str] = {}
    for name in heads:
        for found in having(workspace, environment, name):
            missing = [head for head in heads if head not in found.graph.by_id]
            if not missing and is_whole(found.graph, heads):
                return found
            partly[name] = found.place.told
    if partly:
        told = ", ".join(f"{name} ({where})" for name, where in partly.items())
        raise GitmigError(
            f"the database is at {' and '.join(sorted(heads))}, and no commit has all that they "
            f"stand on; here are {told}",
            "check one of them out, and take the database down there with `gitmig downgrade`",
        )
    raise GitmigError(
        f"the database is at {' and '.join(sorted(heads))}, which no branch, stash or reflog has",
        NOWHERE,
    )


def at(workspace: Workspace, environment: Environment, ref: str, heads: Collection[str]) -> Found:
    """Return the revisions of a commit; raises GitmigError where it lacks what these stand on."""
    commit = workspace.repository.resolve(ref)
    if not commit:
        raise GitmigError(f"there is no commit called {ref}", "`git reflog` lists the last ones")
    tree = workspace.repository.tree(commit)
    graph = Graph(workspace.read_revisions(places(environment, tree))[0])
    if not graph.by_id.keys() >= set(heads) or not is_whole(graph, heads):
        raise GitmigError(
            f"the database is at {' and '.join(sorted(heads))}, and {ref} does not have all that",
            "`gitmig sync` without --from looks for the commit by itself",
        )
    return Found(Place(commit, ref), graph)


def having(workspace: Workspace, environment: Environment, name: str) -> Iterator[Found]:
    """Yield the commits that have a revision, the ones that cost least to find first."""
    repository, seen = workspace.repository, set()
    for place in elsewhere.places(repository, name, environment.version_locations):
        if place.tree not in seen:
            seen.add(place.tree)
            tree = repository.tree(place.tree)
            graph = Graph(workspace.read_revisions(places(environment, tree))[0])
            if name in graph.by_id:
                yield Found(place, graph)


def is_whole(graph: Graph, heads: Collection[str]) -> bool:
    """Say whether all that these revisions stand on is there, too."""
    below = (graph.by_id[name] for name in graph.ancestors(heads))
    return all(parent in graph.by_id for each in below for parent in each.parents)


def in_work_tree(workspace: Workspace, environment: Environment) -> Graph:
    """Return the revisions as they lie in the work tree, where the commands of every day run.

    Raises SourceError for a file that cannot be read.
    """
    root, found = workspace.repository.root, []
    for path in config.revision_paths(environment, files(root, environment)):
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        found.append(revisions.parse(text, path))
    return Graph(filter(None, found))


def files(root: Path, environment: Environment) -> Iterator[str]:
    """Yield the Python files in the folders of revisions, relative to the top level."""
    for folder in environment.version_locations:
        for path in (root / folder).glob("**/*.py" if environment.recursive else "*.py"):
            yield path.relative_to(root).as_posix()


def staying(there: Graph, here: Graph, heads: Collection[str]) -> tuple[str, ...]:
    """Return the newest of the applied revisions that may stay when the work tree's take over.

    Those are in both, and stand on the same in both. Empty where that is none.
    """
    applied = there.ancestors(heads)
    kept: set[str] = set()
    for revision in there.order():
        same = revision.id in applied and is_same(revision, here)
        if same and kept.issuperset(there.requirements(revision.id)):
            kept.add(revision.id)
    below = {name for each in kept for name in there.requirements(each)}
    return tuple(sorted(kept - below))


def is_same(revision: Revision, here: Graph) -> bool:
    """Say whether a revision is here, too, with the same parents."""
    other = here.by_id.get(revision.id)
    return other is not None and (
        set(revision.parents) | set(revision.depends_on)
        == set(other.parents) | set(other.depends_on)
    )


def located(
    workspace: Workspace, environment: Environment, error: WorkerFailed, arguments: Sequence[str]
) -> WorkerFailed:
    """Return an error of Alembic's; where the database is at what is not here, with who has it.

    ``arguments`` are the user's own: what they name is no place of the database.
    """
    unknown = UNKNOWN.search(error.message)
    if error.kind == "alembic_refused" and unknown and unknown[1] not in " ".join(arguments):
        error.hint = hint(workspace, environment, unknown[1])
    return error


def hint(workspace: Workspace, environment: Environment, name: str) -> str:
    """Return what to do about a revision that a database is at and the work tree does not have."""
    found = next(having(workspace, environment, name), None)
    if found is None:
        return NOWHERE
    path = quote(found.graph.by_id[name].path)
    return (
        f"{found.place.told} has it ({path}); `gitmig sync` takes the database from there to here"
    )
