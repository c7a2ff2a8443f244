"""Questions to the history: where a branch left another, who wrote what, what a commit brought."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from gitmig.errors import GitFailed
from gitmig.git import FETCH_ALL, Repository

SEE_THEM = "see what there is: git branch --all"


def merge_base(repository: Repository, ref: str) -> str:
    """Return where ``HEAD`` left another branch (``origin``'s, where there is none here).

    Raises GitFailed where there is no such branch, no commit on this one, or a shallow clone
    does not reach back.
    """
    name = next(iter(known_as(repository, ref)), "")
    if not name:
        hint = f"git fetch origin {ref}" if repository.text("remote") else SEE_THEM
        hint = FETCH_ALL if repository.is_shallow else hint
        raise GitFailed(f"there is no commit called {ref}", hint)
    try:
        found = repository.text("merge-base", "HEAD", name)
    except GitFailed as error:
        if not repository.resolve("HEAD"):
            raise GitFailed(
                f"there is no commit on this branch yet to compare with {name}",
                "make the first one, or leave --base out",
            ) from error
        raise GitFailed(f"HEAD and {name} have no common commit here", FETCH_ALL) from error
    if is_cut_off(repository, "HEAD", name, found):
        raise GitFailed(f"the history between HEAD and {name} is cut off here", FETCH_ALL)
    return found


def known_as(repository: Repository, ref: str) -> list[str]:
    """Return the names of a branch that are there: its own, and that of ``origin``'s.

    The one that is checked out is no base of itself: it is ``origin``'s alone where that is
    there, so that what was not pushed yet is not published. So is the one that a rebase will
    move: in the middle of ``git pull --rebase`` ``HEAD`` is detached.
    """
    found = [each for each in (ref, f"origin/{ref}") if repository.resolve(each)]
    return found[1:] if found[1:] and ref == (repository.branch() or rebased(repository)) else found


def rebased(repository: Repository) -> str:
    """Return the name of the branch that is being rebased, empty for none."""
    for folder in ("rebase-merge", "rebase-apply"):
        with contextlib.suppress(OSError):
            name = (repository.git_dir / folder / "head-name").read_text(encoding="utf-8")
            return name.strip().removeprefix("refs/heads/")
    return ""


def is_cut_off(repository: Repository, one: str, other: str, common: str) -> bool:
    """Say whether a shallow clone lacks commits between two and the common one it knows.

    There may be a newer one then. Where that is one of the two there is none.
    """
    if not repository.is_shallow or common in (repository.resolve(one), repository.resolve(other)):
        return False
    between = repository.text("rev-list", one, other, f"^{common}").split()
    return not set(between).isdisjoint((repository.common_dir / "shallow").read_text().split())


def commits_since(repository: Repository, commit: str, folders: Sequence[str]) -> list[str]:
    """Return the commits from there to ``HEAD`` that touched these folders, oldest first."""
    return repository.text(
        "--literal-pathspecs", "rev-list", "--reverse", "--topo-order", f"{commit}..HEAD",
        "--", *(folder or "." for folder in folders),
    ).split()  # fmt: skip


def author_of(repository: Repository, path: str, *commits: str) -> str:
    """Return who last changed a file as of these commits, empty where it is in none of them.

    Without any: here, or in what is being merged.
    """
    tips = commits or [tip for tip in ("HEAD", "MERGE_HEAD") if repository.resolve(tip)]
    if not tips:
        return ""
    return repository.text(
        "--literal-pathspecs", "log", "-1", "--format=%an", "--end-of-options", *tips, "--", path
    )


def writer_of(repository: Repository, path: str) -> str:
    """Return who wrote a staged file: its author, or who is about to commit it.

    Empty where git knows neither.
    """
    author = author_of(repository, path)
    if author:
        return author
    try:
        return repository.text("var", "GIT_AUTHOR_IDENT").rpartition(" <")[0]
    except GitFailed:
        return ""


def is_in_a_commit(repository: Repository, path: str) -> bool:
    """Say whether a commit of any branch, or the one checked out, touched a path."""
    starts = ["--all", *(["HEAD"] if repository.resolve("HEAD") else [])]
    return bool(repository.run("--literal-pathspecs", "rev-list", "-1", *starts, "--", path))


def is_on_another_branch(repository: Repository, path: str) -> bool:
    """Say whether a branch or a tag has a commit that ``HEAD`` has not and that touched a path."""
    others = ("--branches", "--remotes", "--tags", "--not", "HEAD")
    return bool(repository.run("--literal-pathspecs", "rev-list", "-1", *others, "--", path))


def added_by_head(repository: Repository) -> list[str]:
    """Return the paths that ``HEAD``'s commit added."""
    return repository.names(
        "diff-tree", "--no-commit-id", "--name-only", "-z", "-r", "--root",
        "--no-renames", "--diff-filter=A", "HEAD",
    )  # fmt: skip


def changed_by_last_commit(repository: Repository, paths: Sequence[str]) -> list[str]:
    """Return which of these paths the last commit changed; for an amended one that means
    since the commit it replaced, which the reflog knows and the parent does not.
    """  # noqa: D205
    try:
        sides = [repository.text("rev-parse", "--quiet", "--verify", "HEAD@{1}"), "HEAD"]
    except GitFailed:
        sides = ["--root", "--no-commit-id", "HEAD"]
    return repository.names(
        "--literal-pathspecs", "diff-tree", "-r", "-z", "--name-only", "--no-renames",
        *sides, "--", *paths,
    )  # fmt: skip


def takes_revisions_away(repository: Repository, before: str, after: str) -> bool:
    """Say whether a file that looks like a revision is in one commit and not in the other.

    No for what is no commit here: the null id that git gives a hook for a new work tree.
    """
    if not (repository.resolve(before) and repository.resolve(after)):
        return False
    return bool(
        repository.run(
            "--no-literal-pathspecs", "diff", "--name-only", "--no-ext-diff", "--no-renames",
            "--diff-filter=D", "-G^down_revision", before, after, "--", ":(top,glob)**/*.py",
        )
    )  # fmt: skip


def head_is_published(repository: Repository) -> bool:
    """Say whether a remote's branch already has ``HEAD``."""
    found = repository.run("for-each-ref", "--count=1", "--contains=HEAD", "refs/remotes")
    return bool(found.strip())
