"""Servers that somebody gave: by URL, or through a package of their own.

A package adds a provider through the entry point group ``gitmig.ephemeral``: an object with a
``name`` and ``open(need)``, a context manager that gives a ``Server`` or raises ``Unavailable``
(see ``provision``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from urllib.parse import urlsplit

from gitmig.ephemeral.provision import Need, Provider, Server, Unavailable

GROUP = "gitmig.ephemeral"
SAME = {"mariadb": "mysql", "postgres": "postgresql"}  # other names of SQLAlchemy's dialects


@dataclass(frozen=True)
class ByUrl:
    """The server behind one of the URLs that the user gave."""

    urls: Sequence[str]
    name: str = "URL"

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Give the server of the kind that is needed."""
        for url in self.urls:
            if kind_of(url) == need.kind:
                yield Server(url, "databases of our own on the given server")
                return
        raise Unavailable("none was given")


def kind_of(url: str) -> str:
    """Return the kind of database a URL leads to, empty for what is no URL."""
    scheme = urlsplit(url).scheme if "://" in url else ""
    name = scheme.partition("+")[0]
    return SAME.get(name, name)


def plugged_in() -> list[Provider]:
    """Return the providers that installed packages add, one that cannot be loaded as its reason."""
    return [Plugged(point.name, point) for point in entry_points(group=GROUP)]


@dataclass(frozen=True)
class Plugged:
    """A provider of an installed package; loaded only when it is asked."""

    name: str
    point: object

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Give what the package's provider gives; its own failures are a reason, no traceback."""
        with contextlib.ExitStack() as stack:
            try:
                provider: Provider = self.point.load()  # type: ignore[attr-defined]
                server = stack.enter_context(provider.open(need))
            except Unavailable:
                raise
            except Exception as error:
                raise Unavailable(f"{type(error).__name__}: {error}") from error
            yield server
