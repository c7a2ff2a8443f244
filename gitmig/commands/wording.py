"""What ``gitmig autogenerate`` says of doubts, of older differences and of failed proofs."""

from __future__ import annotations

from collections.abc import Sequence

from gitmig.errors import Stopped, WorkerFailed
from gitmig.explain import hint_for_beforehand

REASONS = {
    "not_stable": "two comparisons of one state differ, so the models are not the same each time",
    "not_converging": "after it the models still differ from the schema",
    "rows_differ": "rows do not keep their values",
    "downgrade_differs": "its downgrade does not restore the schema",
    "migration_failed": "it fails when it is applied",
}
NOT_PROVED = tuple(REASONS)
SHOWN = 5  # doubts that are told one by one


def listed(doubts: Sequence[str]) -> str:
    """Return the first doubts as one sentence; the file shows the rest."""
    rest = len(doubts) - SHOWN
    return "; ".join(doubts[:SHOWN]) + (f"; and {rest} more like these" if rest > 0 else "")


def notes_on(residue: Sequence[str]) -> tuple[str, ...]:
    """Return what to say of differences that are older than the commit."""
    if not residue:
        return ()
    one = len(residue) == 1
    count, them = (
        ("one difference is", "it") if one else (f"{len(residue)} differences are", "them")
    )
    return (
        f"{count} older than this commit and left out; `gitmig check` lists {them}, "
        f"`gitmig autogenerate` with nothing staged writes {them}",
    )


def not_mended(left: Sequence[str]) -> tuple[str, ...]:
    """Return what to say of differences that the new revision leaves to a person."""
    if not left:
        return ()
    return (f"not in the file, to be written by hand (`gitmig check` tells more): {listed(left)}",)


def unproved(error: WorkerFailed, known: set[str]) -> Exception:
    """Return what to raise where the new revision, not the project, is what failed."""
    if error.kind not in NOT_PROVED:
        return error
    if error.kind == "migration_failed" and error.data.get("path") in known:
        return error
    reason = REASONS[error.kind]
    if error.kind == "migration_failed" and error.data.get("up") is False:
        reason = "its downgrade fails"
    likely = error.data.get("doubts", [])
    by_hand = "write this one by hand: `gitmig revision -m TEXT`, edit it, stage it, commit again"
    if error.kind == "migration_failed":
        by_hand = hint_for_beforehand(error.data["message"]) or by_hand
    if error.data.get("unseen"):
        by_hand = f"nothing was generated for {listed(error.data['unseen'])}: {by_hand}"
    return Stopped(
        f"the generated revision was not written because {reason}: {error.data['message']}",
        likely[0] if likely else by_hand,
        error.detail if error.kind == "migration_failed" else "",
    )
