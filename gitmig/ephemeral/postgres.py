"""PostgreSQL from programs on this machine: started for a run, stopped at its end.

The server's data stays between two runs, so that replayed databases can be kept in it as
templates. A second run at the same time, and one whose revisions change what all databases share
(roles), get data of their own.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from gitmig import __version__ as VERSION  # noqa: N812
from gitmig.ephemeral import address, standin, store
from gitmig.ephemeral.account import Account, unprivileged
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.cluster import INITDB, SETTINGS, Cluster, refusal
from gitmig.ephemeral.leftover import end_leftover
from gitmig.ephemeral.programs import (
    Programs,
    copied,
    copy_installation,
    extensions_missing,
    extensions_state,
)
from gitmig.ephemeral.provision import Need, Server, Unavailable
from gitmig.ephemeral.rundir import base_for, locked_directory
from gitmig.ephemeral.supervise import Supervised

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def open_postgres(programs: Programs, need: Need) -> Iterator[Server]:
    """Give a server from these programs; raises Unavailable where they will not do."""
    missing = extensions_missing(programs, need.extensions)
    lacks = [name for name in missing if not standin.can_stand_in(programs, [name])]
    if lacks:
        raise Unavailable(f"it has no extension {', '.join(lacks)}", lacks)
    account = unprivileged()
    base = base_for(account.name)
    state = (*need.extensions, *extensions_state(programs, need.extensions), *missing, VERSION)
    build = programs.build((*state, str(sorted(SETTINGS.items())), *INITDB))
    name = f"postgresql-{build}"
    with place_for(need, base, name) as (folder, lock, place):
        usable = runnable(programs, account, base)
        cluster = Cluster(usable, account, folder, base / f"{name}-seed")
        spoiled: list[bool] = []
        with running(cluster, lock, place, missing) as (process, where):
            yield Server(
                url=cluster.url(where),
                told=f"PostgreSQL {cluster.version} from {programs.source}",
                own=True,
                notes=standin.announce(missing),
                shelf=store.Shelf(folder, need.bound) if place is not None else None,
                clone=cluster.cloning(),
                last_words=lambda: None if process.is_alive() else process.log() or "no word",
                spoil=lambda: spoiled.append(True),
            )
        if spoiled and place is not None:
            place.empty()


@contextlib.contextmanager
def place_for(
    need: Need, base: Path, name: str
) -> Iterator[tuple[Path, store.Lock, store.Place | None]]:
    """Give a folder for the server's data, what holds its lock, and where databases are kept."""
    with contextlib.ExitStack() as stack:
        if need.keep and not need.alone:
            place = stack.enter_context(store.take(base / name))
            if place is not None:
                yield place.folder, place.lock, place
                return
        yield (*stack.enter_context(locked_directory(base)), None)


def runnable(programs: Programs, account: Account, base: Path) -> Programs:
    """Return the programs, or a copy of them where the account has no way to those."""
    if not account.can_pass(base):
        raise Unavailable(f"the account {account.name} cannot reach {base}: set TMPDIR elsewhere")
    if not account.name or account.can_run(programs.server):
        return programs
    target = base / f"postgresql-{programs.build()}-programs"
    if not target.exists():
        with locked_directory(base) as (made, _lock):
            copy_installation(programs, made)
            account.show(made)
            store.note_boot(made)
            with contextlib.suppress(OSError):  # another run was faster
                made.rename(target)
    usable = copied(programs, target)
    if not account.can_run(usable.server):
        raise Unavailable(f"the account {account.name} cannot run {programs.server}")
    return usable


@contextlib.contextmanager
def running(
    cluster: Cluster, lock: store.Lock, place: store.Place | None, stood_in: Sequence[str]
) -> Iterator[tuple[Supervised, Address]]:
    """Run the server of a cluster."""
    end_leftover(cluster.folder)
    address.clear(cluster.folder)
    if place is not None and not place.is_of_this_boot():
        place.empty()
    try:
        process, where = bring_up(cluster, lock, place, stood_in)
        try:
            yield process, where
        finally:
            process.stop()
    finally:
        address.clear(cluster.folder)


def bring_up(
    cluster: Cluster, lock: store.Lock, place: store.Place | None, stood_in: Sequence[str]
) -> tuple[Supervised, Address]:
    """Start the server; data that does not start is made anew, and then what it is copied from."""
    if place is not None and cluster.data.exists():
        try:
            return start(cluster, lock, stood_in, place)
        except Unavailable as error:
            logger.info("what was kept in %s is made anew: %s", place.folder, error)
            place.empty()
    seeded = cluster.seed.exists()
    try:
        cluster.create()
        return start(cluster, lock, stood_in, place)
    except Unavailable as error:
        if not seeded:
            raise
        logger.info("%s is made anew: %s", cluster.seed, error)
    shutil.rmtree(cluster.data, ignore_errors=True)
    shutil.rmtree(cluster.seed, ignore_errors=True)
    cluster.create()
    return start(cluster, lock, stood_in, place)


def start(
    cluster: Cluster, lock: store.Lock, stood_in: Sequence[str], place: store.Place | None
) -> tuple[Supervised, Address]:
    """Start the server and wait until it takes connections; raises Unavailable."""
    address.clear(cluster.folder)
    where = address.choose(cluster.folder, cluster.data)
    if where.folder:
        cluster.account.give(Path(where.folder))
    for stale in ("postmaster.pid", address.NAME, f"{address.NAME}.lock"):
        (cluster.data / stale).unlink(missing_ok=True)  # of a server that was killed
    process = Supervised(
        cluster.command(where, stood_in), cluster.folder, lock,
        gentle="INT", hard="QUIT", prefix=cluster.account.prefix,
        remove="" if place is not None else str(cluster.data),
    )  # fmt: skip
    process.wait_until(cluster.is_ready)
    said = refusal(where)
    if said:
        process.stop()
        raise Unavailable(f"it takes no connection: {said}")
    return process, where
