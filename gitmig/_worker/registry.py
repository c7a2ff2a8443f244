"""The databases of our own on a server that somebody gave.

Each is noted in a folder before it is made, and on PostgreSQL says in a comment whose it is. Only
what has a name of ours, is noted, belongs to our account and has no comment of somebody else's is
ever dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import time
from collections.abc import Mapping
from typing import Any

from . import drivers, line
from .compat import url_text
from .failures import Failure

NAME = "gitmig_[0-9a-f]{12}"
SIGNED = "made by gitmig on "
LOOK = (
    "SELECT pg_get_userbyid(datdba) = current_user, coalesce(shobj_description(oid, 'pg_database'),"
    " '{signed}') FROM pg_database WHERE datname = '{name}'"
)


class Registry:
    """The notes in ``folder`` on the databases of one server, behind ``url``."""

    def __init__(self, folder: str, kind: str, url: Any) -> None:
        self.folder = folder
        self.signs = kind == "postgresql"
        self.url = url

    def create(self, name: str) -> None:
        """Note a database, make it and sign it; one that cannot be made is not noted."""
        os.makedirs(self.folder, exist_ok=True)
        mine = {"pid": os.getppid(), "host": platform.node(), "server": url_text(self.url)}
        with open(self._note(name), "x", encoding="utf-8") as out:
            json.dump(mine, out)
        try:
            drivers.run(self.url, [f"CREATE DATABASE {name}"])
        except Failure:
            os.unlink(self._note(name))
            raise
        if self.signs:
            with contextlib.suppress(Failure):  # what speaks PostgreSQL's language may know none
                drivers.run(self.url, [f"COMMENT ON DATABASE {name} IS '{signature(mine)}'"])

    def drop(self, name: str) -> None:
        """Drop a database and forget it."""
        drop_database(self.url, name, force=self.signs)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._note(name))

    def sweep(self) -> None:
        """Drop what runs that were killed left on this server."""
        for name in self._left():
            try:
                if self._is_ours(name):
                    self.drop(name)
                    continue
                told = f"the database {name} is not ours, or gone"
            except Failure as failure:  # another time, or by another run
                line.remark(f"{name} stays: {failure.message}")
                continue
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._note(name))
            line.remark(told)

    def _note(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _left(self) -> list[str]:
        """Return the databases here whose process, on this host, is gone."""
        found = []
        for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
            with contextlib.suppress(OSError, ValueError, KeyError), open(self._note(name)) as file:
                noted = json.load(file)
                here = (noted["server"], noted["host"]) == (url_text(self.url), platform.node())
                if here and re.fullmatch(NAME, name) and not is_alive(noted["pid"]):
                    found.append(name)
        return found

    def _is_ours(self, name: str) -> bool:
        if not self.signs:
            return True
        rows = drivers.run(self.url, [LOOK.format(signed=SIGNED, name=name)])[0]
        return any(owned and str(told).startswith(SIGNED) for owned, told in rows)


def signature(mine: Mapping[str, Any]) -> str:
    """Return the comment on a database: on which host, by which process and when it was made."""
    host = re.sub(r"[^\w.-]", "", mine["host"])
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{SIGNED}{host} by process {mine['pid']} at {when}"


def drop_database(url: Any, name: str, *, force: bool) -> None:
    """Drop a database of ours; ``force`` ends who is connected to it, from PostgreSQL 13 on."""
    if force:
        with contextlib.suppress(Failure):
            drivers.run(url, [f"DROP DATABASE {name} WITH (FORCE)"])
            return
    drivers.run(url, [f"DROP DATABASE {name}"])


def is_alive(process: int) -> bool:
    """Say whether a process of that id is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
