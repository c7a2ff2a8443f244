"""What a MySQL or MariaDB database holds besides tables, by its information schema.

Of columns, too, what the text of a reflected type leaves out: members, signs, lengths.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from .shapes import Connection, Fingerprint

OTHERS = (
    "SELECT CONCAT('view ', table_name), view_definition, security_type "
    "FROM information_schema.views WHERE table_schema = database()",
    "SELECT CONCAT('trigger ', trigger_name, ' of ', event_object_table), "
    "CONCAT(action_timing, ' ', event_manipulation, ' ', action_order), action_statement "
    "FROM information_schema.triggers WHERE trigger_schema = database()",
    "SELECT CONCAT(LOWER(r.routine_type), ' ', r.routine_name), CONCAT_WS(' ', r.dtd_identifier, "
    "r.sql_data_access, r.is_deterministic, (SELECT GROUP_CONCAT(CONCAT_WS(' ', p.parameter_mode, "
    "p.parameter_name, p.dtd_identifier) ORDER BY p.ordinal_position) "
    "FROM information_schema.parameters p WHERE p.specific_schema = database() "
    "AND p.specific_name = r.specific_name)), r.routine_definition "
    "FROM information_schema.routines r WHERE r.routine_schema = database()",
    "SELECT CONCAT('event ', event_name), CONCAT_WS(' ', interval_value, interval_field, "
    "execute_at, status), event_definition "
    "FROM information_schema.events WHERE event_schema = database()",
)
SEQUENCES = (
    "SELECT CONCAT('sequence ', table_name), '', '' FROM information_schema.tables "
    "WHERE table_schema = database() AND table_type = 'SEQUENCE'"
)
OPTIONS = (
    "SELECT table_name, CONCAT_WS(' ', engine, table_collation, create_options, table_comment) "
    "FROM information_schema.tables WHERE table_schema = database()"
)
COLUMNS = (
    "SELECT table_name, column_name, column_type, collation_name, extra "
    "FROM information_schema.columns WHERE table_schema = database()"
)
WIDTH = re.compile(r"\A(\w*int)\(\d+\)(?!.*zerofill)")  # says nothing of the values


def take(
    connection: Connection, inspector: Any, names: Collection[str], tables: dict[str, Any]
) -> Fingerprint:
    """Return the fingerprint; ``tables`` are those that were reflected.

    A view's text names the database, which is another one for each replay.
    """
    others: dict[str, str] = {}
    here = f"`{connection.execute(text('SELECT database()')).scalar()}`."
    for query in (*OTHERS, SEQUENCES):
        for name, *told in connection.execute(text(query)):
            others[str(name)] = str(told).replace(here, "")
    for name, options in connection.execute(text(OPTIONS)):
        if name in tables:
            tables[name]["options"] = str(options)
    for name, column, type_, collation, extra in connection.execute(text(COLUMNS)):
        if name in tables and column in tables[name]["columns"]:
            tables[name]["columns"][column].update(
                type=WIDTH.sub(r"\1", str(type_)),
                collation=collation,
                numbering="auto_increment" if "auto_increment" in str(extra) else None,
            )
    return {"names": set(names), "tables": tables, "others": others}


def without_own_names(indexes: Any, keys: Any) -> list[dict[str, Any]]:
    """Return indexes, those that a foreign key brought without their names.

    InnoDB names such an index as the constraint where that is given a name when it is made, as the
    first column where not: which of them depends on how the same key was written.
    """
    implicit = {
        (tuple(key["constrained_columns"]), name)
        for key in keys
        for name in (key["name"], key["constrained_columns"][0])
    }
    return [
        {**each, "name": None}
        if not each["unique"] and (tuple(each["column_names"]), each["name"]) in implicit
        else each
        for each in indexes
    ]
