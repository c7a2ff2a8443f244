"""``init``: lay out an Alembic environment with the project's own Alembic.

Request besides the common part: ``folder`` (relative to the directory), ``template``.

Result: ``files``, what was written, relative to the tree.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from alembic import command
from alembic.util import CommandError

from .compat import make_config
from .failures import Failure
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    before = set(walk())
    try:
        config = make_config(request["ini"], "pyproject.toml", "alembic")
        command.init(config, request["folder"], template=request["template"])
    except CommandError as error:
        raise Failure("alembic_refused", str(error)) from error
    new = sorted(set(walk()) - before)
    return {"files": [os.path.relpath(path, request["tree"]).replace(os.sep, "/") for path in new]}


def walk() -> Iterator[str]:
    """Yield every file below the current directory that init could have written."""
    for folder, folders, files in os.walk(os.getcwd()):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            yield os.path.join(folder, name)
