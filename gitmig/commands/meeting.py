"""Why heads may not be joined or put in one line, in words: what meets what, and the ways out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitmig import history
from gitmig.commands.workspace import Workspace
from gitmig.errors import Stopped, WorkerFailed
from gitmig.model import Revision

TWO = 2


def refused(workspace: Workspace, error: WorkerFailed, heads: Sequence[Revision]) -> Exception:
    """Return what to raise where the proof says that heads may not be joined.

    Any other error of the worker's is returned as it is.
    """
    if "pairs" not in error.data:
        return error
    pairs = [tuple(pair) for pair in error.data["pairs"]]
    where = places(workspace, error.data["meetings"]) or of_heads(workspace, heads, pairs)
    which = f"of {len(heads)} heads {told_pairs(pairs)}" if len(heads) > TWO else "the heads"
    if error.kind == "sides_differ":
        one, other = pairs[0] if len(pairs) == 1 else ("another", "one")
        return Stopped(
            f"{which} do not commute, nothing was written: {error.data['message']} "
            f"depending on the order of {where}",
            "edit one of them so that the order does not matter, "
            f"or let {other} depend on {one} with depends_on",
        )
    return Stopped(
        f"{which} meet, nothing was written ({where}): {error.message}",
        "drop or edit the operation that both have, then run `gitmig merge-heads` again",
        error.detail,
    )


def told_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """Return which two of several heads it is; where there are no such two, that it takes more."""
    if not pairs:
        return "no two alone, but all together"
    return ", ".join(" and ".join(pair) for pair in pairs)


def of_heads(
    workspace: Workspace, heads: Sequence[Revision], pairs: Sequence[Sequence[str]]
) -> str:
    """Return the places of the heads that are meant, where no operation is known to meet."""
    meant = {name for pair in pairs for name in pair}
    return " and ".join(
        operation(workspace, {"path": head.path, "line": head.line, "words": head.subject})
        for head in heads
        if head.id in meant or not meant
    )


def places(workspace: Workspace, meetings: Iterable[Mapping[str, Any]]) -> str:
    """Return which operations meet: file, line, what they do and who wrote them."""
    told = []
    for each in meetings:
        one, other = (operation(workspace, each[side]) for side in ("one", "other"))
        told.append(f"{one} and {other}")
    return "; ".join(told)


def operation(workspace: Workspace, told: Mapping[str, Any]) -> str:
    """Return one operation with its place and its author."""
    author = history.writer_of(workspace.repository, told["path"])
    by = f" by {author}" if author else ""
    return f"{told['path']}:{told['line']} ({told['words']}{by})"
