"""CPU seconds, wall time and processes of whole commands; ratios of two in turn."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """What something took, in seconds: user and system CPU with that of its children, and time."""

    cpu: float = 0.0
    wall: float = 0.0


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what was found, what it must not be above (None: no such bound)."""

    what: str
    found: float
    limit: float | None = None


@contextlib.contextmanager
def counted() -> Iterator[Cost]:
    """Give the cost of a block: of this process and of the children it waits for in there."""
    found = Cost()
    cpu, started = used(), time.perf_counter()
    yield found
    found.cpu, found.wall = used() - cpu, time.perf_counter() - started


def used() -> float:
    """Return the CPU seconds of this process and of all children that were waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def cost(command: Sequence[str], folder: Path, env: dict[str, str]) -> Cost:
    """Run a command to its end and return what it took; any exit code will do."""
    with counted() as found:
        subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    return found


def cost_of_passing(command: Sequence[str], folder: Path, env: dict[str, str]) -> Cost:
    """Run a command and return what it took; raises RuntimeError where it does not end with 0."""
    with counted() as found:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True,
                              check=False)  # fmt: skip
    if done.returncode:
        told = f"{' '.join(command)} ended with {done.returncode}: no figure comes of that"
        raise RuntimeError(f"{told}\n{done.stdout}{done.stderr}")
    return found


def in_turn(
    one: Callable[[], Cost], other: Callable[[], Cost], rounds: int
) -> tuple[Cost, Cost, Cost]:
    """Return the medians of both, run in turn, and the medians of their ratios."""
    one(), other()  # warm both
    pairs = [(one(), other()) for _ in range(rounds)]
    ratios = [Cost(mine.cpu / theirs.cpu, mine.wall / theirs.wall) for mine, theirs in pairs]
    mine, theirs = zip(*pairs, strict=True)
    return median(mine), median(theirs), median(ratios)


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(statistics.median(each.cpu for each in costs),
                statistics.median(each.wall for each in costs))  # fmt: skip


def counting(folder: Path, programs: dict[str, str]) -> tuple[dict[str, str], Path]:
    """Return an environment in which each start of a program is noted, and the file of notes."""
    notes = folder / "notes"
    notes.touch()
    for name, target in programs.items():
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\necho {name} >> {notes}\nexec {target} "$@"\n')
        wrapper.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}, notes
