"""After ``git commit <path>``: bring the index that git kept in line with the commit."""

from __future__ import annotations

import os
from pathlib import Path

from gitmig import history
from gitmig.git import Repository


def repair(directory: Path) -> None:
    """Do what the pre-commit hook noted; the native post-commit hook does the same in sh.

    Only paths that the commit changed are touched: a note may be left from a commit that was
    aborted. Raises GitFailed with the note kept where the index cannot be written.
    """
    repository = Repository.open(directory)
    note = repository.own_dir / "repair"
    if not note.exists():
        return
    noted = [os.fsdecode(path) for path in note.read_bytes().split(b"\0") if path]
    paths = history.changed_by_last_commit(repository, noted)
    if paths:
        repository.run("--literal-pathspecs", "reset", "-q", "HEAD", "--", *paths)
    note.unlink()
