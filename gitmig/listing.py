"""What git prints of trees and of the work tree, as plain data. Pure; every listing is ``-z``."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from gitmig.errors import GitFailed

LINK, SUBMODULE = "120000", "160000"  # modes, as in gitformat-index
FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # of an object, by SHA-1 or SHA-256
UNDECODED = "\ufffe"  # no character: no text that is one has it
codecs.register_error("gitmig-undecoded", lambda error: (UNDECODED, error.end))  # type: ignore[attr-defined]
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
"""The id of the empty blob: also what ``git add -N`` leaves until there is content."""


Changes = dict[str, tuple[str, str]]
"""Path → its blob before and after, empty where there is none."""


@dataclass(frozen=True)
class WorkTreeStatus:
    """Paths whose work-tree file differs from the index, and paths git does not know."""

    unstaged: tuple[str, ...]
    untracked: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """A tree: path → blob id of its files, and of its symbolic links (their text)."""

    files: dict[str, str]
    links: dict[str, str]


def entries(output: bytes) -> Iterator[tuple[list[str], str]]:
    """Yield the words before the tab and the path of each entry."""
    for entry in output.split(b"\0"):
        head, tab, name = entry.partition(b"\t")
        if tab:
            yield head.decode().split(), os.fsdecode(name)


def parse_index(output: bytes) -> Listing:
    """Read ``ls-files -s -z``; raises GitFailed where a path is unmerged: there is no tree then."""
    found = Listing({}, {})
    for (mode, blob, stage), path in entries(output):
        if stage != "0":
            remedy = f"resolve it, then run `git add {quote(path)}`"
            raise GitFailed(f"{path} is unmerged", remedy)
        note(found, mode, blob, path)
    return found


def parse_tree(output: bytes) -> Listing:
    """Read ``ls-tree -r -z``."""
    found = Listing({}, {})
    for (mode, _kind, blob), path in entries(output):
        note(found, mode, blob, path)
    return found


def text_of(content: bytes) -> str:
    """Return the text of a file: UNDECODED stands for bytes that are no UTF-8."""
    return content.decode("utf-8", "gitmig-undecoded")


def parse_blobs(output: bytes) -> dict[str, str]:
    """Read ``cat-file --batch``: id → text, see ``text_of``; what is missing is not there."""
    found, place = {}, 0
    while place < len(output):
        end = output.index(b"\n", place)
        head = output[place:end].split()
        place = end + 1
        if head[1] != b"missing":
            size = int(head[2])
            found[head[0].decode()] = text_of(output[place : place + size])
            place += size + 1
    return found


def parse_merge(output: bytes) -> tuple[str, dict[str, list[str]]]:
    """Read ``merge-tree --write-tree -z --no-messages``: the tree, and what is in conflict.

    That is path → the blobs which the two sides have there.
    """
    tree, _, rest = output.partition(b"\0")
    conflicts: dict[str, list[str]] = {}
    for (_mode, blob, stage), path in entries(rest):
        blobs = conflicts.setdefault(path, [])
        if stage != "1":  # that of the merge base
            blobs.append(blob)
    return tree.decode(), conflicts


def parse_changes(output: bytes) -> dict[str, Changes]:
    """Read ``diff-tree --stdin -r -z``: what each commit changes; links are left out."""
    found: dict[str, Changes] = {}
    changes: Changes = {}
    words = iter(output.split(b"\0"))
    for word in words:
        if not word.startswith(b":"):
            changes = found.setdefault(word.decode(), {})
            continue
        modes, path = word[1:].decode().split(), os.fsdecode(next(words))
        before, after = (
            "" if mode in (LINK, SUBMODULE) or not int(mode) else blob
            for mode, blob in zip(modes[:2], modes[2:4], strict=True)
        )
        changes[path] = (before, after)
    return found


def note(found: Listing, mode: str, blob: str, path: str) -> None:
    """Put an entry where it belongs; a submodule's commit is no blob."""
    if mode == LINK:
        found.links[path] = blob
    elif mode != SUBMODULE:
        found.files[path] = blob


def parse_status(output: bytes) -> WorkTreeStatus:
    """Read ``status --porcelain -z``."""
    unstaged, untracked = [], []
    names = iter([os.fsdecode(name) for name in output.split(b"\0") if name])
    for entry in names:
        staged, changed, path = entry[0], entry[1], entry[3:]
        if "R" in entry[:2] or "C" in entry[:2]:
            next(names)  # the name before
        if staged == "?":
            untracked.append(path)
        elif changed != " ":
            unstaged.append(path)
    return WorkTreeStatus(tuple(unstaged), tuple(untracked))
