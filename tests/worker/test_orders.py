"""Which orders of several sides are replayed, and that they suffice."""

from __future__ import annotations

from itertools import combinations, permutations
from math import factorial

import pytest

from gitmig._worker.orders import MOST, moves, orders

SIDES = "abcdefgh"


@pytest.mark.parametrize(("count", "tried"), [(2, 2), (3, 6), (4, 12), (5, 30)])
def test_each_side_upon_each_set(count: int, tried: int) -> None:
    """Each side comes upon each set of the others, in as many orders as the docs say (H1)."""
    found = list(orders(SIDES[:count]))
    assert len(found) == len(set(found)) == tried <= factorial(count)
    every = {move for order in permutations(SIDES[:count]) for move in moves(order)}
    assert {move for order in found for move in moves(order)} == every
    assert found[0] == tuple(SIDES[:count])


@pytest.mark.parametrize("count", [MOST + 1, 8])
def test_of_many_every_two(count: int) -> None:
    """Of more sides every two come first in both orders, and each is once the last (H1)."""
    found = list(orders(SIDES[:count]))
    assert len(found) == len(set(found)) == count * (count - 1)
    assert all(sorted(order) == list(SIDES[:count]) for order in found)
    first = {order[:2] for order in found}
    assert all((one, two) in first and (two, one) in first
               for one, two in combinations(SIDES[:count], 2))  # fmt: skip
