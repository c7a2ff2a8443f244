"""Revisions that got another parent after a database had them: where it has them still.

The version table says the same for the old place and the new one. So git is asked whether there was
another place lately, and then the schema is compared with what the one and the other give.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gitmig import elsewhere
from gitmig.commands.lost import Found, is_same, is_whole
from gitmig.commands.projectside import How, ProjectSide, open_project
from gitmig.commands.workspace import Workspace, places
from gitmig.errors import GitmigError
from gitmig.graph import Graph
from gitmig.model import Environment, Revision

LOOKED_AT = 40  # commits whose revisions are read
TRIED = 3  # places that are replayed


@dataclass(frozen=True)
class Verdict:
    """Where a database has what was moved: ``found`` is the old place, None for the new one.

    ``note`` says where that could not be told.
    """

    found: Found | None = None
    note: str = ""


@dataclass(frozen=True)
class Seen:
    """The revisions that a database is at, and its schema as ``_worker/schema`` takes it."""

    heads: Sequence[str]
    schema: str


def judge(
    project: ProjectSide, how: How, seen: Seen, here: Graph, others: Sequence[Found]
) -> Verdict:
    """Return whether a database has revisions in one of the ``others`` or as they are here.

    ``project`` is the work tree. The schema that differs less from the database's, and in nothing
    else, is the one that it has.
    """
    try:
        now = differing(project, seen)
        for found in others:
            with open_project(
                project.workspace, project.environment, how, commit=found.place.tree
            ) as there:
                then = differing(there, seen)
            if then < now:
                return Verdict(found)
            if not now < then:
                return Verdict(note=untold(found, here, seen, "its schema is no help"))
    except GitmigError as error:
        return Verdict(note=untold(others[0], here, seen, error.message.rstrip(".")))
    return Verdict()


def differing(project: ProjectSide, seen: Seen) -> set[str]:
    """Return what a database's schema and the one that these files give differ in."""
    with project.beside("schema") as apart:  # what is asked next begins with new databases
        answer = apart.ask("schema", heads=seen.heads, seen=seen.schema)
    return set(answer["differences"])


def earlier(
    workspace: Workspace, environment: Environment, here: Graph, heads: Collection[str]
) -> list[Found]:
    """Return commits of the last weeks in which an applied revision stands on something else.

    The newest first, of those with the same places one, and a few at most.
    """
    applied = here.ancestors(heads)
    changes = elsewhere.lately(workspace.repository, environment.version_locations) if heads else []
    if not any(is_moved(each, here, applied) for each in versions(workspace, changes)):
        return []
    found: dict[frozenset[tuple[str, tuple[str, ...]]], Found] = {}
    for change in changes[:LOOKED_AT]:
        tree = workspace.repository.tree(change.place.tree)
        graph = Graph(workspace.read_revisions(places(environment, tree))[0])
        if graph.by_id.keys() >= set(heads) and is_whole(graph, heads):
            below = (graph.by_id[name] for name in graph.ancestors(heads))
            moved = [each for each in below if is_moved(each, here, applied)]
            if moved:
                key = frozenset((each.id, each.parents) for each in moved)
                found.setdefault(key, Found(change.place, graph))
    return list(found.values())[:TRIED]


def versions(workspace: Workspace, changes: Sequence[elsewhere.Change]) -> list[Revision]:
    """Return the revisions in all texts of the files that were changed."""
    wanted = {(path, blob) for change in changes for path, blob in change.files.items()}
    return workspace.read_revisions(wanted)[0]


def is_moved(revision: Revision, here: Graph, applied: Collection[str]) -> bool:
    """Say whether a revision that is applied stands on something else here."""
    return revision.id in applied and not is_same(revision, here)


def untold(found: Found, here: Graph, seen: Seen, why: str) -> str:
    """Return what to say where it is not known in which place a database has a revision."""
    applied = here.ancestors(seen.heads)
    moved = next(each for each in found.graph.order() if is_moved(each, here, applied))
    old, new = (
        " and ".join(parents) or "nothing"
        for parents in (moved.parents, here.by_id[moved.id].parents)
    )
    return (
        f"{moved.id} came after {old} in {found.place.told} and comes after {new} now; where this "
        f"database has it cannot be told ({why}); if there, type "
        f"`gitmig sync --from {found.place.tree[:12]}`"
    )
