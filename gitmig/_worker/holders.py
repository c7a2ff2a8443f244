"""PostgreSQL: the checks and indexes that hold to a type, or to the type of a column.

One that compares a column with a value keeps the operator and the type of both: a column of a
type that is made anew cannot leave it behind, and one that gets another number type leaves casts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from .shapes import Context

# what needs it is in pg_depend; an index on plain columns alone is made again by PostgreSQL
OF_TYPE = (
    "WITH type AS (SELECT unnest(ARRAY[oid, typarray]) AS oid FROM pg_type "
    "WHERE oid = to_regtype(:name)), needs AS (SELECT d.classid, d.objid FROM pg_depend d "
    "WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT oid FROM type) "
    "OR d.refclassid = 'pg_class'::regclass AND (d.refobjid, d.refobjsubid) IN "
    "(SELECT attrelid, attnum FROM pg_attribute WHERE atttypid IN (SELECT oid FROM type))) "
)
OF_COLUMNS = (
    "WITH needs AS (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_attribute a "
    "ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid "
    "AND d.refobjsubid = a.attnum WHERE a.attrelid = to_regclass(:name) "
    "AND a.attname = ANY (:columns)) "
)
HOLDERS = (
    "SELECT c.conrelid::regclass::text, quote_ident(c.conname), c.conname, "
    "pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.contype = 'c' AND c.conrelid <> 0 "
    "AND c.coninhcount = 0 AND c.oid IN "
    "(SELECT objid FROM needs WHERE classid = 'pg_constraint'::regclass) UNION ALL "
    "SELECT '', i.indexrelid::regclass::text, c.relname, pg_get_indexdef(i.indexrelid) "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT c.relispartition "
    "AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) AND "
    "i.indexrelid IN (SELECT objid FROM needs WHERE classid = 'pg_class'::regclass) ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Holder:
    """A check of a table or, where there is no table, an index.

    Its name as PostgreSQL reads it and without quotes, and its text in SQL.
    """

    table: str
    name: str
    plain: str
    text: str

    @property
    def condition(self) -> str:
        """Return the condition of a check."""
        return self.text[self.text.index("(") + 1 : self.text.rindex(")")]

    @property
    def drop(self) -> str:
        """Return the statement that drops it."""
        if not self.table:
            return f"DROP INDEX {self.name}"
        return f"ALTER TABLE {self.table} DROP CONSTRAINT {self.name}"

    @property
    def make(self) -> str:
        """Return the statement that makes it as it is now."""
        if not self.table:
            return self.text
        return f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} {self.text}"


def of_type(known: str, context: Context) -> list[Holder]:
    """Return what holds to a type, by the type's name as PostgreSQL reads it."""
    found = context.connection.execute(text(OF_TYPE + HOLDERS), {"name": known})
    return [Holder(*row) for row in found]


def of_columns(table: Any, columns: Sequence[str], context: Context) -> list[Holder]:
    """Return what holds to the types of some columns of a table."""
    name = context.dialect.identifier_preparer.format_table(table)
    there = {"name": name, "columns": list(columns)}
    return [Holder(*row) for row in context.connection.execute(text(OF_COLUMNS + HOLDERS), there)]
