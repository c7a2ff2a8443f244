"""What the tree before the commit already left over, so that it is not generated again.

A project whose models and revisions have drifted apart long ago, or whose comparison always
reports the same phantom, must not find that in the revision of today's commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gitmig import config, gate, memo
from gitmig.commands import base_environment
from gitmig.commands.projectside import How, open_project
from gitmig.commands.workspace import Workspace, places
from gitmig.errors import ConfigError, GitmigError
from gitmig.invocation import BY_HAND, Invocation
from gitmig.model import Environment


@dataclass(frozen=True)
class Older:
    """What is older than the commit: ``residue`` it left over, and what its ``models`` say."""

    residue: list[str] = field(default_factory=list)
    models: list[Any] | None = None


class Base:
    """The commit that the new one stands on (or another), in one environment.

    ``notes`` is what to say of it.
    """

    def __init__(
        self,
        workspace: Workspace,
        environment: Environment,
        how: How,
        invocation: Invocation = BY_HAND,
        commit: str = "",
    ) -> None:
        self.workspace = workspace
        self.how = how
        before = "HEAD^" if invocation.amending else "HEAD"
        self.commit = commit or workspace.repository.resolve(before)
        self.notes: tuple[str, ...] = ()
        self.index = workspace.repository.tree(self.commit) if self.commit else {}
        self.environment = self.as_it_was(environment) if self.commit else environment

    def as_it_was(self, environment: Environment) -> Environment:
        """Return the environment as the commit has it: its folder may be moving just now."""
        found, _ = self.workspace.read_revisions(places(environment, self.workspace.index))
        try:
            return base_environment.at(self.workspace, environment, self.commit, found)
        except ConfigError:  # what the commit had is of no use
            return environment

    def known(self) -> Older | None:
        """Return what is older where no worker is needed to tell, None where one is.

        Nothing is older than the commit where there is no commit, where it had no revisions yet,
        and where nothing is staged: then all that is missing is to be generated.
        """
        if not config.revision_paths(self.environment, self.index) or self.is_staged():
            return Older()
        for entry in memo.latest(self.workspace.repository):
            if gate.holds(entry, self.index):
                name = self.environment.name
                models = memo.load_models(self.workspace.repository, entry["models"].get(name, ""))
                return Older(entry["residue"].get(name, []), models) if models else None
        return None

    def is_staged(self) -> bool:
        """Say whether the staged tree is that of the commit."""
        return self.index == self.workspace.index

    def find(self) -> Older:
        """Ask the worker on the commit's own tree; a tree that cannot be run tells nothing."""
        try:
            with open_project(
                self.workspace, self.environment, self.how, commit=self.commit
            ) as project:
                answer = project.ask("residue")
                return Older(answer["residue"], answer["models"])
        except GitmigError as error:
            self.notes = (f"what is older than this commit cannot be told: {error.message}",)
            return Older()
