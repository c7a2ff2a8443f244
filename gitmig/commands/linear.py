"""``gitmig merge-heads --rebase``: heads put one after the other, instead of joined.

What the base branch has stays where it is. Of what it does not have, the first revision of each
other side gets another parent; those on top of it follow. Which side moves is read from git and
never from the dates in files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Any

from gitmig import graph_problems
from gitmig.commands import meeting
from gitmig.commands.foldable import published_ids
from gitmig.commands.projectside import How, open_project
from gitmig.commands.superseded import text_in_work_tree
from gitmig.commands.workspace import Workspace
from gitmig.errors import ConfigError, Stopped
from gitmig.graph import Graph
from gitmig.model import Environment, Options, Progress, Revision
from gitmig.outcomes import MergeReport, Move, WrittenRevision
from gitmig.reparent import reparented

JOIN = "join them with a merge revision instead: `gitmig merge-heads --no-rebase`"


def put_in_line(
    workspace: Workspace,
    environment: Environment,
    heads: Sequence[Revision],
    base: str,
    options: Options,
    on_progress: Progress | None,
) -> MergeReport:
    """Put heads in one line, proved from the base's heads on; the report has the files.

    ``base`` is the branch whose revisions stay (empty: the one in the settings). Raises Stopped
    where that may not be done, ConfigError where no base is known; nothing has changed then.
    """
    found, _ = workspace.read_graph(environment)
    ref = base or environment.settings.base
    if not ref:
        raise ConfigError(
            "there is no telling which side is published and has to stay",
            "name the branch that has it: `gitmig merge-heads --rebase --base main`, or `base` in "
            "[tool.gitmig]",
        )
    published = published_ids(workspace, environment, ref)
    ours = workspace.ids_at(environment, workspace.repository.resolve("HEAD"))
    moves = list(plan(Graph(found), heads, published, ours, ref))
    refuse_unstaged(workspace, moves)
    written = [rewritten(workspace, move) for move in moves]
    refuse_broken(found, moves)
    how = How(options.database, on_progress=on_progress)
    notes = proved(workspace, environment, how, written, heads, moves[0].parent)
    told = (*notes, *(applied(workspace, environment, move) for move in moves))
    return MergeReport(
        environment.name,
        tuple(heads),
        dry_run=options.dry_run,
        notes=told,
        moved=tuple(moves),
        rewritten=tuple(written),
    )


def plan(
    whole: Graph,
    heads: Sequence[Revision],
    published: Collection[str],
    ours: Collection[str],
    ref: str,
) -> Iterator[Move]:
    """Yield the revisions that get another parent, one side after the other.

    Raises Stopped where a side that would have to move is published, is depended on, begins
    without a parent, or begins with a revision that joins several.
    """
    standing = [head for head in heads if head.id in published]
    if len(standing) > 1:
        names = " and ".join(head.id for head in standing)
        raise Stopped(
            f"{names} are both in {ref}: what is published keeps its parents",
            JOIN,
        )
    # of two that are not published, the side that is checked out stays
    rest = sorted((head for head in heads if head not in standing), key=lambda h: h.id not in ours)
    line = [*standing, *rest]
    target = line[0]
    below, descent = whole.ancestors([target.id]), lineage(whole, target)
    for head in line[1:]:
        own = lineage(whole, head) - descent
        needed = sorted(own & below)
        if needed:
            raise Stopped(f"{target.id} depends on {needed[0]} and cannot come before it", JOIN)
        for identifier in sorted(own):
            revision = whole.by_id[identifier]
            if not own.intersection(revision.parents):
                yield movable(revision, target, published, ref)
        below, descent = below | whole.ancestors([head.id]), descent | own
        target = head


def lineage(whole: Graph, revision: Revision) -> frozenset[str]:
    """Return the ids of a revision and all its parents; ``depends_on`` does not count."""
    found: set[str] = set()
    pending = [revision.id]
    while pending:
        name = pending.pop()
        if name in whole.by_id and name not in found:
            found.add(name)
            pending.extend(whole.by_id[name].parents)
    return frozenset(found)


def movable(revision: Revision, target: Revision, published: Collection[str], ref: str) -> Move:
    """Return the move of a side's first revision; raises Stopped where it has to stay."""
    if revision.id in published:
        raise Stopped(f"{revision.path} is in {ref}: what is published keeps its parents", JOIN)
    if not revision.parents:
        raise Stopped(f"{revision.path} begins a history of its own, it has no parent", JOIN)
    if len(revision.parents) > 1:
        raise Stopped(f"{revision.path} joins several revisions and cannot follow one", JOIN)
    return Move(revision, target)


