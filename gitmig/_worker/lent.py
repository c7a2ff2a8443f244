"""Ephemeral databases of one kind on a server that the front lends.

Their names are our own. On a server that somebody gave they are kept account of, see ``registry``.
On a server of gitmig's own, replayed databases stay as templates; which ones is the front's to
know.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import direct, drivers, line, needs
from .compat import url_with
from .failures import Failure
from .registry import NAME, Registry, drop_database
from .shapes import Dialect

PREFIX = "gitmig_"
TEMPLATE = "gitmig_t_"
# what databases of one PostgreSQL server share, and a run may have changed
SHARED = (
    "SELECT count(*) FROM pg_roles WHERE rolname !~ '^(pg_|gitmig_)' AND oid <> 10 "
    "UNION ALL SELECT count(*) - 2 FROM pg_tablespace "
    "UNION ALL SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = 0 "
    "UNION ALL SELECT count(*) FROM pg_database WHERE datname !~ '^(gitmig_|postgres|template)'"
)


# what a driver takes from the environment before or beside a URL, some of it instead of the host
LEADS_ELSEWHERE = (
    *("PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGTZ", "PGDATESTYLE"),
    *("PGSSLMODE", "PGREQUIREAUTH", "PGCHANNELBINDING", "PGGSSENCMODE", "PGTARGETSESSIONATTRS"),
    *("PGCLIENTENCODING", "MYSQL_PWD", "MYSQL_HOST", "MYSQL_UNIX_PORT"),
)

# what a database has and its copy has not
OF_THE_DATABASE = (
    "SELECT 1 FROM pg_database d WHERE datname = '{name}' AND (datacl IS NOT NULL OR EXISTS "
    "(SELECT FROM pg_db_role_setting s WHERE s.setdatabase = d.oid))"
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
        with direct.allowed():
            return dialect.connect(*args, **kwargs)

    def run_on_own(self, statement: str) -> bool:
        """Run a statement on a server of gitmig's own; say whether it was, not where it failed.

        Two workers may do the same at once, of which one fails.
        """
        for _ in range(3 if self.server.get("own") else 0):
            with contextlib.suppress(Failure):
                drivers.run(self._url, [statement])
                return True
        return False

    def is_apart(self) -> bool:
        """Say whether nobody else has the server, which is gitmig's own."""
        return bool(self.server.get("own") and self.server.get("one_set"))

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
        self._made = [name for name in left.values() if re.fullmatch(NAME, name)]

    @contextlib.contextmanager
    def another(self) -> Iterator[str]:
        """Give the name of one more empty database, and drop it."""
        name = PREFIX + uuid.uuid4().hex[:12]
        self._create(name)
        try:
            yield name
        finally:
            self._drop(name)

    def close(self) -> None:
        """Drop what was made, where the server stays."""
        if not self.server or (self.server["own"] and not self.server["templates"]):
            return
        if self.server["templates"]:
            shared = drivers.run(self._url, [SHARED])[0]
            if any(row[0] for row in shared):
                line.ask(ask="spoiled", id=self.server["id"])
        for name in self._made:
            self._drop(name)

    def blame(self, message: str) -> dict[str, Any]:
        """Return ``lent`` and ``lacking`` where the server is to blame for a failure, else nothing.

        It lacks an extension, or another database of it has what only one can have: the front may
        have a better one.
        """
        if not self.server or not self.server["own"] or self.kind != "postgresql":
            return {}
        lacking = needs.is_lacking(message)
        taken = needs.is_taken(message) and not self.server["alone"]
        return {"lent": self.server["id"], "lacking": lacking} if lacking or taken else {}

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
        if self.server["own"]:
            for name in LEADS_ELSEWHERE:
                os.environ.pop(name, None)
        self._url = drivers.fitted(drivers.parsed(self.server["url"]), dialect)
        if self.server["first"] and self.server["templates"]:
            self._drop_unknown(self.server["known"])

    def _entry(self, key: str, asked: str = "") -> str:
        text = f"{key} {asked} {self.needs['driver']} {self.needs['prepare']}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def _begin(self, asked: str) -> str:
        """Make a database: restored from the longest known prefix, or empty."""
        if asked in self.server["restored"]:
            return str(self.server["restored"][asked])
        name = PREFIX + self._run_mark() + uuid.uuid4().hex
        name = name[: len(PREFIX) + 12]
        if not self._clone(asked, name):
            self._create(name)
        self._made.append(name)
        return name

    def _create(self, name: str) -> None:
        """Make an empty database, prepared as the settings say."""
        if self.server["own"]:
            drivers.run(self._url, [f"CREATE DATABASE {name}"])
        else:
            registry = Registry(self.registry, self.kind, self._url)
            registry.sweep()
            registry.create(name)
        try:
            drivers.run(url_with(self._url, database=name), self.needs["prepare"])
        except Failure as failure:
            self._drop(name)
            blame = self.blame(failure.message)
            kind = "unfit_server" if blame else "prepare_failed"
            raise Failure(kind, failure.message, settings=self.kind, **blame) from failure

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
            line.remark(f"a kept database is no good: {failure.message}")
            return self._clone(asked, name)
        return True

    def _keep_template(self, entry: str, name: str) -> None:
        template = TEMPLATE + entry
        if template in self.server["known"]:
            return
        if drivers.run(self._url, [OF_THE_DATABASE.format(name=name)])[0]:
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

    def _run_mark(self) -> str:
        """Return what the names begin with on our own server that this run makes.

        Workers of one run are at it side by side: the first sweeps while the others begin.
        """
        return f"{os.getppid():06x}" if self.server["own"] else ""

    def _drop_unknown(self, known: Sequence[str]) -> None:
        """Drop what a run that was killed left on our own server."""
        found = drivers.run(self._url, ["SELECT datname FROM pg_database"])[0]
        mine = [str(row[0]) for row in found if str(row[0]).startswith(PREFIX)]
        ours = PREFIX + self._run_mark()
        self._drop_on_own([n for n in mine if n not in known and not n.startswith(ours)])
        for name in set(known) - set(mine):
            line.ask(ask="forget", id=self.server["id"], database=name)

    def _drop_on_own(self, names: Sequence[str]) -> None:
        if names:
            drivers.run(self._url, [f"DROP DATABASE {name}" for name in names])

    def _drop(self, name: str) -> None:
        if self.server["own"]:
            drop_database(self._url, name, force=self.kind == "postgresql")
        else:
            Registry(self.registry, self.kind, self._url).drop(name)
