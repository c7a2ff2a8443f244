"""``describe``: what the project asks for, for ``gitmig doctor``.

Result: ``heads`` and the facts of ``Project.facts``; env.py was run on an empty ephemeral
database to learn the dialect, without any revision.
"""

from __future__ import annotations

from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ["current"]) as (project, databases):
        project.run_env(lambda heads, context: [], dont_mutate=True)
        return dict(project.facts(databases), heads=list(project.script.get_heads()))
