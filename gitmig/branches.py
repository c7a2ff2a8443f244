"""Several branches at once: which are open, what each changes, what a merge would give.

Few git processes: one for the names, one for each branch's way back to the base, one for what all
of them change, one for all texts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitmig import git_index, listing
from gitmig.errors import GitFailed
from gitmig.git import FETCH_ALL, Repository
from gitmig.history import is_cut_off, known_as

FORMAT = "%(refname)%00%(symref)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
PLACES = ("refs/heads/", "refs/remotes/", "refs/remotes/origin/")
NOBODY = {
    f"GIT_{role}_{what}": "gitmig" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


@dataclass(frozen=True)
class Merged:
    """What a merge gives: path → blob, and for each file in conflict the blobs of both sides.

    ``exact`` is False where git could not be asked, and files were compared by path.
    """

    files: Mapping[str, str]
    conflicts: Mapping[str, Sequence[str]]
    exact: bool = True


def newest(repository: Repository, ref: str) -> str:
    """Return the name of a branch: its own, or that of ``origin``'s where that is ahead of it.

    The branch is there, see ``Repository.merge_base``.
    """
    names = known_as(repository, ref)
    if len(names) == 1:
        return names[0]
    own, origins = map(repository.resolve, names)
    common = repository.text("merge-base", own, origins, also=1)
    return names[1] if common == own else names[0]


def merge(repository: Repository, ours: str, theirs: str) -> Merged:
    """Return what git would make of a merge of two commits; nothing is checked out.

    What is made on the way stays in the object database, unless ``Repository.apart``. git can do
    this since 2.38 (git-merge-tree); with an older one files are compared by path, and renames are
    not followed.
    """
    try:
        output = repository.run(
            "merge-tree", "--write-tree", "-z", "--no-messages", ours, theirs, also=1
        )
    except GitFailed:
        if "--write-tree" in usage(repository):
            raise
        return by_path(repository, ours, theirs)
    tree, conflicts = listing.parse_merge(output)
    return Merged(repository.tree(tree), conflicts)


def usage(repository: Repository) -> str:
    """Return what git says of the options of ``merge-tree``."""
    return repository.text("merge-tree", "-h", also=129)


def by_path(repository: Repository, ours: str, theirs: str) -> Merged:
    """Merge two commits file by file."""
    base, mine, other = map(
        repository.tree, (repository.text("merge-base", ours, theirs), ours, theirs)
    )
    changes = changed(base, mine)
    both = {path: (mine.get(path, ""), other.get(path, "")) for path in clashes(changes, other)}
    files = applied(changes, other)
    conflicts = {path: [blob for blob in blobs if blob] for path, blobs in both.items()}
    return Merged(files, conflicts, exact=False)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> listing.Changes:
    """Return what differs in two trees."""
    found = {}
    for path in before.keys() | after.keys():
        blobs = before.get(path, ""), after.get(path, "")
        if blobs[0] != blobs[1]:
            found[path] = blobs
    return found


def clashes(changes: listing.Changes, tree: Mapping[str, str]) -> list[str]:
    """Return the changed files that a tree has neither as they were nor as they have become."""
    return [path for path, blobs in changes.items() if tree.get(path, "") not in blobs]


def applied(changes: listing.Changes, tree: Mapping[str, str]) -> dict[str, str]:
    """Return a tree with changes made in it."""
    after = {path: blobs[1] for path, blobs in changes.items()}
    return {path: blob for path, blob in {**tree, **after}.items() if blob}


def found_by(repository: Repository, patterns: Sequence[str]) -> dict[str, str]:
    """Return name → commit of the branches that patterns name, in git's order.

    A pattern is one of ``git for-each-ref``; what does not begin with ``refs/`` is a branch here,
    one of ``REMOTE/NAME``, or one of ``origin``. A branch that is here counts before that of
    ``origin``. Raises GitFailed for a pattern that names none.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        exact = pattern.startswith("refs/")
        named = refs(repository, [pattern] if exact else [place + pattern for place in PLACES])
        if not named:
            hint = (
                "see `git for-each-ref`; those of pull requests come with "
                "`git fetch origin '+refs/pull/*/head:refs/remotes/origin/pr/*'`"
            )
            raise GitFailed(
                f"no branch here matches {pattern}", FETCH_ALL if repository.is_shallow else hint
            )
        for name, commit in named.items():
            own = name.removeprefix("origin/")
            if exact or own == name or own not in named:
                found.setdefault(name, commit)
    return found


def refs(repository: Repository, patterns: Sequence[str]) -> dict[str, str]:
    """Return short name → commit; ``HEAD`` of a remote and what is no commit are left out."""
    found = {}
    for line in repository.text("for-each-ref", f"--format={FORMAT}", *patterns).splitlines():
        name, symbolic, kind, commit, inner, target = line.split("\0")
        if "commit" in (kind, inner) and not symbolic:
            short = name.removeprefix("refs/").removeprefix("heads/").removeprefix("remotes/")
            found[short] = target or commit
    return found


def left_at(repository: Repository, commit: str, base: str) -> str:
    """Return where a branch left the base, empty where they have nothing in common.

    Raises GitFailed where the clone is shallow, so that nobody can tell.
    """
    found = repository.text("merge-base", base, commit, also=1).partition("\n")[0]
    if not found and repository.is_shallow:
        raise GitFailed(f"{commit[:12]} and {base[:12]} have no common commit here", FETCH_ALL)
    if found and is_cut_off(repository, commit, base, found):
        raise GitFailed(
            f"the history between {commit[:12]} and {base[:12]} is cut off here", FETCH_ALL
        )
    return found


def changes_of(
    repository: Repository, starts: Mapping[str, str], folders: Iterable[str]
) -> dict[str, listing.Changes]:
    """Return what commits change in these folders since others: commit → commit it started at.

    ``--stdin`` takes the second one for the parent of the first (git-diff-tree).
    """
    if not starts:
        return {}
    lines = "".join(f"{commit} {start}\n" for commit, start in starts.items())
    output = repository.run(
        "--literal-pathspecs", "diff-tree", "--stdin", "-r", "-z", "--no-renames",
        "--", *(folder or "." for folder in folders),
        stdin=lines.encode(),
    )  # fmt: skip
    return {commit: {} for commit in starts} | listing.parse_changes(output)


def staged_commit(repository: Repository, index: Mapping[str, str]) -> str:
    """Return ``HEAD``, or where something else is staged a commit of that on top of it."""
    head = repository.resolve("HEAD")
    if repository.tree(head) == index:
        return head
    tree = git_index.write_tree(repository)
    command = ("commit-tree", "-p", head, "-m", "staged", tree)
    return os.fsdecode(repository.run(*command, env=NOBODY)).strip()
