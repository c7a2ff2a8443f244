"""Run the benchmarks and print each beside what it must reach: ``python -m bench [WORD]``.

Only those whose function's name holds the word, if one is given.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import change, check, gate, replay, start, static
from bench.measure import Row
from gitmig.ephemeral.rundir import roomy

BENCHES: tuple[Callable[[Path], list[Row]], ...] = (
    gate.hook_processes,
    change.on_sqlite,
    change.on_postgresql,
    change.flatness,
    replay.on_sqlite,
    replay.on_postgresql,
    replay.on_mysql,
    start.of_postgresql,
    static.of_branches,
    check.of_all_gates,
    check.of_one_revision,
)


def main() -> int:
    """Measure; return 1 where something is not reached."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    # servers and caches of its own, where gitmig puts them, too: and the projects, whose own
    # databases the peers write to
    place = Path(tempfile.mkdtemp(dir=roomy(), prefix="bench-"))
    place.chmod(0o755)  # for an account that runs a server
    tempfile.tempdir = os.environ["TMPDIR"] = str(place)
    missed = False
    try:
        for number, bench in enumerate(BENCHES):
            if word in f"{bench.__module__}.{bench.__name__}":
                for row in bench(place / f"bench{number}"):
                    missed |= tell(row)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return int(missed)


def tell(row: Row) -> bool:
    """Print a figure; say whether it is not what it must be."""
    missed = row.limit is not None and row.found > row.limit
    mark = "    " if row.limit is None else "MISS" if missed else "ok  "
    limit = "" if row.limit is None else f"   must be ≤ {row.limit:g}"
    print(f"{mark} {row.what:<84} {row.found:8.2f}{limit}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
