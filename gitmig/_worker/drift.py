"""``drift``: where the models and the schema that the revisions make disagree.

Alembic's comparison first; then what it does not compare (enum members, texts of checks and
indexes, computed columns, identities, sequences, and types and defaults where env.py does not ask
for that): the models' tables are made beside, see ``twin``, and both are read back.

Request: the common part. Result: ``drift``, a list of differences: ``message``, ``key`` (the same
in another process), ``severity`` (a warning where the database merely has more), ``seen`` (by
Alembic), ``table`` and ``names`` (what it is about), ``mend`` (what ``gitmig autogenerate`` writes
for what Alembic does not see, empty where it cannot); ``skipped``, tables that could not be
compared in full and why; and ``models``, see ``models``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from .cache import replay
from .compare import Comparison, compare
from .databases import Databases
from .differing import is_more, told
from .failures import one_line
from .generate import ARGUMENTS
from .inspection import is_understood
from .judge import Found, Judge
from .project import Project
from .session import open_session
from .shapes import Context, Request, Result
from .unseen import Change

Difference = dict[str, Any]
WORD = re.compile(r"[\w$]+")


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        replay(project, databases)
        return find(project, databases)


def find(project: Project, databases: Databases) -> Result:
    """Return the drift of databases at the heads."""
    skipped: dict[str, str] = {}
    found: list[Difference] = []

    def beside(comparison: Comparison, context: Context) -> None:
        if is_understood(context.dialect):
            up = comparison.every[-1].upgrade_ops_list[-1] if comparison.every else None
            judge = Judge(context, up)
            try:
                differences = list(judge.differences(databases, skipped))
                found.extend(difference_of(judge, each) for each in differences)
            except DBAPIError as error:  # no right to make a schema, say
                skipped["all tables"] = one_line(error.orig)

    comparison = compare(project, beside=beside)
    by_alembic = list(seen_by_alembic(comparison))
    return {"drift": [*by_alembic, *found], "skipped": skipped, "models": comparison.models}


def problems(found: Result) -> list[Difference]:
    """Return drift as problems of a gate, with what was skipped as the last of them."""
    skipped = [{"message": f"{table} ({why})", "severity": "note", "key": ""}
               for table, why in sorted(found["skipped"].items())]  # fmt: skip
    return [{"kind": "drift", **each} for each in [*found["drift"], *skipped]]


def seen_by_alembic(comparison: Comparison) -> Iterator[Difference]:
    """Yield what Alembic's own comparison found."""
    keys = comparison.texts()
    for place, op in enumerate(comparison.operations()):
        key = keys[place] if place < len(keys) else op["words"]
        told = {"message": op["words"], "key": key, "severity": "error", "seen": True, "mend": []}
        table = ".".join(filter(None, (op["schema"], op["table"])))
        yield {**told, "table": table, "names": WORD.findall(op["words"])}


def difference_of(judge: Judge, found: Found) -> Difference:
    """Return a difference as it goes to the front."""
    change, made_of = found
    mend = judge.rendered(made_of or ())
    return {
        "message": told(change),
        "key": key_of(judge, change),
        "severity": "warning" if is_more(change) else "error",
        "seen": False,
        "mend": mend,
        "table": change.table,
        "names": [change.name],
    }


def key_of(judge: Judge, change: Change) -> str:
    """Return what a difference is known by in another process."""
    sides = f"{change.before} -> {change.after}"
    return f"{judge.token}: {change.aspect} {change.table}.{change.name}: {sides}"
