"""Statements on settings of the session and on rights."""

from __future__ import annotations

from collections.abc import Iterator

from gitmig.rules.changes import Change
from gitmig.rules.sql import Cursor


def set_(cursor: Cursor) -> Iterator[Change]:
    """Read SET of a setting or a role."""
    if cursor.take_any("GLOBAL", "PERSIST") or cursor.take("@", "@", "GLOBAL", "."):
        yield Change("server", name=cursor.name(), to="SET GLOBAL")
        return
    if cursor.take("CONSTRAINTS") or cursor.take("TRANSACTION"):
        return
    several = cursor.has("=") or cursor.has(":=")  # MySQL; PostgreSQL has lists of values
    first, *others = cursor.parts() if several else [cursor]
    yield from setting(first)
    for part in others:
        if part.has("=") or part.has(":="):
            yield from setting(part)


def setting(cursor: Cursor) -> Iterator[Change]:
    """Read one ``name = value``; variables of a user's own (``@x``) are none."""
    local = cursor.take("LOCAL")
    if cursor.take("SESSION", "AUTHORIZATION"):
        yield Change("set", name="role", to=cursor.words())
        return
    cursor.take("SESSION") or cursor.take("@", "@", "SESSION", ".") or cursor.take("@", "@")
    if cursor.take("TIME", "ZONE"):
        name = "timezone"
    else:
        name = cursor.name()
        cursor.take_any("TO", "=", ":=")
    value = cursor.words()
    if name and value in ("default", "none"):
        yield Change("reset", name=name)
    elif name:
        yield Change("set", name=name, to=value, flags=frozenset({"local"} if local else ()))


def reset(cursor: Cursor) -> Iterator[Change]:
    """Read RESET."""
    if cursor.take("SESSION", "AUTHORIZATION"):
        yield Change("reset", name="role")
    else:
        yield Change("reset", name=cursor.name())


def pragma(cursor: Cursor) -> Iterator[Change]:
    """Read PRAGMA of SQLite, where it sets something."""
    name = cursor.name()
    if cursor.take_any("=", "("):
        yield Change("set", name=name, to=cursor.words().rstrip(")"))


def grant(cursor: Cursor) -> Iterator[Change]:
    """Read GRANT: of a role to a role, what all databases of a server share."""
    if not cursor.has("ON"):
        yield Change("server", to="GRANT of a role")


def revoke(cursor: Cursor) -> Iterator[Change]:
    """Read REVOKE; of tables, the only ones that a change can name, where none is said."""
    if cursor.take("GRANT", "OPTION", "FOR") or not cursor.has("ON"):
        yield Change("server", to="REVOKE of a role")
        return
    rights = cursor.words("ON")
    cursor.take("ON")
    objects = ("SCHEMA", "FUNCTION", "SEQUENCE", "TYPE", "DATABASE", "PROCEDURE", "LANGUAGE", "ALL")
    if not cursor.take_any(*objects):
        cursor.take("TABLE")
        yield from (Change("revoke", name, to=rights) for name in cursor.names())
