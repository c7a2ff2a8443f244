"""What SQLite says of tables; see ``inspection``.

It keeps the statements as they were typed, so that equal expressions may look different: ``normal``
takes away what is spelling, and ``same`` compares the programs that SQLite makes of two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from .inspection_postgresql import empty
from .shapes import Connection

TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|\s+|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]
        |[\w.$]+|\|\||[<>=!]=|<>|.""",
    re.VERBOSE | re.DOTALL,
)
OBJECTS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master "
    "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'index'"
)
COLUMNS = (
    "SELECT m.name, x.* FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS x "
    "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
UNIQUES = (
    "SELECT m.name, l.name, i.name FROM sqlite_master AS m, pragma_index_list(m.name) AS l, "
    "pragma_index_info(l.name) AS i WHERE m.type = 'table' AND l.\"unique\" "
    "AND l.origin <> 'pk' AND NOT l.partial"
)
GENERATED = (2, 3)  # table_xinfo's ``hidden``: virtual, stored

Tokens = list[str]


def read(connection: Connection, schemas: Sequence[str], default: str) -> dict[str, Any]:
    """Return what is in the database; see ``inspection.read``."""
    tables: dict[str, dict[str, Any]] = {}
    columns, uniques = columns_of_all(connection), uniques_of_all(connection)
    for kind, name, table, sql in list(connection.execute(text(OBJECTS))):
        if kind in ("table", "view"):
            tables[name] = table_words(columns.get(name, []), sql, kind == "view")
            tables[name]["uniques"] = list(uniques.get(name, {}).values())
        elif kind == "index" and table in tables:
            tables[table]["indexes"][name] = index_words(sql)
    return {"tables": tables, "enums": {}, "sequences": {}}


def table_words(rows: Sequence[Any], sql: str, view: bool) -> dict[str, Any]:
    """Return what is said of one table, of which ``rows`` are the columns."""
    found = empty(view)
    parts = [] if view else list(definitions(sql))
    computed = dict(filter(None, map(computed_part, parts)))
    key = [row[1] for row in rows if row[5]]
    for _, column, type_, required, default, primary, hidden in rows:
        counts = bool(primary) and len(key) == 1 and type_.upper() == "INTEGER"
        found["columns"][column] = {
            "type": type_,
            "nullable": not required and not primary,
            "default": None if default is None or default.upper() == "NULL" else default,
            "computed": computed.get(column.lower(), "") if hidden in GENERATED else None,
            "identity": "",
            "counts": counts,
        }
    for part in parts:
        for check, words in checks_of(part):
            if check:
                found["checks"][check] = words
            else:
                found["unnamed"].append(words)
    return found


def columns_of_all(connection: Connection) -> dict[str, list[Any]]:
    """Return the columns of all tables, as PRAGMA table_xinfo has them, from one statement."""
    found: dict[str, list[Any]] = {}
    for name, *column in connection.execute(text(COLUMNS)):
        found.setdefault(name, []).append(column)
    return found


def uniques_of_all(connection: Connection) -> dict[str, dict[str, list[str]]]:
    """Return what is unique together by table and index: by constraint or index, not the key."""
    found: dict[str, dict[str, list[str]]] = {}
    for table, index, column in connection.execute(text(UNIQUES)):
        found.setdefault(table, {}).setdefault(index, []).append(str(column))
    return found


def tokens(sql: str) -> Tokens:
    """Return the tokens of a statement without spaces and remarks."""
    found = (each.group() for each in TOKEN.finditer(sql))
    return [each for each in found if each.strip() and not each.startswith(("--", "/*"))]


def unquoted(name: str) -> str:
    """Return a name without its quotes."""
    return name[1:-1] if name[:1] in ('"', "`", "[") else name


def bare(token: str) -> str:
    """Return a token as it is compared: a name without its quotes, a word in lower case."""
    return token if token[0] == "'" else unquoted(token).lower()


def definitions(sql: str) -> Iterator[Tokens]:
    """Yield the definitions of columns and constraints in the statement that makes a table."""
    found = tokens(sql)
    if "(" not in found:
        return
    part: Tokens = []
    depth = 0
    for each in found[found.index("(") + 1 :]:
        depth += (each == "(") - (each == ")")
        if depth < 0 or (depth == 0 and each == ","):
            yield part
            part = []
            if depth < 0:
                return
        else:
            part.append(each)


def bracket(part: Tokens, place: int) -> Tokens:
    """Return what stands in the bracket that opens at a place."""
    depth = 0
    for end in range(place, len(part)):
        depth += (part[end] == "(") - (part[end] == ")")
        if depth == 0:
            return part[place + 1 : end]
    return part[place + 1 :]


def opened(part: Tokens) -> Iterator[int]:
    """Yield where brackets open that are in no other."""
    depth = 0
    for place, each in enumerate(part):
        if each == "(" and depth == 0:
            yield place
        depth += (each == "(") - (each == ")")


def checks_of(part: Tokens) -> Iterator[tuple[str, str]]:
    """Yield the name (empty for none) and the text of each CHECK in a definition."""
    for place in opened(part):
        if place and part[place - 1].lower() == "check":
            named = place > 2 and part[place - 3].lower() == "constraint"
            name = part[place - 2] if named else ""
            yield unquoted(name), spaced(bracket(part, place))


def computed_part(part: Tokens) -> tuple[str, str] | None:
    """Return the name and the expression of a generated column, None for any other definition."""
    for place in opened(part):
        if place > 1 and part[place - 1].lower() == "as":
            return bare(part[0]), spaced(bracket(part, place))
    return None


def index_words(sql: str) -> str:
    """Return the statement of an index without the names of index and table."""
    found = tokens(sql)
    unique = "UNIQUE " if found[1].lower() == "unique" else ""
    return unique + spaced(found[found.index("(") :])


def spaced(found: Tokens) -> str:
    """Return tokens as a text."""
    return re.sub(r" (?=[),])|(?<=\() ", "", " ".join(found))


def normal(words: Any) -> str:
    """Return an expression without what is spelling alone."""
    found = tokens(str(words))
    while len(found) > 2 and found[0] == "(" and len(bracket(found, 0)) == len(found) - 2:
        found = found[1:-1]
    return " ".join(bare(token) for token in found)


def same(raw: Any, table: str, one: str, other: str) -> bool:
    """Say whether SQLite makes one program of two expressions on a table.

    ``raw`` is a connection of the driver to a database that has the table.
    """
    programs = []
    for words in (one, other):
        try:
            query = f'EXPLAIN SELECT {words} FROM "{table}"'  # noqa: S608 - nothing is run
            programs.append([tuple(row)[1:] for row in raw.execute(query)])
        except Exception:  # the driver's own: a column that is not there
            return False
    return programs[0] == programs[1]


def same_value(raw: Any, type_: str, one: str, other: str) -> bool:
    """Say whether two defaults give a column of a type one value; they are asked for at once."""
    try:
        raw.execute("DROP TABLE IF EXISTS gitmig_values")
        raw.execute(f"CREATE TABLE gitmig_values (id, a {type_} DEFAULT {in_brackets(one)}, "
                    f"b {type_} DEFAULT {in_brackets(other)})")  # fmt: skip
        raw.execute("INSERT INTO gitmig_values (id) VALUES (1)")
        (found,) = raw.execute("SELECT a IS b FROM gitmig_values").fetchone()
        raw.execute("DROP TABLE gitmig_values")
    except Exception:  # the driver's own
        return False
    return bool(found)


def in_brackets(default: str) -> str:
    """Return a default as it may stand in the definition of a column."""
    return f"({default})"
