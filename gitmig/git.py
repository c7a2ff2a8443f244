"""The only door to git.

GitPython starts git and reads blobs; every write to the index is a ``git`` process of its own, so
that the ``GIT_INDEX_FILE`` of the hook is obeyed (GitPython's own index ignores it).
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git: an error when it is run

from git import Git, GitCommandError, GitCommandNotFound

from gitmig import listing
from gitmig.errors import GitFailed, GitmigError, IndexLocked, NotARepository

NOTHING: Mapping[str, str] = {}

# what a file under the git directory says about the operation in progress (FACTS: git hooks)
STATES = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "MERGE_HEAD": "merge",
    "BISECT_LOG": "bisect",
}


FETCH_ALL = (
    "in a shallow clone fetch all of it: `git fetch --unshallow origin "
    "'+refs/heads/*:refs/remotes/origin/*'`; in CI the line fetch-depth: 0 (GIT_DEPTH: 0)"
)
QUESTIONS = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")


class Repository:
    """A git work tree: ``root`` its top level, ``git_dir`` its own, ``common_dir`` the shared."""

    def __init__(self, root: Path, git_dir: Path, common_dir: Path) -> None:
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        self._git = Git(str(root))
        self._reading = threading.Lock()  # one process reads for all threads
        self._texts: dict[str, str] = {}  # of blobs
        self._trees: dict[str, dict[str, str]] = {}  # of commits

    @classmethod
    def open(cls, directory: Path) -> Repository:
        """Return the repository around a directory.

        Raises NotARepository where there is none (a bare one counts as none).
        """
        git = Git(str(directory))
        try:
            output = git.rev_parse(*QUESTIONS)
        except GitCommandNotFound as error:
            raise GitmigError("git was not found on PATH", "install git, then try again") from error
        except GitCommandError as error:
            bare = "must be run in a work tree" in str(error.stderr)
            hint = "run it in a clone of that" if bare else "run `git init` there first"
            raise NotARepository(f"{directory} is not inside a git work tree", hint) from error
        lines = output.split("\n")
        if len(lines) != len(QUESTIONS):  # a newline in a path
            lines = [git.rev_parse(question) for question in QUESTIONS]
        root, git_dir, common = lines
        # --git-common-dir is relative to the directory it was asked in
        return cls(Path(root), Path(git_dir), Path(os.path.realpath(Path(directory, common))))

    @property
    def own_dir(self) -> Path:
        """Return the folder for what belongs to this work tree alone."""
        return self.git_dir / "gitmig"

    @property
    def shared_dir(self) -> Path:
        """Return the folder for what all linked work trees share."""
        return self.common_dir / "gitmig"

    @property
    def hooks_dir(self) -> Path:
        """Return where git looks for hooks; ``core.hooksPath`` is obeyed."""
        return Path(os.path.normpath(self.root / self.text("rev-parse", "--git-path", "hooks")))

    @property
    def main_root(self) -> Path | None:
        """Return the main work tree's top level where this one is a linked one."""
        linked = self.git_dir != self.common_dir
        return self.common_dir.parent if linked and self.common_dir.name == ".git" else None

    @cached_property
    def state(self) -> str:
        """Return the operation in progress (``rebase``, ``merge``, …), empty for none."""
        for name, state in STATES.items():
            if (self.git_dir / name).exists():
                return state
        return ""

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        also: int = 0,
    ) -> bytes:
        """Run git at the top level and return its stdout; ``also`` is an exit code that is fine.

        Raises IndexLocked or GitFailed with git's own words.
        """
        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            code, output, errors = self._git.execute(
                ["git", *arguments],
                istream=source,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env={"GIT_OPTIONAL_LOCKS": "0", **(env or {})},
            )
        if code not in (0, also):
            raise failure(arguments, code, errors)
        return bytes(output)  # bytes already, as stdout_as_string says

    def text(self, *arguments: str, also: int = 0) -> str:
        """Run git and return its stdout as text, without the last newline."""
        return os.fsdecode(self.run(*arguments, also=also)).rstrip("\n")

    def names(self, *arguments: str) -> list[str]:
        """Run a git command with ``-z`` output and return the names."""
        return [os.fsdecode(name) for name in self.run(*arguments).split(b"\0") if name]

    def index(self) -> dict[str, str]:
        """Return path → blob id of the tree being committed.

        A link counts as what it leads to in that tree; a file of ``git add -N`` is not in it.
        Raises GitFailed where a path is unmerged: there is no such tree then.
        """
        found = self.followed(listing.parse_index(self.run("ls-files", "-s", "-z")))
        if listing.EMPTY in found.values():
            for path in self.names("diff-files", "--name-only", "-z", "--diff-filter=A"):
                found.pop(path, None)
        return found

    def followed(self, found: listing.Listing) -> dict[str, str]:
        """Return the files of a tree, and for each link the file it leads to."""
        files = found.files
        for path, blob in found.links.items():
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), self.read(blob)))
            if target in files:
                files[path] = files[target]
        return files

    def read(self, blob: str) -> str:
        """Return a blob's text (undecodable bytes replaced)."""
        with self._reading:
            return listing.text_of(self._git.get_object_data(blob)[3])

    def read_all(self, blobs: Collection[str]) -> dict[str, str]:
        """Return the texts of blobs, by one git process; those that are not there are left out.

        What was read is kept: several gates ask for the same files.
        """
        names = "".join(f"{blob}\n" for blob in blobs if blob not in self._texts).encode()
        if names:
            output = self.run("cat-file", "--batch", "--buffer", stdin=names)
            self._texts.update(listing.parse_blobs(output))
        return {blob: self._texts[blob] for blob in blobs if blob in self._texts}

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Have git keep what it makes in the block in a folder that is gone after it."""
        objects = self.root / self.text("rev-parse", "--git-path", "objects")
        others = [str(objects), *filter(None, [os.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")])]
        with (
            tempfile.TemporaryDirectory(prefix="gitmig-objects-") as folder,
            self._git.custom_environment(
                GIT_OBJECT_DIRECTORY=folder,
                GIT_ALTERNATE_OBJECT_DIRECTORIES=os.pathsep.join(others),
            ),
        ):
            self.close()  # what reads blobs was begun without the folder
            yield
            self.close()

    def has_object(self, blob: str) -> bool:
        """Say whether an object is still there; unreferenced ones are collected in time."""
        try:
            with self._reading:
                self._git.get_object_header(blob)
        except ValueError:
            return False
        return True

    def resolve(self, name: str) -> str:
        """Return the id of a commit, empty where there is none of that name."""
        try:
            return self.text("rev-parse", "--verify", "-q", f"{name}^{{commit}}")
        except GitFailed:
            return ""

    @property
    def is_shallow(self) -> bool:
        """Say whether the history here is cut off."""
        return (self.common_dir / "shallow").exists()

    def tree(self, commit: str) -> dict[str, str]:
        """Return path → blob id of a commit's tree; that of an id is asked for once."""
        found = self._trees.get(commit)
        if found is None:
            output = self.run("ls-tree", "-r", "-z", "--full-tree", commit)
            found = self.followed(listing.parse_tree(output))
            if listing.FULL_ID.fullmatch(commit):
                self._trees[commit] = found
        return dict(found)

    def committed(self, path: str) -> str:
        """Return the id of what ``HEAD`` has at a path, empty where it has nothing there."""
        try:
            return self.text("rev-parse", "--verify", "-q", f"HEAD:{path}")
        except GitFailed:
            return ""

    def is_kept_staged(self, path: str) -> bool:
        """Say whether a path is in the index that stays after ``git commit <path>``."""
        kept = {"GIT_INDEX_FILE": str(self.git_dir / "index")}
        return bool(self.run("--literal-pathspecs", "ls-files", "--", path, env=kept))

    def branch(self) -> str:
        """Return the name of the branch that is checked out, empty for a detached ``HEAD``."""
        try:
            return self.text("symbolic-ref", "--short", "-q", "HEAD")
        except GitFailed:
            return ""

    def status(self) -> listing.WorkTreeStatus:
        """Return where the work tree differs from the index being committed, or may.

        git does not look at files that are marked (sparse checkout, ``--skip-worktree``,
        ``--assume-unchanged``): they count as different.
        """
        found = listing.parse_status(
            self.run("status", "--porcelain", "-z", "--untracked-files=all")
        )
        hidden = [line[2:] for line in self.names("ls-files", "-v", "-z") if line[0] != "H"]
        return listing.WorkTreeStatus((*found.unstaged, *hidden), found.untracked)

    def ignored_files(self) -> list[str]:
        """Return the ignored files that do not lie in a folder ignored as a whole."""
        listed = self.names(
            "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
        )
        return [path for path in listed if not path.endswith("/")]

    def is_ignored(self, path: str) -> bool:
        """Say whether git would ignore a new file there."""
        try:
            return bool(self.run("check-ignore", "-z", "--stdin", stdin=os.fsencode(path)))
        except GitFailed:
            return False

    def config(self, key: str) -> str:
        """Return a value of git's configuration, empty where it is not set."""
        try:
            return self.text("config", "--get", key)
        except GitFailed:
            return ""

    def set_config(self, key: str, value: str) -> None:
        """Set a value in the repository's own configuration."""
        self.run("config", "--local", key, value)

    def close(self) -> None:
        """End the processes that read blobs."""
        self._git.clear_cache()


def failure(arguments: Sequence[str], code: int, errors: str) -> GitFailed:
    """Return the error for a git command that failed."""
    words = errors.strip()
    if "index.lock" in words and "File exists" in words:
        return IndexLocked(
            "another git process holds the index (index.lock exists)",
            "wait for it to finish, or remove the file if it was killed, then try again",
            words,
        )
    name = next((word for word in arguments if not word.startswith("-")), "")
    first = words.splitlines()[0] if words else f"exit code {code}"
    return GitFailed(f"git {name} failed: {first}", "run it by hand to see more", words)
