"""What every command begins with: the staged tree, the settings, the revisions."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitmig import config, graph_problems, revisions
from gitmig.ephemeral.servers import Servers
from gitmig.errors import ConfigError, SourceError
from gitmig.git import Repository
from gitmig.model import Environment, Finding, Revision
from gitmig.settings import Read
from gitmig.snapshot import Trees

Place = tuple[str, str]
"""A file as git has it: its path, and the id of its blob."""


@dataclass(frozen=True)
class Workspace:
    """A repository with the tree that is being committed (``index``: path → blob id).

    ``trees`` are shared by environments that are worked on side by side, None otherwise.
    """

    repository: Repository
    index: dict[str, str]
    config: config.Config
    directory: str
    servers: Servers = field(default_factory=Servers)
    parsed: dict[Place, Revision | SourceError | None] = field(default_factory=dict)
    trees: Trees | None = None

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
        if self.trees is not None:
            self.trees.close()
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
        found, findings = self.read_revisions(places(environment, self.index))
        unknown = set(environment.settings.lines) - {each.id for each in found}
        if unknown and not findings:
            raise ConfigError(
                f"`lines` in the settings names {', '.join(sorted(unknown))}, which no revision of "
                f"{environment.name or 'this project'} is",
                "name the revision that begins each line by its whole id: gitmig history",
            )
        return found, [*findings, *graph_problems.problems(found)]

    def usable_revisions(self, environment: Environment) -> list[Revision]:
        """Return the revisions in the index; raises SourceError for a graph that cannot be used.

        Several heads are no reason: they may be meant, or are about to be joined.
        """
        found, findings = self.read_graph(environment)
        for finding in findings:
            if finding.severity == "error" and finding.code != "GM001":
                place = f"{finding.path}:{finding.line}: " if finding.path else ""
                told = "" if finding.path in finding.message else place
                raise SourceError(told + finding.message, finding.hint)
        return found

    def ids_at(self, environment: Environment, commit: str) -> set[str]:
        """Return the ids of the revisions in a commit's tree; a file that cannot be read has none.

        Empty for no commit.
        """
        tree = self.repository.tree(commit) if commit else {}
        return {revision.id for revision in self.read_revisions(places(environment, tree))[0]}

    def read_revisions(self, wanted: Iterable[Place]) -> tuple[list[Revision], list[Finding]]:
        """Return the revisions in these files, and a finding for each that cannot be read.

        Each is read and parsed once, all that are new by one git process.
        """
        wanted = list(wanted)
        new = [place for place in dict.fromkeys(wanted) if place not in self.parsed]
        texts = self.repository.read_all({blob for _, blob in new})
        with nothing_collected():
            self.parsed.update((place, parse(texts.get(place[1]), place)) for place in new)
        lines = {each for known in self.config.environments for each in known.settings.lines}
        found, findings = [], []
        for place in wanted:
            read = self.parsed[place]
            if isinstance(read, SourceError):
                findings.append(graph_problems.unreadable(read, place[0]))
            elif read is not None:
                found.append(beginning_a_line(read, lines))
        return found, findings


@contextlib.contextmanager
def nothing_collected() -> Iterator[None]:
    """Keep Python from looking for circles, a third of the cost where syntax trees are made."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def beginning_a_line(revision: Revision, lines: Collection[str]) -> Revision:
    """Return a revision as one that begins a line of its own, where the settings say so."""
    return replace(revision, begins_line=True) if revision.id in lines else revision


def parse(text: str | None, place: Place) -> Revision | SourceError | None:
    """Return the revision in a file, or why it cannot be read."""
    path, blob = place
    if text is None:  # a clone without all objects, and no way to the others
        return SourceError(f"{path}: git does not have its content ({blob[:12]})", "git fsck")
    try:
        return revisions.parse(text, path)
    except SourceError as error:
        return error


def places(environment: Environment, tree: Mapping[str, str]) -> list[Place]:
    """Return the revision files of a tree."""
    return [(path, tree[path]) for path in config.revision_paths(environment, tree)]


def reader(repository: Repository, index: dict[str, str]) -> Read:
    """Return the function that gives the text of a path of a tree."""

    def read(path: str) -> str | None:
        return repository.read(index[path]) if path in index else None

    return read
