"""What makes a revision the same wherever it is generated: the ids that are taken, and its date."""

from __future__ import annotations

import os
from typing import Any

from gitmig.commands.workspace import Workspace, places
from gitmig.errors import ConfigError
from gitmig.model import Environment

DATE = "SOURCE_DATE_EPOCH"  # https://reproducible-builds.org/specs/source-date-epoch/
YEAR_9999 = 253370764800


def identity(workspace: Workspace, environment: Environment) -> dict[str, Any]:
    """Return the fields of a request by which the worker names and dates a new revision.

    Raises ConfigError for a date that is none.
    """
    return {"taken": taken(workspace, environment), "created": created(environment)}


def taken(workspace: Workspace, environment: Environment) -> list[str]:
    """Return the ids of the staged revisions, of all environments: they may share a folder."""
    every = (environment, *workspace.config.environments)
    wanted = dict.fromkeys(place for each in every for place in places(each, workspace.index))
    return sorted({revision.id for revision in workspace.read_revisions(wanted)[0]})


def created(environment: Environment) -> int | None:
    """Return the date that new revisions are to have, in seconds since 1970; None for now."""
    text = environment.settings.env.get(DATE) or os.environ.get(DATE, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) < YEAR_9999:
        return int(text)
    raise ConfigError(
        f"{DATE} is {text!r}, which is no date: it must be whole seconds since 1970",
        f"export {DATE}=$(git log -1 --format=%ct), or unset {DATE}",
    )
