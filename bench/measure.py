"""CPU seconds, memory and processes of whole commands; ratios of two in turn."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a command took: user and system CPU of it and its children, in seconds."""

    cpu: float


def cost(command: Sequence[str], folder: Path, env: dict[str, str]) -> Cost:
    """Run a command to its end and return what it took; any exit code will do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def in_turn(
    one: Callable[[], Cost], other: Callable[[], Cost], rounds: int
) -> tuple[float, float, float]:
    """Return the median CPU of both, run in turn, and the median of their ratios."""
    one(), other()  # warm both
    pairs = [(one().cpu, other().cpu) for _ in range(rounds)]
    ratios = [mine / theirs for mine, theirs in pairs]
    mine, theirs = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(theirs), statistics.median(ratios)


def counting(folder: Path, programs: dict[str, str]) -> tuple[dict[str, str], Path]:
    """Return an environment in which each start of a program is noted, and the file of notes."""
    notes = folder / "notes"
    notes.touch()
    for name, target in programs.items():
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\necho {name} >> {notes}\nexec {target} "$@"\n')
        wrapper.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}, notes
