"""Where else than in the work tree a file may be: tips, stashes, then all that git remembers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.git import Repository

REMEMBERED = "90.days"  # as long as git's reflogs do (gc.reflogExpire)
SHORT = 12  # digits of a commit's id
OF_A_STASH = 3  # parents, where it has files that git did not know
KINDS = {"refs/heads/": "branch ", "refs/remotes/": "branch ", "refs/tags/": "tag "}


@dataclass(frozen=True)
class Place:
    """A tree, by the id of a commit or of the tree itself, and what to call it."""

    tree: str
    told: str


def places(repository: Repository, word: str, folders: Sequence[str]) -> Iterator[Place]:
    """Yield the trees in which files with a word may be, those that cost least first.

    The word is looked for in these folders. Commits that only a reflog knows come last, newest
    first: each changed how often the word is there.
    """
    yield from tips(repository)
    yield from stashes(repository)
    listed = repository.text(
        "--literal-pathspecs", "log", "--all", "--reflog", "--no-renames", "--format=%H %h %s",
        f"-S{word}", "--", *(folder or "." for folder in folders),
    )  # fmt: skip
    for line in listed.splitlines():
        commit, short, subject = line.split(" ", 2)
        yield Place(commit, f"commit {short} ({subject})")


@dataclass(frozen=True)
class Change:
    """A commit that touched some files: ``files`` are path → blob id, paths as git quotes them."""

    place: Place
    files: dict[str, str]


def lately(repository: Repository, folders: Sequence[str]) -> list[Change]:
    """Return the commits of the last weeks that touched these folders, newest first.

    Those of all branches and reflogs, by one git process.
    """
    listed = repository.text(
        "--literal-pathspecs", "log", "--all", "--reflog", f"--since={REMEMBERED}", "--no-renames",
        "--full-history", "--diff-filter=AM", "--raw", "--no-abbrev", "--format=%H %s",
        "--", *(folder or "." for folder in folders),
    )  # fmt: skip
    found: list[Change] = []
    for line in filter(None, listed.splitlines()):
        if line.startswith(":"):
            change, _, path = line.partition("\t")
            found[-1].files[path] = change.split()[3]
        else:
            commit, _, subject = line.partition(" ")
            found.append(Change(Place(commit, f"commit {commit[:SHORT]} ({subject})"), {}))
    return found


def tips(repository: Repository) -> Iterator[Place]:
    """Yield the tips of branches and tags, the newest first, each commit once."""
    listed = repository.text(
        "for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(refname)", *KINDS
    )
    seen = set()
    for line in listed.splitlines():
        commit, _, ref = line.partition(" ")
        if commit not in seen and not ref.endswith("/HEAD"):
            seen.add(commit)
            kind = next(kind for kind in KINDS if ref.startswith(kind))
            yield Place(commit, KINDS[kind] + ref.removeprefix(kind))


def stashes(repository: Repository) -> Iterator[Place]:
    """Yield what was put aside, with the files that git did not know."""
    if not repository.resolve("refs/stash"):
        return
    for line in repository.text("stash", "list", "--format=%gd %H %P").splitlines():
        name, commit, *parents = line.split()
        whole = len(parents) == OF_A_STASH
        yield Place(joined(repository, commit, parents[-1]) if whole else commit, name)


def joined(repository: Repository, commit: str, more: str) -> str:
    """Return the id of a commit's tree with the files of another one."""
    with tempfile.TemporaryDirectory(prefix="gitmig-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        repository.run("read-tree", commit, env=env)
        files = repository.run("ls-tree", "-r", "-z", "--full-tree", more)
        repository.run("update-index", "-z", "--index-info", stdin=files, env=env)
        return os.fsdecode(repository.run("write-tree", env=env)).strip()
