"""``gitmig cache``: replayed databases that wait to be used again; all of it can go at any time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gitmig.ephemeral import store
from gitmig.ephemeral.leftover import end_leftover
from gitmig.ephemeral.rundir import bases, tree_size
from gitmig.errors import NotARepository
from gitmig.git import Repository
from gitmig.outcomes import Entry, Holding


def listed(directory: Path) -> list[Holding]:
    """Return what is kept: in this repository, and for this user's servers."""
    return [*in_repository(directory), *on_servers()]


def in_repository(directory: Path) -> Iterator[Holding]:
    """Yield the SQLite databases of the repository around a directory, if there is one."""
    try:
        repository = Repository.open(directory)
    except NotARepository:
        return
    folder = repository.shared_dir / "cache"
    told = repository.root.name
    repository.close()
    entries = tuple(replace(each, told=told) for each in store.sqlite_entries(folder))
    if entries:
        yield Holding("sqlite", folder, tree_size(folder), entries)


def on_servers() -> Iterator[Holding]:
    """Yield the data of this user's servers."""
    for base in bases():
        for folder in sorted(base.glob("*-*")):
            kind = folder.name.partition("-")[0]
            if kind in ("postgresql", "mysql"):
                entries = tuple(store.list_entries(folder))
                yield Holding(kind, folder, tree_size(folder), entries)


def clear(directory: Path) -> tuple[list[Holding], list[Holding]]:
    """Remove everything that is kept; return what is gone, and what a running gitmig is using."""
    gone: list[Holding] = []
    used: list[Holding] = []
    for holding in listed(directory):
        (gone if remove(holding) else used).append(holding)
    return gone, used


def remove(holding: Holding) -> bool:
    """Remove a place unless it is in use; say whether it is gone."""
    if holding.kind == "sqlite":
        shutil.rmtree(holding.folder, ignore_errors=True)
        return True
    with store.take(holding.folder) as place:
        if place is None:
            return False
        end_leftover(holding.folder)
        shutil.rmtree(holding.folder)
    return True


def prune(directory: Path, bound: int) -> list[Entry]:
    """Remove what was not used for the longest time, until ``bound`` bytes are left of each place.

    Returns what is no longer kept. The data of a PostgreSQL template is freed when its server is
    started next.
    """
    gone: list[Entry] = []
    for holding in listed(directory):
        for entry in store.over_bound(list(holding.entries), bound):
            gone.append(entry)
            entry.path.unlink(missing_ok=True)
            shutil.rmtree(holding.folder / "sets" / entry.id, ignore_errors=True)
    return gone
