"""Alembic's comparison of the models with the schema, and what is taken out of it.

``residue`` is what the tree before the commit already left over, see ``older``. ``touched`` limits
a comparison to some tables: where only these were changed since the last one, no other can say
anything new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from alembic.autogenerate import RevisionContext
from alembic.operations import ops

from . import cascades, fingerprint, memberdefaults, names, older, operations, order
from .byhand import OwnRevisions
from .failures import Failure
from .models import Models, describe
from .project import Project
from .rebuilt import hold
from .required import AddRequired
from .shapes import Context, Described, Dialect, Fingerprint, Op
from .sql import RenameColumnOp

# what SQLite cannot do to a table that is there, other than by writing it anew
NEEDS_BATCH = (
    AddRequired,
    ops.AlterColumnOp,
    ops.CreateCheckConstraintOp,
    ops.CreateForeignKeyOp,
    ops.CreateUniqueConstraintOp,
    ops.DropColumnOp,
    ops.DropConstraintOp,
)


@dataclass
class Comparison:
    """What Alembic found, without the residue.

    ``context`` renders ``scripts``; ``left_out`` is the residue that was found again, ``before``
    the fingerprint of each database for the tables that the operations touch, ``proposed`` the
    message that the project's ``process_revision_directives`` was shown where none was given,
    ``random_id`` the id that Alembic gave the revision before that hook;
    ``every`` are the revisions whether or not they do anything, ``models`` what the models say for
    each of the databases, whose ``dialects`` are in the same order, ``likely`` what may be renames
    (see ``pairing``), ``supposed`` by table and column what may be names that moved on (see there),
    ``pointing`` what foreign keys point to what, where SQLite
    enforces them (see ``cascades``), ``own`` the commit's own revisions.
    """

    context: Any
    proposed: str = ""
    random_id: str = ""
    left_out: list[str] = field(default_factory=list)
    before: list[Fingerprint] = field(default_factory=list)
    every: list[Any] = field(default_factory=list)
    models: list[Models] = field(default_factory=list)
    dialects: list[Dialect] = field(default_factory=list)
    likely: list[Any] = field(default_factory=list)
    supposed: dict[tuple[str, str], str] = field(default_factory=dict)
    pointing: list[cascades.Pointing] = field(default_factory=list)
    own: OwnRevisions | None = None

    @property
    def scripts(self) -> list[Any]:
        """Return the revisions to write: those that do anything."""
        return [each for each in self.every if any(up.ops for up in each.upgrade_ops_list)]

    @property
    def autogen(self) -> Any:
        """Return Alembic's context of the last database, which renders."""
        return self.context._last_autogen_context

    def propose(self, migration_context: Context, revision: Any, scripts: list[Any]) -> None:
        """Give the revision a message of its operations, before the project's own hook sees it."""
        for script in scripts:
            if script.message in ("", self.proposed):
                self.proposed = operations.message(operations.describe(script.upgrade_ops_list))
                script.message = self.proposed

    def operations(self) -> list[Described]:
        """Return the operations, described; a doubt about a drop is told with it."""
        containers = [up for script in self.scripts for up in script.upgrade_ops_list]
        found = operations.describe(containers)
        doubts = {likely.place(): likely.declaration() for likely in self.likely}
        for op in found:
            more = doubts.get((op["table"], op["column"]), "")
            if op["doubt"] and op["kind"].startswith("Drop"):
                op["doubt"] = "; ".join(filter(None, (op["doubt"], more)))
            moved = self.supposed.get((op["table"], op["column"]), "")
            if op["kind"] in ("DropColumnOp", "AlterColumnOp"):
                op["doubt"] = "; ".join(filter(None, (op["doubt"], moved)))
        told = self.deletions()
        for op in found:
            more = told.pop(op["table"], "")
            op["doubt"] = "; ".join(filter(None, (op["doubt"], more)))
        return found

    @property
    def pairs(self) -> list[tuple[Op, Op]]:
        """Return the operations for each database and their way back.

        There are none at all where the project's own hook wants no revision.
        """
        each = [zip(script.upgrade_ops_list, script.downgrade_ops_list) for script in self.every]
        return [pair for pairs in each for pair in pairs]

    def deletions(self) -> dict[str, str]:
        """Return what is to be said of tables that are written anew while rows point to them."""
        told: dict[str, str] = {}
        for (up, down), pointing in zip(self.pairs, self.pointing):
            every = [op for way in (up, down) for op in operations.flatten(way)]
            rebuilding = [op for op in every if isinstance(op, NEEDS_BATCH)
                          and not isinstance(op, RenameColumnOp)]  # fmt: skip
            spelt = ("table_name", "source_table")
            anew = [str(getattr(op, name)) for op in rebuilding for name in spelt
                    if hasattr(op, name)]  # fmt: skip
            told.update(cascades.doubts(anew, pointing))
        return told

    def texts(self) -> list[str]:
        """Return the operations as they would be rendered: what residue is known by."""
        return [
            older.signature(self.autogen, up, op)
            for script in self.scripts
            for up in script.upgrade_ops_list
            for op in operations.flatten(up)
        ]


Beside = Callable[[Comparison, Context], None]
"""What is done in each database once it is compared."""


