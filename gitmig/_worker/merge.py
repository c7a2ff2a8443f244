"""``merge``: one revision that joins heads, after a proof that they may be joined.

Request besides the common part: ``heads`` (ids), ``message``, ``taken``, ``created`` and
``scratch`` as in ``generate``. All orders of the heads (see ``orders``) must end in one schema, and
so must the merge revision, from each side and from empty.

Where they may not be, the failure has ``pairs`` and ``meetings``, see ``clash``.

Result: ``files``, ``operations`` (what the models ask for beyond the joined schema), ``notes``
and the facts of ``Project.facts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import util

from . import ids
from .cache import replay
from .clash import explained
from .compare import compare
from .databases import Databases
from .failures import Failure
from .meeting import in_common
from .orders import MOST, orders
from .project import Project
from .render import Scratch
from .session import open_session
from .shapes import Fingerprint, Request, Result
from .sides import agree, apply


def run(request: Request) -> Result:
    """Serve the request."""
    arguments = ["merge", "-m", request["message"], *request["heads"]]
    with open_session(request, arguments) as (project, databases):
        common = in_common(project, request["heads"])
        if common:
            replay(project, databases, common)  # once, and from the cache from then on
        try:
            joined = replay_sides(project, databases, request["heads"])
        except Failure as failure:
            if failure.data.get("order"):
                raise explained(project, databases, request["heads"], failure) from failure
            raise
        scratch = Scratch(project, request["scratch"], request["created"])
        revision = render(project, request, scratch)
        prove(project, databases, request["heads"], revision, joined)
        result: Result = {"files": scratch.files(), "notes": scratch.notes}
        if len(request["heads"]) > MOST:
            result["notes"].append(of_many(len(request["heads"])))
        result["files"][0].update(revision=revision, message=request["message"])
        try:
            project.upgrade("heads")  # branches that are kept apart have their own
            result["operations"] = compare(project).operations()
        except Failure as failure:  # the heads may be joined all the same
            result["operations"] = []
            result["notes"].append(f"not compared with the models: {failure.message}")
        result.update(project.facts(databases))
        return result


def of_many(count: int) -> str:
    """Return what to say of so many heads that not all their orders are proved."""
    return f"of {count} heads every two were replayed in both orders, and not all in every order"


def replay_sides(project: Project, databases: Databases, heads: Sequence[str]) -> list[Fingerprint]:
    """Apply the heads in all orders that matter; return the one schema they all end in.

    Each set of them must have one, too. Raises ``sides_differ``, or ``migration_failed`` with the
    order in ``order``.
    """
    known: dict[frozenset[str], list[Fingerprint]] = {}
    for order in orders(heads):
        for number, schemas in enumerate(apply(project, databases, order), 2):
            done = order[:number]
            agree(known.setdefault(frozenset(done), schemas), schemas, done)
    return known[frozenset(heads)]


def render(project: Project, request: Request, scratch: Scratch) -> str:
    """Render the merge revision with the project's template and hooks; return its id."""
    template_args: dict[str, Any] = {"config": project.config}
    if util.asbool(project.config.get_main_option("revision_environment")):
        project.run_env(lambda heads, context: [], template_args=template_args)
    with scratch.rendering(), project.explained("env_failed", "the merge cannot be rendered"):
        script: Any = project.script.generate_revision(
            ids.derived(request["heads"], [], request["taken"]),
            request["message"],
            refresh=True,
            head=request["heads"],
            **template_args,
        )
    return str(script.revision)


def prove(
    project: Project,
    databases: Databases,
    heads: Sequence[str],
    revision: str,
    joined: Sequence[Fingerprint],
) -> None:
    """Upgrade to the merge revision from each side and from empty: always the same schema."""
    for targets in (*([side, revision] for side in heads), [revision]):
        agree(joined, apply(project, databases, targets)[-1], targets)
