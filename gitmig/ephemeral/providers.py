"""The ways to a server, in the order in which they are tried."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitmig.ephemeral import programs
from gitmig.ephemeral.docker import Docker
from gitmig.ephemeral.given import ByUrl, kind_of, plugged_in
from gitmig.ephemeral.mariadb import open_mysql
from gitmig.ephemeral.postgres import open_postgres
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Attempt, Need, NoServer, Provider, Server, Unavailable
from gitmig.errors import GitmigError

Open = Callable[[Programs, Need], contextlib.AbstractContextManager[Server]]

WAYS = {
    "postgresql": "pip install 'gitmig[postgres]'; or install the package `postgresql` of your "
    "system; or give a server: --database-url postgresql://user@host/",
    "mysql": "install the packages `mariadb-server-core` and `mariadb-client-core` of your system; "
    "or give a server: --database-url mysql://user@host/",
    # its databases are not made by a statement
    "oracle": "install a package that provides one (entry point `gitmig.ephemeral`)",
}
OTHERWISE = (
    "give a server: --database-url {kind}://user@host/; "
    "or install a package that provides one (entry point `gitmig.ephemeral`)"
)
WITH_EXTENSION = (
    "give a server that has it: --database-url postgresql://user@host/; or an image that has it: "
    "`docker` in [tool.gitmig.postgresql]"
)
MEND = "mend `binaries` in [tool.gitmig.{kind}], or take it out; "
WHEEL = "gitmig[postgres]"
NOT_INSTALLED = "it is not installed"


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
class Without:
    """A way to a server that lacks extensions: a revision may name them and never create them.

    Many projects support several and create those that their settings ask for. Where one is
    needed after all, its statement fails, and the server is refused with that reason.
    """

    way: Provider
    lacks: Sequence[str]

    @property
    def name(self) -> str:
        """Return the name of the way."""
        return self.way.name

    @contextlib.contextmanager
    def open(self, need: Need) -> Iterator[Server]:
        """Start the server, and say what it lacks."""
        left = tuple(name for name in need.extensions if name not in self.lacks)
        with self.way.open(replace(need, extensions=left)) as server:
            lacks = f"{server.told} has no extension {', '.join(self.lacks)}"
            yield replace(server, notes=(*server.notes, f"{lacks}, which the revisions name"))


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
            yield Nothing(WHEEL, NOT_INSTALLED)
        else:
            yield Installed(WHEEL, wheel, open_postgres)
    elif kind == "mysql":
        found = list(programs.mysql_installed())
        yield from (Installed(each.source, each, open_mysql) for each in found)
        if not found:
            yield Nothing("installed", "no `mariadbd` or `mysqld` is on PATH or in sbin")
    else:
        yield Nothing("installed", f"gitmig starts no {kind} itself")


def open_first(
    need: Need,
    urls: Sequence[str],
    stack: contextlib.ExitStack,
    refused: Mapping[str, str] = {},
) -> tuple[Server, list[Attempt]]:
    """Enter the first provider that works into a stack; return its server and all attempts.

    ``refused`` are ways that were tried before, and why they would not do. Raises GitmigError with
    each reason where none works, or where the given URLs are of another kind than what is asked
    for.
    """
    refuse_other_kind(need, urls)
    attempts: list[Attempt] = []
    lacking: list[Without] = []
    for provider in itertools.chain(chain(need, urls), fewest_first(lacking)):
        if provider.name in refused:
            attempts.append(Attempt(need.kind, provider.name, refused[provider.name]))
            continue
        try:
            server = stack.enter_context(provider.open(need))
        except (Unavailable, OSError) as error:
            attempts.append(Attempt(need.kind, provider.name, str(error)))
            if isinstance(error, Unavailable) and error.lacks:
                lacking.append(Without(provider, error.lacks))
            continue
        return server, [*attempts, Attempt(need.kind, provider.name, told=server.told)]
    raise no_server(need, attempts)


def fewest_first(lacking: Sequence[Without]) -> Iterator[Without]:
    """Yield the ways that lack extensions; it is asked when all others have failed."""
    yield from sorted(lacking, key=lambda each: len(each.lacks))


def no_server(need: Need, attempts: Sequence[Attempt]) -> NoServer:
    """Return the error for a server that is not to be had in any way."""
    wanted = f" with {', '.join(need.extensions)}" if need.extensions else ""
    message = f"the project asks for {need.label}{wanted}, and there is none to be had: "
    message += "; ".join(f"{each.name}: {each.problem}" for each in attempts)
    return NoServer(message, ways_out(need, attempts), attempts)


def ways_out(need: Need, attempts: Sequence[Attempt]) -> str:
    """Return what to do where no way leads to a server."""
    if any("extension" in each.problem for each in attempts):
        wheel = any(each.problem == NOT_INSTALLED for each in attempts)
        return (f"pip install '{WHEEL}', which may have it; or " if wheel else "") + WITH_EXTENSION
    mend = MEND.format(kind=need.kind) if need.settings.binaries else ""
    return mend + WAYS.get(need.kind, OTHERWISE.format(kind=need.kind))


def refuse_other_kind(need: Need, urls: Sequence[str]) -> None:
    """Raise GitmigError where servers were given, and none of the kind that is asked for."""
    if urls and need.kind not in [kind_of(url) for url in urls]:
        given = " and ".join(kind_of(url) or "no database URL" for url in urls)
        raise GitmigError(
            f"env.py asks for {need.kind}, the given server is {given}",
            "give the URL of a server of the project's own kind with --database-url",
        )
