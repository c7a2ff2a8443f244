"""``gitmig graph``: the staged revisions, to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitmig.commands.workspace import Workspace
from gitmig.graph import Graph
from gitmig.model import Finding, Revision


@dataclass(frozen=True)
class GraphReport:
    """One environment's revisions, the marks to set at them by id, and what is wrong with them."""

    environment: str
    revisions: tuple[Revision, ...]
    marks: dict[str, str]
    findings: tuple[Finding, ...]


def graph(directory: Path, name: str | None = None) -> list[GraphReport]:
    """Return the revisions of the named environment, or of all, by reading alone.

    Raises NotARepository, GitFailed, ConfigError.
    """
    workspace = Workspace.open(directory)
    try:
        reports = []
        for environment in workspace.environments(name):
            found, findings = workspace.read_graph(environment)
            marks = {head.id: "head" for head in Graph(found).heads}
            reports.append(GraphReport(environment.name, tuple(found), marks, tuple(findings)))
        return reports
    finally:
        workspace.close()
