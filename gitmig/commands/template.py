"""What the project's own Alembic writes for a new environment, asked for in a scratch folder."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePosixPath
from shlex import quote

from gitmig import client
from gitmig.commands.projectside import find_interpreter
from gitmig.commands.workspace import Workspace
from gitmig.ephemeral.rundir import run_directory
from gitmig.errors import GitmigError, WorkerFailed
from gitmig.explain import explain
from gitmig.model import Environment


def inside(workspace: Workspace, folder: str) -> str:
    """Return a folder's plain name; raises GitmigError where it is not in the project."""
    plain = posixpath.normpath(folder)
    root = workspace.repository.root.resolve()
    target = (root / workspace.directory / plain).resolve()  # a link may lead anywhere
    not_in_it = {"/", "..", ".git"}.intersection(PurePosixPath(plain).parts)
    if not_in_it or not target.is_relative_to(root):
        raise GitmigError(
            f"--folder {folder} is not a folder of this project",
            "give one below the current directory: gitmig init --folder migrations",
        )
    return plain


def alembic_files(workspace: Workspace, folder: str, template: str) -> dict[str, str]:
    """Return the files of ``alembic init``, by path from the project's folder.

    Raises NoInterpreter, GitmigError in Alembic's words (an unknown template).
    """
    settings = workspace.config.settings
    environment = Environment("default", workspace.directory, folder, (), settings)
    python = find_interpreter(workspace, environment).path
    with run_directory() as run:
        scratch = Path(run, "project")
        scratch.mkdir()
        request = {
            "operation": "init",
            "tree": str(scratch),
            "root": str(scratch),
            "run": str(run),
            "directory": "",
            "ini": "alembic.ini",
            "folder": folder,
            "template": template,
        }
        try:
            client.ask(python, request, env={}, timeout=60)
        except WorkerFailed as error:
            if error.kind == "alembic_refused":
                hint = f"`{quote(str(python))} -m alembic list_templates` lists the templates"
                raise GitmigError(f"Alembic says: {error.message}", hint) from error
            raise explain(error, environment, str(python)) from error
        return {
            path.relative_to(scratch).as_posix(): path.read_text(encoding="utf-8").replace(
                str(scratch) + os.sep, ""
            )
            for path in sorted(scratch.rglob("*"))
            if path.is_file()
        }
