"""The history of a repository: which commits changed models and added one revision."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig import revisions, shape, sources
from gitmig.errors import GitFailed, NotARepository, SourceError
from gitmig.model import Revision

FORMAT = "--format=%x01%H%x02%cs%x02%s"
WITHOUT_ROOT = ("-c", "log.showRoot=false")  # the first commit has no parent to begin from
RAW = ("--raw", "--no-abbrev", "--no-renames", "-z", "-m", "--first-parent")


@dataclass(frozen=True)
class Change:
    """A commit, with its date and subject, and the one revision that it added."""

    commit: str
    date: str
    subject: str
    revision: Revision


@dataclass(frozen=True)
class Entry:
    """A file that a commit changed: ``A``, ``M`` or ``D``, and its blobs before and after."""

    status: str
    path: str
    old: str
    new: str


class Blobs:
    """The texts of blobs, from one git process."""

    def __init__(self, git_dir: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "--git-dir", git_dir, "cat-file", "--batch"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def text(self, blob: str) -> str:
        """Return a text; an empty one where there is none, or an incomplete clone lacks it."""
        if set(blob) == {"0"}:
            return ""
        assert self._git.stdin is not None and self._git.stdout is not None
        self._git.stdin.write(blob.encode() + b"\n")
        self._git.stdin.flush()
        head = self._git.stdout.readline().split()
        if len(head) != 3:  # "<blob> missing"
            return ""
        return self._git.stdout.read(int(head[2]) + 1)[:-1].decode("utf-8", "replace")

    def close(self) -> None:
        """End the process."""
        self._git.communicate()


class History:
    """The commits of a repository, bare or not; raises GitmigError where there is none."""

    def __init__(self, repository: Path) -> None:
        if not repository.is_dir():
            raise NotARepository(f"There is no folder {repository}.")
        told = git(repository, "rev-parse", "--absolute-git-dir")
        self.git_dir = Path(told.strip())
        self._blobs = Blobs(self.git_dir)

    def close(self) -> None:
        """End what reads the repository."""
        self._blobs.close()

    def parent(self, commit: str) -> str:
        """Return the first parent of a commit; raises GitFailed for one that has none."""
        return git(self.git_dir, "rev-parse", "--verify", f"{commit}^1").strip()

    def changes(self, since: str = "") -> Iterator[Change]:
        """Yield the commits that changed models and added one revision, the newest first.

        ``since`` is a revision of git after which to look. First parents are followed: what a
        merge brings in counts as one commit. One that joins two heads or edits another revision is
        left out: its schema does not come from its models alone.
        """
        where = f"{since}..HEAD" if since else "HEAD"
        for head, entries in self._log(where):
            change = self._change(head, entries)
            if change is not None and self._fits(change, entries):
                yield change

    def named(self, commits: Sequence[str]) -> Iterator[Change]:
        """Yield commits as they are named; raises GitFailed for one without one new revision."""
        for commit in commits:
            head, entries = next(self._log("--no-walk", commit))
            change = self._change(head, entries)
            if change is None:
                raise GitFailed(f"The commit {commit} does not add exactly one revision.")
            yield change

    def paths(self, commit: str) -> list[str]:
        """Return all paths of a commit."""
        told = git(self.git_dir, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return told.split("\0")[:-1]

    def read(self, commit: str, path: str) -> str | None:
        """Return the text of a file in a commit, None where there is none."""
        return self._blobs.text(f"{commit}:{path}") or None

    def lay_out(self, commit: str, folder: Path, paths: Sequence[str] = ()) -> None:
        """Write the files of a commit into a folder: all, or those that pathspecs choose."""
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            env = {"GIT_INDEX_FILE": f"{place}/index"}
            there = ("-c", "core.bare=false", "--git-dir", str(self.git_dir), "--work-tree", ".")
            git(folder, *there, "read-tree", commit, env=env)
            chosen = git(folder, *there, "ls-files", "-z", "--", *paths, env=env)
            git(folder, *there, "checkout-index", "-q", "-z", "--stdin", env=env, said=chosen)

    def _log(self, *which: str) -> Iterator[tuple[str, list[Entry]]]:
        told = git(self.git_dir, *WITHOUT_ROOT, "log", FORMAT, *RAW, *which)
        for block in told.split("\1")[1:]:
            head, *fields = block.strip("\0\n").split("\0")
            yield head, list(read_entries([field for field in fields if field]))

    def _change(self, head: str, entries: list[Entry]) -> Change | None:
        added = [entry for entry in entries if entry.status == "A"]
        found = [revision for entry in added if (revision := self._revision(entry))]
        if len(found) != 1:
            return None
        commit, date, subject = head.split("\2", 2)
        return Change(commit, date, subject, found[0])

    def _fits(self, change: Change, entries: list[Entry]) -> bool:
        own = change.revision.path
        others = [entry for entry in entries if entry.path != own]
        beside = [entry for entry in others if folder_of(entry.path) == folder_of(own)]
        return (
            len(change.revision.parents) < 2
            and not any(self._revision(entry) for entry in beside)
            and any(self._changes_models(entry) for entry in others)
        )

    def _revision(self, entry: Entry) -> Revision | None:
        name = entry.path.rpartition("/")[2]
        if not revisions.is_revision_file(name):
            return None
        text = self._blobs.text(entry.old if entry.status == "D" else entry.new)
        if "down_revision" not in text:
            return None
        try:
            return revisions.parse(text, entry.path)
        except SourceError:
            return None

    def _changes_models(self, entry: Entry) -> bool:
        """Whether a file declares tables, or did, and its code is another one now."""
        if not entry.path.endswith(".py") or {"test", "tests"} & set(entry.path.split("/")):
            return False
        texts = [self._blobs.text(entry.old), self._blobs.text(entry.new)]
        try:
            declares = any(sources.tables(text, entry.path) for text in texts)
            old, new = map(shape.source_shape, texts)
        except SourceError:
            return False
        return declares and old != new


def folder_of(path: str) -> str:
    """Return the folder of a path."""
    return path.rpartition("/")[0]


def read_entries(fields: Sequence[str]) -> Iterator[Entry]:
    """Read what ``git log --raw -z`` says of one commit: facts and path by turns."""
    for facts, path in zip(fields[::2], fields[1::2], strict=True):
        _mode, _new_mode, old, new, status = facts.lstrip("\n:").split()
        yield Entry(status[0], path, old, new)


def git(folder: Path, *arguments: str, env: dict[str, str] | None = None, said: str = "") -> str:
    """Run git in a folder and return what it printed; raises GitFailed with its words."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **(env or {})}, input=said,
        capture_output=True, text=True, errors="surrogateescape", check=False,
    )  # fmt: skip
    if done.returncode:
        raise GitFailed(f"git {' '.join(arguments[:6])} failed.", detail=done.stderr[-1000:])
    return done.stdout
