"""What PostgreSQL says of tables: a few queries to its catalogue; see ``inspection``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from .shapes import Connection

IN = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ({schemas})"
COLUMNS = f"""
    SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'), a.attname,
        format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || l.collname
               ELSE '' END,
        NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text,
        CASE a.attidentity WHEN '' THEN '' WHEN 'a' THEN 'ALWAYS ' ELSE 'BY DEFAULT ' END
            || CASE a.attidentity WHEN '' THEN '' ELSE {{options}} END
    {IN} AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_depend o ON o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype = 'i'
        AND o.classid = 'pg_class'::regclass
    LEFT JOIN pg_sequence s ON s.seqrelid = o.objid
"""
OPTIONS = "concat('start ', s.seqstart, ' increment ', s.seqincrement, ' cycle ', s.seqcycle)"
CHECKS = f"""
    SELECT n.nspname, c.relname, k.conname,
        CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid)
            ELSE pg_get_constraintdef(k.oid) END
    {IN} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('c', 'x')
"""
INDEXES = f"""
    SELECT n.nspname, c.relname, x.relname, pg_get_indexdef(i.indexrelid), i.indisunique,
        i.indpred IS NULL AND NOT i.indisprimary, EXISTS (
            SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = c.oid),
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, p, true)
              FROM generate_series(1, i.indnkeyatts) p ORDER BY p)
    {IN} JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
"""  # noqa: S608 - it is all written here
ENUMS = """
    SELECT n.nspname, t.typname, ARRAY(SELECT e.enumlabel::text FROM pg_enum e
        WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND n.nspname IN ({schemas})
    WHERE t.typtype = 'e'
"""
SEQUENCES = f"""
    SELECT n.nspname, c.relname, {{options}}
    {IN} AND c.relkind = 'S' JOIN pg_sequence s ON s.seqrelid = c.oid
"""


def read(connection: Connection, schemas: Sequence[str], default: str) -> dict[str, Any]:
    """Return what is in the schemas; see ``inspection.read``."""
    inside = ", ".join("'" + each.replace("'", "''") + "'" for each in schemas)

    def ask(query: str) -> Any:
        statement = query.format(schemas=inside, options=OPTIONS).replace(":", "\\:")
        return connection.execute(text(statement))

    def key(schema: str, name: str) -> str:
        return name if schema == default else f"{schema}.{name}"

    tables: dict[str, dict[str, Any]] = {}
    for schema, table, view, column, *said in ask(COLUMNS):
        found = tables.setdefault(key(schema, table), empty(view))
        found["columns"][column] = column_words(*said)
    for schema, table, name, words in ask(CHECKS):
        tables[key(schema, table)]["checks"][name] = words
    for schema, table, name, words, unique, whole, owned, columns in ask(INDEXES):
        found = tables.setdefault(key(schema, table), empty(False))
        if unique and whole:
            found["uniques"].append(list(columns))
        if not owned:
            found["indexes"][name] = index_words(words)
    return {
        "tables": tables,
        "enums": {key(schema, name): list(labels) for schema, name, labels in ask(ENUMS)},
        "sequences": {key(schema, name): words for schema, name, words in ask(SEQUENCES)},
    }


def empty(view: bool) -> dict[str, Any]:
    """Return what is said of a table of which nothing is known yet."""
    return {"columns": {}, "checks": {}, "unnamed": [], "indexes": {}, "uniques": [],
            "view": bool(view)}  # fmt: skip


def column_words(
    type_: str, nullable: bool, default: Any, generated: str, identity: str
) -> dict[str, Any]:
    """Return what is said of one column; a sequence's name is no difference."""
    counts = bool(identity) or (not generated and str(default).startswith("nextval("))
    return {
        "type": type_,
        "nullable": bool(nullable),
        "default": None if generated or counts else default,
        "computed": default if generated else None,
        "identity": identity,
        "counts": counts,
    }


def index_words(statement: str) -> str:
    """Return the statement of an index without the names of index and table."""
    unique = "UNIQUE " if statement.startswith("CREATE UNIQUE") else ""
    return unique + statement.partition(" USING ")[2]


TYPES = r"(?:character|bit)\ varying|double\ precision|[a-z_]\w*"
CAST = re.compile(
    rf"""('(?:[^']|'')*')|::(?:(?:"[^"]+"|\w+)\.)?(?:"[^"]+"|{TYPES})(?:\(\d+(?:,\s*\d+)?\))?
         (?:\ with(?:out)?\ time\ zone)?(?:\[\])?""",
    re.VERBOSE,
)
# brackets around a single name, text or number that are not those of a function's arguments
ONE = re.compile(r"""(?<![\w"])\(("[^"]+"|'(?:[^']|'')*'|[\w.]+)\)|('(?:[^']|'')*')""")


def normal(words: Any) -> str:
    """Return an expression without casts, and the brackets that are there for casts alone.

    PostgreSQL writes one expression in several ways, by what its column had been once: ``varchar``
    values in a list come with a cast each, or with one for all of them.
    """
    found, before = str(words), ""
    while found != before:
        before = found
        found = ONE.sub(kept, CAST.sub(kept, found))
        found = doubled(found)
    return found


def kept(found: re.Match[str]) -> str:
    """Return what is kept of a match: a text as it is, what is in brackets, nothing of a cast."""
    return "".join(part or "" for part in found.groups())


def doubled(words: str) -> str:
    """Return an expression with one bracket where there are two around the same."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    in_text = False
    for place, letter in enumerate(words):
        in_text ^= letter == "'"
        if in_text:
            continue
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            pairs[opened.pop()] = place
    for start, end in pairs.items():
        if pairs.get(start + 1) == end - 1:
            return words[:start] + words[start + 1 : end] + words[end + 1 :]
    return words
