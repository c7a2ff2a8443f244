"""What to type where there are several heads: as the settings and git ask for it.

With ``merge = "linear"`` heads go into one line; otherwise they are joined, and the line is named
where one side is published and the other is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from gitmig import history
from gitmig.commands.foldable import published_ids
from gitmig.commands.workspace import Workspace
from gitmig.errors import GitmigError
from gitmig.git import Repository
from gitmig.graph import Graph
from gitmig.model import Environment, Finding, Revision


def command(environment: Environment, base: str = "") -> str:
    """Return the command that makes one head of several.

    ``base`` is the branch that a person named; the one in the settings need not be.
    """
    linear = environment.settings.merge == "linear"
    return "gitmig merge-heads" + (named(environment, base) if linear else "")


def in_line(environment: Environment, base: str) -> str:
    """Return the command that puts the side after the base, whatever the settings say."""
    linear = environment.settings.merge == "linear"
    return f"gitmig merge-heads{'' if linear else ' --rebase'}{named(environment, base)}"


def named(environment: Environment, base: str) -> str:
    """Return the option that names a base, nothing where the settings do."""
    known = not base or base == environment.settings.base
    return "" if known else f" --base {quote(base)}"


def bring_in(repository: Repository, environment: Environment, branch: str, base: str) -> str:
    """Return what to type to have a branch in here, and one head afterwards.

    A line wants no merge: what nobody else has is rebased.
    """
    linear = environment.settings.merge == "linear"
    if linear and not history.head_is_published(repository):
        return f"type `git rebase {quote(branch)}`, then `{in_line(environment, base)}`"
    return f"type `git merge {quote(branch)}`, then `{command(environment, base)}`"


def hinted(
    workspace: Workspace,
    environment: Environment,
    found: Sequence[Revision],
    findings: Sequence[Finding],
    base: str = "",
) -> list[Finding]:
    """Return the findings, those of several heads (GM001) with what is to be typed here."""
    ref = base or environment.settings.base
    return [
        replace(each, hint=hint(workspace, environment, heads_with(found, each), ref))
        if each.code == "GM001"
        else each
        for each in findings
    ]


def heads_with(found: Sequence[Revision], finding: Finding) -> list[str]:
    """Return the ids of the heads that a finding is about."""
    groups = ([head.id for head in group] for group in Graph(found).head_groups)
    return next(group for group in groups if finding.revision in group)


def hint(workspace: Workspace, environment: Environment, heads: Sequence[str], base: str) -> str:
    """Return what makes one of these heads."""
    join, linear = (
        f"Join them: {command(environment, base)}",
        environment.settings.merge == "linear",
    )
    if not base:
        return join
    try:
        published = published_ids(workspace, environment, base)
    except GitmigError:  # no such branch here, or a shallow clone: for others to tell
        return join
    standing = [head for head in heads if head in published]
    if linear and len(standing) > 1:  # what is published keeps its parents
        return "Join them: gitmig merge-heads --no-rebase"
    if linear or len(standing) != 1:
        return join
    return f"{join}; or, after {standing[0]} of {base}: {in_line(environment, base)}"
