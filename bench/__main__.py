"""Run the benchmarks and print each beside what it must reach."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Cost, cost, counting, in_turn
from bench.project import BIN, generate, run

HEAVY = ("git", "click", "rich", "sqlalchemy", "alembic")
ROUNDS = 5


def main() -> int:
    """Measure; return 1 where something is not reached."""
    folder = Path(tempfile.mkdtemp(prefix="gitmig-bench-"))
    try:
        rows = [
            *hook_processes(folder / "hook"),
            *model_change(folder / "change"),
            *flatness(folder),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for what, found, limit in rows:
        mark = "ok  " if found <= limit else "MISS"
        print(f"{mark} {what:<66} {found:8.2f}   must be ≤ {limit:g}")
    return int(any(found > limit for _, found, limit in rows))


def environment() -> dict[str, str]:
    """Return the environment of a plain user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT")}
    kept.update(GIT_CONFIG_GLOBAL=os.devnull, PATH=f"{BIN}{os.pathsep}{kept['PATH']}")
    return kept


def hook_processes(folder: Path) -> list[tuple[str, float, float]]:
    """Count what the native hook starts: nothing that matters staged, and a memo hit."""
    generate(folder, 10)
    run(folder, "gitmig", "install", "-q")
    run(folder, "gitmig", "autogenerate", "-q")
    count = folder.parent / "count"
    count.mkdir()
    git = shutil.which("git") or "git"
    more, notes = counting(count, {"git": git, "counted-python": sys.executable})
    hook = folder / ".git" / "hooks" / "pre-commit"
    text = hook.read_text()
    hook.write_text(re.sub(r"(?m)^python=.*$", f"python={count}/counted-python", text))
    rows = []
    for staged, most_git, most_python in (("style.css", 1, 0), ("tool.py", 2, 1)):
        target = folder / ("elsewhere" if staged.endswith(".py") else ".") / staged
        target.parent.mkdir(exist_ok=True)
        target.write_text("pass\n")
        run(folder, "git", "add", "-A")
        notes.write_text("")
        subprocess.run([hook], cwd=folder, env={**environment(), **more}, check=True)
        started = notes.read_text().split()
        rows += [
            (f"hook, {staged} staged: git processes", started.count("git"), most_git),
            (f"hook, {staged} staged: Python processes", started.count("counted-python"),
             most_python),
        ]  # fmt: skip
    return [*rows, *memo_hit(folder)]


def memo_hit(folder: Path) -> list[tuple[str, float, float]]:
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
        ("memo hit: heavy packages imported", len(imported & set(HEAVY)), 0),
        ("memo hit: CPU of the whole hook, seconds", mine, 0.06),
    ]


def model_change(folder: Path) -> list[tuple[str, float, float]]:
    """Compare a model change on 300 revisions with Alembic's own autogenerate at head."""
    generate(folder, 300)
    run(folder, "alembic", "upgrade", "head")
    run(folder, "gitmig", "autogenerate", "-q")
    change_model(folder)
    mine, theirs, ratio = in_turn(lambda: autogenerate(folder), lambda: alembic(folder), ROUNDS)
    memory = front_memory(folder)
    return [
        (f"model change, 300 revisions: gitmig {mine:.2f} s / alembic {theirs:.2f} s", ratio, 1.5),
        ("front: peak memory, MB", memory, 80),
    ]


def change_model(folder: Path) -> None:
    """Add a column to a model and stage it."""
    models = folder / "models.py"
    added = "class T1(Base):\n    phone = Column(String(10))"
    models.write_text(models.read_text().replace("class T1(Base):", added))
    run(folder, "git", "add", "-A")


def autogenerate(folder: Path) -> Cost:
    """Generate the revision, then put everything back."""
    found = cost([str(BIN / "gitmig"), "autogenerate", "-q"], folder, environment())
    run(folder, "git", "reset", "-q", "HEAD", "migrations")
    run(folder, "git", "clean", "-fdq", "migrations")
    (folder / ".git" / "gitmig" / "pending.json").unlink(missing_ok=True)
    return found


def alembic(folder: Path) -> Cost:
    """Let Alembic generate the same, then put everything back."""
    command = [str(BIN / "alembic"), "revision", "--autogenerate", "-m", "add t1.phone"]
    found = cost(command, folder, environment())
    run(folder, "git", "clean", "-fdq", "migrations")
    return found


def front_memory(folder: Path) -> float:
    """Return the peak memory of the front alone, in MB."""
    code = (
        "import resource, sys; sys.argv = ['gitmig', 'autogenerate', '--dry-run', '-q'];"
        "from gitmig.__main__ import main; main();"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment(),
                            capture_output=True, text=True, check=True)  # fmt: skip
    return float(result.stderr.split()[-1])


def flatness(folder: Path) -> list[tuple[str, float, float]]:
    """Compare a warm model change on 1,000 revisions with one on 10, each against Alembic's."""
    found = []
    for revisions in (10, 1000):
        place = folder / f"flat{revisions}"
        generate(place, revisions)
        run(place, "alembic", "upgrade", "head")
        run(place, "gitmig", "autogenerate", "-q")
        change_model(place)
        _, _, ratio = in_turn(lambda p=place: autogenerate(p), lambda p=place: alembic(p), 3)  # type: ignore[misc]
        found.append((f"model change, {revisions} revisions: gitmig / alembic", ratio, 1.5))
    return found


if __name__ == "__main__":
    sys.exit(main())
