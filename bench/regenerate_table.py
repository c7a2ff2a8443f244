"""Outcomes as a table for people, for a page, or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from bench.regenerate_case import Outcome, Result

WORDS = ("same", "different", "failed", "stopped")
HEAD = ("commit", "date", "gitmig", "plain Alembic", "subject")
LONGEST = 60
MANY = 3


def text(outcomes: Sequence[Outcome]) -> str:
    """Return a table with columns, what differs below it, and the sums."""
    rows = [HEAD, *map(row_of, outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    reasons = list(reasons_of(outcomes))
    return "\n".join(line.rstrip() for line in [*lines, "", *reasons, *sums_of(outcomes)])


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Return the same for a page."""
    rows = [[cell.replace("|", "\\|") for cell in row_of(outcome)] for outcome in outcomes]
    lines = [f"| {' | '.join(row)} |" for row in [HEAD, ["---"] * len(HEAD), *rows]]
    reasons = [f"* {reason}" for reason in reasons_of(outcomes)]
    return "\n".join([*lines, "", *reasons, "", *sums_of(outcomes)])


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return everything that is known."""
    return json.dumps([asdict(outcome) for outcome in outcomes], indent=2)


FORMATS: Mapping[str, Callable[[Sequence[Outcome]], str]] = {
    "text": text,
    "markdown": markdown,
    "json": as_json,
}


def line_of(outcome: Outcome) -> str:
    """Return one outcome on a line, for who waits."""
    return "  ".join(row_of(outcome)[:-1])


def row_of(outcome: Outcome) -> tuple[str, ...]:
    """Return the cells of an outcome."""
    change = outcome.change
    cells = (word_of(outcome.gitmig), word_of(outcome.plain))
    return (change.commit[:8], change.date, *cells, change.subject[:LONGEST])


def word_of(result: Result | None) -> str:
    """Return a result in a word or two."""
    if result is None:
        return "left out"
    return f"{result.verdict}, after a doubt" if result.doubt else result.verdict


def reasons_of(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield why something is not the same, and what was doubted."""
    for outcome in outcomes:
        commit = outcome.change.commit[:8]
        if outcome.left_out:
            yield f"{commit}: left out: {outcome.left_out}"
        for who, result in (("gitmig", outcome.gitmig), ("plain Alembic", outcome.plain)):
            if result is not None and result.doubt:
                yield f"{commit}: {who}, doubt: {result.doubt}"
            if result is not None and result.why:
                more = len(result.why) - MANY
                told = "; ".join(result.why[:MANY]) + (f"; and {more} more" if more > 0 else "")
                yield f"{commit}: {who}, {result.verdict}: {told}"


def sums_of(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield how many of each there are."""
    taken = [each for each in outcomes if not each.left_out]
    left = len(outcomes) - len(taken)
    yield f"{len(taken)} commits" + (f", {left} more left out" if left else "")
    for who in ("gitmig", "plain"):
        found = Counter(getattr(each, who).verdict for each in taken)
        label = "gitmig" if who == "gitmig" else "plain Alembic"
        yield f"{label}: {', '.join(f'{found[word]} {word}' for word in WORDS)}"
