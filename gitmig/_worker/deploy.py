"""``deploy``: one step of the way a deployed database goes: from where it is to the heads.

Request besides the common part: ``keep``, a folder. SQLite files that an earlier step left there
are gone on with, and what this step ends in is left there for the next one.

Result: the facts of ``Project.facts``.
"""

from __future__ import annotations

import contextlib
import os
import shutil

from .generate import ARGUMENTS
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    keep = request["keep"]

    def go_on(asked: str, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(os.path.join(keep, asked), path)

    with open_session(request, ARGUMENTS) as (project, databases):
        databases.seed = go_on
        project.upgrade("heads")
        for asked, path in databases.files().items():
            shutil.copyfile(path, os.path.join(keep, asked))
        return project.facts(databases)
