"""The plain data that flows through gitmig. Imports nothing of gitmig but ``ran``.

Paths in here are relative to the repository's top level, with ``/``, as git gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gitmig.ran import RanOperation

Severity = Literal["error", "warning", "note"]
GateStatus = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Revision:
    """One revision file, as its text says.

    ``parents`` is ``down_revision`` (empty for a base), ``line`` the line of the ``revision``
    assignment (1-based), ``parents_line`` that of ``down_revision``.
    """

    id: str
    parents: tuple[str, ...]
    path: str
    subject: str = ""
    line: int = 1
    parents_line: int = 1
    labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing; ``gate`` is which one found it.

    ``message`` is a sentence; what is below its first line are details. ``reason`` is why a waiver
    allows it, empty where none does.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    path: str = ""
    line: int = 0
    revision: str = ""
    gate: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Gate:
    """The outcome of one gate of ``gitmig check``; ``seconds`` is wall time."""

    name: str
    status: GateStatus
    seconds: float = 0.0


@dataclass(frozen=True)
class Operation:
    """One schema operation of a revision.

    ``words`` is how a person would say it (``add users.email``); ``doubt`` is why a person must
    look at it, empty where it is safe. ``schema`` is empty for the default one.
    """

    kind: str
    table: str
    words: str
    column: str = ""
    doubt: str = ""
    schema: str = ""


@dataclass(frozen=True)
class Environment:
    """One Alembic environment of the repository.

    ``directory`` is where Alembic is run (the folder of its configuration), ``ini`` and ``toml``
    the configuration files (either may be empty), ``section`` the ini section,
    ``script_location`` the folder of env.py, ``version_locations`` the folders of revisions,
    ``settings`` gitmig's settings for this environment.
    """

    name: str
    directory: str
    script_location: str
    version_locations: tuple[str, ...]
    settings: Settings
    ini: str = ""
    toml: str = ""
    section: str = "alembic"
    recursive: bool = False


@dataclass(frozen=True)
class ServerSettings:
    """``[tool.gitmig.postgresql]`` or ``[tool.gitmig.mysql]``: throw-away servers of one kind.

    ``version`` is what production runs, ``binaries`` a folder of server programs, ``docker`` an
    image, ``prepare`` SQL that is run in each new database, ``prepare_with`` a function that is
    called with a connection to it; the rest is what MySQL and MariaDB are started with, None for
    the server's own default.
    """

    version: str = ""
    binaries: str = ""
    docker: str = ""
    prepare: tuple[str, ...] = ()
    prepare_with: str = ""
    character_set: str = "utf8mb4"
    collation: str = ""
    sql_mode: str | None = None
    lower_case_table_names: int | None = None


@dataclass(frozen=True)
class RuleSettings:
    """``[tool.gitmig.rules]``: codes or names of rules, and how bad each is."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """``[tool.gitmig]``, with the defaults.

    ``timeout`` is in seconds, ``memory`` in megabytes, for one worker process. ``database`` are
    URLs of servers, ``servers`` the settings by kind of database, ``cache_size`` megabytes of
    replayed databases of each kind.
    """

    base: str = ""
    python: str = ""
    stage: bool = True
    stop_on: tuple[str, ...] = ("doubt",)
    merge: Literal["merge", "linear"] = "merge"
    head_file: str = ""
    downgrade: Literal["required", "optional", "forbidden"] = "required"
    baseline: str = ""
    baseline_revision: str = ""
    seed: str = ""
    snapshot_include: tuple[str, ...] = ()
    database: tuple[str, ...] = ()
    timeout: int = 300
    memory: int = 4096
    cache_size: int = 512
    env: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)
    rules: RuleSettings = RuleSettings()


Confirm = Callable[[str], bool]
"""What asks a person a question and returns whether the answer is yes."""


@dataclass(frozen=True)
class Options:
    """What the user asked for where a revision is written.

    ``message`` empty: made from what it does. ``database`` are URLs of servers to make
    databases on, empty for those in the settings. ``confirm`` is None where nobody can be asked.
    """

    message: str = ""
    dry_run: bool = False
    stage: bool = True
    database: tuple[str, ...] = ()
    confirm: Confirm | None = None


AS_ASKED = Options()


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
    stands for the environment where a finding names none. With ``failure`` it could not be
    checked, and there is nothing else; without an environment then, nothing could.
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

    @property
    def ok(self) -> bool:
        """True where every gate ran and none failed."""
        return bool(self.gates) and all(gate.status == "passed" for gate in self.gates)


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


JsonObject = dict[str, Any]

Progress = Callable[[JsonObject], None]
"""What is called with each event that the worker tells."""
