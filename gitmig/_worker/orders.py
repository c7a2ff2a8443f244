"""In which orders sides are to be applied, so that all orders are known to end alike.

Every order does where each set of sides has one schema, whichever of them came last. So it is
enough that each side comes once upon each set of the others: 2 orders of 2 sides, 6 of 3, 12 of 4,
30 of 5, where there are 2, 6, 24 and 120. Each set more doubles that, so that of more sides only
every two are tried in both orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

MOST = 5  # sides of which all orders are proved

Order = tuple[str, ...]
Move = tuple[frozenset[str], str]
"""A side that comes upon a set of others."""


def orders(sides: Sequence[str]) -> Iterator[Order]:
    """Yield the orders that are to be tried, the sides as they are given first."""
    return enough(sides) if len(sides) <= MOST else of_two(sides)


def enough(sides: Sequence[str]) -> Iterator[Order]:
    """Yield orders in which each side comes upon each set of the others."""
    seen: set[Move] = set()
    left = {order: moves(order) for order in permutations(sides)}
    while True:
        best = max(left, key=lambda order: len(left[order] - seen))
        if left[best] <= seen:
            return
        seen |= left.pop(best)
        yield best
        if not left:
            return


def of_two(sides: Sequence[str]) -> Iterator[Order]:
    """Yield orders that begin with every two, both ways, the others forwards and backwards."""
    for one, other in permutations(sides, 2):
        rest = [side for side in sides if side not in (one, other)]
        forwards = sides.index(one) < sides.index(other)
        yield (one, other, *(rest if forwards else reversed(rest)))


def moves(order: Order) -> set[Move]:
    """Return which side comes upon which others."""
    return {(frozenset(order[:number]), side) for number, side in enumerate(order)}
