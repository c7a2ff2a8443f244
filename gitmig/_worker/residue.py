"""``residue``: what a tree leaves over: differences that its revisions do not cover.

Result: ``residue``, see ``compare``, and ``models``, see ``models``.
"""

from __future__ import annotations

from .cache import replay
from .compare import compare
from .generate import ARGUMENTS
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        replay(project, databases)
        found = compare(project)
        return {"residue": found.texts(), "models": found.models}
