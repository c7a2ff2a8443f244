"""What the models say of each table, as plain values that a later process can compare.

Everything is text as the project's own dialect writes it, so that a change that makes no
difference in the database (another class for the same type) is none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.orm import mapperlib
from sqlalchemy.schema import CreateIndex

from . import sequences
from .enumof import enum_of
from .shapes import Context, Dialect

Models = dict[str, dict[str, Any]]
"""By the key of the table: its columns, checks and indexes, see ``table_facts`` and ``mapped``."""

OF_METADATA = ""  # the key of what belongs to no table: sequences, see ``sequences.Told``
NOTHING: dict[str, Any] = {"columns": {}, "checks": {}, "indexes": {}, "keys": {}, "unnamed": []}


def describe(autogen: Any, context: Context) -> Models:
    """Return what the project's metadata says for one database, without what it filters out."""
    metadata = context.opts["target_metadata"]
    found: Models = {}
    classes = mapped()
    for each in metadata if isinstance(metadata, (list, tuple)) else [metadata]:
        for table in each.tables.values():
            if autogen.run_object_filters(table, table.name, "table", False, None):
                facts = table_facts(table, context.dialect)
                found[table.key] = {**facts, **classes.get(table, {})}
        counting = sequences.describe(each, context.dialect)
        if counting:
            facts = found.setdefault(OF_METADATA, {**NOTHING, "sequences": {}})
            facts["sequences"].update(counting)
    return found


def sequences_of(models: Models) -> dict[str, Any]:
    """Return the sequences of the models of one database, see ``sequences.Told``."""
    return dict(models.get(OF_METADATA, NOTHING).get("sequences", {}))


def mapped() -> dict[Any, dict[str, Any]]:
    """Return for each mapped table its ``class`` and, by column, the class's ``attributes``."""
    registries = getattr(mapperlib, "_all_registries", None)
    mappers = (
        [mapper for registry in registries() for mapper in registry.mappers]
        if registries is not None
        else list(getattr(mapperlib, "_mapper_registry", ()))  # SQLAlchemy 1.3
    )
    found: dict[Any, dict[str, Any]] = {}
    for mapper in mappers:
        facts = found.setdefault(mapper.local_table, {"attributes": {}})
        if mapper.inherits is None or mapper.inherits.local_table is not mapper.local_table:
            facts["class"] = f"{mapper.class_.__module__}.{mapper.class_.__qualname__}"
        for attribute, column in mapper.columns.items():
            if getattr(column, "table", None) is mapper.local_table:
                facts["attributes"][column.name] = attribute
    return found


def table_facts(table: Any, dialect: Dialect) -> dict[str, Any]:
    """Return one table's facts: columns and named checks and indexes as text."""
    checks = [each for each in checks_of(table) if is_made(each, dialect)]
    return {
        "columns": {column.name: column_facts(column, dialect) for column in table.columns},
        "checks": {
            name_in(dialect, each): condition(each, dialect) for each in checks if is_named(each)
        },
        "indexes": {name_in(dialect, each): index_text(each, dialect) for each in table.indexes},
        "keys": dict(named_keys(table, dialect)),
        "unnamed": sorted(unnamed(table, dialect)),
    }


def checks_of(table: Any) -> Iterator[Any]:
    """Yield a table's checks, with those that stand in a column of it."""
    for holder in (table, *table.columns):
        for each in holder.constraints:
            if isinstance(each, sqlalchemy.CheckConstraint):
                yield each


def condition(check: Any, dialect: Dialect) -> str:
    """Return the condition of a check as it stands in the table's DDL: no table before a column."""
    with contextlib.suppress(Exception):  # private to SQLAlchemy
        compiler = dialect.ddl_compiler(dialect, None).sql_compiler
        text = compiler.process(check.sqltext, include_table=False, literal_binds=True)
        return as_sent(text, dialect)
    return sql_text(check.sqltext, dialect)


def name_in(dialect: Dialect, item: Any) -> str:
    """Return the name of a constraint or an index as the database has it: cut, if it is too long.

    Only one that a convention makes is cut, see SQLAlchemy's ``IdentifierPreparer``.
    """
    if is_named(item):
        with contextlib.suppress(TypeError):  # of a CHECK, with SQLAlchemy 1.3
            return str(_get_constraint_final_name(item, dialect))
    return str(item.name)


def is_named(constraint: Any) -> bool:
    """Say whether a constraint has a name: what stands for none in SQLAlchemy may be true."""
    return isinstance(constraint.name, str)


