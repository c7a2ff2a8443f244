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

from . import beginning, compat, depends, notes
from .databases import Databases
from .failures import Failure
from .project import NOT_COMMITTED, Project, Target
from .redirect import name_of
from .shapes import Context, Step

NEVER_ENDS = (
    "what the revisions do is not kept: env.py does not commit; it must call "
    "context.run_migrations() within context.begin_transaction()"
)
MADE_BEFORE = "already exists"
STAGE = 64  # revisions after which a database on the way is kept, too
COSTLY = 0.3  # seconds; below that a replay is as quick as a copy on a server
MANY = 8  # revisions; so is replaying fewer


def replay(project: Project, databases: Databases, target: Target = "heads") -> None:
    """Upgrade new databases to ``target``; what is cached is copied, what is new is kept.

    What was made already in an earlier run of env.py is tried once more in one: SQLAlchemy
    remembers within a run which enum types it made, so that a revision may name one again.
    """
    cached = project.complete and project.request["cache"]
    chain = Chain(project, target) if cached else None
    databases.fresh(chain.keys() if chain else ())
    if chain is None:
        project.upgrade(target)
        return
    try:
        climb_all(project, databases, target, chain)
    except Failure as failure:
        if not (chain.in_parts and MADE_BEFORE in failure.message):
            raise
        databases.fresh(())
        project.upgrade(target)


def climb_all(project: Project, databases: Databases, target: Target, chain: Chain) -> None:
    """Take stage after stage up to the target."""
    before = len(chain.ids) // STAGE + 5  # stages; it may begin anew once
    while climb(project, databases, target, chain):
        before -= 1
        if not before:
            raise Failure("env_failed", NEVER_ENDS)


class Chain:
    """The revisions from empty to a target, in Alembic's order, and the key at each.

    ``in_parts`` says that a run of env.py began where another one had ended.
    """

    def __init__(self, project: Project, target: Target) -> None:
        self.project = project
        self.in_parts = False
        steps: Iterable[Any] = project.script._upgrade_revs(target, project.baseline)
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
        found = ground(self.project)
        if found is None:
            return
        digest = hashlib.sha256(repr(found).encode())
        tree = self.project.request["tree"]
        for revision in self.revisions:
            texts = depends.texts_of(str(revision.path), tree)
            if texts is None:
                return
            for text in texts:
                digest.update(text.encode() + b"\0")
            yield digest.hexdigest()[:32]

    def forget(self) -> None:
        """Find out the keys anew: more is known of what revisions read."""
        self._keys = []

    def is_configured_otherwise(self, told: str) -> bool:
        """Say whether env.py configures Alembic in another way than the keys supposed."""
        known, section = notes.configured(section_of(self.project)), section_of(self.project)
        if known == told:
            return False
        notes.set_configured(section, told)
        self.forget()
        return bool(known)  # nothing can have been restored where nothing was known

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


def ground(project: Project) -> tuple[object, ...] | None:
    """Return what every key stands on: the versions, env.py and the configuration.

    None where that cannot be known: env.py reads all of the environment, or makes tables itself.
    """
    request = project.request
    env = depends.read(os.path.join(str(project.script.dir), "env.py"))
    environment = depends.environment_of(env)
    begins = beginning.key_of(request)
    if environment is None or depends.CREATES_ALL in env or begins is None:
        return None
    packages = os.stat(os.path.dirname(os.path.dirname(alembic.__file__))).st_mtime_ns
    configuration = [depends.read(request[name]) for name in ("ini", "toml") if request[name]]
    versions = sorted(compat.versions().items())
    given = (sorted(request["env"].items()), request.get("x", []))
    seen = notes.configured(section_of(project))
    return (versions, sqlite3.sqlite_version, packages, env, environment, given, seen,
            *begins, *configuration)  # fmt: skip


def section_of(project: Project) -> str:
    """Return what names one configuration of a repository."""
    request = project.request
    return f"{request['directory']}:{request['ini'] or request['toml']}:{request['section']}"


def configuration_of(context: Context) -> str:
    """Return what env.py gave Alembic that decides what operations do."""
    metadata = context.opts.get("target_metadata")
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    # a token may be a function, whose own text differs in each process
    conventions = [sorted((str(key), getattr(value, "__qualname__", str(value)))
                          for key, value in each.naming_convention.items())
                   for each in several if each is not None]  # fmt: skip
    names = ("version_table", "version_table_schema", "_transaction_per_migration")
    return repr((conventions, [getattr(context, name, None) for name in names]))


def refuse_lost(project: Project, target: Target, left: Sequence[int]) -> None:
    """Raise ``env_failed`` where the databases do not keep what was run.

    ``left`` is how many steps each should still lack.
    """
    found: list[int] = []

    def fn(heads: Any, context: Context) -> list[Step]:
        found.append(len(list(project.script._upgrade_revs(target, heads))))
        return []

    project.run_env(fn)
    if found != left:
        raise Failure("env_failed", NOT_COMMITTED)


def climb(project: Project, databases: Databases, target: Target, chain: Chain) -> bool:
    """Take a stage towards the target in every database; say whether there is more to do."""
    reached: dict[str, list[Step]] = {}
    left: list[int] = []
    done: list[int] = []
    began: list[float] = []
    told: list[str] = []
    paths: list[str] = []

    def fn(heads: Any, context: Context) -> Iterator[Step]:
        began.append(time.perf_counter())  # the server is there by now
        chain.in_parts = chain.in_parts or bool(heads)
        steps = list(project.script._upgrade_revs(target, heads))
        stage = chain.stage(len(steps))
        reached[name_of(context.connection)] = steps[stage:]
        told.append(configuration_of(context))
        left.append(len(steps[stage:]))
        done.append(len(steps[:stage]))
        paths.extend(str(step.revision.path) for step in steps[:stage])
        return project.tracked(steps[:stage], context)

    project.run_env(fn, starting_rev=None, destination_rev=target, as_sql=False, tag=None)
    if project.within and any(done):
        refuse_lost(project, target, left)
    costly = time.perf_counter() - began[0] > COSTLY or max(done) >= MANY
    if chain.is_configured_otherwise(str(told)):
        databases.fresh(chain.keys())
        return True
    if any(done):
        if depends.note_reads(project.request["tree"], paths):
            chain.forget()
        keys = chain.keys()
        found = {name: chain.key_before(steps, keys) for name, steps in reached.items()}
        databases.keep({name: key for name, key in found.items() if key}, costly)
    return any(left)
