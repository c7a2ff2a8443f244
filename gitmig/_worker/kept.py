"""Rows that are there while a revision is proved: they keep their values, up and down.

Only where the revision renames something, or fills a new column: what else it does to rows is
told by its doubts, and `gitmig check` looks at it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy import exc

from . import pointing, rows, variety
from .compare import Comparison
from .failures import Failure, one_line
from .follow import names_after
from .operations import ONLY_NULL, flatten
from .project import Project
from .required import AddRequired
from .shapes import Connection, Context, Op
from .sql import RenameColumnOp, RenameTable


@dataclass
class Table:
    """One table's names before and after, its columns that survive, and what they held."""

    schema: Any
    before: str
    after: str
    columns: list[tuple[str, str]]
    held: list[str]

    def differs(self, connection: Connection, up: bool) -> list[str]:
        """Return in words which columns hold something else now, after the way up or down."""
        name = self.after if up else self.before
        now = read(connection, self.schema, name, [pair[up] for pair in self.columns])
        if now == self.held:
            return []
        return [f"rows of {name} held {self.held} and hold {now}"]


class Kept:
    """The rows of each database of the project, in the order env.py opens them."""

    def __init__(self, project: Project, found: Comparison) -> None:
        self.project = project
        self.doubtful = {op["table"] for op in found.operations() if may_refuse(op)}
        self.ups = [up for up, _ in found.pairs]
        self.tables: list[list[Table]] = []
        self.notes: list[str] = []

    def insert(self) -> list[str]:
        """Put rows into the tables where it matters; return what to say where that failed."""
        if not any(concerned(up) for up in self.ups):
            return []
        waiting = iter(self.ups)

        def fn(heads: Any, context: Context) -> list[Any]:
            self.tables.append(self.filled(context.connection.engine, next(waiting)))
            return []

        self.project.run_env(fn)
        return self.notes

    def filled(self, engine: Any, up: Op) -> list[Table]:
        """Fill the tables of one database."""
        names = {key: old for key, old in concerned(up).items()
                 if not self.doubtful & {old, key[1]}}  # fmt: skip
        if not names:
            return []
        try:
            with rows.transaction(engine) as connection:
                wanted = [(schema, old) for (schema, _), old in names.items()]
                there = rows.insert(connection, wanted, self.doubtful)
                found = [self.table(connection, up, *key, old) for key, old in names.items()]
                return found + self.pointing(connection, up, there)
        except (rows.CannotFill, exc.SQLAlchemyError) as problem:
            told = str(problem) if isinstance(problem, rows.CannotFill) else one_line(problem)
            self.notes.append(f"not proved on rows: {told}")
            return []

    def pointing(self, connection: Connection, up: Op, there: Collection[rows.Name]) -> list[Table]:
        """Fill the tables that point to those that have rows; return them, as far as they do."""
        known = {each.table_name for each in flatten(up) if isinstance(each, ops.DropTableOp)}
        names = [name for name in pointing.children(connection, there)
                 if name[1] not in self.doubtful | known]  # fmt: skip
        problems = variety.insert_where_possible(connection, names, there)
        return [self.table(connection, up, schema, name, name) for schema, name in names
                if (schema, name) not in problems]  # fmt: skip

    def table(self, connection: Connection, up: Op, schema: Any, new: str, old: str) -> Table:
        """Return one table that has rows now."""
        later = names_after(list(of(up, RenameColumnOp, new)))
        lost = {op.column_name for op in of(up, ops.DropColumnOp, new)}
        lost |= {op.column_name for op in of(up, ops.AlterColumnOp, new) if op.modify_type}
        there = sqlalchemy.inspect(connection).get_columns(old, schema=schema)
        pairs = [(each["name"], later.get(each["name"], each["name"])) for each in there]
        pairs = [pair for pair in pairs if not lost & set(pair)]
        held = read(connection, schema, old, [pair[0] for pair in pairs])
        return Table(schema, old, new, pairs, held)

    def compare(self, *, up: bool) -> None:
        """Raise ``rows_differ`` where rows do not hold what they held."""
        waiting = iter(self.tables)

        def fn(heads: Any, context: Context) -> list[Any]:
            for table in next(waiting):
                found = table.differs(context.connection, up)
                if found:
                    raise Failure("rows_differ", found[0])
            nowhere = pointing.astray(context.connection)
            if nowhere:
                names = sorted({table for table, _ in nowhere})
                raise Failure("rows_differ", f"rows of {', '.join(names)} point nowhere")
            return []

        if any(self.tables):
            self.project.run_env(fn)


def may_refuse(op: Mapping[str, Any]) -> bool:
    """Say whether an operation may fail on, or change, rows that all differ and hold no NULL."""
    if op["kind"] in ("CreateIndexOp", "CreateUniqueConstraintOp") or not op["doubt"]:
        return False
    return not all(each.endswith(ONLY_NULL) for each in op["doubt"].split("; "))


def concerned(up: Op) -> dict[tuple[Any, str], str]:
    """Return the tables whose rows matter: schema and name after, and the name before."""
    found: dict[tuple[Any, str], str] = {}
    before = {(op.schema, op.new_table_name): op.table_name
              for op in flatten(up) if isinstance(op, RenameTable)}  # fmt: skip
    for op in flatten(up):
        fills = isinstance(op, AddRequired) and op.value is not None
        if fills or isinstance(op, RenameColumnOp):
            key = (op.schema, op.table_name)
            found[key] = before.get(key, op.table_name)
    return {**before, **found}


def of(up: Op, kind: Any, table: str) -> Iterable[Any]:
    """Return the operations of a kind on a table."""
    return [op for op in flatten(up) if isinstance(op, kind) and op.table_name == table]


def read(connection: Connection, schema: Any, name: str, columns: Collection[str]) -> list[str]:
    """Return what the columns of a table hold, as text, in an order that does not change."""
    items: list[Any] = [sqlalchemy.column(each) for each in columns]
    query = sqlalchemy.table(name, *items, schema=schema).select()
    return sorted(str([shown(value) for value in row]) for row in connection.execute(query))


def shown(value: Any) -> str:
    """Return a value as text that is the same for the same value, whatever the driver gives."""
    return str(bytes(value) if isinstance(value, memoryview) else value)
