"""What a PostgreSQL database says of a thing besides what it is: owner, rights, storage, marks.

Compared only of what is the same thing before and after, by the catalogue's own number: what was
dropped and comes back has none of it, and no operation of Alembic brings it.
"""

from __future__ import annotations

from sqlalchemy import text

from . import catalog
from .catalog import CLASSES, NAME, OF_EXTENSION, OWN, TABLE, TABLES
from .schemadiff import Difference, about
from .shapes import Connection

Survivors = dict[str, tuple[str, dict[str, str]]]
"""By what a thing is called: the number it is known by, and what is said of it."""


def rights(acl: str) -> str:
    """Return the expression for who may do what: a list of rights in an order of its own."""
    return f"""(SELECT string_agg(concat_ws(' ', r.privilege_type, 'to', CASE r.grantee WHEN 0
        THEN 'PUBLIC' ELSE pg_get_userbyid(r.grantee) END, nullif(r.is_grantable, false)), ', '
        ORDER BY r.privilege_type, r.grantee) FROM aclexplode({acl}) r)"""  # noqa: S608


def owned(acl: str, kind: str, owner: str) -> str:
    """Return the expressions for an owner, and for the rights; none said are the default ones."""
    said = f"coalesce({acl}, acldefault({kind}, {owner}))"
    return f"pg_get_userbyid({owner})::text, {rights(said)}"


def marked(mark: str) -> str:
    """Return the expression for the index of a table that has a mark."""
    return f"""(SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = c.oid
        AND i.{mark})"""  # noqa: S608


KIND = "CAST(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS \"char\")"
QUERIES = {
    ("owner", "rights", "replica identity", "index for CLUSTER"): f"""
    SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view '
            WHEN 'S' THEN 'sequence ' ELSE 'table ' END || {TABLE}, c.oid::text,
        {owned("c.relacl", KIND, "c.relowner")},
        concat_ws(' ', c.relreplident::text, {marked("indisreplident")}),
        {marked("indisclustered")}
    FROM {CLASSES} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        AND NOT {OF_EXTENSION.format("c")}
    """,  # noqa: S608 - it is all written here
    ("storage", "statistics target", "options", "rights"): f"""
    SELECT 'column ' || {TABLE} || '.' || a.attname, c.oid::text || ' ' || a.attnum,
        a.attstorage::text, a.attstattarget::text, a.attoptions::text, {rights("a.attacl")}
    FROM {TABLES} AND NOT {OF_EXTENSION.format("c")}
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    """,  # noqa: S608 - it is all written here
    ("owner", "rights"): f"""
    SELECT 'function ' || {NAME.format("p.proname")} || '('
            || pg_get_function_identity_arguments(p.oid) || ')', p.oid::text,
        {owned("p.proacl", "'f'", "p.proowner")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {OWN}
        AND NOT {OF_EXTENSION.format("p")}
    UNION ALL
    SELECT 'schema ' || n.nspname, n.oid::text, {owned("n.nspacl", "'n'", "n.nspowner")}
    FROM pg_namespace n WHERE {OWN}
    UNION ALL
    SELECT 'type ' || {NAME.format("t.typname")}, t.oid::text,
        {owned("t.typacl", "'T'", "t.typowner")}
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND {OWN}
        AND NOT {OF_EXTENSION.format("t")}
    WHERE t.typtype IN ('e', 'd', 'r')
    """,  # noqa: S608
}  # fmt: skip


def take(connection: Connection) -> Survivors:
    """Return what is said of everything that is there; of other databases nothing."""
    found: Survivors = {}
    if not catalog.can_tell(connection):
        return found
    for facts, query in QUERIES.items():
        for name, identity, *said in connection.execute(text(query)):
            found[name] = identity, dict(zip(facts, map(str, said)))
    return found


def differences(before: Survivors, after: Survivors) -> list[Difference]:
    """Return what differs of what is still the same thing, a sentence each."""
    same = [name for name in sorted(before) if before[name][0] == after.get(name, ("",))[0]]
    return [
        about(name, f"has {fact} {after[name][1][fact]} instead of {value}")
        for name in same
        for fact, value in before[name][1].items()
        if after[name][1][fact] != value
    ]
