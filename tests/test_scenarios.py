"""docs/scenarios.md names what the docstrings of the tests do, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
ID = re.compile(r"\b([CHKERD])(\d{1,2})(?:-[CHKERD](\d{1,2}))?")
IN_TESTS = re.compile(r"\(((?:[CHKERD]\d{1,2}(?:, )?)+)\)")


def ids(texts: Iterable[str]) -> set[str]:
    """Return the ids in texts; ``E1-E3`` are three."""
    return {
        f"{letter}{number}"
        for text in texts
        for letter, first, last in ID.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def test_each_is_tested_and_told() -> None:
    """Each scenario has a test, and each id in a test is explained."""
    table = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    told = ids(line.split("|")[1] for line in table.splitlines() if line.startswith("| "))
    paths = (ROOT / "tests").rglob("test_*.py")
    tested = ids(
        found for path in paths for found in IN_TESTS.findall(path.read_text(encoding="utf-8"))
    )
    assert told == tested
