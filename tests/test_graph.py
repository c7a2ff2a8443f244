"""The graph of revisions."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import CycleDetected, RevisionMap
from alembic.script.revision import Revision as Theirs

from gitmig.errors import GitmigError
from gitmig.graph import Graph
from gitmig.graph_problems import problems
from gitmig.model import Revision
from gitmig.revisions import parse

DIAMOND = ("a:", "b:a", "c:a", "d:b,c")


def revisions(*specs: str) -> list[Revision]:
    """Make revisions from ``id:parents:labels:depends_on``, lists with commas."""
    made = []
    for place, spec in enumerate(specs):
        name, *lists = f"{spec}:::".split(":")[:4]
        parents, labels, depends_on = (tuple(text.split(",")) if text else () for text in lists)
        path = f"versions/{place:04}_{name}.py"
        made.append(Revision(name, parents, path, f"do {name}", 8, 9, labels, depends_on))
    return made


def ids(found: Sequence[Revision]) -> list[str]:
    """Name revisions."""
    return [item.id for item in found]


def test_diamond() -> None:
    """Heads, bases, children, ancestors and order of a merged branch."""
    graph = Graph(revisions(*DIAMOND))
    assert ids(graph.heads) == ["d"]
    assert ids(graph.bases) == ["a"]
    assert ids(graph.children("a")) == ["b", "c"]
    assert ids(graph.children("d")) == ids(graph.children("nothing")) == []
    assert graph.ancestors(["b", "nothing"]) == {"a", "b"}
    assert ids(graph.order()) == ["a", "b", "c", "d"]
    assert graph.common("b", "c") == {"a"}
    assert graph.common("d", "b") == {"a", "b"}


def test_order_of_input_does_not_matter() -> None:
    """The same revisions in any order give the same answers."""
    made = revisions(*DIAMOND, "e:c", "f:c")
    expected = ids(Graph(made).heads), ids(Graph(made).order())
    for seed in range(5):
        random.Random(seed).shuffle(made)  # noqa: S311
        assert (ids(Graph(made).heads), ids(Graph(made).order())) == expected


def test_lines_of_descent_stay_together() -> None:
    """The order does not jump between branches."""
    graph = Graph(revisions("a:", "b1:a", "c1:a", "b2:b1", "c2:c1", "m:b2,c2"))
    assert ids(graph.order()) == ["a", "b1", "b2", "c1", "c2", "m"]


def test_depends_on() -> None:
    """A dependency, by id or by label, orders revisions and makes no parent."""
    graph = Graph(revisions("z:::links", "y:z::x", "a::links", "x:"))
    assert ids(graph.heads) == ["y", "a", "x"]
    assert graph.requirements("y") == ("z", "x")
    assert ids(graph.order()).index("x") < ids(graph.order()).index("y")
    labelled = Graph(revisions("b:::links", "a::links"))
    assert labelled.ancestors(["b"]) == {"a", "b"}


def test_nothing() -> None:
    """No revisions at all is a graph like any other, and no problem."""
    graph = Graph([])
    assert graph.heads == graph.bases == graph.order() == ()
    assert graph.head_groups == ()
    assert problems([]) == ()


def test_resolve() -> None:
    """An id, a unique beginning of one and a branch label each find the revision."""
    graph = Graph(revisions("abc1:", "abc2:abc1:links", "abd:abc1", "ab:abc1"))
    assert graph.resolve("abc1").id == "abc1"
    assert graph.resolve("abd").id == "abd"
    assert graph.resolve("ab").id == "ab"
    assert graph.resolve("links").id == "abc2"
    with pytest.raises(GitmigError, match="2 revisions begin with `abc`: abc1, abc2"):
        graph.resolve("abc")
    with pytest.raises(GitmigError, match="no revision `abcd1`") as caught:
        graph.resolve("abcd1")
    assert caught.value.hint == "Did you mean abc1?"
    with pytest.raises(GitmigError, match="no revision ``"):
        graph.resolve("")


def test_thousands_without_recursion() -> None:
    """A chain far longer than the recursion limit is ordered, walked and judged."""
    length = 4 * sys.getrecursionlimit()
    chain = revisions("r0:", *(f"r{place}:r{place - 1}" for place in range(1, length)))
    graph = Graph(chain)
    assert graph.order() == tuple(chain)
    assert len(graph.ancestors([chain[-1].id])) == length
    assert problems(chain) == ()
    ring = [*revisions(f"r0:r{length - 1}"), *chain[1:]]
    (finding,) = problems(ring)
    assert finding.code == "GM003"
    assert len(finding.message) < 1000
    orphans = revisions(*(f"r{place}:lost{place}" for place in range(length)))
    assert {item.code for item in problems(orphans)} == {"GM002"}


# -- as Alembic sees it --


def test_real_environment(tmp_path: Path) -> None:
    """Heads and bases of files that Alembic wrote are those that Alembic finds (H5)."""
    config = Config(tmp_path / "alembic.ini")
    command.init(config, str(tmp_path / "migrations"))
    compare(config)
    for name, head in [
        ("a", "base"),
        ("b", "a" * 6),
        ("c", "a" * 6),
        ("d", "a" * 6),
        ("e", "b" * 6),
    ]:
        command.revision(config, name, rev_id=name * 6, head=head, splice=True)
        compare(config)
    command.merge(config, ["e" * 6, "c" * 6], "two", rev_id="f" * 6)
    compare(config)
    command.revision(config, "other", rev_id="0b0b", head="base", branch_label="other")
    command.revision(config, "more", rev_id="0c0c", head="0b0b", depends_on="f" * 6)
    graph = compare(config)
    assert ids(graph.heads) == ["0c0c", "d" * 6, "f" * 6]
    assert sorted(map(ids, graph.head_groups)) == [["0c0c"], ["d" * 6, "f" * 6]]


def compare(config: Config) -> Graph:
    """Read the files as gitmig does and hold the graph beside Alembic's."""
    scripts = ScriptDirectory.from_config(config)
    paths = sorted(Path(scripts.versions).glob("*.py"))
    read = [parse(path.read_text("utf-8"), path.as_posix()) for path in paths]
    graph = Graph(item for item in read if item)
    assert ids(graph.heads) == scripts.get_heads()
    assert ids(graph.bases) == scripts.get_bases()
    return graph


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_as_alembic(seed: int) -> None:
    """On any graph heads, bases, labels, ancestors and cycles are what Alembic's own map says."""
    dice = random.Random(seed)  # noqa: S311
    specs = []
    for place in range(dice.randint(2, 14)):
        earlier = [f"r{number}" for number in range(place)]
        parents = dice.sample(earlier, min(place, dice.choice([0, 1, 1, 1, 2, 3])))
        needs = dice.sample(earlier, min(place, dice.choice([0, 0, 0, 1])))
        label = f"l{place}" if dice.random() < 0.2 else ""
        specs.append(f"r{place}:{','.join(parents)}:{label}:{','.join(needs)}")
    looped = seed % 4 == 0 and "r0" in Graph(revisions(*specs)).ancestors([f"r{len(specs) - 1}"])
    if looped:
        specs[0] = f"r0:r{len(specs) - 1}"
    ours = Graph(revisions(*specs))
    theirs = RevisionMap(lambda: [theirs_of(item) for item in ours.revisions])
    heads: tuple[str, ...] = ()
    try:
        heads = theirs.heads
    except CycleDetected:
        assert looped
    assert ("GM003" in {each.code for each in problems(revisions(*specs))}) == looped
    if looped:  # Alembic misses a cycle that a base leads into and a head out of
        return
    assert ids(ours.heads) == list(heads)
    assert ids(ours.bases) == list(theirs.bases)
    for head in heads:
        above = theirs.iterate_revisions(head, "base")
        assert ours.ancestors([head]) == {item.revision for item in above if item}
        assert ours.labels(head) == theirs._revision_map[head].branch_labels  # type: ignore[union-attr]


def theirs_of(item: Revision) -> Theirs:
    """Make Alembic's revision of ours."""
    return Theirs(item.id, item.parents or None, item.depends_on or None, item.labels or None)
