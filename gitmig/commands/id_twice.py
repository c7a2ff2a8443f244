"""Two files with one revision id (GM004): the finding is at the one that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitmig import history
from gitmig.commands.workspace import Workspace
from gitmig.model import Environment, Finding, Revision


def at_the_new(
    workspace: Workspace,
    environment: Environment,
    found: Sequence[Revision],
    findings: Sequence[Finding],
    base: str,
) -> list[Finding]:
    """Return the findings, those of an id that is there twice at the file that the base lacks.

    ``base`` is a branch, empty for that in the settings; without any, what ``HEAD`` has came first.
    """
    base = base or environment.settings.base
    return [
        placed(workspace, found, each, base) if each.code == "GM004" else each for each in findings
    ]


def placed(workspace: Workspace, found: Sequence[Revision], finding: Finding, base: str) -> Finding:
    """Return a finding at the file that is new, as it was where none is, or several are."""
    repository = workspace.repository
    commit = history.merge_base(repository, base) if base else repository.resolve("HEAD")
    there = repository.tree(commit) if commit else {}
    new = [each for each in found if each.id == finding.revision and each.path not in there]
    return replace(finding, path=new[0].path, line=new[0].line) if len(new) == 1 else finding
