"""The tables of the models, made for real beside those that the revisions made.

So that both can be compared in the database's own words: what it made of a default, a CHECK or an
index expression has one form, however it was typed. On SQLite they are made in memory, on
PostgreSQL in schemas of a transaction that is rolled back, on MySQL and MariaDB in databases that
are dropped. No rows, no foreign keys (Alembic compares these), no events of the project's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from . import inspection_postgresql, inspection_sqlite
from .aside import own_connections
from .databases import Databases
from .enums import quoted
from .failures import one_line
from .inspection import DEFAULT_SCHEMA, Schema, read
from .shapes import Connection, Context, Dialect

NAME = "gitmig_models"  # of PostgreSQL's schemas, with a number where there are several
ODD_ZONE = "Asia/Kathmandu"  # where a time in another zone is no local one


@dataclass
class Twin:
    """The models' tables as the database says them.

    ``not_made`` are those that could not be made, by their key, and why. ``normal`` takes from an
    expression what is spelling alone; ``same`` says of two on a table whether they mean the same,
    ``same_value`` of two defaults of a type.
    """

    schema: Schema
    not_made: dict[str, str]
    normal: Any = str
    same: Any = lambda table, one, other: False
    same_value: Any = lambda type_, one, other: False


@dataclass
class Wanted:
    """What the models have in one database: tables and enum types by key, and sequences."""

    default: str
    tables: dict[str, Any] = field(default_factory=dict)
    enums: dict[str, Any] = field(default_factory=dict)
    sequences: dict[str, Any] = field(default_factory=dict)

    @property
    def schemas(self) -> list[str]:
        """Return the schemas that are named, the default one first."""
        every = (*self.tables.values(), *self.enums.values(), *self.sequences.values())
        named = {str(each.schema) for each in every if each.schema} - {self.default}
        return [self.default, *sorted(named)]

    def key(self, item: Any) -> str:
        """Return the key of a table, a type or a sequence."""
        inside = item.schema and item.schema != self.default
        return f"{item.schema}.{item.name}" if inside else str(item.name)


def wanted_of(autogen: Any, context: Context) -> Wanted:
    """Return what the project's metadata has, without what it filters out."""
    found = Wanted(default_schema(context))
    metadata = context.opts["target_metadata"]
    for each in metadata if isinstance(metadata, (list, tuple)) else [metadata]:
        for table in each.tables.values():
            if autogen.run_object_filters(table, table.name, "table", False, None):
                found.tables[found.key(table)] = table
                for type_ in enum_types(table, context.dialect):
                    found.enums.setdefault(found.key(type_), type_)
        for sequence in getattr(each, "_sequences", {}).values():
            found.sequences[found.key(sequence)] = sequence
    return found


def default_schema(context: Context) -> str:
    """Return the schema that needs no name in a connection, empty for none."""
    query = DEFAULT_SCHEMA.get(context.dialect.name, "")
    return str(context.connection.execute(text(query)).scalar() or "") if query else ""


def enum_types(table: Any, dialect: Dialect) -> Iterator[Any]:
    """Yield the enum types that PostgreSQL has to have for a table."""
    for column in table.columns if dialect.name == "postgresql" else ():
        type_ = column.type
        with contextlib.suppress(Exception):  # types of the project may raise whatever they like
            while isinstance(type_, sqlalchemy.types.TypeDecorator):
                type_ = type_.load_dialect_impl(dialect)
            type_ = getattr(type_, "item_type", type_)
            if isinstance(type_, sqlalchemy.Enum) and type_.native_enum and type_.name:
                yield type_


@contextlib.contextmanager
def made(wanted: Wanted, context: Context, databases: Databases) -> Iterator[Twin]:
    """Make the tables, give what the database says of them, and take them away."""
    ways = {"sqlite": in_memory, "postgresql": in_schemas}
    with ways.get(context.dialect.name, in_databases)(wanted, context, databases) as twin:
        yield twin


@contextlib.contextmanager
def in_memory(wanted: Wanted, context: Context, databases: Databases) -> Iterator[Twin]:
    """Make the tables in a SQLite database in memory."""
    engine = sqlalchemy.create_engine("sqlite://")
    with own_connections():
        connection = engine.connect()
    try:
        raw: Any = connection.connection

        def make(statement: Any) -> None:
            raw.execute(str(statement.compile(dialect=context.dialect)))

        tables = {key: table for key, table in wanted.tables.items() if "." not in key}
        not_made = make_all(tables, make)
        yield Twin(
            read(connection, [], ""),
            not_made,
            inspection_sqlite.normal,
            lambda table, one, other: inspection_sqlite.same(raw, table, one, other),
            lambda type_, one, other: inspection_sqlite.same_value(raw, type_, one, other),
        )
    finally:
        connection.close()
        engine.dispose()


