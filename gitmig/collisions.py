"""Which branches collide: each with the base, and each with each other. Pure.

A branch is what it does to the revisions of the base, so that hundreds of pairs are compared by
the few revisions they add.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitmig import graph_problems
from gitmig.graph import Graph
from gitmig.listing import Changes
from gitmig.model import Finding, Revision
from gitmig.outcomes import Collision

WORDS = {
    "GM001": "two heads",
    "GM002": "no parent",
    "GM003": "cycle",
    "GM004": "same id",
    "GM006": "unreadable",
    "GM010": "same label",
}


@dataclass(frozen=True)
class Side:
    """One branch: what it changes, and the revisions that it has and the base has not.

    ``tips`` are those of them that no other one builds on, each with its branch labels;
    ``parents`` what they build on, ``gone`` the ids of the base that it takes away, ``moved`` those
    whose file it renamed, with the new path.
    """

    name: str
    changes: Changes
    new: Mapping[str, Revision]
    tips: Mapping[str, frozenset[str]]
    parents: Collection[str]
    gone: Collection[str]
    moved: Mapping[str, str]


@dataclass(frozen=True)
class Base:
    """The revisions of the base, and what is wrong with them by themselves."""

    graph: Graph
    known: Collection[tuple[str, str]]

    @classmethod
    def of(cls, revisions: Sequence[Revision]) -> Base:
        """Return the base that has these revisions."""
        found = graph_problems.problems(revisions)
        return cls(Graph(revisions), {(each.code, each.message) for each in found})


def side(name: str, changes: Changes, base: Graph, merged: Sequence[Revision]) -> Side:
    """Return what a branch is to the others; ``merged`` are the base's revisions with its own."""
    whole = Graph(merged)
    new = {item.id: item for item in whole.revisions if item.id not in base.by_id}
    tips = {head.id: whole.labels(head.id) for head in whole.heads if head.id in new}
    parents = {parent for item in new.values() for parent in item.parents}
    gone = base.by_id.keys() - whole.by_id.keys()
    moved = {
        each.id: each.path
        for each in whole.revisions
        if each.id in base.by_id and each.path in changes and each.path != base.by_id[each.id].path
    }
    return Side(name, changes, new, tips, parents, gone, moved)


def with_base(
    name: str, base: str, before: Base, merged: Sequence[Revision], findings: Sequence[Finding]
) -> list[Collision]:
    """Return why a branch cannot come into the base, beyond what is wrong with the base itself.

    ``findings`` are its files that cannot be read.
    """
    found = []
    for each in (*findings, *graph_problems.problems(merged)):
        if each.severity != "error" or (each.code, each.message) in before.known:
            continue
        heads = heads_beside(each.revision, merged) if each.code == "GM001" else ()
        own = heads and not before.graph.by_id.keys() & set(heads)
        why, what = WORDS.get(each.code, each.code), heads or (each.message,)
        found.append(Collision(name if own else base, why, what))
    return found


def heads_beside(head: str, merged: Sequence[Revision]) -> tuple[str, ...]:
    """Return the ids of the heads that ought to be one, of which this is one."""
    groups = ([item.id for item in group] for group in Graph(merged).head_groups)
    return next((tuple(group) for group in groups if head in group), ())


def between(one: Side, other: Side, touched: Collection[str]) -> Iterator[Collision]:
    """Yield why two branches cannot both come in, as told of the first one.

    ``touched`` are the files whose changes git cannot join. A revision that both have counts for
    neither.
    """
    if touched:
        yield Collision(other.name, "same file", tuple(sorted(touched)))
    same = [name for name in one.new.keys() & other.new if differ(one.new[name], other.new[name])]
    same += [
        name for name in one.moved.keys() & other.moved if one.moved[name] != other.moved[name]
    ]
    if same:
        yield Collision(other.name, "same id", tuple(sorted(same)))
    lost = {*other.gone} & {*one.parents} | {*one.gone} & {*other.parents}
    if lost:
        yield Collision(other.name, "no parent", tuple(sorted(lost)))
    mine, theirs = ends(one, other), ends(other, one)
    heads = [
        (mine_id, their_id)
        for mine_id, labels in mine.items()
        for their_id, other_labels in theirs.items()
        if labels == other_labels
    ]
    if heads:
        yield Collision(other.name, "two heads", tuple(dict.fromkeys(sum(heads, ()))))


def differ(one: Revision, other: Revision) -> bool:
    """Say whether one id is that of two files."""
    return one.path != other.path


def ends(one: Side, other: Side) -> dict[str, frozenset[str]]:
    """Return the heads of one side that are heads with the other one, too, and not its own."""
    return {
        name: labels
        for name, labels in one.tips.items()
        if name not in other.parents and name not in other.new
    }


def both_touch(one: Side, other: Side) -> dict[str, tuple[str, str]]:
    """Return the files that both leave otherwise than the other: what each makes of them."""
    return {
        path: (one.changes[path][1], other.changes[path][1])
        for path in one.changes.keys() & other.changes.keys()
        if one.changes[path][1] != other.changes[path][1]
    }