def is_made(check: Any, dialect: Dialect) -> bool:
    """Say whether a database of this kind gets a check: that of a type may not be needed there."""
    rule = getattr(check, "_create_rule", None)
    with contextlib.suppress(Exception):  # private to SQLAlchemy
        return rule is None or bool(rule(dialect.ddl_compiler(dialect, None)))
    return True


def unnamed(table: Any, dialect: Dialect) -> Iterator[str]:
    """Yield what Alembic does not compare: checks without a name, and on SQLite uniques."""
    for check in checks_of(table):
        if not is_named(check) and not getattr(check, "_type_bound", False):
            yield f"check {condition(check, dialect)}"
    for each in table.constraints:
        of_kind = isinstance(each, sqlalchemy.UniqueConstraint)
        if of_kind and not is_named(each) and dialect.name == "sqlite":
            yield f"unique {', '.join(column.name for column in each.columns)}"


def named_keys(table: Any, dialect: Dialect) -> Iterator[tuple[str, list[Any]]]:
    """Yield the names of a table's keys and unique constraints: kind, columns, and their target."""
    for each in table.constraints:
        kind = type(each).__name__
        if is_named(each) and kind != "CheckConstraint":
            there = [element.target_fullname.rsplit(".", 1) for element in
                     getattr(each, "elements", ())]  # fmt: skip
            target = "".join(sorted({table for table, _ in there}))
            columns = [column.name for column in each.columns]
            yield name_in(dialect, each), [kind, columns, target, [column for _, column in there]]


def column_facts(column: Any, dialect: Dialect) -> dict[str, Any]:
    """Return one column's facts.

    ``members`` are those of an enum that the database knows, ``texts`` of one that is a text there.
    """
    default = column.server_default
    return {
        "type": type_text(column.type, dialect),
        "members": held_members(column.type, dialect),
        "texts": members_in_text(column.type, dialect),
        "default": default_text(default, dialect),
        "computed": sql_text(column.computed.sqltext, dialect) if column.computed else "",
        "identity": identity_text(getattr(column, "identity", None), dialect),
        "renamed_from": str(column.info.get("renamed_from", "")),
    }


def held_members(type_: Any, dialect: Dialect) -> list[str] | None:
    """Return the members of an enum that the database holds, in its type or in a CHECK.

    By default SQLAlchemy makes no CHECK since 1.4: where there is no such type, it is a plain text.
    A CHECK with a name is compared as such.
    """
    enum = enum_of(type_, dialect)
    if enum is None:
        return None
    checked = getattr(enum, "create_constraint", False) and not enum.name
    return list(enum.enums) if is_native(enum, dialect) or checked else None


def members_in_text(type_: Any, dialect: Dialect) -> list[str] | None:
    """Return the members of an enum whose column is a text: rows hold them, not the schema."""
    enum = enum_of(type_, dialect)
    return None if enum is None or is_native(enum, dialect) else list(enum.enums)


def is_native(enum: Any, dialect: Dialect) -> bool:
    """Say whether an enum is a type of the database's own, or part of one."""
    return bool(dialect.supports_native_enum and enum.native_enum)


def type_text(type_: Any, dialect: Dialect) -> str:
    """Return a type as the dialect writes it, or its own representation where it cannot."""
    with contextlib.suppress(Exception):  # types of the project may raise whatever they like
        return str(type_.compile(dialect=dialect))
    return repr(type_)


def default_text(default: Any, dialect: Dialect) -> str | None:
    """Return a server default as the dialect writes it, None for none."""
    argument = getattr(default, "arg", None)  # Computed and Identity have none
    if argument is None:
        return None
    if isinstance(argument, str):
        return "'" + argument.replace("'", "''") + "'"
    return sql_text(argument, dialect)


def identity_text(identity: Any, dialect: Dialect) -> str:
    """Return an identity as it stands in the table's DDL, empty where the database has none."""
    if identity is None or not getattr(dialect, "supports_identity_columns", False):
        return ""
    return str(dialect.ddl_compiler(dialect, None).process(identity))


def sql_text(element: Any, dialect: Dialect) -> str:
    """Return an expression with its values in it."""
    with contextlib.suppress(Exception):
        text = element.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        return as_sent(text, dialect)
    return str(element)


def as_sent(text: Any, dialect: Dialect) -> str:
    """Return a compiled text as the database gets it: for some drivers each ``%`` is doubled."""
    doubled = getattr(dialect.identifier_preparer, "_double_percents", False)
    return str(text).replace("%%", "%") if doubled else str(text)


def index_text(index: Any, dialect: Dialect) -> str:
    """Return the statement that makes an index."""
    with contextlib.suppress(Exception):
        return as_sent(CreateIndex(index).compile(dialect=dialect), dialect).strip()
    return str(index)
