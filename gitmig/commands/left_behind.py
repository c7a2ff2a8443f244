"""What a fast-forward, a merge or a rebase left behind, for the hooks that run after it."""

from __future__ import annotations

from pathlib import Path

from gitmig.commands import joining
from gitmig.commands.workspace import Workspace
from gitmig.model import Finding


def left_behind(directory: Path) -> list[Finding]:
    """Return what is wrong with the revisions of all environments now, by reading alone.

    Several heads among them, with the command that joins them.
    """
    workspace = Workspace.open(directory)
    try:
        found = []
        for environment in workspace.config.environments:
            revisions, findings = workspace.read_graph(environment)
            bad = [finding for finding in findings if finding.severity == "error"]
            found += joining.hinted(workspace, environment, revisions, bad)
        return found
    finally:
        workspace.close()
