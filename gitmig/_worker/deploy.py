"""``deploy``: one step of the way a deployed database goes: from where it is to the heads.

Request besides the common part: ``left`` (what an earlier step left, empty for the first),
``last`` (nothing comes after it), ``needs_of`` (the revisions and env.py of all steps: the server
must have what any of them needs).

Result: the facts of ``Project.facts``, and ``left``, for the next step.
"""

from __future__ import annotations

from .cache import replay
from .generate import ARGUMENTS
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        if request["left"]:
            databases.adopt(request["left"])
            project.upgrade("heads")
        else:
            replay(project, databases)
        left = {} if request["last"] else databases.hand_over()
        return dict(project.facts(databases), left=left)