def compare(
    project: Project,
    *,
    rev_id: str | None = None,
    message: str = "",
    residue: Collection[str] = (),
    touched: Collection[str] | None = None,
    fingerprints: bool = False,
    beside: Beside | None = None,
    own: OwnRevisions | None = None,
) -> Comparison:
    """Run autogenerate in every database of the project, ``beside`` after it in each.

    What ``own`` revisions made, and no model knows, counts as residue.
    """
    context = revision_context(project, rev_id, message)
    found = Comparison(context, random_id=context.generated_revisions[0].rev_id)
    context.process_revision_directives = found.propose

    def fn(heads: Any, migration_context: Context) -> list[Any]:
        if beside is not None and migration_context.opts["target_metadata"] is None:
            return []  # one of several databases may have no models
        if touched is not None:
            limit(migration_context, touched)
        memberdefaults.compare_safely(migration_context)
        context.run_autogenerate(heads, migration_context)
        if touched is not None:
            refuse_unseen_schemas(project, context, migration_context)
        found.every = context.generated_revisions
        found.pointing.append(cascades.enforced(migration_context))
        found.dialects.append(migration_context.dialect)
        if beside is None or any(up.ops for up in operations_of(context)[0]):
            hold(migration_context, *operations_of(context))
        found.models.append(describe(found.autogen, migration_context))
        put_in_order(found, migration_context)
        take_out_residue(found, residue, own)
        put_in_order(found, migration_context)
        use_batch_where_needed(found)
        if fingerprints:
            tables = {op["table"] for op in found.operations()}
            found.before.append(fingerprint.take(migration_context.connection, tables))
        if beside is not None:
            beside(found, migration_context)
        return []

    project.run_env(fn, template_args=context.template_args, revision_context=context)
    context.generated_revisions = found.scripts
    return found


def revision_context(project: Project, rev_id: str | None, message: str) -> Any:
    """Return what Alembic makes of the arguments of ``alembic revision --autogenerate``."""
    arguments: dict[str, Any] = dict.fromkeys(
        ("splice", "branch_label", "version_path", "depends_on"), None
    )
    head = project.request.get("head") or "head"
    arguments.update(rev_id=rev_id, message=message, head=head, autogenerate=True, sql=False)
    return RevisionContext(project.config, project.script, arguments)


def take_out_residue(found: Comparison, residue: Collection[str], own: OwnRevisions | None) -> None:
    """Take out what is older than the commit, or made by its own revisions."""
    for script in found.every:
        found.left_out += older.take_out(found.autogen, script, set(residue))
        if own is not None:
            found.left_out += take_out_own(found, script, own)


def take_out_own(found: Comparison, script: Any, own: OwnRevisions) -> list[str]:
    """Take out what the commit's own revisions made in the database that is compared."""
    gone: list[str] = []
    for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list):
        here = own.take_out(found.autogen, up, len(found.models) - 1)
        if here:
            up.reverse_into(down)
        gone += here
    return gone


def operations_of(context: Any) -> tuple[list[Op], list[Op]]:
    """Return the operations of all revisions, the ways up and the ways down."""
    scripts = context.generated_revisions
    return ([up for script in scripts for up in script.upgrade_ops_list],
            [down for script in scripts for down in script.downgrade_ops_list])  # fmt: skip


def refuse_unseen_schemas(project: Project, context: Any, migration_context: Context) -> None:
    """Raise ``not_converging`` where Alembic would make a table again, for it sees no schemas."""
    if migration_context.opts.get("include_schemas"):
        return
    for up in operations_of(context)[0]:
        for op in operations.flatten(up):
            default = migration_context.dialect.default_schema_name
            if isinstance(op, ops.CreateTableOp) and op.schema not in (None, default):
                env = f"{project.relative(project.script.dir)}/env.py"
                raise Failure(
                    "not_converging",
                    f"Alembic does not see {op.schema}.{op.table_name}, which is there: set "
                    f"include_schemas=True in context.configure in {env}",
                )


def limit(migration_context: Context, touched: Collection[str]) -> None:
    """Let autogenerate look at some tables only, on top of what the project filters."""
    options = migration_context.opts
    by_name, by_object = options.get("include_name"), options.get("include_object")

    def include_name(name: Any, kind: str, parents: Any) -> bool:
        if kind == "table" and name not in touched:
            return False
        return by_name is None or bool(by_name(name, kind, parents))

    def include_object(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "table" and name not in touched:
            return False
        return by_object is None or bool(by_object(item, name, kind, reflected, other))

    options.update(include_name=include_name, include_object=include_object)


def put_in_order(found: Comparison, migration_context: Context) -> None:
    """Put the revisions and their downgrade in order, and name what the models leave unnamed."""
    for way in operations_of(found.context):
        for container in way:
            order.settle(container, migration_context.dialect)
    names.give(migration_context.dialect, *operations_of(found.context))


def use_batch_where_needed(found: Comparison) -> None:
    """Render in batch mode where SQLite could not do it otherwise."""
    migration_context = found.autogen.migration_context
    if migration_context.dialect.name != "sqlite":
        return
    flat = (
        op
        for script in found.scripts
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list)
        for op in operations.flatten(container)
    )
    if any(isinstance(op, NEEDS_BATCH) for op in flat):
        migration_context.opts["render_as_batch"] = True
