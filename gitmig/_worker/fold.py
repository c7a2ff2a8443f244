"""``fold``: one revision in place of several, proved to end in the same schema.

Request besides the common part, whose tree lacks these revisions: that of ``generate``, and
``renamed`` and ``left`` as ``trace`` gives them, ``needs_of`` as in ``deploy``.

Result: that of ``generate``.
"""

from __future__ import annotations

from collections.abc import Sequence

from .cache import replay
from .failures import Failure
from .generate import ARGUMENTS, made, take_fingerprints
from .lineage import Told
from .schemadiff import differences
from .session import open_session
from .shapes import Request, Result


def run(request: Request) -> Result:
    """Serve the request; raises ``fold_differs``, and what ``generate`` does."""
    with open_session(request, ARGUMENTS) as (project, databases):
        databases.adopt(request["left"])
        meant = take_fingerprints(project)
        replay(project, databases)
        result = made(project, request)
        refuse_lost(request["renamed"], result["files"])
        project.upgrade("heads")
        found = [
            difference
            for before, after in zip(meant, take_fingerprints(project))
            for difference in differences(before, after)
        ]
        if found:
            raise Failure("fold_differs", "; ".join(found[:5]), differences=found)
        return dict(project.facts(databases), **result)


def refuse_lost(seen: Sequence[Told], files: Sequence[Result]) -> None:
    """Raise ``fold_differs`` where rows would keep the name that a member had before."""
    for statement in (each for told in seen for each in told["carried"]):
        if not any(repr(statement) in file["content"] for file in files):
            raise Failure("fold_differs", f"rows would stay as they were that get: {statement}")
