"""How a hook was called: what git was asked to do, as far as it can be known.

Git tells a pre-commit hook which index is being committed (``GIT_INDEX_FILE``), but not that it
amends: that is read from the command line of the ``git commit`` above us. Where it cannot be read
the answer is no, which only stacks a second revision.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

# options of git commit whose value is the next word (git-commit(1))
WITH_VALUE = {"-m", "-F", "-c", "-C", "-t", "--message", "--file", "--reuse-message"}
WITH_VALUE |= {"--reedit-message", "--template", "--author", "--date", "--cleanup", "--fixup"}
WITH_VALUE |= {"--squash", "--trailer", "--pathspec-from-file"}
GENERATIONS = 8  # from the hook up to git: sh, pre-commit, its own children


@dataclass(frozen=True)
class Invocation:
    """``hook``: called by a hook; ``framework``: by pre-commit; ``committing``: git is at it.

    ``only_paths`` is ``git commit <path>``, after which git replaces the index; ``amending`` is
    ``git commit --amend``.
    """

    hook: bool = False
    framework: bool = False
    committing: bool = False
    only_paths: bool = False
    amending: bool = False

    @property
    def only_looking(self) -> bool:
        """Say whether pre-commit was started by hand or in CI, where no commit is under way."""
        return self.framework and not self.committing


BY_HAND = Invocation()


def of_hook(framework: bool) -> Invocation:
    """Return how the running hook was called."""
    index = os.environ.get("GIT_INDEX_FILE", "")
    return Invocation(
        hook=True,
        framework=framework,
        committing=bool(index),
        only_paths=Path(index).name.startswith("next-index-"),
        amending=amends(commit_command()),
    )


def amends(words: list[str]) -> bool:
    """Say whether a ``git commit`` command line amends: ``-m --amend`` is a message."""
    options = iter(words[words.index("commit") + 1 :] if "commit" in words else [])
    for word in options:
        if word == "--":
            return False
        if word == "--amend":
            return True
        if word in WITH_VALUE:
            next(options, None)
    return False


def commit_command() -> list[str]:
    """Return the command line of the ``git commit`` that runs the hook, empty where unknown."""
    process = os.getppid()
    for _ in range(GENERATIONS):
        words, parent = command_of(process)
        if words and Path(words[0]).name.startswith("git") and "commit" in words:
            return words
        if not parent:
            break
        process = parent
    return []


def command_of(process: int) -> tuple[list[str], int]:
    """Return a process's command line and its parent's id; nothing where they cannot be read."""
    folder = Path("/proc") / str(process)
    try:
        words = folder.joinpath("cmdline").read_bytes().split(b"\0")
        # the name in the second field may hold spaces and parentheses
        fields = folder.joinpath("stat").read_text(errors="replace").rpartition(")")[2].split()
        return [os.fsdecode(word) for word in words if word], int(fields[1])
    except OSError:
        return ask_ps(process)


def ask_ps(process: int) -> tuple[list[str], int]:
    """Return the same by ``ps``, for systems without ``/proc``."""
    command = ["ps", "-o", "ppid=,command=", "-p", str(process)]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        parent, _, line = output.strip().partition(" ")
        return shlex.split(line), int(parent)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return [], 0
