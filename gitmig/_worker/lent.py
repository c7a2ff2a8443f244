"""Ephemeral databases of one kind on a server that the front lends.

Their names are our own. On a server that somebody gave, each is noted in ``registry`` before it is
made, and only what is noted there is ever dropped. On a server of gitmig's own, replayed databases
stay as templates; which ones is the front's to know.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import drivers, line
from .compat import url_text, url_with
from .failures import Failure
from .shapes import Dialect

PREFIX = "gitmig_"
TEMPLATE = "gitmig_t_"
MADE = PREFIX + "[0-9a-f]{12}"
# what databases of one PostgreSQL server share, and a run may have changed
SHARED = (
    "SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_' AND oid <> 10 "
    "UNION ALL SELECT count(*) - 2 FROM pg_tablespace "
    "UNION ALL SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = 0"
)


class LentServer:
    """The databases of one kind. ``needs`` is what the server must have: see ``needs``."""

    cheap = False  # to keep: the server copies some megabytes

    def __init__(self, kind: str, registry: str, needs: Mapping[str, Any]) -> None:
        self.kind = kind
        self.registry = registry
        self.needs = needs
        self.keys: Sequence[str] = ()
        self.server: dict[str, Any] = {}
        self._url: Any = None
        self._names: dict[str, str] = {}
        self._made: list[str] = []
        self._go_on = False

    def connect(self, dialect: Dialect, asked: str, cparams: Mapping[str, Any]) -> Any:
        """Open a connection to the database that stands for what was asked for."""
        self._lend(dialect)
        if asked not in self._names:
            self._names[asked] = self._begin(asked)
        url = url_with(self._url, database=self._names[asked])
        args, kwargs = drivers.arguments(url, dialect, cparams)
        return dialect.connect(*args, **kwargs)

    def fresh(self) -> None:
        """Give new, empty databases from now on."""
        self._names, self._go_on = {}, False
        if self.server.get("one_set"):
            self.server = {}

    def keep(self, keys: Mapping[str, str]) -> None:
        """Keep the databases under their keys, where the server can."""
        if self.server.get("one_set"):
            self._freeze(keys)
        elif self.server.get("templates"):
            for asked, key in keys.items():
                with contextlib.suppress(Failure):  # a connection to it is still open
                    self._keep_template(self._entry(key, asked), self._names[asked])

    def hand_over(self) -> dict[str, str]:
        """Leave the databases to another process; return their names."""
        self._made = []
        return dict(self._names)

    def adopt(self, left: Mapping[str, str]) -> None:
        """Go on with databases that another process left; they are dropped at the end."""
        self._names, self._go_on = dict(left), True
        self._made = [name for name in left.values() if re.fullmatch(MADE, name)]

    def close(self) -> None:
        """Drop what was made, where the server stays."""
        if not self.server or (self.server["own"] and not self.server["templates"]):
            return
        if self.server["templates"]:
            shared = drivers.run(self._url, [SHARED])[0]
            if any(row[0] for row in shared):
                line.ask(ask="spoiled", id=self.server["id"])
        self._drop(self._made)

    def _lend(self, dialect: Dialect) -> None:
        if self.server:
            return
        self.server = line.ask(
            ask="server",
            kind=self.kind,
            entries=[self._entry(key) for key in reversed(self.keys)],
            go_on=self._go_on,
            **self.needs,
        )
        self._url = drivers.fitted(drivers.parsed(self.server["url"]), dialect)
        if self.server["first"] and self.server["templates"]:
            self._drop_unknown(self.server["known"])

    def _entry(self, key: str, asked: str = "") -> str:
        prepared = self.server["prepare"] if asked else ""  # a server for one set is of its own
        text = f"{key} {asked} {self.needs['driver']} {prepared}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def _begin(self, asked: str) -> str:
        """Make a database: restored from the longest known prefix, or empty."""
        if asked in self.server["restored"]:
            return str(self.server["restored"][asked])
        name = PREFIX + uuid.uuid4().hex[:12]
        with self._noted(name):
            if not self._clone(asked, name):
                drivers.run(self._url, [f"CREATE DATABASE {name}"])
                drivers.run(url_with(self._url, database=name), self.server["prepare"])
        self._made.append(name)
        return name

    def _clone(self, asked: str, name: str) -> bool:
        """Make a database as a copy of a template that is known; one that is no good goes."""
        if not (self.server["templates"] and self.keys):
            return False
        entries = [self._entry(key, asked) for key in reversed(self.keys)]
        found = line.ask(ask="known", id=self.server["id"], entries=entries)
        if not found["entry"]:
            return False
        copy = f"CREATE DATABASE {name} TEMPLATE {found['database']}{self.server['clone']}"
        try:
            drivers.run(self._url, [copy])
        except Failure as failure:
            line.ask(ask="forget", id=self.server["id"], database=found["database"])
            line.emit(event="remark", text=f"a kept database is no good: {failure.message}")
            return self._clone(asked, name)
        return True

    def _keep_template(self, entry: str, name: str) -> None:
        template = TEMPLATE + entry
        if template in self.server["known"]:
            return
        copy = f"CREATE DATABASE {template} TEMPLATE {name}{self.server['clone']}"
        size = f"SELECT pg_database_size('{template}')"
        rows = drivers.run(self._url, [copy, size])
        told = self.needs["told"]
        gone = line.ask(ask="kept", id=self.server["id"], entry=entry, database=template,
                        size=rows[1][0][0], told=told)["gone"]  # fmt: skip
        self.server["known"].append(template)
        drivers.run(self._url, [f"DROP DATABASE {each}" for each in gone])

    def _freeze(self, keys: Mapping[str, str]) -> None:
        """Keep the whole set, where all of it stands at one revision."""
        if len(set(keys.values())) == 1 and set(keys) == set(self._names):
            entry = self._entry(next(iter(keys.values())))
            line.ask(ask="freeze", id=self.server["id"], entry=entry, databases=self._names,
                     told=self.needs["told"])  # fmt: skip

    def _drop_unknown(self, known: Sequence[str]) -> None:
        """Drop what a run that was killed left on our own server."""
        found = drivers.run(self._url, ["SELECT datname FROM pg_database"])[0]
        mine = [str(row[0]) for row in found if str(row[0]).startswith(PREFIX)]
        self._drop_on_own([name for name in mine if name not in known])
        for name in set(known) - set(mine):
            line.ask(ask="forget", id=self.server["id"], database=name)

    def _drop_on_own(self, names: Sequence[str]) -> None:
        if names:
            drivers.run(self._url, [f"DROP DATABASE {name}" for name in names])

    @contextlib.contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        """Note a database on a server that was given while it is being made."""
        if self.server["own"]:
            yield
            return
        os.makedirs(self.registry, exist_ok=True)
        if not self._made:
            self._sweep()
        noted = {"pid": os.getppid(), "host": platform.node(), "server": url_text(self._url)}
        with open(os.path.join(self.registry, name), "x", encoding="utf-8") as out:
            json.dump(noted, out)
        yield

    def _sweep(self) -> None:
        """Drop what runs that were killed left on a given server: only what they noted here."""
        for name in os.listdir(self.registry):
            note = os.path.join(self.registry, name)
            if not re.fullmatch(MADE, name):
                continue
            with contextlib.suppress(OSError, ValueError, KeyError), open(note) as file:
                noted = json.load(file)
                same = noted["server"] == url_text(self._url) and noted["host"] == platform.node()
                if same and not is_alive(noted["pid"]):
                    drivers.run(self._url, [f"DROP DATABASE IF EXISTS {name}"])
                    os.unlink(note)

    def _drop(self, names: Sequence[str]) -> None:
        force = " WITH (FORCE)" if self.kind == "postgresql" else ""
        for name in names:
            drivers.run(self._url, [f"DROP DATABASE {name}{force}"])
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.registry, name))


def is_alive(process: int) -> bool:
    """Say whether a process of that id is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
