"""What a database says of its tables, in its own words and as plain values.

A schema is ``{"tables": …, "enums": …, "sequences": …}``. ``tables`` go by the key that they have
in a metadata (``schema.table``, or ``table`` in the default schema), each with

* ``columns`` by name: ``type``, ``nullable``, ``default`` (None for none), ``computed`` (None for
  none), ``identity`` (text, empty for none), ``counts`` (the database numbers it by itself)
* ``checks`` by name, as text; on PostgreSQL exclusion constraints, too
* ``unnamed``: the texts of checks without a name (SQLite, MySQL and MariaDB)
* ``indexes`` by name, as text without names
* ``uniques``: what is unique together, a list of columns or expressions each
* ``view``: it is one

``enums`` are the members of PostgreSQL's types by key, ``sequences`` the options of
its sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import inspection_mysql, inspection_postgresql, inspection_sqlite
from .shapes import Connection, Dialect

Schema = dict[str, Any]
Words = dict[str, Any]  # of one column or one table

READERS = {
    "postgresql": inspection_postgresql.read,
    "mysql": inspection_mysql.read,
    "mariadb": inspection_mysql.read,
    "sqlite": inspection_sqlite.read,
}
# the first versions that have all that is asked for; on SQLite the driver brings it
FIRST = {"postgresql": (12,), "mysql": (5, 7), "mariadb": (10, 2, 5), "sqlite": (3, 26)}
DEFAULT_SCHEMA = {
    "postgresql": "SELECT current_schema()",
    "mysql": "SELECT DATABASE()",
    "mariadb": "SELECT DATABASE()",
}


def is_understood(dialect: Dialect) -> bool:
    """Say whether databases of a kind, and of the version that is connected, can be read."""
    version = tuple(getattr(dialect, "server_version_info", None) or ())
    first = FIRST.get(dialect.name)
    return first is not None and (not version or version >= first)


def read(connection: Connection, schemas: Sequence[str], default: str) -> Schema:
    """Return what is in these schemas (SQLite: in the database); ``default`` needs no name."""
    found: Schema = READERS[connection.dialect.name](connection, schemas, default)
    return found