def refuse_unstaged(workspace: Workspace, moves: Sequence[Move]) -> None:
    """Raise Stopped where a file that would be changed is not in the work tree as it is staged."""
    for move in moves:
        path = move.revision.path
        if text_in_work_tree(workspace, path) != workspace.read(path):
            hint = f"`git add {quote(path)}`, or `git restore` it, then try again"
            raise Stopped(f"{path} has changes that are not staged", hint)


def rewritten(workspace: Workspace, move: Move) -> WrittenRevision:
    """Return a revision's file with its new parent."""
    revision = move.revision
    text = reparented(workspace.read(revision.path) or "", revision.path, [move.parent.id])
    return WrittenRevision(revision.path, revision.id, revision.subject, text)


def refuse_broken(found: Sequence[Revision], moves: Sequence[Move]) -> None:
    """Raise Stopped where the graph would be broken afterwards."""
    parents = {move.revision.id: (move.parent.id,) for move in moves}
    after = [replace(each, parents=parents.get(each.id, each.parents)) for each in found]
    for finding in graph_problems.problems(after):
        if finding.severity == "error" and finding.code != "GM001":
            raise Stopped(f"in one line they would be broken: {finding.message}", JOIN)


def proved(
    workspace: Workspace,
    environment: Environment,
    how: How,
    written: Sequence[WrittenRevision],
    heads: Sequence[Revision],
    standing: Revision,
) -> list[str]:
    """Run the new line from the head that stays on, up and down; return what to say of it.

    Raises Stopped where it does not run.
    """
    instead = {file.path: file.content for file in written}
    gates = ["upgrade", "drift"]
    gates += ["downgrade"] if environment.settings.downgrade == "required" else []
    with open_project(workspace, environment, how, instead=instead) as project:
        answer = project.ask("check", gates=gates, published=[standing.id], new=[])
    notes = list(answer["differs"])
    for gate in answer["gates"]:
        for problem in gate["problems"]:
            if gate["name"] == "drift":
                notes.append(
                    f"the models ask for more than the revisions give: {problem['message']}"
                )
            else:
                raise refused(workspace, environment, how, heads, problem)
    return notes


def refused(
    workspace: Workspace,
    environment: Environment,
    how: How,
    heads: Sequence[Revision],
    problem: Mapping[str, Any],
) -> Stopped:
    """Return what to raise where the new line does not run, or not back: what meets what.

    Each side is run by itself for that, from where the revisions are now.
    """
    with open_project(workspace, environment, how) as project:
        answer = project.ask("meeting", heads=[head.id for head in heads])
    failed = answer["alone"] or problem
    path, line = failed.get("path", ""), failed.get("line", 0)
    where = f"{path}:{line}: " if line else f"{path}: " if path else ""
    if answer["alone"]:
        return Stopped(
            f"{failed.get('revision', 'one side')} fails by itself, nothing was written: "
            f"{where}{failed['message']}",
            "mend it, then run `gitmig merge-heads` again",
        )
    met = meeting.places(workspace, answer["meetings"])
    told = f"nothing was written ({met})" if met else "nothing was written"
    return Stopped(
        f"one after the other they do not run, {told}: {where}{problem['message']}",
        f"drop or edit {'the operation that both sides have' if met else 'it'}, then run it again",
    )


def applied(workspace: Workspace, environment: Environment, move: Move) -> str:
    """Return what to do with a database that has a revision of the side that moved."""
    revision = move.revision
    old, new = revision.parents[0], move.parent.id
    commands = f"gitmig downgrade {new} && gitmig stamp {old} && gitmig upgrade"
    for name in ("HEAD", "MERGE_HEAD"):  # one of them has it where it was, and sync finds it
        if revision.id in workspace.ids_at(environment, workspace.repository.resolve(name)):
            commands = "gitmig sync"
            break
    return (
        f"a database that has {revision.id} lacks what comes before it now; there type `{commands}`"
    )
