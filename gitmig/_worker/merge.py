"""``merge``: one revision that joins heads, after a proof that they may be joined.

Request besides the common part: ``heads`` (ids), ``message``, ``rev_id`` (empty: a new one),
``scratch``. Every head is once the first to be applied; all orders must end in one schema, and so
must the merge revision, from each side and from empty.

Result: ``files``, ``operations`` (what the models ask for beyond the joined schema), ``notes``
and the facts of ``Project.facts``.
"""

from __future__ import annotations

from alembic import util

from . import fingerprint
from .failures import Failure
from .generate import compare, described, take_fingerprints
from .render import Scratch
from .session import open_session


def run(request):
    """Serve the request."""
    arguments = ["merge", "-m", request["message"], *request["heads"]]
    with open_session(request, arguments) as (project, databases):
        joined = replay_sides(project, databases, request["heads"])
        scratch = Scratch(project, request["scratch"])
        revision = render(project, request, scratch)
        prove(project, databases, request["heads"], revision, joined)
        result = {"files": scratch.files(), "notes": scratch.notes}
        result["files"][0].update(revision=revision, message=request["message"])
        result["operations"] = described(compare(project))
        result.update(project.facts(databases))
        return result


def replay_sides(project, databases, heads):
    """Apply the heads in every order of the first; return the one schema they all end in.

    Raises ``sides_differ``, or ``migration_failed`` with the order in ``order``.
    """
    first = None
    for head in heads:
        databases.fresh()
        order = [head, *(other for other in heads if other != head)]
        schemas = apply(project, order)
        if first is None:
            first = schemas
        agree(first, schemas, heads[0], head)
    return first


def apply(project, targets):
    """Upgrade to each target in turn; return the fingerprints of all databases at the end."""
    for target in targets:
        try:
            project.upgrade(target)
        except Failure as failure:
            failure.data.setdefault("order", targets)
            raise
    schemas = []
    take_fingerprints(project, schemas, All())
    return schemas


class All:
    """No limit on the tables of any database."""

    def __getitem__(self, index):
        return None


def agree(expected, found, first, other):
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


def render(project, request, scratch):
    """Render the merge revision with the project's template and hooks; return its id."""
    template_args = {"config": project.config}
    if util.asbool(project.config.get_main_option("revision_environment")):
        project.run_env(lambda heads, context: [], template_args=template_args)
    with scratch.rendering(), project.explained("env_failed", "the merge cannot be rendered"):
        script = project.script.generate_revision(
            request["rev_id"] or util.rev_id(),
            request["message"],
            refresh=True,
            head=request["heads"],
            **template_args,
        )
    return script.revision


def prove(project, databases, heads, revision, joined):
    """Upgrade to the merge revision from each side and from empty: always the same schema."""
    for side in heads:
        databases.fresh()
        agree(joined, apply(project, [side, revision]), heads[0], side)
    databases.fresh()
    agree(joined, apply(project, [revision]), heads[0], revision)
