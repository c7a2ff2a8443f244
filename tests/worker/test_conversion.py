"""Which values of a column a change of its type loses, and which only get another form."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from gitmig._worker.conversion import lost

NIGHT, NOON = datetime.datetime(2001, 2, 3), datetime.datetime(2001, 2, 3, 12)
OTHER = datetime.datetime(2001, 2, 4)
LOST: dict[str, tuple[list[tuple[Any, Any]], list[Any]]] = {
    "what became NULL": ([("a", None), (None, None)], ["a"]),
    "a text that was cut": ([("name 1", "name "), ("", "")], ["name 1"]),
    "bytes that were cut": ([(b"name", b"na")], [b"name"]),
    "a rounded number": ([(Decimal("10.0001"), Decimal("10.00")), (1, 1)], [Decimal("10.0001")]),
    "a rounded half": ([(-1.5, -2), (2.5, 3)], [-1.5, 2.5]),
    "a number that was clamped": ([(3, 3), (3_000_000_000, 2_147_483_647)], [3_000_000_000]),
    "a number that was less than zero": ([(0, 0), (-6, 0)], [-6]),
    "the hour": ([(OTHER, OTHER.date()), (NOON, NOON.date())], [NOON]),
    "values that are one now": ([(1, 0), (2, 0), (0, 0)], [1, 2]),
    "texts that are one now": ([("sad", "other"), ("glad", "other")], ["sad", "glad"]),
}
KEPT: dict[str, list[tuple[Any, Any]]] = {
    "a wider number": [(3, Decimal("3.00")), (-6, Decimal("-6.00")), (0.5, Decimal("0.50"))],
    "cents": [(Decimal("0.01"), 1), (Decimal("10.01"), 1001), (Decimal("-1.00"), -100)],
    "tenths": [(Decimal("0.001"), Decimal("0.1")), (Decimal("0"), Decimal("0"))],
    "a number as a text": [(1, "1"), (-6, "-6"), (None, None), (1, "1")],
    "a number as a truth value": [(0, False), (1, True), (40_000, True), (-6, True)],
    "a truth value as a number": [(True, 1), (False, 0)],
    "a text as a truth value": [("yes", True), ("no", False), ("", False)],
    "another word for a member": [("sad", "SAD"), ("glad", "GLAD"), (None, None)],
    "another word for one member": [("sad", "blue"), ("glad", "glad")],
    "a CHAR that is padded no more": [("ab   ", "ab"), ("", "")],
    "a day as a moment": [(NOON.date(), NIGHT)],
    "another time zone": [(NOON, NIGHT.replace(tzinfo=datetime.timezone.utc))],
    "JSON": [({"row": 1}, '{"row": 1}')],
    "nothing filled": [(None, "x"), (None, "x")],
    "numbers that are none": [(Decimal("NaN"), Decimal("NaN"))],
}


@pytest.mark.parametrize("case", LOST)
def test_what_is_lost(case: str) -> None:
    """What nobody can give back is lost."""
    pairs, gone = LOST[case]
    assert lost(pairs) == gone


@pytest.mark.parametrize("case", KEPT)
def test_what_only_has_another_form(case: str) -> None:
    """What can be told from its new form is not."""
    assert lost(KEPT[case]) == []
