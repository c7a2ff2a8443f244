"""Is there anything to do? Standard library only, and imported before all else.

Every commit pays for this module. It compares the staged files with the memo: what was proved for
given inputs holds until they change. A memo entry names its inputs (the files that the models,
env.py and the revisions were loaded from) and the folders in which a new file could matter.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

VERSION = 5
GATED = (["hook", "pre-commit"],)
# what is listed from the index besides the inputs: files that could newly matter
LISTED = ("*.py", "*alembic.ini", "*pyproject.toml", "*gitmig.toml")
TABLES = r"__tablename__|table ?= ?True|Table\(|\(db\.Model"
CONFIGURATIONS = ("alembic.ini", "pyproject.toml", "gitmig.toml")

Entry = dict[str, Any]
PARTS = {"inputs", "folders", "names", "residue", "models", "stamp"}


def settles(arguments: list[str]) -> bool:
    """Say whether a hook's command line is done already: skipped, or nothing has changed.

    Whatever goes wrong in here is no answer: the long way finds the words for it.
    """
    if arguments[:2] not in GATED:
        return False
    if skipped(os.environ):
        return True
    try:
        return is_known(arguments)
    except Exception:
        return False


def is_known(arguments: list[str]) -> bool:
    """Say whether the staged files are those of a memo entry."""
    git_dir = own_git_dir(os.getcwd())
    entries = load(memo_path(common_dir(git_dir)))
    if not entries:
        return False
    index = staged(entries)
    if only_looking(arguments):  # what an entry left out as older is missing all the same
        entries = [entry for entry in entries if not entry["residue"]]
    held = any(holds(entry, index) for entry in entries) and not forgotten(git_dir, index)
    return held and not declares_tables(entries)


def declares_tables(entries: Iterable[Entry], directory: str = ".") -> bool:
    """Say whether the commit has tables in files that no entry knows: never imported, it seems.

    One git process.
    """
    known = {path for entry in entries for path in entry["inputs"]}
    command = ["git", "diff", "--cached", "--name-only", "-z", "--no-ext-diff", f"-G{TABLES}"]
    whole = [*command, "--", "*.py"]
    output = subprocess.run(whole, stdout=subprocess.PIPE, check=False, cwd=directory).stdout
    return any(name and os.fsdecode(name) not in known for name in output.split(b"\0"))


def only_looking(arguments: list[str]) -> bool:
    """Say whether pre-commit was started by hand or in CI, where no commit is under way."""
    return "--framework" in arguments and not os.environ.get("GIT_INDEX_FILE")


def skipped(environ: Mapping[str, str]) -> bool:
    """Say whether hooks are to be skipped: by the user, or because gitmig itself is running."""
    return environ.get("GITMIG_SKIP", "0") not in ("", "0") or "GITMIG_RUNNING" in environ


def own_git_dir(directory: str) -> str:
    """Return the git directory of the work tree with that top level.

    Reads what git reads (gitrepository-layout), without starting git.
    """
    git_dir = os.environ.get("GIT_DIR") or os.path.join(directory, ".git")
    if os.path.isfile(git_dir):
        with open(git_dir, encoding="utf-8") as file:
            git_dir = os.path.join(directory, file.read().partition("gitdir:")[2].strip())
    return git_dir


def merging(directory: str) -> bool:
    """Say whether the commit under way concludes a merge."""
    return os.path.isfile(os.path.join(own_git_dir(directory), "MERGE_HEAD"))


def common_dir(git_dir: str) -> str:
    """Return the git directory that linked work trees share, for one of theirs."""
    pointer = os.path.join(git_dir, "commondir")
    if os.path.isfile(pointer):
        with open(pointer, encoding="utf-8") as file:
            git_dir = os.path.join(git_dir, file.read().strip())
    return git_dir


def memo_path(common: str) -> str:
    """Return where the memo of a repository is kept."""
    return os.path.join(common, "gitmig", "memo.json")


def load(path: str) -> list[Entry]:
    """Return the memo's entries, none where it is missing, of another version or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            memo = json.load(file)
        entries = memo["entries"] if memo["version"] == VERSION else []
        return [entry for entry in entries if entry.keys() >= PARTS]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def forgotten(git_dir: str, index: Mapping[str, str]) -> bool:
    """Say whether a revision of gitmig's lies in the work tree that no commit has taken."""
    try:
        with open(os.path.join(git_dir, "gitmig", "pending.json"), encoding="utf-8") as file:
            entries = json.load(file).values()
        return any(
            index.get(entry["path"], "") == entry["before"] and os.path.lexists(entry["path"])
            for entry in entries
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def staged(entries: Iterable[Entry]) -> dict[str, str]:
    """Return path → blob id from the index, for what the entries speak of. One git process."""
    others = {path for entry in entries for path in entry["inputs"] if not path.endswith(".py")}
    command = ["git", "ls-files", "-s", "-z", "--", *LISTED, *sorted(others)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    found = {}
    for line in output.split(b"\0"):
        head, _, name = line.partition(b"\t")
        if name:
            found[os.fsdecode(name)] = head.split()[1].decode()
    return found


def holds(entry: Entry, index: Mapping[str, str]) -> bool:
    """Say whether an entry's proof holds for the staged files."""
    if any(index.get(path) != blob for path, blob in entry["inputs"].items()):
        return False
    return bool(
        entry["names"] == names_key(entry["folders"], index) and stamp_holds(entry["stamp"])
    )


def names_key(folders: Iterable[str], index: Iterable[str]) -> str:
    """Return a hash of the names of files that could matter although no input names them yet.

    Python files in the folders of the inputs (at the top level: in it, not below it), and
    configurations anywhere.
    """
    prefixes = tuple(folder + "/" for folder in folders if folder)
    top = "" in folders
    digest = hashlib.sha256()
    for path in sorted(index):
        name = path.rpartition("/")[2]
        python = path.endswith(".py") and (path.startswith(prefixes) or (top and "/" not in path))
        if python or name in CONFIGURATIONS:
            digest.update(os.fsencode(path) + b"\0")
    return digest.hexdigest()


def stamp_holds(stamp: Mapping[str, int]) -> bool:
    """Say whether the interpreter's packages are as they were: the folder's time is unchanged."""
    try:
        return all(os.stat(path).st_mtime_ns == time for path, time in stamp.items())
    except OSError:
        return False
