"""Writes to the index being committed, and the trees that git makes of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gitmig.errors import GitFailed
from gitmig.git import NOTHING, Repository


def add(repository: Repository, paths: Sequence[str]) -> None:
    """Stage exactly these paths in the index, also those that a sparse checkout leaves out."""
    try:
        repository.run("--literal-pathspecs", "add", "--", *paths)
    except GitFailed:
        if not is_sparse(repository):
            raise
        repository.run("--literal-pathspecs", "add", "--sparse", "--", *paths)


def is_sparse(repository: Repository) -> bool:
    """Say whether only some of the files are checked out."""
    try:
        return repository.run("config", "--type=bool", "core.sparseCheckout").strip() == b"true"
    except GitFailed:
        return False


def remove(repository: Repository, paths: Sequence[str]) -> None:
    """Take paths out of the index; the work tree is left alone."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    repository.run("update-index", "--force-remove", "-z", "--stdin", stdin=names)


def write_tree(
    repository: Repository, without: Sequence[str] = (), instead: Mapping[str, str] = NOTHING
) -> str:
    """Return the id of the tree being committed; the index stays as it is.

    ``without`` are paths to leave out, ``instead`` other texts of some files.
    """
    names = b"".join(os.fsencode(path) + b"\0" for path in without)
    other = b"".join(
        b"100644 %s\t%s\0" % (store(repository, text).encode(), os.fsencode(path))
        for path, text in instead.items()
    )
    with tempfile.TemporaryDirectory(prefix="gitmig-index-") as folder:
        copy = Path(folder, "index")
        index = index_file(repository)
        if index.exists():
            shutil.copyfile(index, copy)
        env = {"GIT_INDEX_FILE": str(copy)}
        repository.run("update-index", "--force-remove", "-z", "--stdin", stdin=names, env=env)
        if other:
            repository.run("update-index", "-z", "--index-info", stdin=other, env=env)
        return os.fsdecode(repository.run("write-tree", env=env)).strip()


def store(repository: Repository, text: str) -> str:
    """Return the id of a new blob; git removes it by itself where nothing comes to name it."""
    return os.fsdecode(repository.run("hash-object", "-w", "--stdin", stdin=text.encode())).strip()


def index_file(repository: Repository) -> Path:
    """Return the index of the commit under way."""
    given = os.environ.get("GIT_INDEX_FILE")
    return repository.root / given if given else repository.git_dir / "index"


def lay_out(repository: Repository, tree: str, folder: Path, index: Path) -> None:
    """Make a folder hold a tree, by difference from what its own index says is there."""
    folder.mkdir(parents=True, exist_ok=True)
    repository.run(
        "-c", "core.sparseCheckout=false", "-c", "core.fsmonitor=false",
        "-c", "submodule.recurse=false", f"--work-tree={folder}",
        "read-tree", "--no-recurse-submodules", "--reset", "-u", tree,
        env={"GIT_INDEX_FILE": str(index), "GIT_DIR": str(repository.git_dir)},
    )  # fmt: skip
