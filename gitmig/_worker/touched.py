"""What the new revisions touch, by the texts of the statements that each sends while it runs."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import depends, scripts, stack
from .project import Project
from .shapes import Step

Block = tuple[str, int]  # a statement, and the line that sends it
WORD = re.compile(r"[\w$]+")
# what says nothing of rows: definitions, and settings of the session
DEFINES = frozenset(
    {"alter", "comment", "create", "drop", "grant", "lock", "pragma", "reindex", "rename"}
    | {"revoke", "savepoint", "release", "rollback", "begin", "commit", "set", "show", "analyze"}
)
WRITES = frozenset({"delete", "insert", "merge", "replace", "truncate", "update"})
DEFINED = re.compile(
    r"\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?:if\s+not\s+exists\s+)?([^(]+)"
)
OF_BATCH = "_alembic_tmp_"
# what a revision learns of rows, or sends, without a statement that is seen here
UNSEEN = re.compile(r"\.cursor\(|\b(?:rowcount|raw_connection|driver_connection)\b")


class Touched:
    """Of some revisions, up and down alike."""

    def __init__(self, project: Project, revisions: Collection[str]) -> None:
        self.project = project
        self.revisions = revisions
        self.texts: dict[str, list[str]] = {}
        self.blocks: dict[tuple[str, bool], list[Block]] = {}  # by revision, and whether it goes up
        self._any = False
        if revisions:
            event.listen(Engine, "before_cursor_execute", self.note)

    def note(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        """Note a statement, where a revision runs."""
        step = self.project.step
        if step is not None and step.revision.revision in self.revisions:
            texts = self.texts.setdefault(step.revision.revision, [])
            if not texts:
                self._any |= bool(UNSEEN.search(depends.read(str(step.revision.path))))
            found = [statement]
            if ";" in statement and connection.dialect.name == "postgresql":  # it takes scripts
                found = [text for text, _ in scripts.statements(statement, "postgresql")]
            texts += found
            self.note_blocks(step, found)
            self._any |= any(map(leads_on, found)) and not stack.is_library_asking()

    def note_blocks(self, step: Step, found: Collection[str]) -> None:
        """Note which of some statements are blocks or calls, and their line in the revision."""
        path, key = step.revision.path, (step.revision.revision, step.is_upgrade)
        for text in filter(is_block, found):
            self.blocks.setdefault(key, []).append((text, stack.line_in(str(path))))

    def emptied_in(self, step: Step, table: str) -> int:
        """Return the line of the block or call that takes every row of a table, 0 for none.

        None that chooses its rows; nor where a statement says it in the open, or the table is new.
        """
        revision, name = step.revision.revision, table.lower()
        if any(takes_openly(text, name) for text in self.texts.get(revision, ())):
            return 0
        blocks = [({*self.words_of(revision, text)}, line)
                  for text, line in self.blocks.get((revision, step.is_upgrade), [])]  # fmt: skip
        naming = [each for each in blocks if name in each[0]] or blocks
        if any("where" in words for words, _ in naming):
            return 0
        return next((line for _, line in naming), 0)

    def words_of(self, revision: str, block: str) -> list[str]:
        """Return the words of a block or call, and of the functions made here that it names."""
        words = WORD.findall(block.lower())
        for text in self.texts.get(revision, ()):
            made = DEFINED.match(text.lower())
            if made and {*WORD.findall(made[1])[-1:]} & {*words}:
                words += WORD.findall(text.lower())
        return words

    def may_be_any(self) -> bool:
        """Say whether tables may be touched that no statement has named so far.

        What a revision does after it has read rows hangs on them, and there were none; a function
        or a block of the database's own language does what it does.
        """
        return self._any

    def deletes(self) -> bool:
        """Say whether a statement may delete rows, and with them those that point to them."""
        texts = (text for found in self.texts.values() for text in found)
        return any(WORD.findall(text.lower())[:1] in (["delete"], ["truncate"]) for text in texts)

    def words(self) -> set[str]:
        """Return all words of all statements, in small letters."""
        texts = (text for found in self.texts.values() for text in found)
        return {word for text in texts for word in WORD.findall(text.lower())}

    def takes_nothing(self) -> bool:
        """Say whether no statement can have changed the rows that published revisions put there."""
        return not any(may_take(text) for found in self.texts.values() for text in found)

    def asks_for(self, revision: str, table: str) -> bool:
        """Say whether a revision changes rows of a table by a statement of its own.

        One that names no table may call a function, and change any. A table that is dropped may
        come again, empty; batch mode brings its rows back.
        """
        texts, name = self.texts.get(revision, ()), table.lower()
        if any(changes(text, name) for text in texts):
            return True
        copied = any(f"{OF_BATCH}{name}" in text.lower() for text in texts)
        return not copied and any(drops(text, name) for text in texts)


def leads_on(text: str) -> bool:
    """Say whether a statement gives the revision rows, or does what it does not say."""
    words = WORD.findall(text.lower())
    return bool(words) and (words[0] not in DEFINES | WRITES or "returning" in words)


def changes(text: str, table: str) -> bool:
    """Say whether a statement may change rows of a table because its author wants that."""
    words = WORD.findall(text.lower())
    if not words or words[0] in DEFINES or OF_BATCH in text:
        return False
    if words[0] == "select":
        return "from" not in words
    return table in words or words[0] in ("call", "do", "exec", "execute")


def is_block(text: str) -> bool:
    """Say whether a statement runs a block or a function, and names no table itself."""
    words = WORD.findall(text.lower())
    return words[:1] in (["do"], ["call"]) or (words[:1] == ["select"] and "from" not in words)


def takes_openly(text: str, table: str) -> bool:
    """Say whether a statement that names a table can take all its rows."""
    words = WORD.findall(text.lower())
    openly = {"delete", "truncate", "drop", "replace", "merge"} & {*words}
    runs_later = is_block(text) or DEFINED.match(text.lower())
    return bool(openly) and table in words and not runs_later


def drops(text: str, table: str) -> bool:
    """Say whether a statement drops a table."""
    words = WORD.findall(text.lower())
    return words[:2] == ["drop", "table"] and table in words


def may_take(text: str) -> bool:
    """Say whether a statement may take rows or values away."""
    words = WORD.findall(text.lower())
    own = "alembic_version" in words
    return bool(words) and not own and ("drop" in words or words[0] not in DEFINES)
