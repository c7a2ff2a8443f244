"""What a model change costs, against Alembic's own autogenerate on a database already at head."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.measure import Cost, Row, cost, in_turn
from bench.project import BIN, SQLITE, environment, generate, run
from bench.start import server

MOST = 1.5
ROUNDS = 5


def on_sqlite(folder: Path) -> list[Row]:
    """Compare on SQLite."""
    rows = compare(folder, 300, SQLITE, "SQLite")
    return [*rows, Row("front: peak memory, MB", front_memory(folder), 80)]


def on_postgresql(folder: Path) -> list[Row]:
    """Compare on PostgreSQL: Alembic has a running server, gitmig starts and stops its own.

    The server's CPU is counted for gitmig alone; the elapsed time is that of both.
    """
    with server("postgresql", "psycopg") as url:
        return compare(folder, 300, url, "PostgreSQL")


def flatness(folder: Path) -> list[Row]:
    """Compare a warm model change on 10 revisions with one on 1,000."""
    folder.mkdir()
    return [compare(folder / str(n), n, SQLITE, "SQLite", 3)[0] for n in (10, 1000)]


def compare(folder: Path, revisions: int, url: str, label: str, rounds: int = ROUNDS) -> list[Row]:
    """Measure both on a project with so many revisions whose database is at head."""
    generate(folder, revisions, url)
    run(folder, "alembic", "upgrade", "head")
    run(folder, "gitmig", "autogenerate", "-q")
    change_model(folder)
    mine, theirs, ratio = in_turn(lambda: autogenerate(folder), lambda: alembic(folder), rounds)
    what = f"{label}, model change, {revisions} revisions"
    return [
        Row(f"{what}: CPU, gitmig {mine.cpu:.2f} s / alembic {theirs.cpu:.2f} s", ratio.cpu, MOST),
        Row(f"{what}: time, gitmig {mine.wall:.2f} s / alembic {theirs.wall:.2f} s", ratio.wall),
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
    assert "phone" in run(folder, "git", "diff", "--cached", "HEAD", "--", "migrations")
    run(folder, "git", "reset", "-q", "HEAD", "migrations")
    run(folder, "git", "clean", "-fdq", "migrations")
    (folder / ".git" / "gitmig" / "pending.json").unlink(missing_ok=True)
    return found


def alembic(folder: Path) -> Cost:
    """Let Alembic generate the same, then put everything back."""
    command = [str(BIN / "alembic"), "revision", "--autogenerate", "-m", "add t1.phone"]
    found = cost(command, folder, environment())
    assert run(folder, "git", "status", "--porcelain", "migrations")
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
