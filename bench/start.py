"""Servers: what the start of one costs, and one that runs for the length of a benchmark."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Cost, Row, counted, median
from gitmig.ephemeral.providers import open_first
from gitmig.ephemeral.provision import Need
from gitmig.ephemeral.rundir import run_directory

ROUNDS = 9


def of_postgresql(folder: Path) -> list[Row]:
    """Measure the start and stop of a server whose data is there: all its processes, and ours."""
    once(keep=True)
    found = median([once(keep=True) for _ in range(ROUNDS)])
    return [
        Row("PostgreSQL: start and stop of a stopped one, CPU seconds", found.cpu, 0.15),
        Row("PostgreSQL: start and stop of a stopped one, seconds", found.wall),
    ]


def once(keep: bool) -> Cost:
    """Start a server and stop it; return what both took."""
    with counted() as found, opened("postgresql", keep):
        pass
    return found


@contextlib.contextmanager
def server(kind: str, driver: str) -> Iterator[str]:
    """Give the URL of a database on a new server that is stopped in the end."""
    with opened(kind, keep=False) as url:
        yield url.replace("://", f"+{driver}://", 1)


@contextlib.contextmanager
def opened(kind: str, keep: bool) -> Iterator[str]:
    """Give the URL of a server of gitmig's own; ``keep``: on the data that stays."""
    with run_directory() as run, contextlib.ExitStack() as stack:
        place = run / "1"
        place.mkdir()
        found, _attempts = open_first(Need(kind, place, keep=keep), (), stack)
        yield found.url
