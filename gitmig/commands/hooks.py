"""``gitmig install`` and ``uninstall``: the native git hooks, and what the hooks need to know."""

from __future__ import annotations

import sys
from pathlib import Path

from gitmig import hookfiles, interpreter
from gitmig.commands import head_file
from gitmig.commands.projectside import place_to_look
from gitmig.commands.workspace import Workspace
from gitmig.git import Repository

ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX", "GITMIG_PYTHON")


def install(directory: Path) -> list[hookfiles.HookChange]:
    """Put the hooks in, in front of those that are there; a second call only refreshes.

    Where the project's interpreter is only known from the active environment it is recorded, for
    commits made from a program that has none. Raises GitmigError; nothing has changed then.
    """
    repository = Repository.open(directory)
    python = active_interpreter(directory)
    changes = hookfiles.install(
        repository.hooks_dir, Path(sys.executable), repository.root, repository.common_dir
    )
    if python is not None:
        repository.set_config("gitmig.python", str(python))
    head_file.install_driver(directory)
    return changes


def check(directory: Path) -> None:
    """Raise the GitmigError of ``install`` where that would refuse; nothing is written."""
    hookfiles.check(Repository.open(directory).hooks_dir)


def active_interpreter(directory: Path) -> Path | None:
    """Return the project's interpreter where only the active environment says which it is."""
    workspace = Workspace.open(directory)
    try:
        for environment in workspace.config.environments[:1]:
            found = interpreter.search(place_to_look(workspace, environment)).found
            if found is not None and found.source in ACTIVE:
                return found.path
        return None
    finally:
        workspace.close()


def uninstall(directory: Path) -> list[hookfiles.HookChange]:
    """Take the hooks out and put back those that were there before.

    Raises GitmigError where the folder of hooks cannot be written.
    """
    repository = Repository.open(directory)
    changes = hookfiles.uninstall(repository.hooks_dir)
    head_file.remove_driver(repository)
    if repository.config("gitmig.python"):
        repository.run("config", "--local", "--unset-all", "gitmig.python")
    return changes
