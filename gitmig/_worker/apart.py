"""``apart``: how a deployed database differs from a new one, and what each revision makes of it.

Request: ``here`` and ``there``, the ends (see ``ends``) of databases that began empty and of
deployed ones; both empty where only the steps are asked for.

Result: ``differences`` (``words``, ``table``, ``names``), what differs but for what is another each
time that the way is gone; ``steps``, for each database its revisions in order, each with a digest
of the schema after it.
"""

from __future__ import annotations

from . import ends, fingerprint
from .compat import url_text
from .generate import ARGUMENTS
from .session import open_session
from .shapes import Context, Request, Result, Step


def run(request: Request) -> Result:
    """Serve the request."""
    steps: dict[str, list[list[str]]] = {}

    def note(step: Step, context: Context) -> None:
        end = ends.end_of(fingerprint.take(context.connection), context)
        way = steps.setdefault(url_text(context.connection.engine.url), [])
        way.append([step.revision.revision, ends.digest(end)])

    with open_session(request, ARGUMENTS) as (project, databases):
        databases.fresh(())
        project.upgrade("heads", after=note)
        again = ends.at_heads(project) if request["here"] else []
        found = [
            difference.fields
            for here, there, third in zip(request["here"], request["there"], again)
            for difference in ends.differences(here, there, third)
        ]
        return {"differences": found, "steps": list(steps.values())}
