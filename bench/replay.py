"""What a replay takes in the database part: one new revision on 299 kept, against all 300.

``python -m bench.replay [--no-cache]`` in a project prints the CPU and elapsed seconds of one
replay. The worker is started as ever, with one operation more, which only replays. Counted is what
it uses from the beginning of the replay until the last database is let go, and all that the front
and the server use meanwhile: starting, copying, keeping, stopping. Starting Python and importing
the models, the driver and the revisions is not.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.measure import Cost, Row, counted, in_turn
from bench.project import ADD, SQLITE, environment, generate, run, write_revision
from gitmig import client
from gitmig.commands.projectside import How, find_interpreter, open_project
from gitmig.commands.workspace import Workspace

ROOT = Path(__file__).parent.parent
ROUNDS = 5
KEPT = 299
REPLAY = """
import resource, sys, time, types

def used():
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime

def run(request):
    import sqlalchemy
    from _gitmig_worker.cache import replay
    from _gitmig_worker.session import open_session
    with open_session(request, ["upgrade", "head"]) as (project, databases):
        import models
        sqlalchemy.create_engine(project.config.get_main_option("sqlalchemy.url"))
        cpu, started = used(), time.perf_counter()
        replay(project, databases)
    return {"cpu": used() - cpu, "wall": time.perf_counter() - started, "all": used()}

replaying = types.ModuleType("_gitmig_worker.replaying")
replaying.run = run
sys.modules[replaying.__name__] = replaying
from _gitmig_worker.main import OPERATIONS
OPERATIONS["replay"] = "replaying"
"""
MAIN = "from _gitmig_worker.main import main\n"


def on_sqlite(folder: Path) -> list[Row]:
    """Compare on SQLite."""
    return compare(folder, SQLITE, "SQLite", 0.15)


def on_postgresql(folder: Path) -> list[Row]:
    """Compare on PostgreSQL."""
    return compare(folder, "postgresql+psycopg://ada@localhost/app", "PostgreSQL", 0.3)


def on_mysql(folder: Path) -> list[Row]:
    """Compare on MariaDB or MySQL."""
    return compare(folder, "mysql+pymysql://ada@localhost/app", "MariaDB", None)


def compare(folder: Path, url: str, label: str, most: float | None) -> list[Row]:
    """Measure one new revision on those that are kept, and the replay of all."""
    generate(folder, KEPT, url)
    measured(folder)
    new = write_revision(folder, KEPT, (ADD, KEPT - KEPT * 2 // 3, "extra"))
    text = new.read_text()
    rounds = iter(range(1000))

    def one_new() -> Cost:
        new.write_text(f"{text}# another one: {next(rounds)}\n")
        run(folder, "git", "add", "-A")
        return measured(folder)

    mine, full, ratio = in_turn(one_new, lambda: measured(folder, "--no-cache"), ROUNDS)
    what = f"{label}, replay of 1 on {KEPT} kept"
    return [
        Row(f"{what}: CPU, {mine.cpu:.2f} s / all {full.cpu:.2f} s", ratio.cpu, most),
        Row(f"{what}: time, {mine.wall:.2f} s / all {full.wall:.2f} s", ratio.wall, most),
    ]


def measured(folder: Path, *options: str) -> Cost:
    """Return the cost of one replay, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "bench.replay", *options], cwd=folder, check=True,
        env={**environment(), "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    cpu, wall = map(float, result.stdout.split())
    return Cost(cpu, wall)


def main() -> None:
    """Replay the project of the current directory, and print the cost."""
    client.BOOTSTRAP = client.BOOTSTRAP.replace(MAIN, REPLAY + MAIN)
    workspace = Workspace.open(Path())
    environment = workspace.environment(None)
    find_interpreter(workspace, environment)
    with open_project(workspace, environment, How(keep="--no-cache" not in sys.argv)) as project:
        with counted() as whole:
            part = project.ask("replay")
        with counted() as stop:
            workspace.close()
    others = whole.cpu - part["all"] + stop.cpu
    print(part["cpu"] + others, part["wall"] + stop.wall)


if __name__ == "__main__":
    main()
