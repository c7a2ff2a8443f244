"""What `gitmig check` looks at: one environment, what the user asked for, what git says of it.

Every gate of ``check`` is given this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gitmig import config, history
from gitmig.commands import against as open_branches
from gitmig.commands import base_environment, merge_result, published
from gitmig.commands.workspace import Workspace
from gitmig.model import Environment, Finding, Gate, Revision
from gitmig.outcomes import OpenBranch
from gitmig.rules.choice import Choice, choose

Outcome = tuple[list[Gate], list[Finding]]


@dataclass(frozen=True)
class Beside:
    """What goes on beside the worker's `check`: ``fields`` for its request, ``outcome`` of it all.

    That is made with the answer.
    """

    fields: Mapping[str, Any]
    outcome: Callable[[Mapping[str, Any]], Outcome]


@dataclass(frozen=True)
class Wanted:
    """What the user asked for.

    ``base`` is the branch whose revisions are published (empty: the one in the settings, if any);
    ``static`` reads the revisions and runs no code; ``against`` are patterns of open branches, to
    be compared with the base and each other; ``select`` are the rules that are judged, in the place
    of those in the settings, ``ignore`` what is left out besides.
    """

    base: str = ""
    static: bool = False
    against: Sequence[str] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()


EVERYTHING = Wanted()


@dataclass(frozen=True)
class FromGit:
    """What git says of other branches; asked once for all environments that have one base."""

    workspace: Workspace
    against: Sequence[str]
    results: dict[str, merge_result.Result | None] = field(default_factory=dict)
    teams: dict[str, open_branches.Team] = field(default_factory=dict)

    def merged(self, ref: str, left_at: str) -> merge_result.Result | None:
        """Return what a merge with the base would give, None where it is in already."""
        if ref not in self.results:
            self.results[ref] = merge_result.with_branch(self.workspace, ref, left_at)
        return self.results[ref]

    def team(self, ref: str) -> open_branches.Team:
        """Return the open branches that the user named."""
        if ref not in self.teams:
            self.teams[ref] = open_branches.gather(self.workspace, self.against, ref)
        return self.teams[ref]


@dataclass(frozen=True)
class Base:
    """What is published: ``commit`` is empty where there is no base, and everything else then.

    ``paths`` are its revision files, ``heads`` the staged revisions that all published ones lead
    to (none where a published one was tampered with: nothing is taken for granted then), ``new``
    the ids of the staged revisions that it does not have.
    """

    commit: str = ""
    paths: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """One environment to be checked: ``found`` are its staged revisions, ``known`` what is wrong
    with them by themselves, ``parts`` what of the check this shard does (see ``shard``).
    """  # noqa: D205

    workspace: Workspace
    environment: Environment
    wanted: Wanted
    git: FromGit
    found: Sequence[Revision]
    known: Sequence[Finding]
    parts: Collection[str]

    @cached_property
    def choice(self) -> Choice:
        """Which findings are wanted; raises ConfigError."""
        wanted = self.wanted
        return choose(self.environment.settings.rules, wanted.select, wanted.ignore)

    @property
    def ref(self) -> str:
        """The base branch, empty for none."""
        return self.wanted.base or self.environment.settings.base

    @cached_property
    def left_at(self) -> str:
        """The commit where this branch left its base, empty where there is no base."""
        return history.merge_base(self.workspace.repository, self.ref) if self.ref else ""

    @cached_property
    def there(self) -> Environment:
        """The environment as the base has it; as it is here without one."""
        if not self.left_at:
            return self.environment
        return base_environment.at(self.workspace, self.environment, self.left_at, self.found)

    @cached_property
    def tampered(self) -> Sequence[Finding]:
        """What was done to published revisions, and new ones that do not come after them."""
        places = self.there, self.environment
        changed = published.changed(self.workspace, places, self.left_at, self.found)
        return [*changed, *published.out_of_line(self.found, self.new)]

    @cached_property
    def base(self) -> Base:
        """What is published."""
        commit = self.left_at
        if not commit:
            return Base()
        paths = config.revision_paths(self.there, self.workspace.repository.tree(commit))
        heads = [] if is_bad(self.tampered) else published.heads(self.found, self.new)
        return Base(commit, tuple(paths), tuple(heads), self.new)

    @cached_property
    def new(self) -> tuple[str, ...]:
        """The ids of the staged revisions that the base does not have, none without a base."""
        if not self.left_at:
            return ()
        had = self.workspace.ids_at(self.there, self.left_at)
        return tuple(revision.id for revision in self.found if revision.id not in had)

    @cached_property
    def branches(self) -> Sequence[OpenBranch]:
        """The open branches that the user named, compared with this one."""
        if not self.wanted.against:
            return ()
        team = self.git.team(self.ref)
        return open_branches.look(self.workspace, self.environment, team)

    def is_usable(self) -> bool:
        """Say whether the revisions can be run: nothing is wrong with them by themselves."""
        return not is_bad(self.known)


def gate_of(name: str, findings: Sequence[Finding]) -> Gate:
    """Return the outcome of a gate that found these."""
    return Gate(name, "failed" if is_bad(findings) else "passed")


def found_by(name: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with the gate that found them, where they do not say so themselves."""
    return [replace(each, gate=each.gate or name) for each in findings]


def is_bad(findings: Sequence[Finding]) -> bool:
    """Say whether one of the findings is an error."""
    return any(finding.severity == "error" for finding in findings)


def gate_passed(gates: Sequence[Gate], name: str) -> bool:
    """Say whether a gate ran and found nothing."""
    return any(gate.name == name and gate.status == "passed" for gate in gates)
