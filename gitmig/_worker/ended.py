"""Where revisions end Alembic's transaction by themselves, and where they drop something last.

Both show only when Alembic comes to note that they ran.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import stack
from .failures import Failure
from .project import Project

ENDS_IT = "it ends Alembic's transaction, so that Alembic's note that it ran is not kept"
NOT_KEPT = (
    "Alembic's note that it ran is not kept: it ends Alembic's transaction (a commit or rollback "
    "in the middle), or env.py never commits"
)
ALLOWED = "autocommit_block"  # Alembic's own, which begins another one


class Ended:
    """``lines`` are those at which revisions called ``commit()`` or ``rollback()``, by their ids.

    What a revision sends as SQL, or asks of the driver, is not among it.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lines: dict[str, int] = {}
        self.drops: dict[str, int] = {}
        event.listen(Engine, "commit", self.note)
        event.listen(Engine, "rollback", self.note)
        event.listen(Engine, "before_cursor_execute", self.note_drop)

    def note(self, connection: Any) -> None:
        """Note that a transaction ends, where a line of the running revision has it so."""
        step = self.project.step
        if step is None or step.revision.revision in self.lines:
            return
        line = stack.line_in(str(step.revision.path))
        if line and not any(frame.f_code.co_name == ALLOWED for frame in stack.frames()):
            self.lines[step.revision.revision] = line

    def not_kept(self, revision: Any) -> Failure:
        """Return the failure of a revision that ran and is not noted as one that did."""
        line = self.lines.get(revision.revision, 0)
        return Failure(
            "migration_failed", ENDS_IT if line else NOT_KEPT, revision=revision.revision, up=True,
            path=self.project.relative(revision.path), line=line,
        )  # fmt: skip

    def note_drop(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        """Note a statement that drops something, of the revision that runs."""
        step = self.project.step
        if step is not None and statement[:5].upper() == "DROP ":
            self.drops[step.revision.revision] = stack.line_in(str(step.revision.path))

    @contextlib.contextmanager
    def placing(self) -> Iterator[None]:
        """Give a failure at no line of its revision the one that dropped something last.

        So fails what Alembic sends itself: its table is not there any more.
        """
        try:
            yield
        except Failure as failure:
            if failure.kind == "migration_failed" and not failure.data["line"]:
                failure.data["line"] = self.drops.get(failure.data["revision"], 0)
            raise
