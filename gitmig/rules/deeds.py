"""What each line of a revision ran: what it changes, and all that it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gitmig.ran import RanOperation
from gitmig.rules.changes import Change, same
from gitmig.rules.operations import COPY, changes_of
from gitmig.rules.sql import statements

WORD = re.compile(r"[\w$]+")
ROUTINES = ("function", "procedure")
ELSEWHERE = ("delete", "truncate", "drop table")  # what takes rows of other tables, too


@dataclass(frozen=True)
class Deed:
    """What one line ran: ``words`` are all that it names, in small letters.

    ``calls``: it runs a block or a routine, and what that does is not among the ``changes``;
    ``reads``: it does nothing else than to ask; ``selects``: it asks for rows, on which what comes
    after it may hang.
    """

    line: int
    table: str
    words: frozenset[str]
    changes: tuple[Change, ...]
    calls: bool = False
    reads: bool = False
    selects: bool = False

    def is_about(self, tables: Collection[str]) -> bool:
        """Say whether a table is the one it is about."""
        named = (self.table, *(each.table for each in self.changes))
        return any(same(one, table) for one in named for table in tables if one)

    def names(self, *names: str) -> bool:
        """Say whether it names all of some things, a table by its own name alone."""
        return all(last(name) in self.words for name in names)

    def reaches_on(self) -> bool:
        """Say whether it may take rows of tables that it does not name."""
        return self.calls or any(each.kind in ELSEWHERE for each in self.changes)

    def may_take(self) -> bool:
        """Say whether it may take anything: no mere SELECT, no making of a routine."""
        return not (self.reads or self.makes_routine())

    def hangs_on_rows(self, tables: Collection[str]) -> bool:
        """Say whether rows of a table decide if it fails, or what it does."""
        if (self.calls or self.selects) and any(map(self.names, tables)):
            return True
        for change in self.changes:
            if change.kind == "insert" and change.has("select") and any(map(self.names, tables)):
                return True
            if may_be_refused(change) and any(same(change.table, each) for each in tables):
                return True
        return False

    def makes_routine(self) -> bool:
        """Say whether all it does is to make a function or a procedure."""
        return not self.calls and any(
            each.kind == "create" and each.to in ROUTINES for each in self.changes
        )


def brings_key(change: Change) -> bool:
    """Say whether a foreign key may come with a change."""
    added = change.kind == "add constraint" and change.to == "foreign key"
    return added or change.kind == "create table" or change.has("references")


def may_be_refused(change: Change) -> bool:
    """Say whether rows that are there may refuse a change, or what they hold goes into it."""
    if change.kind == "add constraint":
        return not (change.has("not valid") or change.has("using index"))
    if change.kind == "add column":
        bare = change.has("not null") and not (change.has("default") or change.has("identity"))
        return bare or change.has("unique") or change.has("generated")
    if change.kind == "create index":
        return change.has("unique")
    return change.kind in ("set not null", "change type", "validate constraint", "update")


def deed_of(operation: RanOperation, dialect: str) -> Deed:
    """Return what one operation did."""
    if operation.kind == COPY:  # it names every column
        texts, sent = [operation.table], []
    else:
        sent = [each.sql for each in operation.statements]
        facts = [str(each) for each in operation.facts.values()]
        texts = [operation.table, operation.column, *facts, *sent]
    words = frozenset(word for text in texts for word in WORD.findall(text.lower()))
    changes = tuple(change for change, _ in changes_of(operation, dialect))
    runs = any(map(calls, sent))
    reads = bool(sent) and not (runs or changes) and all(map(asks, sent))
    selects = any(map(selects_rows, sent))
    return Deed(operation.line, operation.table, words, changes, runs, reads, selects)


def asks(sql: str) -> bool:
    """Say whether a text without changes asks for something."""
    return WORD.findall(sql.lower())[:1] in (["select"], ["with"], ["pragma"], ["show"])


def calls(sql: str) -> bool:
    """Say whether a text runs a block or a routine, or what is not read otherwise."""
    for tokens in statements(sql):
        words = [token.text for token in tokens if token.kind == "word"]
        if words[:1] == ["SELECT"] and "FROM" not in words:
            return True
        if words and words[0] in ("DO", "CALL", "EXEC", "EXECUTE", "MERGE"):
            return True
    return False


def selects_rows(sql: str) -> bool:
    """Say whether a text asks for rows of a table."""
    for tokens in statements(sql):
        words = [token.text for token in tokens if token.kind == "word"]
        if words[:1] in (["SELECT"], ["WITH"]) and "FROM" in words:
            return True
    return False


def with_routines(deed: Deed, made: Mapping[str, frozenset[str]]) -> Deed:
    """Return a deed that names what the routines name that it calls and its revision made."""
    if not deed.calls:
        return deed
    more = frozenset[str]().union(*(words for name, words in made.items() if name in deed.words))
    return replace(deed, words=deed.words | more)


def last(name: str) -> str:
    """Return a name without its schema, in small letters."""
    return name.lower().rpartition(".")[2]
