"""What a revision was made from, or what proved that none is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitmig import config, memo
from gitmig.commands.workspace import Workspace
from gitmig.model import Environment
from gitmig.outcomes import WrittenRevision


@dataclass
class Grounds:
    """What decided, kept for the commit and for the one after it.

    ``inputs`` are the files (none: nothing was decided), ``packages`` the folder of the packages
    that were at work, ``residue`` what was there before and is not this commit's, ``models`` where
    what the models say is kept, ``unseen`` what is still to be added by hand, ``accepted`` what was
    added by hand in this commit before.
    """

    inputs: frozenset[str] = frozenset()
    packages: str = ""
    residue: list[str] = field(default_factory=list)
    models: str = ""
    unseen: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def take(
        self, workspace: Workspace, environment: Environment, answer: Mapping[str, Any]
    ) -> None:
        """Take what the worker answered: what was imported, the revisions, the configuration."""
        configuration = {environment.ini, environment.toml, f"{environment.script_location}/env.py"}
        known = config.revision_paths(environment, workspace.index)
        self.inputs = frozenset({*answer["loaded"], *known, *configuration} - {""})
        self.packages = answer["site"]
        self.residue = answer["left_out"]
        self.models = memo.keep_models(workspace.repository, answer["models"])
        self.unseen = [each for each in answer["unseen"] if each not in self.accepted]

    def take_pending(self, pending: memo.Pending) -> None:
        """Take what a revision was made from that waits for its commit."""
        self.inputs = frozenset({*pending.inputs, pending.path})
        self.packages = pending.packages
        self.residue = pending.residue
        self.models = pending.models

    def wait_for_commit(
        self,
        workspace: Workspace,
        environment: Environment,
        written: Sequence[WrittenRevision],
        gone: Sequence[str],
    ) -> None:
        """Keep it with the revision, so that committing again takes that as it is."""
        repository, entry = workspace.repository, None
        if written:
            path = written[0].path
            entry = memo.Pending(
                environment.name,
                path,
                written[0].revision,
                self.blobs(workspace, {path, *gone}),
                self.packages,
                self.residue,
                self.models,
                self.unseen,
                repository.committed(path),
                [each for each in gone if each != path],
                repository.resolve("HEAD"),
                self.accepted,
            )
        memo.set_pending(repository, environment.name, entry)

    def wait_again(self, workspace: Workspace, pending: memo.Pending) -> None:
        """Keep it with a revision that a person has added to, and must add to again."""
        more = replace(
            pending,
            inputs=self.blobs(workspace, {pending.path, *pending.instead_of}),
            models=self.models,
            residue=self.residue,
            unseen=self.unseen,
            accepted=self.accepted,
        )
        memo.set_pending(workspace.repository, pending.environment, more)

    def blobs(self, workspace: Workspace, without: Collection[str]) -> dict[str, str]:
        """Return the files that decided, path → blob id, without the revisions they led to."""
        index = workspace.index
        return {each: index[each] for each in self.inputs.difference(without) if each in index}
