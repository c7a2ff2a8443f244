"""Databases to replay into, and their schemas as values to compare."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.engine import URL, make_url

from gitmig.ephemeral import address
from gitmig.ephemeral.providers import open_first
from gitmig.ephemeral.provision import Need
from gitmig.ephemeral.rundir import run_directory
from gitmig.errors import ConfigError

Schema = dict[str, dict[str, Any]]

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
KINDS = {"mariadb": "mysql"}
NOWHERE = URL.create("nobody", "nobody", "secret", "production.invalid", 1)
OURS = "alembic_version"
BESIDE = "(database)"  # stands for a table: what is beside the tables
TYPES = """\
SELECT attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)
FROM pg_attribute attribute
WHERE attribute.attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
"""


@dataclass(frozen=True)
class Database:
    """A database: its URL with the project's driver, and the file where it is SQLite's."""

    url: URL
    file: Path

    @property
    def text(self) -> str:
        """Return the URL as it is written, with its password."""
        return self.url.render_as_string(hide_password=False)


class Databases:
    """Where databases come from: files, or a throw-away server of gitmig's."""

    def __init__(self, driver: str, server: URL) -> None:
        self.driver = driver
        self._server = server
        self._made: list[str] = []

    def make(self, file: Path) -> Database:
        """Make an empty one; on SQLite it is the file."""
        if kind_of(self.driver) == "sqlite":
            return self.nowhere(file)
        name = f"replay_{len(self._made)}"
        self._execute(f"CREATE DATABASE {name}")
        self._made.append(name)
        return Database(self._server.set(drivername=self.driver, database=name), file)

    def clear(self) -> None:
        """Drop all that were made; files go with their folder."""
        while self._made:
            self._execute(f"DROP DATABASE {self._made.pop()}")

    def _execute(self, statement: str) -> None:
        engine = sqlalchemy.create_engine(own(self._server), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(statement))
        engine.dispose()

    def nowhere(self, file: Path) -> Database:
        """Name one that nothing can reach, or a file that is not there."""
        if kind_of(self.driver) == "sqlite":
            return Database(URL.create(self.driver, database=str(file)), file)
        return Database(NOWHERE.set(drivername=self.driver, database="app"), file)


@contextlib.contextmanager
def databases(driver: str, extensions: tuple[str, ...] = ()) -> Iterator[Databases]:
    """Give the databases for a driver (``sqlite``, ``postgresql+psycopg2``); raises GitmigError."""
    kind = kind_of(driver)
    if kind == "sqlite":
        yield Databases(driver, NOWHERE)
        return
    with on_a_port(), run_directory() as run, contextlib.ExitStack() as stack:
        place = run / "1"
        place.mkdir()
        need = Need(kind, place, extensions=extensions, keep=False)
        server, _attempts = open_first(need, (), stack)
        yield Databases(driver, make_url(server.url))


def kind_of(driver: str) -> str:
    """Return the dialect of a driver; raises ConfigError for one that is not known here."""
    name = driver.partition("+")[0]
    kind = KINDS.get(name, name)
    if kind not in DRIVERS:
        raise ConfigError(f'The database "{driver}" is none of {", ".join(DRIVERS)}.')
    return kind


@contextlib.contextmanager
def on_a_port() -> Iterator[None]:
    """Let servers listen on a port: many projects make their URL of a host and a port."""
    kept, address.can_bind = address.can_bind, lambda folder: False
    try:
        yield
    finally:
        address.can_bind = kept


def own(url: URL) -> URL:
    """Return a URL with the driver that is used for comparing."""
    return url.set(drivername=DRIVERS[kind_of(url.drivername)])


