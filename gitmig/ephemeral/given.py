"""Servers that somebody gave: by URL, or through a package of their own.

A package adds a provider through the entry point group ``gitmig.ephemeral``: an object with a
``name`` and ``open(need)``, a context manager that gives a ``Server`` or raises ``Unavailable``
(see ``provision``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitmig.ephemeral.provision import Need, Provider, Server, Unavailable
from gitmig.errors import GitmigError

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
    from importlib.metadata import entry_points  # with `email` and `zipfile`; rarely needed

    return [Plugged(point.name, point) for point in entry_points(group=GROUP)]


@dataclass(frozen=True)
class Plugged:
    """A provider of an installed package; loaded only when it is asked."""

    name: str
    point: object

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Give what the package's provider gives; its own failures are a reason, no traceback.

        Raises GitmigError where it cannot end what it began.
        """
        stack = contextlib.ExitStack()
        try:
            provider: Provider = self.point.load()  # type: ignore[attr-defined]
            server = stack.enter_context(provider.open(need))
        except Unavailable:
            raise
        except Exception as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        if not isinstance(server, Server):
            raise Unavailable(f"it gives no Server, but {server!r}")
        try:
            yield server
        finally:
            self.end(stack)

    def end(self, stack: contextlib.ExitStack) -> None:
        """Have the provider end its server."""
        try:
            stack.close()
        except Exception as error:
            raise GitmigError(
                f"the provider {self.name} could not end its server: "
                f"{type(error).__name__}: {error}",
                "see for yourself whether it still runs, and tell who made the package",
            ) from error
