"""What Alembic's comparison does not tell: a database held against what it makes of the models.

``Judge`` compares one database. ``mending`` has the operations for what it finds.
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

from . import enums, expressions, mending, operations, rebuilt, together, unseen
from .databases import Databases
from .differing import Pair
from .inspection import Schema, read
from .shapes import Context, Op
from .twin import Twin, made, wanted_of
from .unseen import COLUMN, Change

Found = tuple[Change, "list[Op] | None"]
"""A difference, and the operations that mend it: None where there is none to write."""


class Judge:
    """Compares what one database has with what the models ask for.

    ``up`` holds Alembic's operations there, None where the project's own hook wanted none;
    ``whole``: also what comes with a column that these add.
    """

    def __init__(self, context: Context, up: Op, *, whole: bool = False) -> None:
        self.context = context
        self.up = up
        self.whole = whole
        self.autogen = AutogenContext(context)
        self.wanted = wanted_of(self.autogen, context)
        self.token = str(getattr(up, "upgrade_token", ""))
        default = f"{self.wanted.default}."
        self.seen = {
            (table[len(default) :] if table.startswith(default) else table, name, aspect)
            for table, name, aspect in (unseen.seen(up) if up is not None else ())
        }

    def differences(self, databases: Databases, skipped: dict[str, str]) -> Iterator[Found]:
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

    def of_table(self, key: str, real: Schema, twin: Twin) -> Iterator[Found]:
        """Yield the differences of one table that the project lets through."""
        table = self.wanted.tables[key]
        pair = Pair(
            key,
            real["tables"][key],
            twin.schema["tables"][key],
            twin,
            self.seen,
            lambda name: self.type_differs(table, name),
            lambda name: self.left_alone(table, name),
            bool(self.context.opts.get("compare_server_default")),
            self.whole,
            self.passed_over(table),
        )
        for change in pair.changes():
            if change.aspect != "unique" or self.context.dialect.name == "sqlite":
                column = table.columns.get(change.name) if change.aspect in COLUMN else None
                if column is None or self.autogen.run_object_filters(
                    column, change.name, "column", False, None
                ):
                    yield change, self.mending(change, table)

    def passed_over(self, table: Any) -> list[str]:
        """Return the indexes of a table that Alembic does not look for."""
        if self.context.dialect.name != "sqlite":
            return []
        return [str(each.name) for each in expressions.passed_over(table, self.autogen)]

    def added(self, key: str) -> list[str]:
        """Return the columns of a table that Alembic's operations add."""
        flat = operations.flatten(self.up) if self.up is not None else ()
        table = self.wanted.tables[key]
        return [op.column.name for op in flat if isinstance(op, ops.AddColumnOp)
                and (op.schema, op.table_name) == (table.schema, table.name)]  # fmt: skip

    def type_differs(self, table: Any, name: str) -> bool:
        """Say whether a column has another type, where env.py does not have Alembic look."""
        if getattr(self.context, "_user_compare_type", True):  # private to Alembic
            return False
        there = self.there(table, name)
        with contextlib.suppress(Exception):  # types of the project may raise whatever they like
            return bool(self.context.impl.compare_type(there, table.columns[name]))
        return False

    def left_alone(self, table: Any, name: str) -> bool:
        """Say whether a function of env.py's own calls the types of a column the same.

        So does SQLite, which keeps the words that were typed.
        """
        asked = getattr(self.context, "_user_compare_type", None)  # private to Alembic
        if not callable(asked):
            return bool(self.context.dialect.name == "sqlite")
        there, column = self.there(table, name), table.columns[name]
        with contextlib.suppress(Exception):  # the project's function
            return asked(self.context, there, column, there.type, column.type) is False
        return False

    def there(self, table: Any, name: str) -> Any:
        """Return a column as the database has it."""
        return sqlalchemy.Column(name, together.reflected(self.context, table, name)["type"])

    def of_types(self, real: Schema) -> Iterator[Found]:
        """Yield the enum types that have other members, unless a plugin takes care of them."""
        for key, type_ in sorted(self.wanted.enums.items()):
            before, after = real["enums"].get(key), list(type_.enums)
            if before is None or before == after or enums.left_to_plugin():
                continue
            made_of = enums.operations_for(before, after, self.context, type_)
            yield Change("", "members", key, before, after), made_of

    def of_sequences(self, real: Schema, models: Schema) -> Iterator[Found]:
        """Yield the sequences that are missing or count otherwise."""
        for key in sorted(set(self.wanted.sequences) & set(models["sequences"])):
            before, after = real["sequences"].get(key), models["sequences"][key]
            if before != after:
                change = Change("", "sequence", key, before, after)
                yield change, mending.of_sequence(change, self.wanted.sequences[key], self.context)

    def mending(self, change: Change, table: Any) -> list[Op] | None:
        """Return the operations that mend a difference, None where there is none to write."""
        with contextlib.suppress(Exception):  # the project's types
            return mending.operations_for(change, self.context, table)
        return None

    def rendered(self, made_of: Iterable[Op]) -> list[str]:
        """Return the statements that operations are written as, on SQLite in batch mode.

        There are none where the project's types do not render.
        """
        with contextlib.suppress(Exception):
            return [re.sub(r"\s*\n\s*", " ", each) for each in self.lines(made_of)]
        return []

    def lines(self, made_of: Iterable[Op]) -> Iterator[str]:
        """Yield these statements, with their line breaks."""
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


def flat(made_of: Iterable[Op]) -> Iterator[Op]:
    """Yield operations, and those in containers instead of these."""
    for op in made_of:
        yield from operations.flatten(op) if isinstance(op, ops.OpContainer) else (op,)
