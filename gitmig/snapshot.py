"""A git tree as a directory: the work tree itself, or a private copy of what is staged.

The work tree is used in place where nothing differs from the index. Otherwise
the tree is laid out under the git directory and kept, so that the next time costs the difference.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from gitmig import git_index
from gitmig.git import NOTHING, Repository
from gitmig.listing import WorkTreeStatus

# ignored files that a project needs at run time although git does not have them
RUN_TIME_FILES = (".env", ".env.*", "_version.py", "version.py", "*.so", "*.pyd")


@dataclass(frozen=True)
class Snapshot:
    """``tree`` is the directory that holds the staged files; ``in_place``: it is the work tree."""

    tree: Path
    in_place: bool


class Trees:
    """The trees of one command whose lines of work go on at the same time: each is laid out once.

    They stay until ``close``; the index must not change before.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._taken: dict[tuple[str, Sequence[str]], Snapshot] = {}
        self._stack = contextlib.ExitStack()
        self._one_at_a_time = threading.Lock()

    def get(self, commit: str, include: Sequence[str]) -> Snapshot:
        """Return the tree of a commit (empty: what is being committed), see ``take``."""
        with self._one_at_a_time:
            key = (commit, tuple(include))
            if key not in self._taken:
                taking = (
                    take_commit(self._repository, commit, include)
                    if commit
                    else take(self._repository, include=include)
                )
                self._taken[key] = self._stack.enter_context(taking)
            return self._taken[key]

    def close(self) -> None:
        """Let go of all."""
        self._stack.close()


@contextlib.contextmanager
def take(
    repository: Repository,
    without: Sequence[str] = (),
    include: Sequence[str] = (),
    instead: Mapping[str, str] = NOTHING,
) -> Iterator[Snapshot]:
    """Give the tree being committed as a directory, for as long as the block runs.

    ``without`` are paths to leave out, ``instead`` other texts of some files, ``include`` patterns
    of further ignored files that the project needs at run time.
    """
    if not without and not instead and agrees(repository.status()):
        yield Snapshot(repository.root, in_place=True)
        return
    tree_id = git_index.write_tree(repository, without, instead)
    with laid_out(repository, tree_id, "snapshot", include) as tree:
        yield Snapshot(tree, in_place=False)


@contextlib.contextmanager
def take_commit(
    repository: Repository, commit: str, include: Sequence[str] = ()
) -> Iterator[Snapshot]:
    """Give a commit's tree as a directory, for as long as the block runs."""
    with laid_out(repository, commit, "base", include) as tree:
        yield Snapshot(tree, in_place=False)


@contextlib.contextmanager
def laid_out(
    repository: Repository, tree_id: str, name: str, include: Sequence[str]
) -> Iterator[Path]:
    """Lay a tree out in the private folder of that name, with what the project needs besides."""
    with private_folder(repository, name) as folder:
        tree = folder / "tree"
        # left by a run that was killed; nobody else is at it while we hold the lock
        (folder / "tree.index.lock").unlink(missing_ok=True)
        git_index.lay_out(repository, tree_id, tree, folder / "tree.index")
        link_ignored(repository, tree, [*RUN_TIME_FILES, *include])
        yield tree


def agrees(status: WorkTreeStatus) -> bool:
    """Say whether a program would see the same in the work tree as in the index.

    Any file may be read by a revision; one that git does not know only matters to an import.
    """
    return not status.unstaged and not any(path.endswith(".py") for path in status.untracked)


@contextlib.contextmanager
def private_folder(repository: Repository, name: str) -> Iterator[Path]:
    """Give this work tree's kept folder of that name; a temporary one while another run has it."""
    kept = repository.own_dir / name
    kept.mkdir(parents=True, exist_ok=True)
    with open(kept / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with tempfile.TemporaryDirectory(dir=repository.own_dir, prefix=f"{name}-") as own:
                yield Path(own)
            return
        yield kept


def link_ignored(repository: Repository, tree: Path, patterns: Sequence[str]) -> None:
    """Link the ignored files a project needs at run time."""
    for path in repository.ignored_files():
        if not any(fnmatch(path, each) or fnmatch(Path(path).name, each) for each in patterns):
            continue
        target = tree / path
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(repository.root / path)
