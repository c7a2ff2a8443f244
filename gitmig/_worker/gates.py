"""A gate: a piece of work with an outcome, and what may not pass for one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .failures import Failure
from .shapes import Result

# what says that the gates could not run at all, rather than that one of them failed
COULD_NOT_RUN = (
    "alembic_missing",
    "bug",
    "env_failed",
    "no_database",
    "prepare_failed",
    "revision_unreadable",
    "server_failed",
    "setting_failed",
    "unfit_server",
    "wrong_database",
    "wrong_source",
)

Problems = list[dict[str, Any]]


def gate(name: str, work: Callable[[Problems], bool]) -> Result:
    """Run a gate; a failure that stops it is its problem, unless nothing could run at all."""
    started = time.perf_counter()
    problems: Problems = []
    try:
        if not work(problems):
            return skipped(name)
    except Failure as failure:
        if failure.kind in COULD_NOT_RUN:
            raise
        problems.append(failure.answer())
    return {
        "name": name,
        "status": "failed" if problems else "passed",
        "seconds": round(time.perf_counter() - started, 3),
        "problems": problems,
    }


def skipped(name: str) -> Result:
    """Return the outcome of a gate that was not asked for or has nothing to stand on."""
    return {"name": name, "status": "skipped", "seconds": 0.0, "problems": []}
