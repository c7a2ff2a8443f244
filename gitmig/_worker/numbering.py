"""Columns that PostgreSQL numbers: by an identity, or by a sequence of their own (``SERIAL``).

A column goes from what numbers it in the database to what does in the models, and goes on after the
rows that are there. Alembic compares identities only together with defaults, and what it
renders then asks for one more identity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy

from . import constraints, together
from .shapes import Context, Op
from .sql import SqlOp

NEXT = re.compile(r"nextval\('(.+)'::regclass\)")
OWNED = sqlalchemy.text("SELECT pg_get_serial_sequence(:table, :column)")
MOST = {2**bits - 1 for bits in (15, 31, 63)}  # of smallint, integer and bigint
LEAST = {-each - 1 for each in MOST}
USUAL = ("START WITH 1", "INCREMENT BY 1", "NO MINVALUE", "NO MAXVALUE", "NO CYCLE", "CACHE 1")


@dataclass(frozen=True)
class Numbered:
    """What numbers a column: the ``options`` of its identity, or its own ``sequence``, or neither.

    ``default`` is that of a column which nothing numbers. The first number is ``start``.
    """

    options: tuple[str, ...] = ()
    sequence: str = ""
    default: str = ""
    start: int = 1
    step: int = 1


def operations_for(name: str, context: Context, table: Any) -> list[Op] | None:
    """Return what has a column numbered as the models say, None where a person must write it."""
    if context.dialect.name != "postgresql":
        return None
    column = Column(name, context, table)
    old, new = column.in_database(), column.in_models()
    if old is None:
        return None
    forth, back = column.way(old, new), column.way(new, old)
    words = f"number {table.name}.{name}"
    if not new.options and not new.sequence:
        words = f"number {table.name}.{name} no longer"
    doubt = ""
    if column.becomes_not_null():
        forth, back = column.null(forth, back)
        doubt = f"{table.name}.{name} becomes NOT NULL: this fails where it holds NULL"
    elif table.columns[name].nullable and not column.there["nullable"]:
        back, forth = column.null(back, forth)
    return [SqlOp(words, forth, back, doubt=doubt)] if forth else []


class Column:
    """One column of a PostgreSQL database, in the words of its statements."""

    def __init__(self, name: str, context: Context, table: Any) -> None:
        dialect = context.dialect
        self.context, self.table, self.name = context, table, name
        self.place = constraints.quoted(table.schema, table.name, dialect)
        self.quoted = dialect.identifier_preparer.quote(name)
        self.alter = f"ALTER TABLE {self.place} ALTER COLUMN {self.quoted}"
        self.there = together.reflected(context, table, name)

    def in_database(self) -> Numbered | None:
        """Return what numbers the column there, None for a sequence that is not its own."""
        identity, default = self.there.get("identity"), self.there["default"] or ""
        if identity:
            return of_identity(sqlalchemy.Identity(**identity))
        known = {"table": self.place, "column": self.name}
        sequence = NEXT.fullmatch(default)
        if sequence is None:
            return Numbered(default=default)
        owned = self.context.connection.execute(OWNED, known).scalar()
        return Numbered(sequence=sequence[1]) if owned else None

    def in_models(self) -> Numbered:
        """Return what numbers the column in the models."""
        column = self.table.columns[self.name]
        if getattr(column, "identity", None) is not None:
            return of_identity(column.identity)
        if self.table._autoincrement_column is not column:
            return Numbered()
        name = f"{self.table.name}_{self.name}_seq"
        quoted = constraints.quoted(self.table.schema, name, self.context.dialect)
        return Numbered(sequence=quoted)

    def becomes_not_null(self) -> bool:
        """Say whether the column may be NULL there, and not in the models.

        Alembic leaves that alone where either side has an identity.
        """
        return bool(self.there["nullable"]) and not self.table.columns[self.name].nullable

    def null(self, forth: list[str], back: list[str]) -> tuple[list[str], list[str]]:
        """Return the ways of which the first makes the column NOT NULL before all else."""
        first, last = f"{self.alter} SET NOT NULL", f"{self.alter} DROP NOT NULL"
        return [first, *forth], [*back, last]

    def way(self, old: Numbered, new: Numbered) -> list[str]:
        """Return the statements that lead from one to the other."""
        if old.options and new.options:
            kept = [each for each in new.options if each not in old.options]
            return [f"{self.alter} {' '.join(f'SET {each}' for each in kept)}"] if kept else []
        if old.sequence and new.sequence:
            return []
        return [*self.leave(old), *self.enter(new)]

    def leave(self, old: Numbered) -> list[str]:
        """Return what takes away what numbers the column."""
        if old.options:
            return [f"{self.alter} DROP IDENTITY"]
        drop = [f"{self.alter} DROP DEFAULT"] if old.sequence or old.default else []
        return drop + ([f"DROP SEQUENCE {old.sequence}"] if old.sequence else [])

    def enter(self, new: Numbered) -> list[str]:
        """Return what numbers the column, after the rows that are there."""
        if new.options:
            kind, *options = new.options
            more = " ".join(each for each in options if each not in USUAL)
            identity = f"{kind} AS IDENTITY" + (f" ({more})" if more else "")
            return [f"{self.alter} ADD {identity}", self.go_on(new)]
        if new.sequence:
            type_ = self.there["type"].compile(dialect=self.context.dialect)
            owner = f"{self.place}.{self.quoted}"
            create = f"CREATE SEQUENCE {new.sequence} AS {type_} OWNED BY {owner}"
            default = f"{self.alter} SET DEFAULT nextval('{new.sequence}')"
            return [create, default, self.go_on(new)]
        return [f"{self.alter} SET DEFAULT {new.default}"] if new.default else []

    def go_on(self, new: Numbered) -> str:
        """Return what has the next number come after those that are there."""
        last, farther = ("max", "greatest") if new.step > 0 else ("min", "least")
        number = f"{farther}({last}({self.quoted}) + {new.step}, {new.start})"
        on = f"pg_get_serial_sequence('{self.place}', '{self.name}')"
        return f"SELECT setval({on}, {number}, false) FROM {self.place}"  # noqa: S608 - no values


def of_identity(identity: Any) -> Numbered:
    """Return what an identity says, with what it leaves out as PostgreSQL takes it."""
    step = identity.increment or 1
    ends: tuple[set[int], set[int]] = ({1}, MOST) if step > 0 else (LEAST, {-1})
    given = ("MINVALUE", identity.minvalue, ends[0]), ("MAXVALUE", identity.maxvalue, ends[1])
    least, most = (f"NO {kind}" if value is None or value in usual else f"{kind} {value}"
                   for kind, value, usual in given)  # fmt: skip
    first = (identity.minvalue or 1) if step > 0 else (identity.maxvalue or -1)
    start = first if identity.start is None else identity.start
    options = (f"GENERATED {'ALWAYS' if identity.always else 'BY DEFAULT'}",
               f"START WITH {start}", f"INCREMENT BY {step}", least, most,
               "CYCLE" if identity.cycle else "NO CYCLE",
               f"CACHE {identity.cache or 1}")  # fmt: skip
    return Numbered(options, start=start, step=step)
