"""``generate``: the revision that takes the schema of the revisions to that of the models.

Request besides the common part: ``message`` (empty: made from the operations), ``rev_id`` (empty:
made from what the revision is, unless the project's own hook gives one), ``taken`` (the ids there
are), ``created`` (seconds since 1970, see ``render``; null for now), ``scratch`` (an empty
directory), ``downgrade`` (whether to prove it), ``one_way`` (whether to leave it out), ``arrears``
(whether nothing is staged, so that what Alembic does not see is generated however old it is),
``without`` (the tables of which it is not, see ``arrears``), ``residue`` (what the tree before the
commit already left over, see ``compare``), ``before`` (its ``models``, null where they are not
known), ``answered`` (those of ``likely`` that a person said are renames), ``by_hand`` (the paths of
the commit's own revisions: they may have exchanged names already, see also ``byhand``).

Result: ``files`` (empty where nothing is missing), ``operations``, ``notes``, ``left_out`` (the
residue that is still there), ``own`` (what of it the commit's own revisions made, in words by its
text), ``models`` (what the models say, see ``models``), ``unseen`` (changes
of theirs for which nothing could be generated, in words), ``unmended`` (those of ``arrears``,
likewise), ``likely`` (drops and adds that may be renames, see ``pairing``) and the facts of
``Project.facts``.
Nothing is returned that was not proved: the new revision was applied, the comparison after it was
empty, and its downgrade restored the schema.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from itertools import repeat
from typing import Any

from . import (
    additions,
    byhand,
    enumtypes,
    fingerprint,
    finishing,
    ids,
    operations,
    recast,
    schemadiff,
    sequences,
)
from .arrears import Arrears
from .cache import replay
from .compare import Comparison, compare, use_batch_where_needed
from .failures import Failure
from .follow import renamed
from .kept import Kept
from .models import OF_METADATA, Models, sequences_of
from .oneway import leave_out_downgrades
from .project import Project
from .renames import Renames
from .render import Scratch
from .session import open_session
from .shapes import Context, Fingerprint, Request, Result

ARGUMENTS = ["revision", "--autogenerate", "-m", ""]


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        replay(project, databases)
        without = request.get("without", ())
        arrears = Arrears(project, databases, without) if request.get("arrears") else None
        result = made(project, request, arrears)
        result.update(project.facts(databases))
        return result


def made(project: Project, request: Request, arrears: Arrears | None = None) -> Result:
    """Return the revision that databases at the heads need, applied, compared and taken back."""
    found, left = find(project, request, arrears)
    kept = found.own.kept if found.own is not None else {}
    result: Result = {"files": [], "operations": [], "notes": [], "left_out": found.left_out,
                      "own": kept,
                      "unseen": left, "models": found.models,
                      "unmended": arrears.left if arrears else [],
                      "likely": [asdict(each) for each in found.likely]}  # fmt: skip
    if found.scripts:
        if request["one_way"]:
            leave_out_downgrades(found.scripts)
        result.update(render(project, request, found))
        try:
            result["notes"] += prove(project, request, found, arrears)
        except Failure as failure:
            failure.data["doubts"] = [each.declaration_alone() for each in found.likely]
            failure.data["unseen"] = left
            raise
    return result


def find(
    project: Project, request: Request, arrears: Arrears | None
) -> tuple[Comparison, list[str]]:
    """Return what the models ask for, and in words what of it no operation can be generated for."""

    def again() -> Comparison:
        if before is not None and renames.done:
            every = zip(before, renames.done, renames.dialects)
            own.before = [renamed(*each) for each in every]
        return compare(
            project,
            rev_id=request["rev_id"] or None,
            message=request["message"],
            residue=request["residue"],
            fingerprints=True,
            own=own,
        )

    before = request["before"]
    own = byhand.of_request(request)
    known = request.get("renamed"), before, request.get("answered", ())
    renames = Renames(project, *known, by_hand=bool(own.paths))
    added = False
    left: list[str] = []
    with renames.settled(again) as found:
        if before is not None and before != found.models:
            added, left = add_unseen(project, before, found, renames, own)
        added = settle_types(project, found) or added
        added = add_sequences(project, before, found) or added
        if arrears is not None:
            added = arrears.add(found) or added
    for (up, down), dialect in zip(found.pairs, found.dialects):
        left += finishing.finish(up, down, found.autogen, dialect)
    use_batch_where_needed(found)
    found.own = own
    if added:
        tables = {op["table"] for op in found.operations()} - {""}
        found.before = take_fingerprints(project, [tables] * len(found.models))
    return found, left


def settle_types(project: Project, found: Comparison) -> bool:
    """Have PostgreSQL's enum types made and dropped, and what holds to types made anew.

    Returns whether anything was added.
    """
    added: list[bool] = []
    each = iter(found.pairs)

    def fn(heads: Any, context: Context) -> list[Any]:
        up, down = next(each)
        added.append(enumtypes.settle(up, down, context))
        added.append(recast.add(up, down, context))
        return []

    if found.scripts and any(dialect.name == "postgresql" for dialect in found.dialects):
        project.run_env(fn)
    return any(added)


def add_sequences(project: Project, before: Sequence[Models] | None, found: Comparison) -> bool:
    """Have the sequences of the models made, altered and dropped; say whether there was any."""
    every = [*found.models, *(before or ())]
    if not found.every or not any(OF_METADATA in models for models in every):
        return False
    added: list[bool] = []
    each = iter(zip(found.pairs, found.models, before or repeat(None)))

    def fn(heads: Any, context: Context) -> list[Any]:
        (up, down), new, old = next(each)
        known = None if old is None else sequences_of(old)
        found.left_out += sequences.older(known, sequences_of(new), context)
        added.append(sequences.add(up, down, known, sequences_of(new), context))
        return []

    project.run_env(fn)
    return any(added)


def add_unseen(
    project: Project,
    before: Sequence[Models],
    found: Comparison,
    renames: Renames,
    own: byhand.OwnRevisions,
) -> tuple[bool, list[str]]:
    """Add what Alembic did not see; return whether there was any, and what is left to a person."""
    left: list[str] = []
    added: list[bool] = []
    done = renames.done or [[] for _ in before]
    each = iter(zip(found.pairs, before, found.models, done))

    def fn(heads: Any, context: Context) -> list[Any]:
        (up, down), old, new, renamed = next(each)
        some, more = additions.add((up, down), (old, new), renamed, context, own)
        added.append(some)
        left.extend(more)
        return []

    if found.every:
        project.run_env(fn)
    return any(added), left


def render(project: Project, request: Request, found: Comparison) -> Result:
    """Write the revision files into the scratch directory; return what they hold."""
    scratch = Scratch(project, request["scratch"], request["created"])
    for script in found.scripts:
        if script.message in ("", found.proposed):  # the residue is out of it by now
            script.message = operations.message(operations.describe(script.upgrade_ops_list))
    if request["rev_id"] and len(found.scripts) == 1:
        found.scripts[0].rev_id = request["rev_id"]  # the project's own hook may have counted
    with scratch.rendering(), project.explained("env_failed", "the revision cannot be rendered"):
        if not request["rev_id"]:
            ids.identify(project, found, request["taken"])
        scripts = [script for script in found.context.generate_scripts() if script is not None]
    files = scratch.files()
    for file, script in zip(files, scripts):
        file["revision"] = script.revision
        file["message"] = script.doc
    return {"files": files, "operations": found.operations(), "notes": scratch.notes}


def prove(
    project: Project, request: Request, found: Comparison, arrears: Arrears | None
) -> list[str]:
    """Apply the new revisions, compare again, take them back and compare schema and rows.

    Returns what to say of the proof. Raises ``not_converging``, ``not_stable``,
    ``downgrade_differs``, ``rows_differ``, or ``migration_failed``.
    """
    new = new_revisions(project, request)
    kept = Kept(project, found)
    notes = kept.insert()
    project.upgrade("heads")
    kept.compare(up=True)
    refuse_leftover(project, request, found)
    if arrears is not None:
        arrears.refuse_leftover()
    if not request["downgrade"]:
        return notes
    project.downgrade_through(new)
    kept.compare(up=False)
    tables = [set(side["tables"]) if "tables" in side else None for side in found.before]
    after = take_fingerprints(project, tables)
    differences = [
        difference
        for old, new in zip(found.before, after)
        for difference in schemadiff.differences(old, new)
    ]
    if differences:
        raise Failure("downgrade_differs", "; ".join(differences[:5]), differences=differences)
    return notes


def refuse_leftover(project: Project, request: Request, found: Comparison) -> None:
    """Raise ``not_converging`` where something is left, ``not_stable`` where it keeps changing."""

    def once() -> Comparison:
        return compare(project, residue=request["residue"], touched=tables_of(found),
                       own=found.own)  # fmt: skip

    leftover = once()
    if not leftover.scripts:
        return
    words = "; ".join(op["words"] for op in leftover.operations())
    stable = leftover.texts() == once().texts()
    raise Failure("not_converging" if stable else "not_stable", words)


def tables_of(found: Comparison) -> Collection[str] | None:
    """Return the tables that the operations touch, None where one does not say."""
    tables = {op["table"] for op in found.operations()}
    return None if "" in tables else tables


def take_fingerprints(
    project: Project, tables: Sequence[Collection[str] | None] | None = None
) -> list[Fingerprint]:
    """Return the fingerprint of every database of the project, in the order env.py opens them.

    ``tables`` limits each of them, in the same order, as ``fingerprint.take`` does.
    """
    found: list[Fingerprint] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        limit = tables[len(found)] if tables is not None else None
        found.append(fingerprint.take(context.connection, limit))
        return []

    project.run_env(fn)
    return found


def new_revisions(project: Project, request: Request) -> list[str]:
    """Return the ids of the generated revisions, in the order in which they are applied."""
    known = project.script.walk_revisions()
    new = [each for each in known if str(each.path).startswith(request["scratch"])]
    return [str(each.revision) for each in reversed(new)]
