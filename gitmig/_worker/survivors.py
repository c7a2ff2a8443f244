"""What a PostgreSQL database says of a thing besides what it is: owner, rights, storage, marks.

Compared only of what is the same thing before and after, by the catalogue's own number: what was
dropped and comes back has none of it, and no operation of Alembic brings it.
"""

from __future__ import annotations

from sqlalchemy import text

from . import catalog
from .catalog import CLASSES, NAME, OWN, TABLE, TABLES
from .schemadiff import Difference, about
from .shapes import Connection

Survivors = list[str]
"""By kind: all things of it, as the text that the database makes of them."""

Said = dict[str, tuple[str, dict[str, str]]]
"""By what a thing is called: the number it is known by, and what is said of it."""

BETWEEN, AFTER = "\x1f", "\x1e"  # the facts of a thing, the things


def rights(acl: str) -> str:
    """Return the expression for who may do what: a list of rights in an order of its own."""
    return f"""(SELECT string_agg(concat_ws(' ', r.privilege_type, 'to', CASE r.grantee WHEN 0
        THEN 'PUBLIC' ELSE pg_get_userbyid(r.grantee) END, nullif(r.is_grantable, false)), ', '
        ORDER BY r.privilege_type, r.grantee) FROM aclexplode({acl}) r)"""  # noqa: S608


def owned(acl: str, kind: str, owner: str) -> str:
    """Return the expressions for an owner, and for the rights: mostly those that none said give."""
    usual = rights(f"acldefault({kind}, {owner})")
    return f"""pg_get_userbyid({owner})::text, CASE WHEN {acl} IS NULL OR {rights(acl)} = {usual}
        THEN 'by default' ELSE {rights(acl)} END"""


def apart(alias: str, table: str) -> str:
    """Return the condition that a thing belongs to no extension, as an index answers it."""
    return f"""NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{table}'::regclass
        AND x.objid = {alias}.oid AND x.deptype = 'e')"""


KIND = "CAST(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS \"char\")"
QUERIES = {
    ("owner", "rights", "replica identity", "index for CLUSTER"): f"""
    SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view '
            WHEN 'S' THEN 'sequence ' ELSE 'table ' END || {TABLE}, c.oid::text,
        {owned("c.relacl", KIND, "c.relowner")},
        CASE c.relreplident WHEN 'i' THEN 'i ' || (SELECT i.indexrelid::regclass::text
            FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
            ELSE c.relreplident::text END,
        CASE WHEN c.relhasindex THEN (SELECT i.indexrelid::regclass::text
            FROM pg_index i WHERE i.indrelid = c.oid AND i.indisclustered) END
    FROM {CLASSES} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND {apart("c", "pg_class")}
    """,  # noqa: S608 - it is all written here
    ("storage", "statistics target", "options", "rights"): f"""
    SELECT 'column ' || {TABLE} || '.' || a.attname, c.oid::text || ' ' || a.attnum,
        a.attstorage::text, a.attstattarget::text, a.attoptions::text,
        CASE WHEN a.attacl IS NOT NULL THEN {rights("a.attacl")} END
    FROM {TABLES} AND {apart("c", "pg_class")}
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    """,  # noqa: S608 - it is all written here
    ("owner", "rights"): f"""
    SELECT 'function ' || {NAME.format("p.proname")} || '('
            || pg_get_function_identity_arguments(p.oid) || ')', p.oid::text,
        {owned("p.proacl", "'f'", "p.proowner")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {OWN}
        AND {apart("p", "pg_proc")}
    UNION ALL
    SELECT 'schema ' || n.nspname, n.oid::text, {owned("n.nspacl", "'n'", "n.nspowner")}
    FROM pg_namespace n WHERE {OWN}
    UNION ALL
    SELECT 'type ' || {NAME.format("t.typname")}, t.oid::text,
        {owned("t.typacl", "'T'", "t.typowner")}
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND {OWN}
        AND {apart("t", "pg_type")}
    WHERE t.typtype IN ('e', 'd', 'r')
    """,  # noqa: S608
}  # fmt: skip


def as_one(facts: tuple[str, ...], query: str) -> str:
    """Return the expression for all rows of a query as one text: a row each would cost more."""
    names = [f"c{number}" for number in range(len(facts) + 2)]
    words = ", chr(31), ".join(f"coalesce({name}, 'None')" for name in names)
    return f"""(SELECT string_agg(concat({words}), chr(30) ORDER BY c1)
        FROM ({query}) q ({", ".join(names)}))"""  # noqa: S608


QUERY = f"SELECT {', '.join(as_one(facts, query) for facts, query in QUERIES.items())}"


def take(connection: Connection) -> Survivors:
    """Return what is said of everything that is there; of other databases nothing."""
    if not catalog.can_tell(connection):
        return []
    (found,) = connection.execute(text(QUERY))
    return [each or "" for each in found]


def read(survivors: Survivors) -> Said:
    """Return what the texts say, by the names of things."""
    found: Said = {}
    for facts, things in zip(QUERIES, survivors):
        for thing in filter(None, things.split(AFTER)):
            name, identity, *said = thing.split(BETWEEN)
            found[name] = identity, dict(zip(facts, said))
    return found


def differences(before: Survivors, after: Survivors) -> list[Difference]:
    """Return what differs of what is still the same thing, a sentence each."""
    if before == after:
        return []
    old, new = read(before), read(after)
    same = [name for name in sorted(old) if old[name][0] == new.get(name, ("",))[0]]
    return [
        about(name, f"has {fact} {new[name][1][fact]} instead of {value}")
        for name in same
        for fact, value in old[name][1].items()
        if new[name][1][fact] != value
    ]
