"""``trace``: what the last revisions of a chain do, and the databases they end in.

Request besides the common part: ``parent`` (what they stand on, empty for nothing), ``needs_of``
as in ``deploy``.

Result: ``renamed`` (see ``lineage``, for each database), ``residue`` (what the models still ask
for after them, see ``compare``), ``left`` (the databases, for ``fold``) and the facts of
``Project.facts``.
"""

from __future__ import annotations

from .cache import replay
from .compare import compare
from .generate import ARGUMENTS
from .lineage import Lineages
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        if request["parent"]:
            replay(project, databases, request["parent"])
        lineages = Lineages(project)
        project.upgrade("heads")
        renamed = lineages.renames()
        residue = compare(project).texts()
        facts = project.facts(databases)
        return dict(facts, renamed=renamed, residue=residue, left=databases.hand_over())