@contextlib.contextmanager
def in_schemas(wanted: Wanted, context: Context, databases: Databases) -> Iterator[Twin]:
    """Make the tables in PostgreSQL schemas of a transaction of its own, and roll it back."""
    names = {schema: NAME + (f"_{number}" if number else "")
             for number, schema in enumerate(wanted.schemas)}  # fmt: skip
    path = context.connection.execute(text("SHOW search_path")).scalar()
    with context.connection.engine.connect() as opened:
        connection = opened.execution_options(
            isolation_level="READ COMMITTED",
            schema_translate_map=translation(wanted, names),
        )
        transaction = connection.begin()
        try:
            for name in names.values():
                connection.execute(text(f"CREATE SCHEMA {name}"))
            connection.execute(text(f"SET LOCAL search_path TO {NAME}, {path}"))
            connection.execute(text(f"SET LOCAL TimeZone TO '{ODD_ZONE}'"))
            make_types(wanted, names, connection)
            not_made = make_all(wanted.tables, lambda each: guarded(connection, each))
            schema = read(connection, list(names.values()), NAME)
            yield Twin(
                in_names_of(schema, {name: own for own, name in names.items()}),
                not_made,
                inspection_postgresql.normal,
                same_value=lambda type_, one, other: same_on_server(connection, type_, one, other),
            )
        finally:
            transaction.rollback()


@contextlib.contextmanager
def in_databases(wanted: Wanted, context: Context, databases: Databases) -> Iterator[Twin]:
    """Make the tables in further databases of a MySQL or MariaDB server."""
    with contextlib.ExitStack() as stack:
        names = {schema: stack.enter_context(databases.another(context.dialect))
                 for schema in wanted.schemas}  # fmt: skip
        opened = stack.enter_context(context.connection.engine.connect())
        connection = opened.execution_options(schema_translate_map=translation(wanted, names))
        not_made = make_all(wanted.tables, connection.execute)
        schema = read(connection, list(names.values()), names[wanted.default])
        yield Twin(in_names_of(schema, {name: own for own, name in names.items()}), not_made)


def translation(wanted: Wanted, names: Mapping[str, str]) -> dict[str | None, str]:
    """Return by what a statement's schemas are replaced."""
    found: dict[str | None, str] = {None: names[wanted.default]}
    found.update(names)
    return found


def make_all(tables: Mapping[str, Any], make: Any) -> dict[str, str]:
    """Make tables and their indexes; return why some could not be made, by table."""
    not_made: dict[str, str] = {}
    for key, table in tables.items():
        try:
            make(CreateTable(table, include_foreign_key_constraints=[]))
            for index in table.indexes:
                with at_once(index):
                    make(CreateIndex(index))
        except Exception as error:  # the project's types, the driver's errors
            not_made[key] = one_line(getattr(error, "orig", None) or error)
    return not_made


@contextlib.contextmanager
def at_once(index: Any) -> Iterator[None]:
    """Let an index be made within a transaction."""
    options = index.dialect_options["postgresql"]
    if not options["concurrently"]:
        yield
        return
    options["concurrently"] = False
    try:
        yield
    finally:
        options["concurrently"] = True


def make_types(wanted: Wanted, names: Mapping[str, str], connection: Connection) -> None:
    """Make the enum types and sequences of the models; what cannot be made is missed later."""
    quote = connection.dialect.identifier_preparer.quote
    made_of: list[Any] = [CreateSequence(each) for each in wanted.sequences.values()]
    for type_ in wanted.enums.values():
        name = f"{names[type_.schema or wanted.default]}.{quote(str(type_.name))}"
        members = ", ".join(escaped(map(quoted, type_.enums)))
        made_of.append(text(f"CREATE TYPE {name} AS ENUM ({members})"))
    for statement in made_of:
        with contextlib.suppress(DBAPIError):
            guarded(connection, statement)


def guarded(connection: Connection, statement: Any) -> None:
    """Run a statement whose failure leaves the transaction as it was."""
    with connection.begin_nested():
        connection.execute(statement)


def same_on_server(connection: Connection, type_: str, one: str, other: str) -> bool:
    """Say whether two defaults of a column have one value, on PostgreSQL."""
    values = ", ".join(f"(({each})\\:\\:{type_})\\:\\:text" for each in escaped((one, other)))
    try:
        with connection.begin_nested():
            first, second = connection.execute(text(f"SELECT {values}")).first()
    except Exception:  # the driver's own
        return False
    return bool(first == second)


def escaped(words: Iterable[str]) -> list[str]:
    """Return texts whose colons begin no parameter."""
    return [each.replace(":", "\\:") for each in words]


def in_names_of(schema: Schema, names: Mapping[str, str]) -> Schema:
    """Return what was said of the twin with the names of the schemas that it stands for."""
    if len(names) == 1:
        return schema

    def real(value: Any) -> Any:
        if isinstance(value, dict):
            return {real(key): real(each) for key, each in value.items()}
        if isinstance(value, list):
            return [real(each) for each in value]
        for name, own in names.items() if isinstance(value, str) else ():
            value = value.replace(f"{name}.", f"{own}.")
        return value

    found: Schema = real(schema)
    return found
