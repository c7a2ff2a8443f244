"""What commands report: plain data, as it is printed and counted. Paths are as in ``model``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitmig.model import Finding, Gate, Operation, Revision
from gitmig.ran import RanOperation


@dataclass(frozen=True)
class WrittenRevision:
    """A revision file that gitmig made: where it is, what it holds."""

    path: str
    revision: str
    message: str
    content: str


@dataclass(frozen=True)
class GenerateReport:
    """What ``gitmig autogenerate`` did in one environment.

    ``stopped`` is why the commit must not go on, empty where it may.
    """

    environment: str
    written: tuple[WrittenRevision, ...] = ()
    staged: bool = False
    operations: tuple[Operation, ...] = ()
    stopped: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True)
class Move:
    """A revision that gets another parent."""

    revision: Revision
    parent: Revision


@dataclass(frozen=True)
class MergeReport:
    """What ``gitmig merge-heads`` did: the heads it found and the revision that joins them.

    Where they are put in one line instead, ``moved`` are the revisions that got another parent,
    ``rewritten`` their files, and ``written`` is None.
    """

    environment: str
    heads: tuple[Revision, ...]
    written: WrittenRevision | None = None
    staged: bool = False
    dry_run: bool = False
    notes: tuple[str, ...] = ()
    moved: tuple[Move, ...] = ()
    rewritten: tuple[WrittenRevision, ...] = ()


@dataclass(frozen=True)
class FoldReport:
    """What ``gitmig fold`` did: the revisions that became one, and that one.

    ``undo`` is the line that puts everything back.
    """

    environment: str
    folded: tuple[Revision, ...] = ()
    written: WrittenRevision | None = None
    staged: bool = False
    operations: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()
    undo: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Collision:
    """Why two branches cannot both come in: ``what`` are the ids or paths, or a sentence."""

    branch: str
    why: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class OpenBranch:
    """A branch that is not merged yet: its new revisions, and what it collides with.

    ``note`` is why it was not looked at, empty where it was.
    """

    name: str
    commit: str
    revisions: tuple[Revision, ...] = ()
    collisions: tuple[Collision, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Failure:
    """Why something could not run, what to type, and with ``-v`` what the project printed.

    ``path`` and ``line`` are where, as far as that is known, ``revision`` which one it was in;
    ``code`` as of a finding, where there is one for it.
    """

    message: str
    hint: str = ""
    detail: str = ""
    path: str = ""
    line: int = 0
    revision: str = ""
    code: str = ""


@dataclass(frozen=True)
class CheckReport:
    """What ``gitmig check`` found in one environment.

    ``waived`` are the findings that a waiver in a revision allows, which count for nothing else.
    ``ran`` is what the revisions that are new on the branch did. ``place`` is the file that
    stands for the environment where a finding names none. ``title`` says what this is of all that
    is to be checked, empty for the whole: the only environment, no shard. With ``failure`` it could
    not be checked, and there is nothing else; without an environment then, nothing could.
    """

    environment: str
    gates: tuple[Gate, ...] = ()
    findings: tuple[Finding, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    revisions: int = 0
    branches: tuple[OpenBranch, ...] = ()
    ran: tuple[RanOperation, ...] = ()
    place: str = ""
    failure: Failure | None = None
    waived: tuple[Finding, ...] = ()
    title: str = ""

    @property
    def ok(self) -> bool:
        """True where every gate ran that has anything to judge, and none failed."""
        return bool(self.gates) and all(
            gate.status == "passed" or gate.reason for gate in self.gates
        )

    @property
    def is_silent(self) -> bool:
        """True where nothing is to tell but that it passed."""
        return self.ok and not self.findings and not self.branches


@dataclass(frozen=True)
class Step:
    """What one revision would do: the operations in words, the statements as sent."""

    revision: str
    subject: str
    path: str
    up: bool
    words: tuple[str, ...]
    sql: tuple[str, ...]


@dataclass(frozen=True)
class Departure:
    """Revisions that were checked out before and are not now, the newest first.

    ``environment`` is empty where there is only one.
    """

    revisions: tuple[Revision, ...]
    environment: str = ""


@dataclass(frozen=True)
class SyncReport:
    """What ``gitmig sync`` did: how many revisions it took back, with whose files, and applied.

    ``steps`` are what it would have done, where it was only to tell; ``note`` is what it could not
    find out.
    """

    told: str
    down: int
    up: int
    steps: tuple[Step, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """One replayed database that is kept: ``size`` in bytes, ``used`` in seconds of the epoch.

    ``database`` is its name where it is kept, ``told`` of which project it is.
    """

    id: str
    database: str
    size: int
    told: str
    used: float
    path: Path


@dataclass(frozen=True)
class Holding:
    """One place with the databases that are kept there; ``size`` is all of it in bytes."""

    kind: str
    folder: Path
    size: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Line:
    """One thing that ``gitmig doctor`` looked at.

    ``ok`` is None where it is neither good nor bad.
    """

    what: str
    found: str
    ok: bool | None = None
    hint: str = ""
