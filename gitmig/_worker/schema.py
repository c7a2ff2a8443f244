"""``schema``: how the schema of a database differs from the one that revisions give.

Request besides the common part: ``heads`` (ids), ``seen`` (the database, as ``fingerprint.text_of``
has it).

Result: ``differences``, a sentence each, and the facts of ``Project.facts``.
"""

from __future__ import annotations

from . import fingerprint, schemadiff
from .cache import replay
from .generate import take_fingerprints
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ["upgrade", "heads"]) as (project, databases):
        replay(project, databases, tuple(request["heads"]))
        given = take_fingerprints(project)
        seen = fingerprint.of_text(request["seen"])
        found = [
            difference
            for one, other in zip(given, seen)
            for difference in schemadiff.differences(one, other)
        ]
        return {"differences": found, **project.facts(databases)}
