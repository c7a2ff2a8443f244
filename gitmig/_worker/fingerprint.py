"""The schema of a database as comparable values.

On SQLite the text that the database keeps of each table and index is compared first: one query,
and equal text is an equal schema. Only where it differs (a batch operation writes a table anew)
are the tables reflected; a constraint that had no name may have one then, for without it could not
be dropped and made again. On PostgreSQL the catalogue is asked, elsewhere each table is reflected.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import inspect
from sqlalchemy.sql.elements import ClauseElement

from . import catalog, routines
from .aside import own_connections
from .shapes import Connection, Fingerprint

# the text names its object, and what that is; one value a row: it is asked after every step
QUERY = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
OF_TEXT = "SELECT tbl_name, type, name FROM sqlite_master WHERE sql = ?"

ON_EXPRESSIONS = (
    "SELECT name FROM sqlite_master AS m WHERE type = 'index' AND tbl_name = :table AND EXISTS "
    "(SELECT 1 FROM pragma_index_xinfo(m.name) WHERE key AND cid = -2) ORDER BY name"
)
NAME = re.compile(r"\('name', '[^']*'\)")
Texts = dict[tuple[str, str], str]  # of the objects of one table, by kind and name
Row = tuple[str, str, str, str]  # table, kind, name, text
_rows: dict[str, Row] = {}  # of all fingerprints, by the text: most are in many, and kept once


def take(connection: Connection, tables: Collection[str] | None = None) -> Fingerprint:
    """Return the fingerprint of the schema behind a connection.

    ``tables`` limits the reflection to those tables; SQLite and PostgreSQL always give all.
    The result is only good for ``schemadiff.differences``.
    """
    if connection.dialect.name == "sqlite":
        return {"sqlite": sqlite_rows(connection)}
    if catalog.can_tell(connection):
        return catalog.take(connection)
    inspector: Any = inspect(connection)
    names = set(inspector.get_table_names())
    wanted = names if tables is None else names & set(tables)
    tables = {name: reflect(inspector, name) for name in wanted}
    if connection.dialect.name in ("mysql", "mariadb"):
        return routines.take(connection, inspector, names, tables)
    return {"names": names, "tables": tables, "others": others(inspector)}


def is_of_nothing(found: Fingerprint) -> bool:
    """Say whether nothing but Alembic's table is in a database, known for SQLite's alone.

    Elsewhere functions, roles and settings may stay that no fingerprint has.
    """
    return len(found.get("sqlite", ())) == 1


def text_of(fingerprints: Sequence[Fingerprint]) -> str:
    """Return fingerprints as a text for ``of_text`` in another process."""
    return repr(list(fingerprints))


def of_text(text: str) -> list[Fingerprint]:
    """Return the fingerprints in a text: sets and tuples are no JSON."""
    found: list[Fingerprint] = ast.literal_eval(text)
    return found


def others(inspector: Any) -> dict[str, str]:
    """Return what a server's schema holds besides tables: views and sequences."""
    found = {f"view {name}": str(inspector.get_view_definition(name))
             for name in inspector.get_view_names()}  # fmt: skip
    if hasattr(inspector, "get_enums"):  # a PostgreSQL older than its catalogue is understood
        found.update(
            {f"type {enum['name']}": str(enum["labels"]) for enum in inspector.get_enums()}
        )
    with contextlib.suppress(NotImplementedError, AttributeError):
        found.update({f"sequence {name}": "" for name in inspector.get_sequence_names()})
    return found


def sqlite_rows(connection: Connection) -> list[Row]:
    """Return what the database keeps of everything in it, asked for without SQLAlchemy's rows."""
    cursor: Any = connection.connection.cursor()
    cursor.execute(QUERY)
    texts = cursor.fetchall()
    try:
        return [_rows[text] for (text,) in texts]
    except KeyError:
        for (text,) in texts:
            if text not in _rows:
                cursor.execute(OF_TEXT, (text,))
                _rows[text] = (*cursor.fetchone(), text)
        return [_rows[text] for (text,) in texts]
    finally:
        cursor.close()


