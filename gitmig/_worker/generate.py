"""``generate``: the revision that takes the schema of the revisions to that of the models.

Request besides the common part: ``message`` (empty: made from the operations), ``rev_id`` (empty:
a new one), ``scratch`` (an empty directory), ``downgrade`` (whether to prove it).

Result: ``files`` (empty where nothing is missing), ``operations``, ``notes``, ``heads`` and the
facts of ``Project.facts``. Nothing is returned that was not proved: the new revision was applied,
the comparison after it was empty, and its downgrade restored the schema.
"""

from __future__ import annotations

from alembic.autogenerate import RevisionContext
from alembic.operations import ops

from . import fingerprint, operations
from .failures import Failure
from .render import Scratch
from .session import open_session

ARGUMENTS = ["revision", "--autogenerate", "-m", ""]
# what SQLite cannot do to a table that is there, other than by writing it anew
NEEDS_BATCH = (
    ops.AlterColumnOp,
    ops.CreateCheckConstraintOp,
    ops.CreateForeignKeyOp,
    ops.CreateUniqueConstraintOp,
    ops.DropColumnOp,
    ops.DropConstraintOp,
)


def run(request):
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        project.upgrade("heads")
        before = []
        context = compare(project, request["rev_id"] or None, before)
        result = {"files": [], "operations": [], "notes": [], "heads": project.script.get_heads()}
        if context.generated_revisions:
            result.update(render(project, request, context))
            prove(project, request, before)
        result.update(project.facts(databases))
        return result


def compare(project, rev_id=None, before=None):
    """Run autogenerate in every database; return the context with what it found.

    Scripts without operations are dropped. ``before`` is filled with the fingerprint of each
    database, taken for the tables that the operations touch.
    """
    arguments = dict.fromkeys(
        ("message", "splice", "branch_label", "version_path", "depends_on"), None
    )
    arguments.update(rev_id=rev_id, head="head", autogenerate=True, sql=False)
    context = RevisionContext(project.config, project.script, arguments)

    def fn(heads, migration_context):
        find_operations(context, heads, migration_context)
        if before is not None:
            tables = {op["table"] for op in described(context)}
            before.append(fingerprint.take(migration_context.connection, tables))
        return []

    project.run_env(fn, template_args=context.template_args, revision_context=context)
    context.generated_revisions = [
        script
        for script in context.generated_revisions
        if any(container.ops for container in script.upgrade_ops_list)
    ]
    return context


def find_operations(context, heads, migration_context):
    """Run Alembic's comparison; turn on batch mode where SQLite could not do it otherwise."""
    context.run_autogenerate(heads, migration_context)
    if migration_context.dialect.name == "sqlite":
        found = (
            op
            for script in context.generated_revisions
            for container in (*script.upgrade_ops_list, *script.downgrade_ops_list)
            for op in operations.flatten(container)
        )
        if any(isinstance(op, NEEDS_BATCH) for op in found):
            migration_context.opts["render_as_batch"] = True


def described(context):
    """Return the operations that a comparison found, described."""
    containers = [
        container
        for script in context.generated_revisions
        for container in script.upgrade_ops_list
    ]
    return operations.describe(containers)


def render(project, request, context):
    """Write the revision files into the scratch directory; return what they hold."""
    scratch = Scratch(project, request["scratch"])
    for script in context.generated_revisions:
        if not script.message:
            own = operations.describe(script.upgrade_ops_list)
            script.message = request["message"] or operations.message(own)
    with scratch.rendering(), project.explained("env_failed", "the revision cannot be rendered"):
        scripts = [script for script in context.generate_scripts() if script is not None]
    files = scratch.files()
    for file, script in zip(files, scripts):
        file["revision"] = script.revision
        file["message"] = script.doc
    return {"files": files, "operations": described(context), "notes": scratch.notes}


def prove(project, request, before):
    """Apply the new revisions, compare again, take them back and compare the schema.

    Raises ``not_converging``, ``downgrade_differs``, or ``migration_failed``.
    """
    down_to = parents_of_new(project, request)
    project.upgrade("heads")
    leftover = described(compare(project))
    if leftover:
        words = [op["words"] for op in leftover]
        raise Failure("not_converging", "; ".join(words), operations=leftover)
    if not request["downgrade"]:
        return
    project.downgrade(down_to)
    after = []
    tables = [set(side["tables"]) if "tables" in side else None for side in before]
    take_fingerprints(project, after, tables)
    found = [
        difference
        for old, new in zip(before, after)
        for difference in fingerprint.differences(old, new)
    ]
    if found:
        raise Failure("downgrade_differs", "; ".join(found[:5]), differences=found)


def take_fingerprints(project, into, tables):
    """Take the fingerprint of every database of the project, in the order env.py opens them."""

    def fn(heads, context):
        limit = tables[len(into)] if tables[len(into)] is not None else None
        into.append(fingerprint.take(context.connection, limit))
        return []

    project.run_env(fn)


def parents_of_new(project, request):
    """Return the revision to downgrade to: the one that the first new revision stands on."""
    for revision in project.script.walk_revisions():
        if not str(revision.path).startswith(request["scratch"]):
            return revision.revision
    return "base"
