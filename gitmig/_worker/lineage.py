"""What tables and columns were called before a chain of revisions, from what its operations do.

Two versions of the models only let a rename be guessed, or hold a declaration that was about the
step in between. What was done, one operation after the other, tells it for certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alembic.operations import ops

from .failures import Failure
from .invoked import watch
from .project import Project
from .shapes import Op

Told = dict[str, list[Any]]
"""Renames in one database: ``tables`` and ``columns``, by the table's new name, see ``Known``.

``again`` tells what was dropped and came anew under its name, empty of what it held; ``carried``
the statements that have rows with one member of an enum get another.
"""
CARRIED = re.compile(r"UPDATE (\S+) SET (\S+) = ('(?:[^']|'')*') WHERE \2 = ('(?:[^']|'')*')")


class Lineage:
    """What the tables and columns of one database were before; None for what was not there."""

    def __init__(self) -> None:
        self.tables: dict[tuple[Any, str], str | None] = {}
        self.columns: dict[tuple[Any, str, str], str | None] = {}
        self.gone: set[tuple[Any, ...]] = set()  # what was there before, table or column
        self.again: set[tuple[Any, ...]] = set()
        self.members: dict[tuple[str, str], dict[str, str]] = {}  # of a column, by what they were

    def note(self, op: Op) -> None:
        """Take an operation into account that comes after all those before."""
        schema = getattr(op, "schema", None)
        if isinstance(op, ops.RenameTableOp):
            self.rename_table(schema, op.table_name, op.new_table_name)
        elif isinstance(op, (ops.CreateTableOp, ops.DropTableOp)):
            key = (schema, op.table_name)
            self.comes_or_goes(key, self.tables.get(key, key[1]), isinstance(op, ops.DropTableOp))
            self.forget(*key)
        elif isinstance(op, ops.AddColumnOp):
            self.column(schema, op.table_name, op.column, goes=False)
        elif isinstance(op, ops.DropColumnOp):
            self.column(schema, op.table_name, op.to_column(), goes=True)
        elif isinstance(op, ops.AlterColumnOp) and op.modify_name:
            old = (schema, op.table_name, op.column_name)
            new = (schema, op.table_name, op.modify_name)
            self.columns[new] = self.columns.get(old, op.column_name)
            self.columns[old] = None
        elif isinstance(op, ops.ExecuteSQLOp):
            self.carry(str(op.sqltext))

    def carry(self, statement: str) -> None:
        """Take into account that rows with one member of an enum get another."""
        found = CARRIED.fullmatch(statement)
        if found is None:
            return
        table, column, new, old = found.groups()
        known = self.members.setdefault((table, column), {})
        was = next((first for first, last in known.items() if last == old), old)
        known[was] = new

    def column(self, schema: Any, table: str, column: Any, goes: bool) -> None:
        """Take into account that a column comes or goes; one that is computed holds nothing."""
        key = (schema, table, str(column.name))
        is_new = self.tables.get((schema, table), table) is None
        if goes or column.computed is None:
            self.comes_or_goes(key, None if is_new else self.columns.get(key, key[2]), goes)
        self.columns[key] = None

    def comes_or_goes(self, key: tuple[Any, ...], was: str | None, goes: bool) -> None:
        """Note that what had a name before goes, or that something comes in its place."""
        if not goes and key in self.gone:
            self.again.add(key)
        elif goes:
            self.again.discard(key)
            if was == key[-1]:
                self.gone.add(key)

    def rename_table(self, schema: Any, old: str, new: str) -> None:
        """Let a table have another name, and its columns with it."""
        moved = {key[2]: was for key, was in self.columns.items() if key[:2] == (schema, old)}
        was = self.tables.get((schema, old), old)
        self.forget(schema, old)
        self.forget(schema, new)
        self.tables[schema, new] = was
        self.columns.update({(schema, new, name): known for name, known in moved.items()})

    def forget(self, schema: Any, table: str) -> None:
        """Let a table be one that was not there before."""
        self.tables[schema, table] = None
        for key in [key for key in self.columns if key[:2] == (schema, table)]:
            del self.columns[key]

    def renames(self) -> Told:
        """Return what has another name now, as JSON."""
        tables = [[*key[:1], was, key[1]] for key, was in self.tables.items()
                  if was not in (None, key[1])]  # fmt: skip
        made = {key for key, was in self.tables.items() if was is None}
        columns = [[*key[:2], was, key[2]] for key, was in self.columns.items()
                   if was not in (None, key[2]) and key[:2] not in made]  # fmt: skip
        again = sorted((list(key) for key in self.again), key=str)
        carried = [f"UPDATE {table} SET {column} = {new} WHERE {column} = {old}"  # noqa: S608
                   for (table, column), each in self.members.items()
                   for old, new in each.items() if old != new]  # fmt: skip
        return {"tables": tables, "columns": columns, "again": again, "carried": carried}


class Lineages:
    """The lineage of each database of the project, in the order env.py opens them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: list[Lineage] = []
        watch(self.note)

    def note(self, op: Op) -> None:
        """Take an operation of a revision that runs into account."""
        self.reach(self.project.contexts)
        self.found[self.project.contexts - 1].note(op)

    def reach(self, databases: int) -> None:
        """Have a lineage for so many databases."""
        self.found += [Lineage() for _ in range(databases - len(self.found))]

    def renames(self) -> list[Told]:
        """Return the renames in each database."""
        self.reach(self.project.contexts)
        return [each.renames() for each in self.found]


class Known:
    """The renames of one database as they are told in a request."""

    def __init__(self, told: Mapping[str, Iterable[Sequence[Any]]]) -> None:
        self.tables = {tuple(each) for each in told["tables"]}
        self.columns = {tuple(each) for each in told["columns"]}
        self.again = [".".join(each[1:]) for each in told.get("again", ())]

    def is_table(self, before: Any, op: Op) -> bool:
        """Say whether a table that goes is the one that comes."""
        return (op.schema, before.name, op.table_name) in self.tables

    def pairs(
        self, table: tuple[Any, str], old: Sequence[Any], new: Sequence[Any]
    ) -> list[tuple[Any, Any]]:
        """Return which old column of a table became which new one."""
        return [(before, after) for before in old for after in new
                if (*table, before.name, after.name) in self.columns]  # fmt: skip

    def refuse_lost(self, done: Iterable[Op]) -> None:
        """Raise ``fold_differs`` where one revision would not do the same with the rows.

        A rename was not found: its values would stay behind; or what was emptied would stay full.
        """
        if self.again:
            names = ", ".join(self.again[:5])
            message = f"{names} is dropped and comes again empty, and one would keep what it held"
            raise Failure("fold_differs", message)
        tables, columns = set(self.tables), set(self.columns)
        for op in done:
            if isinstance(op, ops.RenameTableOp):
                tables.discard((op.schema, op.table_name, op.new_table_name))
            elif isinstance(op, ops.AlterColumnOp):
                columns.discard((op.schema, op.table_name, op.column_name, op.modify_name))
        lost = [f"table {old} became {new}" for _, old, new in sorted(tables, key=str)]
        lost += [f"{table}.{old} became {new}" for _, table, old, new in sorted(columns, key=str)]
        if lost:
            message = f"{'; '.join(lost[:5])}, which one revision would not do with the rows"
            if {column[:3] for column in columns} & {(*each[:2], each[3]) for each in columns}:
                message += ": such names move in a revision of their own"
            raise Failure("fold_differs", message)