def schema_of(database: Database) -> Schema:
    """Return table → kind of thing → the things, without Alembic's own table.

    The order of columns does not count; names do.
    """
    engine = sqlalchemy.create_engine(own(database.url))
    found: Schema = {}
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # types that SQLAlchemy does not know are asked for below
        inspector: Any = sqlalchemy.inspect(connection)
        for schema in schemas_of(inspector):
            prefix = "" if schema == inspector.default_schema_name else f"{schema}."
            for table in inspector.get_table_names(schema):
                if table != OURS:
                    found[prefix + table] = table_of(inspector, connection, table, schema)
        found[BESIDE] = others_of(inspector, connection)
    engine.dispose()
    return found


def schemas_of(inspector: Any) -> list[str]:
    """Return the schemas of a PostgreSQL database, or the one there is elsewhere."""
    if inspector.dialect.name != "postgresql":
        return [inspector.default_schema_name]
    return [name for name in inspector.get_schema_names() if name != "information_schema"]


def table_of(inspector: Any, connection: Any, table: str, schema: str) -> dict[str, Any]:
    """Return what one table has."""
    columns = {each["name"]: column_of(each) for each in inspector.get_columns(table, schema)}
    if inspector.dialect.name == "postgresql":
        quote = inspector.dialect.identifier_preparer.quote
        named = {"table": f"{quote(schema)}.{quote(table)}"}
        for name, told in connection.execute(sqlalchemy.text(TYPES), named):
            columns[name]["type"] = told
    return {
        "columns": columns,
        "primary key": texts([inspector.get_pk_constraint(table, schema)]),
        "foreign keys": texts(inspector.get_foreign_keys(table, schema)),
        "unique constraints": texts(inspector.get_unique_constraints(table, schema)),
        "checks": texts(inspector.get_check_constraints(table, schema)),
        "indexes": texts(inspector.get_indexes(table, schema)),
    }


def column_of(column: Mapping[str, Any]) -> dict[str, str]:
    """Return what is said of a column."""
    kinds = ("type", "nullable", "default", "computed", "identity", "comment")
    return {kind: str(column.get(kind)) for kind in kinds}


def others_of(inspector: Any, connection: Any) -> dict[str, Any]:
    """Return what stands beside the tables."""
    found: dict[str, Any] = {"views": texts({"name": name} for name in inspector.get_view_names())}
    if inspector.dialect.name == "postgresql":
        found["enumerations"] = texts(inspector.get_enums("*"))
    if inspector.dialect.name == "sqlite":
        triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        rows = connection.execute(sqlalchemy.text(triggers))
        found["triggers"] = texts(dict(row._mapping) for row in rows)
    return found


def texts(things: Any) -> list[str]:
    """Return things as texts, in an order that no database chooses."""
    return sorted(
        ", ".join(f"{key} {value}" for key, value in sorted(thing.items()) if tells(value))
        for thing in things
    )


def tells(value: Any) -> bool:
    """Whether something is said at all: no comment and no options are the same as none told."""
    return value is not None and value != {} and value != []


def differences(true: Schema, found: Schema) -> list[str]:
    """Return, in words, where a schema is not the true one; empty where they agree."""
    told = []
    for table in sorted(true.keys() | found.keys()):
        if table not in found:
            told.append(f"{table}: not made")
        elif table not in true:
            told.append(f"{table}: the commit's own revision does not make it")
        else:
            for kind, expected in true[table].items():
                told += one_kind(table, kind, expected, found[table][kind])
    return told


def one_kind(table: str, kind: str, true: Any, found: Any) -> Iterator[str]:
    """Yield where the things of one kind in one table differ."""
    if isinstance(true, list):
        for thing in sorted({*true, *found}):
            if true.count(thing) != found.count(thing):
                side = "only true" if thing in true else "only generated"
                yield f"{table}: {kind}: {side}: {thing}"
        return
    for name in sorted(true.keys() | found.keys()):
        one, other = true.get(name), found.get(name)
        if one is None or other is None:
            yield f"{table}.{name}: {'not made' if one else 'made, and not in the true schema'}"
            continue
        for key in one:
            if one[key] != other[key]:
                yield f"{table}.{name}: {key}: true {one[key]}, generated {other[key]}"
