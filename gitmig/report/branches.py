"""The table of who collides with whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from gitmig.outcomes import Collision, OpenBranch

HEAD = ("branch", "new revisions", "collides with", "why")
SHOWN = 4  # names in one cell; JSON has them all


def meeting(console: Console, branches: Sequence[OpenBranch], *, quiet: bool = False) -> None:
    """Print each branch with its new revisions and what it collides with; ``quiet``: only those."""
    shown = [each for each in branches if each.collisions or (not quiet and worth_a_row(each))]
    rows = [HEAD, *(row for branch in shown for row in rows_of(branch))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD) - 1)]
    for number, row in enumerate(rows if shown else []):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)]
        console.print(Text(f"  {'  '.join(cells)}".rstrip(), "" if number else "bold"))
    others = len(branches) - len(shown)
    if others and not quiet:
        count = f"{others} branch{'es' if others > 1 else ''}"
        console.print(Text(f"  {count} without a new revision", "dim"))


def worth_a_row(branch: OpenBranch) -> bool:
    """Say whether there is anything to tell of a branch."""
    return bool(branch.revisions or branch.collisions or branch.note)


def rows_of(branch: OpenBranch) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row of a branch: one for each reason, all who collide so in it."""
    name, new = branch.name, some([revision.id for revision in branch.revisions]) or "-"
    reasons: dict[str, list[Collision]] = {}
    for collision in branch.collisions:
        reasons.setdefault(collision.why, []).append(collision)
    if not reasons:
        yield name, new, "-", branch.note
    for why, collisions in reasons.items():
        what = dict.fromkeys(word for collision in collisions for word in collision.what)
        others = some([collision.branch for collision in collisions])
        yield name, new, others, f"{why}: {some([*what])}"
        name = new = ""


def some(words: Sequence[str]) -> str:
    """Return the first of some words, and how many more there are."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
