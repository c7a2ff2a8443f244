"""After ``git commit <path>``: put what the hook staged back into the index that git kept."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gitmig.errors import GitFailed
from gitmig.git import Repository


def repair(directory: Path) -> None:
    """Do what the pre-commit hook noted; the native post-commit hook does the same in sh."""
    repository = Repository.open(directory)
    note = repository.own_dir / "repair"
    if not note.exists():
        return
    os.environ.pop("GIT_INDEX_FILE", None)  # the one of the commit is gone by now
    with contextlib.suppress(GitFailed):
        repository.run(
            "--literal-pathspecs", "reset", "-q", "HEAD",
            f"--pathspec-from-file={note}", "--pathspec-file-nul",
        )  # fmt: skip
    note.unlink()
