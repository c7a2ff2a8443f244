"""``deploy``: one step of the way a deployed database goes: from where it is to the heads.

Request besides the common part: ``left`` (what an earlier step left, empty for the first),
``last`` (nothing comes after it), ``needs_of`` (the revisions and env.py of all steps: the server
must have what any of them needs), ``before`` (the ``models`` that the step before gave).

Result: the facts of ``Project.facts``, and ``left`` and ``models``, for the next step; of the last
one ``rolling`` instead: what the code of the step before meets, see ``rolling``; ``ends``, the
schema of each database, see there; and ``refused``: the statements of the new revisions that need a
superuser (``path``, ``line``, ``sql``, ``revision``, ``message``), see ``plain``.
"""

from __future__ import annotations

from . import ends, rolling
from .cache import replay
from .generate import ARGUMENTS
from .plain import Plain
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        refused: list[Result] = []
        if request["left"]:
            databases.adopt(request["left"])
            plain = Plain(project, databases)
            project.upgrade("heads")
            refused = plain.refused
        else:
            replay(project, databases)
        if request["last"]:
            met = rolling.problems(project, request["before"])
            found = ends.at_heads(project)
            return dict(project.facts(databases), rolling=met, ends=found, refused=refused)
        models = rolling.facts(project)
        return dict(project.facts(databases), left=databases.hand_over(), models=models)
