"""``--shard N/M``: which parts of a check one of several machines does.

Every machine deals the same list in the same way, so that each part is in exactly one shard. The
parts that take long come first, one environment after the other: they are spread evenly.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Sized
from dataclasses import dataclass
from itertools import product

READING = "reading"  # the gates that only read
WALK = "walk"  # those of the worker's `check`, and those that judge its answer


@dataclass(frozen=True)
class Shard:
    """Number ``number`` (from 1) of ``of`` shards."""

    number: int = 1
    of: int = 1

    def share(self, parts: Sequence[str], environments: Sequence[str]) -> dict[str, list[str]]:
        """Return environment → its parts that are in this shard; the others are left out."""
        mine: dict[str, list[str]] = {}
        for place, (part, environment) in enumerate(product(parts, environments)):
            if place % self.of == self.number - 1:
                mine.setdefault(environment, []).append(part)
        return mine

    def title(self, environment: str, everything: Sized) -> str:
        """Return what the report of one of all environments is called; empty for the whole."""
        if self.of == 1:
            return environment if len(everything) > 1 else ""
        return f"{environment} (shard {self.number}/{self.of})"


WHOLE = Shard()


def read(text: str) -> Shard:
    """Read ``N/M``; raises ValueError that says what is wrong with it."""
    match = re.fullmatch(r"(\d+)/(\d+)", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not of the form N/M, such as 2/3")
    number, of = int(match[1]), int(match[2])
    if of == 0:
        raise ValueError(f"{text!r}: there is one shard at least, 1/1")
    if not 1 <= number <= of:
        raise ValueError(f"{text!r}: the first of {of} is 1/{of}, the last {of}/{of}")
    return Shard(number, of)


def parts_of(static: bool, beside: Collection[str]) -> list[str]:
    """Return the parts of a check, the longest first; ``beside`` go on beside the walk."""
    return [READING] if static else [WALK, *beside, READING]
