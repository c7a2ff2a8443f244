"""The schema at the heads, of each database, as plain data: two processes tell if theirs is one.

Left out is what is not the revisions' or hangs on the server: Alembic's own table, owners and
rights, roles (a policy has them by number), the name of the database itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import sqlalchemy

from . import fingerprint, schemadiff
from .compat import url_text
from .project import Project
from .schemadiff import Difference
from .shapes import Context, Fingerprint

End = dict[str, Any]  # a fingerprint of which sets and tuples are sorted lists
OF_SERVER = ("role ", "database ", "tablespace ")  # as ``catalog.shared`` calls them
ROLES = re.compile(r"\{\d+(?:,\d+)*\}")
ABOUT = re.compile(r": | has ")


def at_heads(project: Project) -> list[End]:
    """Return the end of each database that env.py configures, where it stands."""
    found: dict[str, End] = {}

    def fn(heads: Any, context: Context) -> list[Any]:
        key = url_text(context.connection.engine.url)
        found[key] = end_of(fingerprint.take(context.connection), context)
        return []

    project.run_env(fn)
    return list(found.values())


def end_of(found: Fingerprint, context: Context) -> End:
    """Return what of a database's fingerprint must be the same whatever way it came."""
    own = own_tables(context)
    if "sqlite" in found:
        return {"sqlite": sorted(list(row) for row in found["sqlite"] if row[0] not in own)}
    others = {
        name: ROLES.sub("{}", text) if name.startswith("policy ") else text
        for name, text in found["others"].items()
        if not name.startswith(OF_SERVER)
    }
    end = {
        "names": sorted(found["names"] - own),
        "tables": {name: table for name, table in found["tables"].items() if name not in own},
        "others": others,
    }
    text = json.dumps(end, sort_keys=True)
    if context.dialect.name in ("mysql", "mariadb"):  # another database for each replay
        here = context.connection.execute(sqlalchemy.text("SELECT database()")).scalar()
        text = text.replace(f"`{here}`.", "")
    plain: End = json.loads(text)
    return plain


def own_tables(context: Context) -> set[str]:
    """Return what Alembic's own table may be called in a fingerprint."""
    name, schema = context.version_table, context.version_table_schema
    return {str(name), f"{schema}.{name}"}


def digest(end: End) -> str:
    """Return the same short text for the same end."""
    return hashlib.sha256(json.dumps(end, sort_keys=True).encode()).hexdigest()[:16]


def differences(here: End, there: End, again: End) -> list[Difference]:
    """Return how ``there`` differs from ``here``, but for what is another each time.

    ``again`` is what became of the same way as ``here``, once more.
    """
    unsteady = {about(each) for each in schemadiff.differences(whole(here), whole(again))}
    found = schemadiff.differences(whole(here), whole(there))
    return [each for each in found if about(each) not in unsteady]


def whole(end: End) -> Fingerprint:
    """Return a fingerprint for ``schemadiff``."""
    return {**end, "names": set(end.get("names", ()))}


def about(difference: Difference) -> tuple[str, str]:
    """Return what a difference is about, without the values on either side."""
    return difference.table, ABOUT.split(difference)[0]
