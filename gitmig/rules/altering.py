"""ALTER TABLE, part by part, in the words of PostgreSQL, MySQL, MariaDB and SQLite."""

from __future__ import annotations

from collections.abc import Iterator

from gitmig.rules.changes import Change
from gitmig.rules.sql import Cursor

_AFTER_TYPE = (
    "NOT", "NULL", "DEFAULT", "CONSTRAINT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "GENERATED",
    "AS", "COLLATE", "USING", "COMMENT", "FIRST", "AFTER", "AUTO_INCREMENT", "ON", "KEY", "STORED",
    "VIRTUAL", "PERSISTENT", "INVISIBLE",
)  # fmt: skip
_CONSTRAINTS = ("FOREIGN KEY", "CHECK", "UNIQUE", "PRIMARY KEY", "EXCLUDE")


def if_exists(cursor: Cursor) -> set[str]:
    """Step over IF [NOT] EXISTS; return the flag that says it was there."""
    found = cursor.take("IF", "EXISTS") or cursor.take("IF", "NOT", "EXISTS")
    return {"if"} if found else set()


def alter_table(cursor: Cursor) -> Iterator[Change]:
    """Read what follows ALTER TABLE."""
    if_exists(cursor)
    cursor.skip("ONLY")
    table = cursor.name()
    cursor.skip("*")
    for part in cursor.parts():
        yield from action(table, part)


def action(table: str, part: Cursor) -> Iterator[Change]:
    """Read one action."""
    if part.take("ADD"):
        yield from add(table, part)
    elif part.take("DROP"):
        yield from drop(table, part)
    elif part.take("ALTER"):
        part.skip("COLUMN")
        yield from alter_column(table, part.name(), part)
    elif part.take("RENAME"):
        yield from rename(table, part)
    elif part.take("VALIDATE", "CONSTRAINT"):
        yield Change("validate constraint", table, part.name())
    elif part.take_any("MODIFY", "CHANGE"):
        yield from redefine(table, part)
    elif word := part.take_any("DISABLE", "ENABLE"):
        part.skip("REPLICA", "ALWAYS")
        if part.take("TRIGGER"):
            yield Change(f"{word.lower()} trigger", table, part.name())


def add(table: str, part: Cursor) -> Iterator[Change]:
    """Read ADD: a column, a constraint, an index of MySQL."""
    named = part.take("CONSTRAINT")
    start = part.at
    name = part.name() if named and not starts_constraint(part) else ""
    constraint = starts_constraint(part)
    if constraint:
        yield added_constraint(table, name, constraint, part)
        return
    part.at = start
    unique = bool(part.take_any("UNIQUE", "FULLTEXT", "SPATIAL"))
    if part.take_any("INDEX", "KEY"):
        kept = frozenset({"unique"} if unique else ())
        yield Change("create index", table, part.name(), flags=kept)
    elif not part.take("PARTITION"):
        part.skip("COLUMN")
        flags = if_exists(part)
        yield from added_columns(table, part, flags)


def starts_constraint(part: Cursor) -> str:
    """Return the kind of constraint that begins here, in small; empty for none."""
    start = part.at
    for words in _CONSTRAINTS:
        if part.take(*words.split()):
            is_index = words == "UNIQUE" and bool(part.take_any("INDEX"))
            part.at = start
            return "" if is_index else words.lower()
    return ""


def added_constraint(table: str, name: str, kind: str, part: Cursor) -> Change:
    """Return a table's new constraint."""
    flags = set[str]()
    if part.has("NOT", "VALID"):
        flags.add("not valid")
    if part.has("USING", "INDEX") and not part.has("("):
        flags.add("using index")
    return Change("add constraint", table, name, kind, frozenset(flags), part.words())


def added_columns(table: str, part: Cursor, flags: set[str]) -> Iterator[Change]:
    """Read the column after ADD, or several in brackets (MySQL)."""
    if part.take("("):
        inner = Cursor(part.tokens[part.at : -1])
        for each in inner.parts():
            yield column(table, each, set(flags))
    else:
        yield column(table, part, flags)


def column(table: str, part: Cursor, flags: set[str]) -> Change:
    """Read a column's definition."""
    name = part.name()
    kind = part.words(*_AFTER_TYPE)
    flags |= properties(part)
    if kind.endswith("serial"):
        flags |= {"default", "not null"}
    return Change("add column", table, name, kind, frozenset(flags))


def properties(part: Cursor) -> set[str]:
    """Return what a column's definition says after its type."""
    flags = {
        "not null": part.has("NOT", "NULL") or part.has("PRIMARY", "KEY"),
        "default": part.has("DEFAULT") and not part.has("DEFAULT", "NULL"),
        "identity": part.has("IDENTITY") or part.has("AUTO_INCREMENT"),
        "generated": part.has("AS", "("),
        "stored": part.has("STORED") or part.has("PERSISTENT"),
        "references": part.has("REFERENCES"),
        "unique": part.has("UNIQUE"),
    }
    return {flag for flag, there in flags.items() if there}


def drop(table: str, part: Cursor) -> Iterator[Change]:
    """Read DROP: a column, a constraint, an index of MySQL."""
    if part.take_any("INDEX", "KEY"):
        flags = if_exists(part)
        yield Change("drop index", table, part.name(), flags=frozenset(flags))
        return
    kind = dropped_constraint(part)
    if kind is None and part.take("PARTITION"):
        return
    part.skip("COLUMN")
    flags = if_exists(part)
    name = part.name()
    if part.has("CASCADE"):
        flags.add("cascade")
    what = "drop column" if kind is None else "drop constraint"
    yield Change(what, table, name, kind or "", frozenset(flags))


def dropped_constraint(part: Cursor) -> str | None:
    """Return what constraint is dropped, empty where it is not said; None for a column."""
    if part.take("CONSTRAINT"):
        return ""
    for words in ("FOREIGN KEY", "CHECK", "PRIMARY KEY"):
        if part.take(*words.split()):
            return words.lower()
    return None


def alter_column(table: str, name: str, part: Cursor) -> Iterator[Change]:
    """Read what follows ALTER COLUMN."""
    if part.take("TYPE") or part.take("SET", "DATA", "TYPE"):
        yield Change("change type", table, name, part.words("USING", "COLLATE"))
    elif part.take("SET", "NOT", "NULL"):
        yield Change("set not null", table, name)
    elif part.take("DROP", "NOT", "NULL"):
        yield Change("drop not null", table, name)
    elif part.take("SET", "DEFAULT"):
        yield Change("set default", table, name)
    elif part.take("DROP", "DEFAULT"):
        yield Change("drop default", table, name)


def rename(table: str, part: Cursor) -> Iterator[Change]:
    """Read RENAME: of a column, of the table; of a constraint or index nothing comes."""
    if part.take_any("CONSTRAINT", "INDEX", "KEY"):
        return
    if part.take_any("TO", "AS"):
        yield Change("rename table", table, to=part.name())
        return
    part.skip("COLUMN")
    name = part.name()
    if part.take("TO"):
        yield Change("rename column", table, name, part.name())


def redefine(table: str, part: Cursor) -> Iterator[Change]:
    """Read MODIFY and CHANGE of MySQL, which state the whole column again."""
    changing = part.tokens[0].text == "CHANGE"
    part.skip("COLUMN")
    if_exists(part)
    old = part.name()
    name = part.name() if changing else old
    if name != old:
        yield Change("rename column", table, old, name)
    yield Change("change type", table, name, part.words(*_AFTER_TYPE))
    if part.has("NOT", "NULL"):
        yield Change("set not null", table, name)
