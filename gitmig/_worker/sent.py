"""The statements that each revision sends, as text, while it runs."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from .project import Project

WORD = re.compile(r"[\w$]+")
# what says nothing of rows: definitions, and settings of the session
DEFINES = frozenset(
    {"alter", "comment", "create", "drop", "grant", "lock", "pragma", "reindex", "rename"}
    | {"revoke", "savepoint", "release", "rollback", "begin", "commit", "set", "show", "analyze"}
)
OF_BATCH = "_alembic_tmp_"


class Sent:
    """The statements of some revisions, by revision, up and down alike."""

    def __init__(self, project: Project, revisions: Collection[str]) -> None:
        self.project = project
        self.revisions = revisions
        self.texts: dict[str, list[str]] = {}
        if revisions:
            event.listen(Engine, "before_cursor_execute", self.note)

    def note(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        """Note a statement, where a revision runs."""
        step = self.project.step
        if step is not None and step.revision.revision in self.revisions:
            self.texts.setdefault(step.revision.revision, []).append(statement)

    def words(self) -> set[str]:
        """Return all words of all statements, in small letters."""
        texts = (text for found in self.texts.values() for text in found)
        return {word for text in texts for word in WORD.findall(text.lower())}

    def takes_nothing(self) -> bool:
        """Say whether no statement can have changed the rows that published revisions put there."""
        return not any(may_take(text) for found in self.texts.values() for text in found)

    def asks_for(self, revision: str, table: str) -> bool:
        """Say whether a revision changes rows of a table by a statement of its own.

        One that names no table may call a function, and change any.
        """
        return any(changes(text, table.lower()) for text in self.texts.get(revision, ()))


def changes(text: str, table: str) -> bool:
    """Say whether a statement may change rows of a table because its author wants that."""
    words = WORD.findall(text.lower())
    if not words or words[0] in DEFINES or OF_BATCH in text:
        return False
    if words[0] == "select":
        return "from" not in words
    return table in words or words[0] in ("call", "do", "exec", "execute")


def may_take(text: str) -> bool:
    """Say whether a statement may take rows or values away."""
    words = WORD.findall(text.lower())
    own = "alembic_version" in words
    return bool(words) and not own and ("drop" in words or words[0] not in DEFINES)
