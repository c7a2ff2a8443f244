"""``drift``: where the models and the schema that the revisions make disagree.

Alembic's comparison first; then what it does not compare (enum members, texts of checks and
indexes, computed columns, identities, sequences, and types and defaults where env.py does not ask
for that): the models' tables are made beside, see ``twin``, and both are read back.

Request: the common part. Result: ``drift``, a list of differences: ``message``, ``key`` (the same
in another process), ``severity`` (a warning where the database merely has more), ``written``
(``gitmig autogenerate`` writes what mends it), ``mend`` (otherwise: what to write, may be empty),
``path``; ``skipped``, tables that could not be compared in full and why; and ``models``, see
``models``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op, render_op_text
from alembic.operations import ops
from sqlalchemy.exc import DBAPIError

from . import enums, operations, rebuilt, together, unseen
from .cache import replay
from .compare import Comparison, compare
from .databases import Databases
from .differing import Pair, is_more, told
from .failures import one_line
from .generate import ARGUMENTS
from .inspection import Schema, is_understood, read
from .project import Project
from .session import open_session
from .shapes import Context, Op, Request, Result
from .twin import Twin, made, wanted_of
from .unseen import COLUMN, Change

Difference = dict[str, Any]


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
            try:
                found.extend(list(Judge(context, up).differences(databases, skipped)))
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
        yield {"message": op["words"], "key": key, "severity": "error", "written": True, "mend": []}


class Judge:
    """Compares what one database has with what the models ask for.

    ``up`` holds Alembic's operations there, None where the project's own hook wanted none.
    """

    def __init__(self, context: Context, up: Op) -> None:
        self.context = context
        self.autogen = AutogenContext(context)
        self.wanted = wanted_of(self.autogen, context)
        self.token = str(getattr(up, "upgrade_token", ""))
        default = f"{self.wanted.default}."
        self.seen = {
            (table[len(default) :] if table.startswith(default) else table, name, aspect)
            for table, name, aspect in (unseen.seen(up) if up is not None else ())
        }

    def differences(self, databases: Databases, skipped: dict[str, str]) -> Iterator[Difference]:
        """Yield what Alembic did not tell; add to ``skipped`` what could not be compared."""
        real = read(self.context.connection, self.wanted.schemas, self.wanted.default)
        with made(self.wanted, self.context, databases) as twin:
            for key in sorted(set(self.wanted.tables) & set(real["tables"])):
                if real["tables"][key]["view"]:
                    continue
                if key not in twin.not_made:
                    yield from self.of_table(key, real, twin)
                else:
                    skipped[key] = twin.not_made[key]
            yield from self.of_types(real)
            yield from self.of_sequences(real, twin.schema)

    def of_table(self, key: str, real: Schema, twin: Twin) -> Iterator[Difference]:
        """Yield the differences of one table that the project lets through."""
        table = self.wanted.tables[key]
        pair = Pair(
            key,
            real["tables"][key],
            twin.schema["tables"][key],
            twin,
            self.seen,
            lambda name: self.type_differs(table, name),
            bool(self.context.opts.get("compare_server_default")),
        )
        for change in pair.changes():
            if change.aspect != "unique" or self.context.dialect.name == "sqlite":
                column = table.columns.get(change.name) if change.aspect in COLUMN else None
                if column is None or self.autogen.run_object_filters(
                    column, change.name, "column", False, None
                ):
                    yield self.told(change, self.mending(change, table))

    def type_differs(self, table: Any, name: str) -> bool:
        """Say whether a column has another type, where env.py does not have Alembic look."""
        if getattr(self.context, "_user_compare_type", True):  # private to Alembic
            return False
        there = sqlalchemy.Column(name, together.reflected(self.context, table, name)["type"])
        with contextlib.suppress(Exception):  # types of the project may raise whatever they like
            return bool(self.context.impl.compare_type(there, table.columns[name]))
        return False

    def of_types(self, real: Schema) -> Iterator[Difference]:
        """Yield the enum types that have other members, unless a plugin takes care of them."""
        for key, type_ in sorted(self.wanted.enums.items()):
            before, after = real["enums"].get(key), list(type_.enums)
            if before is None or before == after or enums.left_to_plugin():
                continue
            made_of = enums.operations_for(before, after, self.context, type_)
            yield self.told(Change("", "members", key, before, after), made_of)

    def of_sequences(self, real: Schema, models: Schema) -> Iterator[Difference]:
        """Yield the sequences that are missing or count otherwise."""
        for key in sorted(set(self.wanted.sequences) & set(models["sequences"])):
            before, after = real["sequences"].get(key), models["sequences"][key]
            if before != after:
                yield self.told(Change("", "sequence", key, before, after), None)

    def mending(self, change: Change, table: Any) -> list[Op] | None:
        """Return the operations that mend a difference, None where there is no single one."""
        if not change.name:
            return None
        with contextlib.suppress(Exception):  # the project's types
            return unseen.operations_for(change, self.context, table)
        return None

    def rendered(self, made_of: Iterable[Op]) -> Iterator[str]:
        """Yield the statements that operations are written as, on SQLite in batch mode."""
        if self.context.dialect.name != "sqlite":
            yield from (render_op_text(self.autogen, op) for op in flat(made_of))
            return
        if rebuilt.OPTION not in self.context.opts:
            rebuilt.hold(self.context, (), ())
        autogen = AutogenContext(self.context, opts={**self.context.opts, "render_as_batch": True})
        head = ""
        for line in (line for op in made_of for line in render_op(autogen, op)):
            if not line.strip():  # the end of what is inside
                head = ""
            elif line.endswith(":"):
                head = f"{line} "
            else:
                yield head + line

    def told(self, change: Change, made_of: list[Op] | None) -> Difference:
        """Return a difference as it goes to the front."""
        mend: list[str] = []
        with contextlib.suppress(Exception):  # the project's types may not render
            texts = list(self.rendered(made_of or ()))
            mend = [re.sub(r"\s*\n\s*", " ", each) for each in texts]
        sides = f"{change.before} -> {change.after}"
        return {
            "message": told(change),
            "key": f"{self.token}: {change.aspect} {change.table}.{change.name}: {sides}",
            "severity": "warning" if is_more(change) else "error",
            "written": False,
            "mend": mend,
        }


def flat(made_of: Iterable[Op]) -> Iterator[Op]:
    """Yield operations, and those in containers instead of these."""
    for op in made_of:
        yield from operations.flatten(op) if isinstance(op, ops.OpContainer) else (op,)
