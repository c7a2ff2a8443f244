"""The plain data that flows through gitmig. Imports nothing of gitmig.

Paths in here are relative to the repository's top level, with ``/``, as git gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
GateStatus = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Revision:
    """One revision file, as its text says.

    ``parents`` is ``down_revision`` (empty for a base), ``line`` the line of the ``revision``
    assignment (1-based), ``parents_line`` that of ``down_revision``. ``begins_line`` is what the
    settings say: its heads are kept apart from those of other lines. ``upgrade_line`` and
    ``downgrade_line`` are those of the functions' ``def``, 0 where there is none.
    """

    id: str
    parents: tuple[str, ...]
    path: str
    subject: str = ""
    line: int = 1
    parents_line: int = 1
    labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    begins_line: bool = False
    upgrade_line: int = 0
    downgrade_line: int = 0


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
    """The outcome of one gate of ``gitmig check``; ``seconds`` is wall time.

    ``reason``: why it is skipped, where the project has nothing that it could judge. That is no
    fault; where it is empty, the gate did not get to run.
    """

    name: str
    status: GateStatus
    seconds: float = 0.0
    reason: str = ""


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
    replayed databases of each kind, ``x`` what env.py gets as with ``-x``.
    """

    base: str = ""
    python: str = ""
    stage: bool = True
    stop_on: tuple[str, ...] = ("doubt",)
    merge: Literal["merge", "linear"] = "merge"
    head_file: str = ""
    head: str = ""
    lines: tuple[str, ...] = ()
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
    x: tuple[str, ...] = ()
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


JsonObject = dict[str, Any]

Progress = Callable[[JsonObject], None]
"""What is called with each event that the worker tells."""
