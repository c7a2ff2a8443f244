"""The ways to a server, in the order in which they are tried."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gitmig.ephemeral import programs
from gitmig.ephemeral.docker import Docker
from gitmig.ephemeral.given import ByUrl, kind_of, plugged_in
from gitmig.ephemeral.mariadb import open_mysql
from gitmig.ephemeral.postgres import open_postgres
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Need, Provider, Server, Unavailable
from gitmig.errors import GitmigError

Open = Callable[[Programs, Need], contextlib.AbstractContextManager[Server]]

WAYS = {
    "postgresql": "pip install 'gitmig[postgres]'; or install the package `postgresql` of your "
    "system; or give a server: --database-url postgresql://user@host/",
    "mysql": "install the packages `mariadb-server-core` and `mariadb-client-core` of your system; "
    "or give a server: --database-url mysql://user@host/",
}
OTHERWISE = "give a server: --database-url {kind}://user@host/"


@dataclass(frozen=True)
class Installed:
    """A server from programs on this machine."""

    name: str
    programs: Programs
    start: Open

    def open(self, need: Need) -> contextlib.AbstractContextManager[Server]:
        """Start the server."""
        return self.start(self.programs, need)


@dataclass(frozen=True)
class Nothing:
    """A way that leads nowhere here, and why."""

    name: str
    reason: str

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Raise Unavailable."""
        raise Unavailable(self.reason)
        yield  # it is a context manager all the same


@dataclass(frozen=True)
class Attempt:
    """What became of one way; ``told`` is the server of the one that was taken."""

    kind: str
    name: str
    problem: str = ""
    told: str = ""


def chain(need: Need, urls: Sequence[str]) -> Iterator[Provider]:
    """Yield the ways to a server of a kind; a configured or given one leaves no other."""
    if urls:
        yield ByUrl(urls)
    yield from plugged_in()
    if need.settings.binaries:
        yield from_configured(need)
    else:
        yield from from_machine(need.kind)
    if need.settings.docker:
        yield Docker()


def from_configured(need: Need) -> Provider:
    """Return the provider for the folder of programs that the settings name."""
    folder = need.settings.binaries
    of_mysql = need.kind == "mysql"
    names = ("mariadbd", "mysqld") if of_mysql else ("postgres",)
    start = open_mysql if of_mysql else open_postgres
    found = programs.configured(folder, names)
    if found is None:
        return Nothing("configured", f"there is no {' or '.join(names)} in {folder}")
    return Installed("configured", found, start)


def from_machine(kind: str) -> Iterator[Provider]:
    """Yield a provider for each server that is installed, in words where there is none."""
    if kind == "postgresql":
        found = list(programs.postgres_installed())
        yield from (Installed(each.source, each, open_postgres) for each in found)
        if not found:
            yield Nothing("installed", "no `postgres` with `initdb` is on PATH or in its folders")
        wheel = programs.postgres_wheel()
        if wheel is None:
            yield Nothing("gitmig[postgres]", "it is not installed")
        else:
            yield Installed("gitmig[postgres]", wheel, open_postgres)
    elif kind == "mysql":
        found = list(programs.mysql_installed())
        yield from (Installed(each.source, each, open_mysql) for each in found)
        if not found:
            yield Nothing("installed", "no `mariadbd` or `mysqld` is on PATH or in sbin")
    else:
        yield Nothing("installed", f"gitmig starts no {kind} itself")


def open_first(
    need: Need, urls: Sequence[str], stack: contextlib.ExitStack
) -> tuple[Server, list[Attempt]]:
    """Enter the first provider that works into a stack; return its server and all attempts.

    Raises GitmigError with each reason where none works, or where the given URLs are of another
    kind than what is asked for.
    """
    refuse_other_kind(need, urls)
    attempts: list[Attempt] = []
    for provider in chain(need, urls):
        try:
            server = stack.enter_context(provider.open(need))
        except Unavailable as error:
            attempts.append(Attempt(need.kind, provider.name, str(error)))
            continue
        return server, [*attempts, Attempt(need.kind, provider.name, told=server.told)]
    raise NoServer(need, attempts)


class NoServer(GitmigError):
    """No way leads to a server of the kind; ``attempts`` says why each does not."""

    def __init__(self, need: Need, attempts: Sequence[Attempt]) -> None:
        wanted = f" with {', '.join(need.extensions)}" if need.extensions else ""
        super().__init__(
            f"the project asks for {need.label}{wanted}, and there is none to be had: "
            + "; ".join(f"{each.name}: {each.problem}" for each in attempts),
            WAYS.get(need.kind, OTHERWISE.format(kind=need.kind)),
        )
        self.attempts = attempts


def refuse_other_kind(need: Need, urls: Sequence[str]) -> None:
    """Raise GitmigError where servers were given, and none of the kind that is asked for."""
    if urls and need.kind not in [kind_of(url) for url in urls]:
        given = " and ".join(kind_of(url) or "no database URL" for url in urls)
        raise GitmigError(
            f"env.py asks for {need.kind}, the given server is {given}",
            "give the URL of a server of the project's own kind with --database-url",
        )
