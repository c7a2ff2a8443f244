"""Alembic's own commands through gitmig, on the project's real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmig.commands import lost
from gitmig.commands.projectside import AS_USUAL, How, open_work_tree
from gitmig.commands.workspace import Workspace
from gitmig.errors import WorkerFailed
from gitmig.outcomes import Step


@dataclass(frozen=True)
class CommandReport:
    """What an Alembic command printed, and the revision files it wrote."""

    output: str
    files: tuple[str, ...]
    databases: tuple[str, ...]


def run_alembic(
    directory: Path,
    name: str | None,
    arguments: Sequence[str],
    quiet: bool = False,
) -> CommandReport:
    """Run one Alembic command in the work tree, with the project's interpreter and database.

    ``arguments`` is what would follow ``alembic``; unless ``quiet`` each revision is told on
    stderr. Raises GitmigError in Alembic's words, KeyboardInterrupt once it has rolled back.
    """
    workspace = Workspace.open(directory)
    try:
        environment = workspace.environment(name)
        with open_work_tree(workspace, environment) as project:
            answer = project.ask(
                "alembic", attached=True, arguments=list(arguments), peek=False, quiet=quiet
            )
        return CommandReport(answer["output"], tuple(answer["files"]), tuple(answer["database"]))
    except WorkerFailed as error:
        raise lost.located(workspace, environment, error, arguments) from error
    finally:
        workspace.close()


def preview(
    directory: Path,
    name: str | None,
    arguments: Sequence[str],
    *,
    options: Sequence[str] = (),
    how: How = AS_USUAL,
) -> list[Step]:
    """Return what an upgrade or downgrade would do from where the database stands.

    The real database is only asked where it stands; the steps run on an ephemeral one.
    ``arguments`` begin with the command's name, ``options`` are Alembic's global ones for env.py.
    """
    workspace = Workspace.open(directory)
    try:
        environment = workspace.environment(name)
        with open_work_tree(workspace, environment, how) as project:
            stands = project.ask(
                "alembic", attached=True, arguments=list(options), peek=True, quiet=True
            )
            words = [*options, *arguments]
            answer = project.ask("preview", start=stands["heads"], arguments=words)
        return steps_of(answer["steps"])
    except WorkerFailed as error:
        raise lost.located(workspace, environment, error, arguments) from error
    finally:
        workspace.close()


def steps_of(steps: list[dict[str, Any]]) -> list[Step]:
    """Return the worker's account as steps."""
    return [
        Step(
            each["revision"],
            each["subject"] or "",
            each["path"],
            each["up"],
            tuple(each["words"]),
            tuple(each["sql"]),
        )
        for each in steps
    ]
