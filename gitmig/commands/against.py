"""Gate ``against``: the open branches of a team, with the base and with each other.

Everything is read from git's objects; nothing is checked out, no code runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from shlex import quote

from gitmig import branches, collisions, config
from gitmig.collisions import Base, Side
from gitmig.commands.workspace import Workspace, places
from gitmig.errors import GitFailed
from gitmig.git import Repository
from gitmig.listing import Changes
from gitmig.model import Environment, Finding
from gitmig.outcomes import Collision, OpenBranch

STAGED = "what is staged"


@dataclass(frozen=True)
class Branch:
    """An open branch and what it changes; ``note`` says why it could not be looked at."""

    name: str
    commit: str
    changes: Changes
    note: str = ""


@dataclass(frozen=True)
class Team:
    """The open branches, and the base they are to be merged into: its name, commit and files."""

    name: str
    commit: str
    tree: Mapping[str, str]
    branches: Sequence[Branch]


def gather(workspace: Workspace, patterns: Sequence[str], ref: str) -> Team:
    """Return the branches that patterns name and what each changes.

    With ``ref``, the base, what is staged is one of them; without, the base is ``HEAD``. Raises
    GitFailed where a pattern names no branch.
    """
    repository = workspace.repository
    own = repository.branch()
    head = repository.resolve("HEAD")
    name = branches.newest(repository, ref) if ref else own or "HEAD"
    commit = repository.resolve(name) if ref else head
    if not commit:
        raise GitFailed("there is no commit on this branch yet", "make the first one, or --base")
    tips: dict[str, str] = {}
    for each, tip in branches.found_by(repository, patterns).items():
        tips.setdefault(tip, each)
    tips.pop(commit, None)
    here = []
    if ref:
        start = branches.left_at(repository, head, commit)
        changes = branches.changed(repository.tree(start), workspace.index)
        known_as = tips.pop(head, "")
        here = [Branch(own or known_as or STAGED, head, changes)] if changes else []
        tips = {tip: each for tip, each in tips.items() if each not in (own, f"origin/{own}")}
    return Team(name, commit, repository.tree(commit), [*here, *others(workspace, tips, commit)])


def others(workspace: Workspace, tips: Mapping[str, str], base: str) -> list[Branch]:
    """Return the branches at some commits (commit → name), and what each changes."""
    repository = workspace.repository
    starts = {tip: branches.left_at(repository, tip, base) for tip in tips}
    known = {tip: start for tip, start in starts.items() if start}
    folders = {
        folder
        for environment in workspace.config.environments
        for folder in environment.version_locations
    }
    changes = branches.changes_of(repository, known, sorted(folders))
    return [
        Branch(each, tip, changes[tip])
        if tip in known
        else Branch(each, tip, {}, "nothing in common with the base")
        for tip, each in tips.items()
    ]


def look(workspace: Workspace, environment: Environment, team: Team) -> list[OpenBranch]:
    """Return each branch with its new revisions and what it collides with, in one environment."""
    base = workspace.read_revisions(places(environment, team.tree))[0]
    looked = look_at_each(workspace, environment, team, Base.of(base))
    found = {branch.name: list(told) for branch, _side, told in looked}
    for (one, first, _), (other, second, _) in combinations(looked, 2):
        both = collisions.both_touch(first, second)
        paths = first.changes.keys() | second.changes
        touched = torn(workspace.repository, one, other.commit, both, paths)
        found[one.name] += collisions.between(first, second, touched)
        found[other.name] += collisions.between(second, first, touched)
    return [
        OpenBranch(branch.name, branch.commit, tuple(side.new.values()), tuple(found[branch.name]),
                   branch.note)
        for branch, side, _told in looked
    ]  # fmt: skip


def look_at_each(
    workspace: Workspace, environment: Environment, team: Team, base: Base
) -> list[tuple[Branch, Side, list[Collision]]]:
    """Return what each branch is to the others, and why it cannot come into the base."""
    paths = (config.revision_paths(environment, branch.changes) for branch in team.branches)
    kept = [
        {path: branch.changes[path] for path in changed}
        for branch, changed in zip(team.branches, paths, strict=True)
    ]
    workspace.read_revisions([(path, blobs[1]) for each in kept for path, blobs in each.items()
                              if blobs[1]])  # fmt: skip
    found = []
    for branch, changes in zip(team.branches, kept, strict=True):
        tree = branches.applied(changes, team.tree)
        both = {
            path: (changes[path][1], team.tree.get(path, ""))
            for path in branches.clashes(changes, team.tree)
        }
        touched = torn(workspace.repository, branch, team.commit, both, changes)
        for path in both.keys() - touched - team.tree.keys():
            tree.pop(path, None)  # the base renamed it, and git takes the edit there
        others = [(path, team.tree[path]) for path in touched if path in team.tree]
        revisions, unread = workspace.read_revisions([*places(environment, tree), *others])
        distinct = list({(each.path, each.id): each for each in revisions}.values())
        side = collisions.side(branch.name, changes, base.graph, distinct)
        told = collisions.with_base(branch.name, team.name, base, distinct, unread)
        if touched:
            told.insert(0, Collision(team.name, "same file", tuple(touched)))
        found.append((branch, side, told))
    return found


def torn(
    repository: Repository,
    one: Branch,
    other: str,
    both: Mapping[str, tuple[str, str]],
    paths: Collection[str],
) -> list[str]:
    """Return which of these files git cannot join; ``both`` are those that two commits differ in.

    Only where one of them was there, or may have been under another name, git is asked.
    """
    renamed = any(before and not after for before, after in one.changes.values())
    if not both or not (renamed or any(one.changes[path][0] for path in both)):
        return sorted(both)
    with repository.apart():
        conflicts = branches.merge(repository, one.commit, other).conflicts
    return sorted(path for path in paths if path in conflicts)


def findings_of(team: Team, looked: Sequence[OpenBranch], join: str) -> list[Finding]:
    """Return the one finding for all collisions; who collides with whom is in the branches.

    ``join`` is the command that makes one head of several.
    """
    colliding = [branch for branch in looked if branch.collisions]
    if not colliding:
        return []
    message = f"{len(colliding)} of {len(looked)} branches collide, with {team.name} or each other"
    hint = f"who comes second: `git merge {quote(team.name)}`, then `{join}`"
    return [Finding("GM019", "error", message, hint)]
