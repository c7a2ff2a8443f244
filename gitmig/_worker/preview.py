"""``preview``: what an upgrade or a downgrade would do, in words and in SQL, without doing it.

Request besides the common part: ``start`` (the revisions the real database stands on) and
``arguments``, what would follow ``alembic`` for the ``upgrade`` or ``downgrade``; ``down_to`` (may
be missing): the revisions that stay, in place of the one that ``arguments`` name.

Result: ``steps``, each with ``revision``, ``subject``, ``path``, ``up``, ``words`` and ``sql``,
and the facts of ``Project.facts``.
"""

from __future__ import annotations

from typing import Any

from alembic import command
from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import operations
from .invoked import watch
from .project import Project
from .session import open_session
from .shapes import Context, Op, Request, Result, Step

# the bookkeeping of Alembic and of the transaction, which no reviewer asked for
NOISE = (
    "PRAGMA",
    "SELECT",
    "INSERT INTO alembic_version",
    "UPDATE alembic_version",
    "DELETE FROM alembic_version",
)


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, request["arguments"]) as (project, databases):
        for head in request["start"]:
            project.upgrade(head)
        preview = Preview(project)
        options: Any = project.config.cmd_opts
        take_back = request.get("down_to")
        if take_back is not None:
            project.downgrade_above(tuple(take_back), after=preview.finish)
        elif options.cmd[0] is command.upgrade:
            project.upgrade(options.revision, after=preview.finish)
        else:
            project.downgrade(options.revision, after=preview.finish)
        return dict(project.facts(databases), steps=preview.steps)


class Preview:
    """Tells what each step did: operations as they are invoked, statements as they are sent."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.steps: list[Result] = []
        self.words: list[str] = []
        self.sql: list[str] = []
        watch(self.operation)
        event.listen(Engine, "before_cursor_execute", self.statement)

    def operation(self, op: Op) -> None:
        """Keep what a revision asked for, in words."""
        self.words.append(operations.describe_one(op, (), ())["words"])

    def statement(
        self,
        connection: Any,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        """Keep a statement that a revision sent."""
        if self.project.step is not None and not statement.lstrip().startswith(NOISE):
            self.sql.append(statement.strip())

    def finish(self, step: Step, context: Context) -> None:
        """Close the account of one step."""
        self.steps.append(
            {
                "revision": step.revision.revision,
                "subject": step.revision.doc,
                "path": self.project.relative(step.revision.path),
                "up": step.is_upgrade,
                "words": self.words,
                "sql": self.sql,
            }
        )
        self.words, self.sql = [], []
