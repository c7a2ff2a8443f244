"""Alembic's own commands through gitmig, on the project's real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmig.commands.projectside import open_work_tree
from gitmig.commands.workspace import Workspace
from gitmig.model import Progress, Step


@dataclass(frozen=True)
class CommandReport:
    """What an Alembic command printed, and the revision files it wrote."""

    output: str
    files: tuple[str, ...]
    databases: tuple[str, ...]


def run_alembic(
    directory: Path,
    name: str | None,
    arguments: list[str],
    on_progress: Progress | None = None,
) -> CommandReport:
    """Run one Alembic command in the work tree, with the project's interpreter and database.

    ``arguments`` is what would follow ``alembic``. Raises GitmigError in Alembic's words.
    """
    workspace = Workspace.open(directory)
    try:
        environment = workspace.environment(name)
        with open_work_tree(workspace, environment, on_progress) as project:
            answer = project.ask("alembic", arguments=arguments, peek=False)
        return CommandReport(answer["output"], tuple(answer["files"]), tuple(answer["database"]))
    finally:
        workspace.repository.close()


def preview(
    directory: Path,
    name: str | None,
    target: str,
    *,
    up: bool,
    arguments: Sequence[str] = (),
    database: str = "",
    on_progress: Progress | None = None,
) -> list[Step]:
    """Return what an upgrade or downgrade to ``target`` would do from where the database stands.

    The real database is only asked where it stands; the steps run on an ephemeral one.
    ``arguments`` are Alembic's global options for env.py.
    """
    workspace = Workspace.open(directory)
    try:
        environment = workspace.environment(name)
        with open_work_tree(workspace, environment, on_progress) as project:
            given: dict[str, Any] = {"arguments": list(arguments)}
            start: list[str] = project.ask("alembic", peek=True, **given)["heads"]
            if database:
                given["server"] = database
            answer = project.ask("preview", start=start, target=target, up=up, **given)
        return steps_of(answer["steps"])
    finally:
        workspace.repository.close()


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
