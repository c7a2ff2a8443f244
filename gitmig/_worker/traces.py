"""All that a downgrade can leave behind: the fingerprint of a schema, and what goes beyond it."""

from __future__ import annotations

from . import catalog, fingerprint, schemadiff, survivors
from .databases import Databases
from .shapes import Connection, Fingerprint


def take(connection: Connection, databases: Databases) -> Fingerprint:
    """Return a fingerprint for ``differences``, with the roles of a server nobody else has."""
    found = fingerprint.take(connection)
    found["survivors"] = survivors.take(connection)
    if databases.is_apart("postgresql") and catalog.can_tell(connection):
        found["others"].update(catalog.shared(connection))
    return found


def differences(before: Fingerprint, now: Fingerprint) -> list[schemadiff.Difference]:
    """Return what differs, a sentence each."""
    found = schemadiff.differences(before, now)
    return found + survivors.differences(before["survivors"], now["survivors"])
