"""What it costs to read revisions without running any: one branch, and a team's open ones."""

from __future__ import annotations

from pathlib import Path

from bench.measure import Row, cost, median
from bench.project import BIN, environment, generate, run

REVISIONS, BRANCHES, ROUNDS = 1000, 50, 5
TEXT = '"""branch {n}"""\n\nrevision = "b{n:04d}"\ndown_revision = "r{parent:04d}"\n'


def of_branches(folder: Path) -> list[Row]:
    """Measure ``check --static`` on 1,000 revisions, and with 50 branches over them."""
    generate(folder, REVISIONS)
    for number in range(BRANCHES):
        run(folder, "git", "switch", "-q", "-c", f"feature/{number}", "main")
        text = TEXT.format(n=number, parent=REVISIONS - 1)
        (folder / "migrations" / "versions" / f"b{number:04d}.py").write_text(text)
        run(folder, "git", "add", "-A")
        run(folder, "git", "commit", "-q", "-m", f"branch {number}")
    run(folder, "git", "switch", "-q", "main")
    (folder / "migrations" / "versions" / "next.py").write_text(
        TEXT.format(n=BRANCHES, parent=REVISIONS - 1)
    )
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "main went on")
    alone = figure(folder)
    run(folder, "git", "switch", "-q", "feature/0")
    merged = figure(folder, "--base", "main")
    team = figure(folder, "--base", "main", "--against", "feature/*")
    return [
        Row(f"check --static, {REVISIONS} revisions, CPU seconds", alone, 0.5),
        Row(f"check --static --base, {REVISIONS} revisions, with the merge, CPU seconds", merged),
        Row(f"check --static --against, {BRANCHES} branches of them, CPU seconds", team, 5),
    ]


def figure(folder: Path, *options: str) -> float:
    """Return the median of the CPU seconds that the command takes."""
    command = [str(BIN / "gitmig"), "check", "--static", *options]
    return median([cost(command, folder, environment()) for _ in range(ROUNDS)]).cpu
