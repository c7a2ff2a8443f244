"""Where revisions end Alembic's transaction by themselves, and where they take its table away.

Both show only when Alembic comes to note that they ran.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from . import depends, stack
from .failures import Failure
from .project import Project

ENDS_IT = "it ends Alembic's transaction, so that Alembic's note that it ran is not kept"
NOT_KEPT = (
    "Alembic's note that it ran is not kept: it ends Alembic's transaction (a commit or rollback "
    "in the middle), or env.py never commits"
)
OWN_COLUMN = "version_num"  # of Alembic's table
DROPS = re.compile(r"\bDROP\b|\bdrop_table\(", re.IGNORECASE)
HIDES = re.compile(r"\bsearch_path\b", re.IGNORECASE)
# SQL that undoes what others did, and what is sent to the driver itself
UNDOES = re.compile(r"\b(?:writable_schema|COMMIT|ROLLBACK)\b")


class Ended:
    """``lines`` are those at which revisions called ``commit()`` or ``rollback()``, by their ids.

    ``hears`` is told each such call before it is carried out: the connection and the method's name.
    Alembic itself, in ``autocommit_block()`` too, does so by another way: by its transaction. What
    a revision sends as SQL, or asks of the driver, is not among it.
    """

    def __init__(self, project: Project, hears: Callable[[Any, str], None]) -> None:
        self.project = project
        self.hears = hears
        self.lines: dict[str, int] = {}
        for name in ("commit", "rollback"):
            if hasattr(Connection, name):  # from SQLAlchemy 1.4
                self.hear(name)

    def hear(self, name: str) -> None:
        """Note each call of a method; events of SQLAlchemy would cost each statement a little."""
        ends: Any = getattr(Connection, name)

        @functools.wraps(ends)
        def noted(connection: Any) -> Any:
            self.note(connection, name)
            return ends(connection)

        setattr(Connection, name, noted)

    def note(self, connection: Connection, name: str) -> None:
        """Note that a transaction ends, where a line of the running revision has it so."""
        step = self.project.step
        line = stack.line_in(str(step.revision.path)) if step is not None else 0
        if line:
            self.lines.setdefault(step.revision.revision, line)
            self.hears(connection, name)

    def not_kept(self, missing: Sequence[Any]) -> Failure:
        """Return the failure of revisions that ran and are not noted, in their order.

        It is of the first that ends a transaction, by a call or by its text; else of the first.
        """
        texts = {each.revision: depends.read(str(each.path)) for each in missing}
        ends = [each for each in missing if each.revision in self.lines]
        says = [each for each in missing if last_line(texts[each.revision], UNDOES)]
        revision = [*ends, *says, *missing][0]
        line = self.lines.get(revision.revision, 0)
        return Failure(
            "migration_failed", ENDS_IT if line else NOT_KEPT, revision=revision.revision, up=True,
            path=self.project.relative(revision.path),
            line=line or last_line(texts[revision.revision], UNDOES),
        )  # fmt: skip

    @contextlib.contextmanager
    def placing(self) -> Iterator[None]:
        """Give a failure of Alembic's own note the line of the revision that drops something last.

        So it fails where its table is not there any more; or, ``hides``, where it is not found.
        """
        try:
            yield
        except Failure as failure:
            if not failure.data.get("line") and OWN_COLUMN in str(failure.data.get("sql")):
                known = self.project.script.revision_map.get_revision(failure.data["revision"])
                text = depends.read(str(known.path))
                drops, hides = last_line(text, DROPS), last_line(text, HIDES)
                failure.data.update(line=drops or hides, hides=bool(hides and not drops))
            raise


def last_line(text: str, words: re.Pattern[str]) -> int:
    """Return the last line of upgrade() that has some words, 0 for none."""
    found, inside = 0, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("def "):
            inside = line.startswith("def upgrade")
        if inside and words.search(line):
            found = number
    return found
