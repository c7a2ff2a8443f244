"""From SQL to changes. What is not known here is passed over: no rule judges what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gitmig.rules import always, blocks
from gitmig.rules.altering import alter_table, if_exists
from gitmig.rules.changes import Change
from gitmig.rules.session import grant, pragma, reset, revoke, set_
from gitmig.rules.sql import Cursor, Token, statements

OBJECTS = (
    "MATERIALIZED VIEW", "VIEW", "FUNCTION", "PROCEDURE", "TYPE", "SEQUENCE", "DOMAIN", "EXTENSION",
    "TRIGGER", "SCHEMA", "POLICY", "RULE", "AGGREGATE", "EVENT TRIGGER", "EVENT",
)  # fmt: skip
RETURNING = Token("word", "RETURNING")
FIXED = ("NULL", "TRUE", "FALSE")
# what all databases of a server share, and the verbs for that
BEYOND = ("CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "REASSIGN")
SHARED = ("DATABASE", "ROLE", "USER", "GROUP", "TABLESPACE", "SYSTEM")
# MySQL: ALTER DATABASE without a name is about the current one
OF_THIS_DATABASE = ("DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "COMMENT")


def changes(sql: str, dialect: str = "postgresql") -> list[Change]:
    """Return what a text of one or several statements does."""
    found: list[Change] = []
    for tokens in statements(sql, escapes=dialect == "mysql"):
        cursor = Cursor(tokens)
        verb = cursor.take_any(*READERS)
        if verb:
            found += READERS[verb](cursor)
    return found


def create(cursor: Cursor) -> Iterator[Change]:
    """Read CREATE."""
    flags = {"replace"} if cursor.take("OR", "REPLACE") else set[str]()
    cursor.skip("GLOBAL", "LOCAL")
    temporary = bool(cursor.take_any("TEMPORARY", "TEMP"))
    cursor.skip("UNLOGGED", "FOREIGN")
    if cursor.take("TABLE"):
        if cursor.take("IF", "NOT", "EXISTS"):
            flags.add("if")
        name = cursor.name()
        if not temporary or name:
            yield Change("create table", name, flags=frozenset(flags))
    elif index := index_created(cursor):
        yield index
    else:
        yield from other("create", cursor, flags)


def index_created(cursor: Cursor) -> Change | None:
    """Read CREATE [UNIQUE] INDEX; None where it is another object."""
    flags = set[str]()
    for word in iter(lambda: cursor.take_any("UNIQUE", "FULLTEXT", "SPATIAL"), ""):
        flags.add(word.lower())
    if not cursor.take("INDEX"):
        return None
    if cursor.take("CONCURRENTLY"):
        flags.add("concurrently")
    if cursor.take("IF", "NOT", "EXISTS"):
        flags.add("if")
    name = "" if cursor.take("ON") else cursor.name()
    if name:
        if cursor.take("USING"):  # MySQL has it in front
            cursor.name()
        cursor.take("ON")
    if cursor.take("ONLY"):
        flags.add("only")
    return Change("create index", cursor.name(), name, flags=frozenset(flags))


def drop(cursor: Cursor) -> Iterator[Change]:
    """Read DROP."""
    cursor.skip("TEMPORARY", "FOREIGN")
    if cursor.take("TABLE"):
        flags = if_exists(cursor)
        names = cursor.names()
        yield from (Change("drop table", name, flags=cascaded(flags, cursor)) for name in names)
    elif cursor.take("INDEX"):
        flags = {"concurrently"} if cursor.take("CONCURRENTLY") else set[str]()
        flags |= if_exists(cursor)
        names = cursor.names()
        table = cursor.name() if cursor.take("ON") else ""
        all_flags = cascaded(flags, cursor)
        yield from (Change("drop index", table, name, flags=all_flags) for name in names)
    elif cursor.take("OWNED"):
        yield Change("server", to="DROP OWNED")
    else:
        yield from other("drop", cursor, set())


def other(kind: str, cursor: Cursor, flags: set[str]) -> Iterator[Change]:
    """Read the rest of CREATE, ALTER or DROP for what is neither table nor index."""
    if cursor.take("USER", "MAPPING"):
        return
    for words in OBJECTS:
        if cursor.take(*words.split()):
            flags |= if_exists(cursor)
            name = cursor.name()
            table = table_of(cursor) if words == "TRIGGER" else ""
            yield Change(kind, table, name, words.lower(), cascaded(flags, cursor))
            return
    word = cursor.take_any(*SHARED)
    if word and not cursor.take_any(*OF_THIS_DATABASE):
        if_exists(cursor)
        yield Change("server", name=cursor.name(), to=f"{kind.upper()} {word}")


def table_of(cursor: Cursor) -> str:
    """Return the table that a trigger is on."""
    while cursor.at < len(cursor.tokens):
        if cursor.take("ON"):
            return cursor.name()
        cursor.at += 1
    return ""


def cascaded(flags: Iterable[str], cursor: Cursor) -> frozenset[str]:
    """Return the flags, and ``cascade`` where the statement says so."""
    return frozenset({*flags, "cascade"} if cursor.has("CASCADE") else flags)


def alter(cursor: Cursor) -> Iterator[Change]:
    """Read ALTER."""
    if cursor.take("DEFAULT", "PRIVILEGES"):
        return
    cursor.skip("ONLINE", "IGNORE", "FOREIGN")
    if cursor.take("TABLE"):
        yield from alter_table(cursor)
    elif cursor.take("TYPE"):
        yield from alter_type(cursor)
    elif not cursor.take("INDEX") and not cursor.take("SEQUENCE"):
        yield from (each for each in other("alter", cursor, set()) if each.kind == "server")


def alter_type(cursor: Cursor) -> Iterator[Change]:
    """Read ALTER TYPE of an enum."""
    name = cursor.name()
    if cursor.take("ADD", "VALUE"):
        flags = {"if"} if cursor.take("IF", "NOT", "EXISTS") else set[str]()
        yield Change("add value", "", name, cursor.words("BEFORE", "AFTER"), frozenset(flags))
    elif cursor.take("RENAME", "VALUE"):
        yield Change("rename value", "", name, cursor.words("TO"))


def update(cursor: Cursor) -> Iterator[Change]:
    """Read UPDATE."""
    cursor.skip("LOW_PRIORITY", "IGNORE", "ONLY")
    if cursor.take("OR"):  # SQLite
        cursor.name()
    table = cursor.name()
    yield Change("update", table, to=", ".join(constants(cursor)), flags=where(cursor))


def constants(cursor: Cursor) -> list[str]:
    """Return the columns that SET gives a constant; none where it gives one anything else."""
    rest, found = Cursor(cursor.tokens[cursor.at :]), []
    more = rest.take("SET")
    while more:
        found.append(rest.name())
        if not rest.take("="):
            return []
        rest.take("-")
        token = rest.tokens[rest.at] if rest.at < len(rest.tokens) else None
        if token is None or (token.kind not in ("string", "number") and token.text not in FIXED):
            return []
        rest.at += 1
        more = rest.take(",")
    return found if rest.at == len(rest.tokens) or rest.take("WHERE") else []


def delete(cursor: Cursor) -> Iterator[Change]:
    """Read DELETE."""
    cursor.skip("LOW_PRIORITY", "QUICK", "IGNORE", "FROM", "ONLY")
    yield Change("delete", cursor.name(), flags=where(cursor))


def where(cursor: Cursor) -> frozenset[str]:
    """Return the flag for rows that are chosen: WHERE, unless all rows meet it, a join, LIMIT."""
    chosen = any(cursor.has(word) for word in ("USING", "JOIN", "LIMIT"))
    if not chosen and cursor.has("WHERE"):
        cursor.words("WHERE")
        cursor.take("WHERE")
        end = next((at for at, token in enumerate(cursor.tokens) if token == RETURNING), None)
        chosen = not always.holds(cursor.tokens[cursor.at : end])
    return frozenset({"where"} if chosen else ())


def insert(cursor: Cursor) -> Iterator[Change]:
    """Read INSERT and REPLACE."""
    cursor.skip("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "OVERWRITE")
    if cursor.take("OR"):
        cursor.name()
    cursor.skip("INTO")
    flags = {"select"} if cursor.has("SELECT") else set[str]()
    yield Change("insert", cursor.name(), flags=frozenset(flags))


def with_(cursor: Cursor) -> Iterator[Change]:
    """Read the data changes of a statement that begins with common table expressions."""
    for at, token in enumerate(cursor.tokens):
        before = cursor.tokens[at - 1].text if at else ""
        if token.kind == "word" and token.text in DATA and before in ("(", ")"):
            rest = Cursor(cursor.tokens[at + 1 :])
            yield from DATA[token.text](rest)


def truncate(cursor: Cursor) -> Iterator[Change]:
    """Read TRUNCATE."""
    cursor.skip("TABLE", "ONLY")
    for name in cursor.names():
        yield Change("truncate", name, flags=cascaded((), cursor))


def rewriting(kind: str, *noise: str) -> Callable[[Cursor], Iterator[Change]]:
    """Return the reader of a statement that writes a whole table or index anew."""

    def read(cursor: Cursor) -> Iterator[Change]:
        cursor.skip(*noise)
        flags = {"concurrently"} if cursor.take("CONCURRENTLY") else set[str]()
        yield Change(kind, cursor.name(), flags=frozenset(flags))

    return read


def one(kind: str) -> Callable[[Cursor], Iterator[Change]]:
    """Return the reader of a statement that says all in its first word."""

    def read(cursor: Cursor) -> Iterator[Change]:
        if not cursor.take("TO") and not cursor.take("PREPARED"):  # a savepoint is no end
            yield Change(kind)

    return read


def rename(cursor: Cursor) -> Iterator[Change]:
    """Read RENAME TABLE of MySQL."""
    cursor.skip("TABLE", "TABLES")
    for part in cursor.parts():
        name = part.name()
        part.take("TO")
        yield Change("rename table", name, to=part.name())


def reassign(cursor: Cursor) -> Iterator[Change]:
    """Read REASSIGN OWNED."""
    yield Change("server", to="REASSIGN OWNED")


def do(cursor: Cursor) -> Iterator[Change]:
    """Read a DO block: of what is done in it, which may be guarded, what reaches beyond it."""
    for tokens in blocks.inside(cursor.tokens):
        inner = Cursor(tokens)
        verb = inner.take_any(*BEYOND)
        if verb:
            yield from (each for each in READERS[verb](inner) if each.kind == "server")


DATA: Mapping[str, Callable[[Cursor], Iterable[Change]]] = {
    "UPDATE": update,
    "DELETE": delete,
    "INSERT": insert,
    "REPLACE": insert,
}
READERS: Mapping[str, Callable[[Cursor], Iterable[Change]]] = {
    **DATA,
    "CREATE": create,
    "ALTER": alter,
    "DROP": drop,
    "WITH": with_,
    "TRUNCATE": truncate,
    "SET": set_,
    "RESET": reset,
    "PRAGMA": pragma,
    "GRANT": grant,
    "REVOKE": revoke,
    "RENAME": rename,
    "REASSIGN": reassign,
    "DO": do,
    "REINDEX": rewriting("reindex", "(", ")", "VERBOSE", "INDEX", "TABLE", "SCHEMA", "DATABASE"),
    "CLUSTER": rewriting("cluster", "VERBOSE"),
    "REFRESH": rewriting("refresh", "MATERIALIZED", "VIEW"),
    "COMMIT": one("commit"),
    "END": one("commit"),
    "ROLLBACK": one("rollback"),
    "ABORT": one("rollback"),
}
