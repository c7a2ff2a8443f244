"""What to do about a module of the project that Python does not find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from shlex import quote

from gitmig.commands.workspace import Workspace
from gitmig.model import Environment


def remedy(workspace: Workspace, environment: Environment, module: str) -> str:
    """Return what to type or set; empty where no file of the project is the module."""
    there = workspace.repository.root
    for path in places(environment, module):
        if (there / path).is_file() and path not in workspace.index:
            return f"{path} is there but not staged: git add {quote(path)}"
    return not_found(workspace, environment, module)


def not_found(workspace: Workspace, environment: Environment, module: str) -> str:
    """Return what to do about a missing module that is staged; empty for one that is not."""
    path = next((each for each in places(environment, module) if each in workspace.index), "")
    if not path:
        return ""
    file = environment.ini or environment.toml
    top = path[: path.rindex(module.replace(".", "/"))].rstrip("/")
    folder = os.path.relpath(top or ".", environment.directory or ".")
    return (
        f"{path} is there, and Python does not look there: set `prepend_sys_path = {folder}` "
        f"in the section [alembic] of {file}, or install the project"
    )


def places(environment: Environment, module: str) -> Iterator[str]:
    """Yield where the file of a module of the project may be."""
    name = module.replace(".", "/")
    for folder in ("", environment.directory, f"{environment.directory}/src", "src"):
        if name:
            yield f"{folder}/{name}.py".lstrip("/")
            yield f"{folder}/{name}/__init__.py".lstrip("/")
