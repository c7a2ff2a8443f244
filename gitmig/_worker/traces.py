"""All that a downgrade can leave behind: the fingerprint of a schema, and what goes beyond it."""

from __future__ import annotations

import re

from . import catalog, fingerprint, schemadiff, survivors
from .databases import Databases
from .shapes import Connection, Fingerprint

NOT_VALID = re.compile(r" NOT VALID(?= -- |\Z)")  # as PostgreSQL says it of a constraint


def take(connection: Connection, databases: Databases) -> Fingerprint:
    """Return a fingerprint for ``differences``, with the roles of a server nobody else has."""
    found = fingerprint.take(connection)
    found["survivors"] = survivors.take(connection)
    if databases.is_apart("postgresql") and catalog.can_tell(connection):
        found["others"].update(catalog.shared(connection))
    return found


def differences(before: Fingerprint, now: Fingerprint) -> list[schemadiff.Difference]:
    """Return what differs, a sentence each.

    Not whether a constraint was validated: what holds for the rows need not be taken back.
    """
    found = schemadiff.differences(before, now)
    if found and "tables" in before:
        found = schemadiff.differences(*map(as_if_valid, (before, now)))
    return found + survivors.differences(before["survivors"], now["survivors"])


def as_if_valid(found: Fingerprint) -> Fingerprint:
    """Return a fingerprint in which every constraint is validated."""
    tables = {
        name: {**table, **{kind: sorted(NOT_VALID.sub("", each) for each in table[kind])
                           for kind in ("foreign keys", "checks")}}
        for name, table in found["tables"].items()
    }  # fmt: skip
    return {**found, "tables": tables}
