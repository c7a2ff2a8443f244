"""Replay, beginning with the longest prefix of the revisions that is in the cache.

The key of a database at a revision is a hash over all that its replay depends on: the text of the
revisions up to it, in the order in which Alembic applies them, and of the project's modules that
they import; the files they read when they ran last; env.py, the configuration, the versions. A
revision that looks around in another way ends the chain: what comes after it is replayed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import alembic

from . import compat, depends
from .databases import Databases
from .project import Project
from .redirect import name_of
from .shapes import Context, Step

STAGE = 64  # revisions after which a database on the way is kept, too
COSTLY = 0.3  # seconds; below that a replay is as quick as a copy on a server
MANY = 8  # revisions; so is replaying fewer


def replay(project: Project, databases: Databases, target: str = "heads") -> None:
    """Upgrade new databases to ``target``; what is cached is copied, what is new is kept."""
    cached = project.complete and project.request["cache"]
    chain = Chain(project, target) if cached else None
    databases.fresh(chain.keys() if chain else ())
    if chain is None:
        project.upgrade(target)
        return
    while climb(project, databases, target, chain):
        pass


class Chain:
    """The revisions from empty to a target, in Alembic's order, and the key at each."""

    def __init__(self, project: Project, target: str) -> None:
        self.project = project
        nowhere: Any = ()
        steps: Iterable[Any] = project.script._upgrade_revs(target, nowhere)
        self.revisions = [step.revision for step in steps]
        self.ids = [revision.revision for revision in self.revisions]
        self._keys: list[str] = []

    def keys(self) -> list[str]:
        """Return the key at each revision, up to the first whose outcome cannot be known.

        What a revision reads is known once it has run: the list may have grown by then.
        """
        if len(self._keys) < len(self.ids):
            self._keys = list(self._known_keys())
        return self._keys

    def _known_keys(self) -> Iterator[str]:
        digest = hashlib.sha256(repr(ground(self.project)).encode())
        tree = self.project.request["tree"]
        env = os.path.join(str(self.project.script.dir), "env.py")
        digest.update(depends.read(env).encode())
        if depends.CREATES_ALL in depends.read(env):
            return
        for revision in self.revisions:
            texts = depends.texts_of(str(revision.path), tree)
            if texts is None:
                return
            for text in texts:
                digest.update(text.encode() + b"\0")
            yield digest.hexdigest()[:32]

    def stage(self, left: int) -> int:
        """Return how many of the steps that are left to take until a database may be kept.

        One is where the keys end: what comes after it is replayed each time.
        """
        known = len(self.keys()) - (len(self.ids) - left)
        return min(STAGE, known) if known > 0 else STAGE

    def key_before(self, steps: Sequence[Step], keys: Sequence[str]) -> str:
        """Return the key of a database that lacks just these steps, empty for none."""
        done = len(self.ids) - len(steps)
        left = [step.revision.revision for step in steps]
        known = 0 < done <= len(keys) and left == self.ids[done:]
        return keys[done - 1] if known else ""


def ground(project: Project) -> tuple[object, ...]:
    """Return what every key stands on: the versions and the configuration."""
    request = project.request
    packages = os.stat(os.path.dirname(os.path.dirname(alembic.__file__))).st_mtime_ns
    configuration = [depends.read(request[name]) for name in ("ini", "toml") if request[name]]
    versions = sorted(compat.versions().items())
    return (versions, sqlite3.sqlite_version, packages, *configuration)


def climb(project: Project, databases: Databases, target: str, chain: Chain) -> bool:
    """Take a stage towards the target in every database; say whether there is more to do."""
    reached: dict[str, list[Step]] = {}
    left: list[int] = []
    done: list[int] = []
    began: list[float] = []

    def fn(heads: Any, context: Context) -> Iterator[Step]:
        began.append(time.perf_counter())  # the server is there by now
        steps = list(project.script._upgrade_revs(target, heads))
        stage = chain.stage(len(steps))
        reached[name_of(context.connection)] = steps[stage:]
        left.append(len(steps[stage:]))
        done.append(len(steps[:stage]))
        return project.tracked(steps[:stage], context)

    project.run_env(fn, starting_rev=None, destination_rev=target, as_sql=False, tag=None)
    costly = time.perf_counter() - began[0] > COSTLY or max(done) >= MANY
    if any(done):
        depends.note_reads(project.request["tree"])
        keys = chain.keys()
        found = {name: chain.key_before(steps, keys) for name, steps in reached.items()}
        databases.keep({name: key for name, key in found.items() if key}, costly)
    return any(left)
