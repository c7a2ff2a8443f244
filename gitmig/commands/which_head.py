"""Which of several intended heads a generated revision goes on."""

from __future__ import annotations

from gitmig.commands.workspace import Workspace
from gitmig.errors import Stopped, WorkerFailed
from gitmig.graph import Graph
from gitmig.model import Environment


def undecided(
    workspace: Workspace, environment: Environment, error: WorkerFailed
) -> Stopped | None:
    """Return what stops a commit that needs a revision where no one head is named for it.

    None where Alembic said no to something else.
    """
    graph = Graph(workspace.usable_revisions(environment))
    if error.kind != "alembic_refused" or len(graph.heads) < 2:
        return None
    told = ", ".join(f"{head.id} ({head.subject})" for head in graph.heads)
    first = graph.heads[0]
    name = min(graph.labels(first.id), default=first.id)
    chosen = environment.settings.head
    no_use = f"; `head` in the settings, {chosen}, is none: {error.message}" if chosen else ""
    return Stopped(
        f"a revision is needed, and it could go on {len(graph.heads)} heads: {told}{no_use}",
        f'name one in [tool.gitmig], such as head = "{name}@head", stage that, commit again',
    )
