"""``merge``: one revision that joins heads, after a proof that they may be joined.

Request besides the common part: ``heads`` (ids), ``message``, ``rev_id`` (empty: a new one),
``scratch``. Every head is once the first to be applied; all orders must end in one schema, and so
must the merge revision, from each side and from empty.

Where they may not be, the failure has ``meetings``, see there.

Result: ``files``, ``operations`` (what the models ask for beyond the joined schema), ``notes``
and the facts of ``Project.facts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import util

from . import fingerprint
from .cache import replay
from .compare import compare
from .databases import Databases
from .failures import Failure
from .generate import take_fingerprints
from .meeting import meetings
from .project import Project, Targets
from .render import Scratch
from .session import open_session
from .shapes import Fingerprint, Request, Result


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
                failure.data["meetings"] = meetings(project, databases, request["heads"])
            raise
        scratch = Scratch(project, request["scratch"])
        revision = render(project, request, scratch)
        prove(project, databases, request["heads"], revision, joined)
        result: Result = {"files": scratch.files(), "notes": scratch.notes}
        result["files"][0].update(revision=revision, message=request["message"])
        try:
            project.upgrade("heads")  # branches that are kept apart have their own
            result["operations"] = compare(project).operations()
        except Failure as failure:  # the heads may be joined all the same
            result["operations"] = []
            result["notes"].append(f"not compared with the models: {failure.message}")
        result.update(project.facts(databases))
        return result


def in_common(project: Project, heads: Sequence[str]) -> Targets:
    """Return the last revisions that all heads stand on, none where they have nothing in common.

    None either where the revisions can only be loaded within env.py: it has not run yet.
    """
    if not project.complete:
        return ()
    nowhere: Any = ()
    walks = [project.script._upgrade_revs(head, nowhere) for head in heads]
    sides = [{step.revision.revision: step.revision for step in walk} for walk in walks]
    shared = set.intersection(*map(set, sides))
    below = {name for each in shared for name in sides[0][each]._all_down_revisions}
    return tuple(sorted(shared - below))


def replay_sides(project: Project, databases: Databases, heads: Sequence[str]) -> list[Fingerprint]:
    """Apply the heads in every order of the first; return the one schema they all end in.

    Raises ``sides_differ``, or ``migration_failed`` with the order in ``order``.
    """
    first: list[Fingerprint] = []
    for head in heads:
        order = [head, *(other for other in heads if other != head)]
        schemas = apply(project, databases, order)
        if not first:
            first = schemas
        agree(first, schemas, heads[0], head)
    return first


def apply(project: Project, databases: Databases, targets: Sequence[str]) -> list[Fingerprint]:
    """Upgrade new databases to each target in turn; return all their fingerprints at the end.

    What fails in another one than the first, which then is by itself, has the order in ``order``.
    """
    replay(project, databases, targets[0])
    for target in targets[1:]:
        try:
            project.upgrade(target)
        except Failure as failure:
            failure.data.setdefault("order", targets)
            raise
    return take_fingerprints(project)


def agree(
    expected: Sequence[Fingerprint], found: Sequence[Fingerprint], first: str, other: str
) -> None:
    """Raise ``sides_differ`` where two orders of the heads end in different schemas."""
    differences = [
        difference
        for old, new in zip(expected, found)
        for difference in fingerprint.differences(old, new)
    ]
    if differences:
        raise Failure(
            "sides_differ",
            "; ".join(differences[:5]),
            differences=differences,
            order=[first, other],
        )


def render(project: Project, request: Request, scratch: Scratch) -> str:
    """Render the merge revision with the project's template and hooks; return its id."""
    template_args: dict[str, Any] = {"config": project.config}
    if util.asbool(project.config.get_main_option("revision_environment")):
        project.run_env(lambda heads, context: [], template_args=template_args)
    with scratch.rendering(), project.explained("env_failed", "the merge cannot be rendered"):
        script: Any = project.script.generate_revision(
            request["rev_id"] or util.rev_id(),
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
    for side in heads:
        agree(joined, apply(project, databases, [side, revision]), heads[0], side)
    agree(joined, apply(project, databases, [revision]), heads[0], revision)
