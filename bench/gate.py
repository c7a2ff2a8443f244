"""What the hook costs where there is nothing to do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench.measure import Row, cost, counting, in_turn
from bench.project import environment, generate, run

HEAVY = ("git", "click", "rich", "sqlalchemy", "alembic")
ROUNDS = 5


def hook_processes(folder: Path) -> list[Row]:
    """Count what the native hook starts: nothing that matters staged, and a memo hit."""
    generate(folder, 10)
    run(folder, "gitmig", "install", "-q")
    run(folder, "gitmig", "autogenerate", "-q")
    count = folder.with_name("count")
    count.mkdir()
    git = shutil.which("git") or "git"
    more, notes = counting(count, {"git": git, "counted-python": sys.executable})
    hook = folder / ".git" / "hooks" / "pre-commit"
    text = hook.read_text()
    hook.write_text(re.sub(r"(?m)^python=.*$", f"python={count}/counted-python", text))
    rows = []
    for staged, most_git, most_python in (("style.css", 1, 0), ("tool.py", 3, 1)):
        target = folder / ("elsewhere" if staged.endswith(".py") else ".") / staged
        target.parent.mkdir(exist_ok=True)
        target.write_text("pass\n")
        run(folder, "git", "add", "-A")
        notes.write_text("")
        subprocess.run([hook], cwd=folder, env={**environment(), **more}, check=True)
        started = notes.read_text().split()
        rows += [
            Row(f"hook, {staged} staged: git processes", started.count("git"), most_git),
            Row(f"hook, {staged} staged: Python processes", started.count("counted-python"),
                most_python),
        ]  # fmt: skip
    return [*rows, *memo_hit(folder)]


def memo_hit(folder: Path) -> list[Row]:
    """Count the heavy imports on a memo hit, and its CPU against a bare Python."""
    run(folder, "git", "add", "-A")
    command = [sys.executable, "-X", "importtime", "-m", "gitmig", "hook", "pre-commit"]
    result = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    imported = set(re.findall(r"\| +([\w.]+)$", result.stderr, re.MULTILINE))
    hook = str(folder / ".git" / "hooks" / "pre-commit")
    mine, _, _ = in_turn(
        lambda: cost([hook], folder, environment()),
        lambda: cost([sys.executable, "-c", "pass"], folder, environment()),
        ROUNDS,
    )
    return [
        Row("memo hit: heavy packages imported", len(imported & set(HEAVY)), 0),
        Row("memo hit: CPU of the whole hook, seconds", mine.cpu, 0.06),
    ]
