"""The servers of one command: started when the project first asks, stopped at the end.

Only the project's side has a driver, so it makes and drops the databases; what it asks for comes
as a question of its worker:

``server``   a server of a ``kind``: its URL, and what was restored on it
``known``    which of some ``entries`` is kept as a template on it
``kept``     a database is to be kept under an ``entry``; answers which must go instead
``forget``   a kept database is not there, or no good
``freeze``   keep the whole set of databases as it is now (a server without templates)
``spoiled``  the server was changed beyond its databases: nothing of it may be kept
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gitmig.ephemeral.provision import BOUND, Attempt, Need, NoServer, Server
from gitmig.ephemeral.rundir import run_directory
from gitmig.errors import GitmigError
from gitmig.model import JsonObject, ServerSettings

Question = Mapping[str, Any]
SHARED_STAYS = "roles and the like that the revisions make stay on the given server"


def nobody_to_tell() -> None:
    """Do nothing: nothing waits for a server to be asked for."""


@dataclass(frozen=True)
class Terms:
    """On what a project gets servers.

    ``urls`` are those that the user gave, ``settings`` what is configured for each kind, ``keep``
    whether replayed databases are taken from the cache and kept there, ``bound`` how many bytes of
    each kind are kept. ``line`` names a line of work that goes on beside others.
    """

    urls: Sequence[str] = ()
    settings: Mapping[str, ServerSettings] = field(default_factory=dict)
    keep: bool = True
    bound: int = BOUND
    line: str = ""


@dataclass(frozen=True)
class Lent:
    """A server that runs until ``stack`` is closed.

    ``wanted`` is what was asked for, ``way`` the name of the provider.
    """

    server: Server
    stack: contextlib.ExitStack
    wanted: str
    way: str


class Servers:
    """Lends servers to workers; ``close`` stops them.

    ``notes`` is what to tell of them, ``attempts`` what became of each way to one, ``fault`` what
    went wrong that nobody expected: a worker is not to wait for an answer in vain. ``given_up``
    counts the servers that will not do.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.attempts: list[Attempt] = []
        self.fault: Exception | None = None
        self.given_up = 0
        self._lent: dict[str, Lent] = {}
        self._unfit: dict[str, Lent] = {}
        self._refused: dict[str, dict[str, str]] = {}  # for what is wanted: way -> why not
        self._alone: set[str] = set()  # what is wanted for one set of databases only
        self._numbers = 0
        self._stack = contextlib.ExitStack()
        self._run: Path | None = None
        self._told: dict[str, Callable[[], object]] = {}
        self._one_at_a_time = threading.Lock()

    @contextlib.contextmanager
    def telling(self, line: str, begin: Callable[[], object]) -> Iterator[None]:
        """Call ``begin`` within the block when this line of work asks for a server."""
        self._told[line] = begin
        try:
            yield
        finally:
            del self._told[line]

    def close(self) -> None:
        """Stop every server and remove what was theirs."""
        with self._stack:
            for lent in (*self._lent.values(), *self._unfit.values()):
                self._stack.push(lent.stack)
            self._lent, self._unfit = {}, {}

    def answer(self, terms: Terms, question: Question) -> JsonObject:
        """Answer a worker's question; a failure is an answer too."""
        if question["ask"] == "server":
            self._told.get(terms.line, nobody_to_tell)()
        answers: dict[str, Callable[[Question], JsonObject]] = {
            "server": partial(self.lend, terms),
            "known": self.known,
            "kept": self.kept,
            "forget": self.forget,
            "freeze": self.freeze,
            "spoiled": self.spoiled,
        }
        with self._one_at_a_time:
            try:
                return answers[question["ask"]](question)
            except GitmigError as error:
                if isinstance(error, NoServer):
                    self.attempts += error.attempts
                return {"error": error.message, "hint": error.hint}
            except Exception as error:
                self.fault = error
                return {"error": f"{type(error).__name__}: {error}", "hint": ""}

    def lend(self, terms: Terms, question: Question) -> JsonObject:
        """Start a server, or lend the one that runs; one for a single set replaces the last.

        Such a one is lent to one line of work alone.
        """
        kind, extensions = question["kind"], tuple(question["extensions"])
        settings = terms.settings.get(kind, ServerSettings())
        wanted = repr((kind, extensions, tuple(terms.urls), settings, terms.keep))
        alone = question["alone"] or wanted in self._alone
        key = f"{wanted} {alone}"
        alone_with = f"{key} {terms.line}"
        if alone_with in self._lent:
            if question["go_on"]:
                key = alone_with
            else:
                self._lent.pop(alone_with).stack.close()
        first = key not in self._lent
        if first:
            entries = tuple(question["entries"])
            need = Need(
                kind,
                self.directory(),
                extensions,
                entries,
                alone,
                terms.keep,
                settings,
                terms.bound,
            )
            started = self.start(need, terms.urls, wanted)
            key = alone_with if started.server.one_set else key
            self._lent[key] = started
        server = self._lent[key].server
        return {
            "id": key,
            "first": first,
            "url": server.url,
            "own": server.own,
            "alone": alone,
            "clone": server.clone,
            "templates": server.shelf is not None and not server.one_set,
            "known": server.shelf.known() if server.shelf is not None else [],
            "one_set": server.one_set,
            "restored": dict(server.restored),
        }

    def start(self, need: Need, urls: Sequence[str], wanted: str) -> Lent:
        """Start the first server that works, and note what is to be said of it."""
        from gitmig.ephemeral.providers import open_first  # most runs need no server

        stack = contextlib.ExitStack()
        server, attempts = open_first(need, urls, stack, self._refused.get(wanted, {}))
        self.attempts += attempts
        notes = [*server.notes]
        if need.alone:
            if server.own:
                server = replace(server, one_set=True)
            else:
                notes.append(SHARED_STAYS)
        self.notes += [note for note in notes if note not in self.notes]
        return Lent(server, stack, wanted, attempts[-1].name)

    def give_up(self, key: str, why: str, *, lacking: bool) -> None:
        """Lend a server no more that a request failed for: it lacks something, or is shared.

        Another way is taken instead of it, or each set of databases gets a server of its own.
        """
        with self._one_at_a_time:
            lent = self._lent.pop(key, None)
            if lent is None:
                return
            self._unfit[key] = lent  # another line of work may still use it
            self.given_up += 1
            if lacking:
                self._refused.setdefault(lent.wanted, {})[lent.way] = why
            else:
                lent.server.spoil()
                self._alone.add(lent.wanted)

    def directory(self) -> Path:
        """Return an empty directory for a server of this run."""
        if self._run is None:
            self._run = self._stack.enter_context(run_directory())
        self._numbers += 1
        folder = self._run / str(self._numbers)
        folder.mkdir()
        return folder

    def known(self, question: Question) -> JsonObject:
        """Say which template to begin with."""
        shelf = self.lent(question).shelf
        found = shelf.find(tuple(question["entries"])) if shelf is not None else None
        return {"entry": found[0], "database": found[1]} if found else {"entry": "", "database": ""}

    def kept(self, question: Question) -> JsonObject:
        """Note a template."""
        shelf = self.lent(question).shelf
        gone = []
        if shelf is not None:
            gone = shelf.put(
                question["entry"], question["database"], question["size"], question["told"]
            )
        return {"gone": [entry.database for entry in gone]}

    def forget(self, question: Question) -> JsonObject:
        """Note that a template is no more."""
        shelf = self.lent(question).shelf
        if shelf is not None:
            shelf.forget(question["database"])
        return {}

    def freeze(self, question: Question) -> JsonObject:
        """Keep a whole set of databases."""
        server = self.lent(question)
        if server.freeze is not None:
            server.freeze(question["entry"], question["databases"], question["told"])
        return {}

    def spoiled(self, question: Question) -> JsonObject:
        """Have a server thrown away at the end."""
        self.lent(question).spoil()
        return {}

    def lent(self, question: Question) -> Server:
        """Return the server that a question is about."""
        return {**self._unfit, **self._lent}[question["id"]].server

    def last_words(self) -> str:
        """Return what a server that is gone said last, empty while all live."""
        with self._one_at_a_time:  # another line of work may be at it
            for lent in self._lent.values():
                words = lent.server.last_words()
                if words is not None:
                    return f"{lent.server.told} ended: {words}"
        return ""
