"""What passes between those who need a throw-away database and those who provide one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gitmig.errors import GitmigError
from gitmig.model import ServerSettings
from gitmig.outcomes import Entry

BOUND = 512 * 1024 * 1024  # bytes
LABELS = {"postgresql": "PostgreSQL", "mysql": "MySQL or MariaDB"}


@dataclass(frozen=True)
class Need:
    """What a project asks for.

    ``kind`` is SQLAlchemy's name of the dialect (``mysql`` for MariaDB too), ``extensions`` what
    its revisions create, ``entries`` the ids under which a replayed database may be kept, the one
    with the most revisions first. ``alone``: it changes what all databases of a server share, so
    that it must have a server for itself. ``keep``: whether anything may outlive this run,
    ``bound``: how many bytes of replayed databases.
    """

    kind: str
    run: Path
    extensions: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    alone: bool = False
    keep: bool = True
    settings: ServerSettings = field(default_factory=ServerSettings)
    bound: int = BOUND

    @property
    def label(self) -> str:
        """Return the name of the kind as a person writes it."""
        return LABELS.get(self.kind, self.kind)


class Shelf(Protocol):
    """Where replayed databases of one server are kept. Ids are the worker's."""

    def find(self, entries: tuple[str, ...]) -> tuple[str, str] | None:
        """Return ``(id, database)`` of the first that is kept and whole, None for none."""

    def put(self, entry: str, database: str, size: int, told: str) -> list[Entry]:
        """Keep a database of ``size`` bytes; return those that must go instead of it."""

    def known(self) -> list[str]:
        """Return the names of all databases that are kept."""

    def forget(self, database: str) -> None:
        """Keep a database no longer."""


@dataclass(frozen=True)
class Server:
    """A server on which databases may be made, by its ``url``, which leads to a database on it.

    ``told`` is how to speak of it. ``own``: gitmig started it for itself. ``shelf``: where its
    databases are kept. ``one_set``: it is used up by one set of databases, ``restored`` of which
    are there already, by the name of what was asked for. ``clone``: what follows
    ``CREATE DATABASE … TEMPLATE …``. ``last_words``: None while it lives, the end of its log once
    it is gone. ``spoil`` has it thrown away with all that it keeps.
    """

    url: str
    told: str
    own: bool = False
    notes: tuple[str, ...] = ()
    shelf: Shelf | None = None
    clone: str = ""
    one_set: bool = False
    restored: Mapping[str, str] = field(default_factory=dict)
    freeze: Callable[[str, Mapping[str, str], str], None] | None = None
    last_words: Callable[[], str | None] = lambda: None
    spoil: Callable[[], None] = lambda: None


class Unavailable(Exception):
    """A provider cannot serve; the message is the reason, short enough for a list.

    ``lacks`` are the extensions that it has not, where that is all that is wrong with it.
    """

    def __init__(self, message: str, lacks: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lacks = lacks


class Provider(Protocol):
    """One way to get a server. ``name`` says which, in the words of the documentation."""

    @property
    def name(self) -> str:
        """Return what to call it."""

    def open(self, need: Need) -> AbstractContextManager[Server]:
        """Give a server that is stopped at the end; raises Unavailable where it cannot."""


@dataclass(frozen=True)
class Attempt:
    """What became of one way; ``told`` is the server of the one that was taken."""

    kind: str
    name: str
    problem: str = ""
    told: str = ""


class NoServer(GitmigError):
    """No way leads to a server of the kind; ``attempts`` says why each does not."""

    def __init__(self, message: str, hint: str, attempts: Sequence[Attempt]) -> None:
        super().__init__(message, hint)
        self.attempts = attempts
