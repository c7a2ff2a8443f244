"""What a branch had that was left: a database may be there still. Known from git alone."""

from __future__ import annotations

from pathlib import Path

from gitmig import history
from gitmig.commands.autogenerate import NOT_DURING
from gitmig.commands.workspace import Workspace, places
from gitmig.graph import Graph
from gitmig.model import Environment, Revision
from gitmig.outcomes import Departure


def left_branch(directory: Path, before: str, after: str) -> list[Departure]:
    """Return what each environment lacks of what it had before.

    ``before`` and ``after`` are the commits that were checked out. Nothing in the middle of a
    rebase or a bisect, which go through many. No database is asked. Raises GitmigError.
    """
    workspace = Workspace.open(directory)
    try:
        repository = workspace.repository
        passing = repository.state in NOT_DURING
        if passing or not history.takes_revisions_away(repository, before, after):
            return []
        environments = workspace.config.environments
        found = [
            Departure(
                lost(workspace, each, before, after), each.name if len(environments) > 1 else ""
            )
            for each in environments
        ]
        return [each for each in found if each.revisions]
    finally:
        workspace.close()


def lost(
    workspace: Workspace, environment: Environment, before: str, after: str
) -> tuple[Revision, ...]:
    """Return the revisions of a commit that another one lacks, the newest first."""
    tree = workspace.repository.tree(before)
    there = Graph(workspace.read_revisions(places(environment, tree))[0])
    here = workspace.ids_at(environment, after)
    return tuple(each for each in reversed(there.order()) if each.id not in here)
