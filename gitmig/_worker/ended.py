"""Where revisions end Alembic's transaction by themselves: ``commit()`` or ``rollback()``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import stack
from .project import Project

ALLOWED = "autocommit_block"  # Alembic's own, which begins another one


class Ended:
    """``lines`` are those at which revisions did so first, by their ids.

    What a revision sends as SQL, or asks of the driver, is not among it.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lines: dict[str, int] = {}
        event.listen(Engine, "commit", self.note)
        event.listen(Engine, "rollback", self.note)

    def note(self, connection: Any) -> None:
        """Note that a transaction ends, where a line of the running revision has it so."""
        step = self.project.step
        if step is None or step.revision.revision in self.lines:
            return
        line = stack.line_in(str(step.revision.path))
        if line and not any(frame.f_code.co_name == ALLOWED for frame in stack.frames()):
            self.lines[step.revision.revision] = line
