"""What the worker recorded of the revisions that are new, as the frozen data of ``gitmig.ran``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitmig.ran import Lock, RanOperation, Statement


def operations(answer: Mapping[str, Any]) -> tuple[RanOperation, ...]:
    """Return what is in a worker's answer under ``ran``; nothing where it could not run."""
    return tuple(
        RanOperation(**{**told, "statements": tuple(map(statement, told["statements"]))})
        for told in answer.get("ran", ())
    )


def statement(told: Mapping[str, Any]) -> Statement:
    """Return one statement."""
    locks = tuple(Lock(table, mode) for table, mode in told.get("locks", ()))
    tables = {name: tuple(told.get(name, ())) for name in ("rewritten", "scanned", "hidden")}
    return Statement(**{**told, "locks": locks, **tables})