def by_table(rows: Sequence[Row]) -> dict[str, Texts]:
    """Return ``{table: {(type, name): text}}``.

    Views, and what belongs to them, are under "".
    """
    found: dict[str, Texts] = {}
    views = {name for _, kind, name, _ in rows if kind == "view"}
    for table, kind, name, sql in rows:
        found.setdefault("" if table in views else table, {})[(kind, name)] = sql
    found.pop("sqlite_sequence", None)
    return found


def reflect_changed(before: Mapping[str, Texts], after: Mapping[str, Texts]) -> list[Fingerprint]:
    """Reflect the tables whose text differs, on both sides, from databases made of that text."""
    changed = [name for name in before if name and name in after and before[name] != after[name]]
    sides: list[Any] = []
    for texts in (before, after):
        tables = reflect_texts({name: texts[name] for name in changed}) if changed else {}
        views = {f"{kind} {name}": sql for (kind, name), sql in texts.get("", {}).items()}
        sides.append({"names": set(texts) - {""}, "tables": tables, "others": views})
    for name in changed:
        let_be_named(*(side["tables"][name] for side in sides))
    return sides


def let_be_named(before: Mapping[str, Any], after: dict[str, Any]) -> None:
    """Take names away from the constraints that had none before and are the same otherwise."""
    for key in ("foreign keys", "unique constraints"):
        had = set(before[key])
        after[key] = sorted(
            unnamed if unnamed in had and text not in had else text
            for text, unnamed in ((text, NAME.sub("('name', None)", text)) for text in after[key])
        )


def reflect_texts(texts: Mapping[str, Texts]) -> dict[str, dict[str, Any]]:
    """Return the reflection of tables from the statements that made them."""
    engine = sqlalchemy.create_engine("sqlite://")
    with own_connections(), engine.connect() as connection:
        raw: Any = connection.connection
        for objects in texts.values():
            for kind in ("table", "index", "view", "trigger"):
                for (own_kind, _name), sql in objects.items():
                    if own_kind == kind:
                        raw.execute(sql)
        inspector: Any = inspect(connection)
        found = {
            name: {
                **reflect(inspector, name),
                "indexes on expressions": on_expressions(connection, name),
                "triggers": named(objects, "trigger"),
            }
            for name, objects in texts.items()
            if ("table", name) in objects
        }
    engine.dispose()
    return found


def on_expressions(connection: Connection, table: str) -> list[str]:
    """Return the names of a SQLite table's indexes that SQLAlchemy does not reflect."""
    rows = connection.execute(sqlalchemy.text(ON_EXPRESSIONS), {"table": table})
    return [str(name) for (name,) in rows]


def named(objects: Texts, kind: str) -> dict[str, str]:
    """Return the texts of one kind of object by name."""
    return {name: sql for (found, name), sql in objects.items() if found == kind}


def reflect(inspector: Any, table: str) -> dict[str, Any]:
    """Return one table's columns, keys, indexes and constraints as plain values."""
    columns = {
        column["name"]: {
            "type": str(column["type"]),
            "nullable": column["nullable"],
            "default": column.get("default"),
            "comment": column.get("comment"),
            "computed": str(column.get("computed")),
            "identity": str(column.get("identity")),
        }
        for column in inspector.get_columns(table)
    }
    keys, indexes = inspector.get_foreign_keys(table), inspector.get_indexes(table)
    if inspector.dialect.name in ("mysql", "mariadb"):
        indexes = routines.without_own_names(indexes, keys)
    return {
        "columns": columns,
        "primary key": sorted(inspector.get_pk_constraint(table)["constrained_columns"]),
        "foreign keys": texts_of(keys),
        "indexes": texts_of(indexes),
        "unique constraints": texts_of(inspector.get_unique_constraints(table)),
        "checks": texts_of(checks(inspector, table)),
    }


def checks(inspector: Any, table: str) -> Any:
    """Return the CHECK constraints, none where the dialect cannot tell."""
    try:
        return inspector.get_check_constraints(table)
    except NotImplementedError:
        return []


def texts_of(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return reflected objects in an order that does not depend on when they were made.

    Two that say the same are one: batch mode of old versions makes the CHECK of a Boolean twice.
    """
    return sorted({str(sorted((key, plain(value)) for key, value in item.items()))
                   for item in objects})  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value whose text is the same for the same: not so that of an SQL expression."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, ClauseElement) else value
