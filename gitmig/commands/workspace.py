"""What every command begins with: the staged tree, the settings, the revisions."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gitmig import config, graph, revisions
from gitmig.ephemeral.servers import Servers
from gitmig.errors import SourceError
from gitmig.git import Repository
from gitmig.model import Environment, Finding, Revision
from gitmig.settings import Read


@dataclass(frozen=True)
class Workspace:
    """A repository with the tree that is being committed (``index``: path → blob id)."""

    repository: Repository
    index: dict[str, str]
    config: config.Config
    directory: str
    servers: Servers = field(default_factory=Servers)

    @classmethod
    def open(cls, directory: Path) -> Workspace:
        """Open the repository around a directory and read its settings from the index.

        Raises NotARepository, GitFailed (unmerged paths), ConfigError.
        """
        repository = Repository.open(directory)
        index = repository.index()
        read = reader(repository, index)
        inside = os.path.relpath(os.path.realpath(directory), os.path.realpath(repository.root))
        return cls(
            repository,
            index,
            config.load(index.keys(), read),
            "" if inside == "." else inside.replace(os.sep, "/"),
        )

    @classmethod
    @contextlib.contextmanager
    def writing(cls, directory: Path) -> Iterator[Workspace]:
        """Give the workspace to a command that writes; another one in this work tree waits.

        Two at once would each find the same revision missing.
        """
        repository = Repository.open(directory)
        repository.own_dir.mkdir(parents=True, exist_ok=True)
        with open(repository.own_dir / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            workspace = cls.open(directory)
            try:
                yield workspace
            finally:
                workspace.close()

    def close(self) -> None:
        """Stop the throw-away servers and let go of the repository."""
        self.servers.close()
        self.repository.close()

    def read(self, path: str) -> str | None:
        """Return a staged file's text, None where it is not staged."""
        return reader(self.repository, self.index)(path)

    def environment(self, name: str | None) -> Environment:
        """Return the environment that was named, or the one around the directory.

        Raises NoEnvironment, SeveralEnvironments, ConfigError.
        """
        return config.choose(self.config, name, self.directory)

    def environments(self, name: str | None) -> tuple[Environment, ...]:
        """Return the named environment, or all; raises as ``environment`` where there is none."""
        if name is None and self.config.environments:
            return self.config.environments
        return (self.environment(name),)

    def read_graph(self, environment: Environment) -> tuple[list[Revision], list[Finding]]:
        """Return the revisions in the index and what is wrong with them, by reading alone."""
        found, findings = [], []
        for path in config.revision_paths(environment, self.index):
            try:
                revision = revisions.parse(self.repository.read(self.index[path]), path)
            except SourceError as error:
                findings.append(graph.unreadable(error, path))
                continue
            if revision is not None:
                found.append(revision)
        return found, [*findings, *graph.problems(found)]


def reader(repository: Repository, index: dict[str, str]) -> Read:
    """Return the function that gives the text of a path of a tree."""

    def read(path: str) -> str | None:
        return repository.read(index[path]) if path in index else None

    return read
