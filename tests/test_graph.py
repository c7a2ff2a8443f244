"""The graph of revisions, and what is wrong with it."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import CycleDetected, RevisionMap
from alembic.script.revision import Revision as Theirs

from gitmig.errors import GitmigError, SourceError
from gitmig.graph import Graph, problems, unreadable
from gitmig.model import Finding, Revision
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


def found(*specs: str) -> list[str]:
    """Name the codes of what is wrong."""
    return [item.code for item in problems(revisions(*specs))]


def only(*specs: str) -> Finding:
    """Return the one thing that is wrong."""
    (finding,) = problems(revisions(*specs))
    return finding


# -- Graph --


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
    assert ("GM003" in found(*specs)) == looped
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


# -- problems --


@pytest.mark.parametrize(
    "specs", [("a:", "b:a"), DIAMOND, ("a:", "b:a:x", "c:a:y"), ("a::x", "b::y", "c:b"), ()]
)
def test_sound_graphs(specs: tuple[str, ...]) -> None:
    """Chains, merges and heads kept apart by labels are no findings (H5)."""
    assert found(*specs) == []


def test_several_heads() -> None:
    """Heads are one finding that names each with subject and file, and the command (H1)."""
    finding = only("a:", "b:a", "c:a", "d:a")
    assert (finding.code, finding.severity, finding.revision) == ("GM001", "error", "d")
    assert finding.message == (
        "There are 3 heads: b (do b, versions/0001_b.py:8); c (do c, versions/0002_c.py:8);"
        " d (do d, versions/0003_d.py:8)."
    )
    assert finding.hint == "Join them: gitmig merge-heads"
    assert (finding.path, finding.line) == ("versions/0003_d.py", 8)


def test_two_bases_without_labels() -> None:
    """Two first revisions, each made on a branch of its own, are two heads."""
    assert found("a:", "b:") == ["GM001"]


def test_heads_in_a_labelled_branch() -> None:
    """Two heads under one label are a finding that leaves the other branch alone (H5)."""
    finding = only("a::main", "b::links", "c:b", "d:b")
    assert finding.message.startswith("The branch links has 2 heads: c (")
    assert "main" not in finding.message


def test_unknown_parent() -> None:
    """An unknown parent is named with file and line, the nearest id and a search (H7)."""
    finding = only("1a2b3c4d5e6f:", "b:1a2b3c4d5e6e")
    assert (finding.code, finding.path, finding.line) == ("GM002", "versions/0001_b.py", 9)
    assert "The parent 1a2b3c4d5e6e of b (do b, versions/0001_b.py:8)" in finding.message
    assert finding.hint == (
        "Did you mean 1a2b3c4d5e6f? Otherwise restore the file of 1a2b3c4d5e6e; this finds it:"
        " git log --all --stat -S1a2b3c4d5e6e -- versions"
    )


def test_hint_is_safe_to_paste() -> None:
    """What a file names cannot become a command in the hint (R4)."""
    assert "-S'$(rm x); y'" in only("a:$(rm x); y").hint


def test_a_lost_revision_is_not_two_heads() -> None:
    """Where a revision's file is gone, the revision below it is not called a head."""
    assert found("a:", "c:b", "d:c") == ["GM002"]


def test_cycle() -> None:
    """A cycle is one finding with its whole chain, and what stands on it is not blamed (H7)."""
    finding = only("a:c", "b:a", "c:b", "d:c", "e:d")
    assert finding.code == "GM003"
    assert finding.message == (
        "Revisions build on each other: a (do a, versions/0000_a.py:8) ->"
        " c (do c, versions/0002_c.py:8) -> b (do b, versions/0001_b.py:8) -> a."
    )
    assert (finding.path, finding.line) == ("versions/0000_a.py", 9)


@pytest.mark.parametrize("spec", ["a:a", "a:::a"])
def test_self_parent(spec: str) -> None:
    """A revision that is its own parent, or depends on itself, is a cycle of one."""
    assert only(spec).message == "a (do a, versions/0000_a.py:8) builds on itself."


def test_a_parent_without_a_name() -> None:
    """A parent that is an empty string is told as that, with what to write (H7)."""
    (finding,) = problems([replace(each, parents=("",)) for each in revisions("a:")])
    assert (finding.code, finding.line) == ("GM002", revisions("a:")[0].parents_line)
    assert "The parent of a (do a, versions/0000_a.py:8) is an empty string" in finding.message
    assert finding.hint.startswith("Write None")


def test_cycle_through_dependencies() -> None:
    """Dependencies close a cycle as parents do; two cycles are two findings."""
    assert found("a:::b", "b:a", "x:", "c:d", "d:c") == ["GM003", "GM003"]


def test_duplicate_id() -> None:
    """One id in two files names both files and lines (H7)."""
    finding = only("a:", "b:a", "b:a")
    assert finding.code == "GM004"
    assert finding.message == (
        "2 files have the revision id b: versions/0001_b.py, line 8 and versions/0002_b.py, line 8."
    )


def test_one_file_given_twice() -> None:
    """A file that is reached by two version locations is one revision."""
    assert problems(revisions("a:") * 2) == ()


def test_long_id() -> None:
    """An id longer than the version table holds is a warning, one that just fits is none (H7)."""
    finding = only(f"{'a' * 32}:", f"{'b' * 33}:{'a' * 32}")
    assert (finding.code, finding.severity) == ("GM005", "warning")
    assert "33 characters" in finding.message


@pytest.mark.parametrize("sign", "@-+")
def test_forbidden_characters(sign: str) -> None:
    """An id that Alembic refuses is found without loading it."""
    assert only(f"a{sign}b:").code == "GM007"


def test_colon_is_forbidden() -> None:
    """A colon separates ranges and is refused too."""
    assert [item.code for item in problems([Revision("a:b", (), "v/x.py")])] == ["GM007"]


def test_unknown_dependency() -> None:
    """A dependency that is neither revision nor label is found; heads are judged all the same."""
    assert found("a:::gone", "b:") == ["GM008", "GM001"]


@pytest.mark.parametrize("specs", [("a::x", "b:a:x"), ("a:", "b:a:a"), ("a::a",)])
def test_label_taken(specs: tuple[str, ...]) -> None:
    """A label that stands for two revisions, or is an id, is found."""
    assert found(*specs) == ["GM010"]


def test_unreadable() -> None:
    """A file that could not be read becomes a finding with the error's place and hint (H7)."""
    with pytest.raises(SourceError) as caught:
        parse("x = 1\n<<<<<<< a\n=======\n>>>>>>> b\n", "versions/a1.py")
    finding = unreadable(caught.value, "elsewhere")
    assert (finding.code, finding.path, finding.line) == ("GM006", "versions/a1.py", 2)
    assert finding.hint == caught.value.hint
    assert unreadable(SourceError("not UTF-8"), "x.py").path == "x.py"


@pytest.mark.parametrize("seed", range(40))
def test_nothing_raises(seed: int) -> None:
    """Whatever the revisions claim, nothing raises and nothing is lost (H7)."""
    dice = random.Random(seed)  # noqa: S311
    names = "abcdef"
    specs = [
        f"{dice.choice(names)}:{','.join(dice.sample(names, dice.choice([0, 1, 1, 2])))}"
        f":{dice.choice(['', '', 'x', 'a'])}:{dice.choice(['', '', 'x', 'b', 'zz'])}"
        for _ in range(8)
    ]
    graph = Graph(revisions(*specs))
    assert sorted(ids(graph.order())) == sorted(graph.by_id)
    assert len(problems(revisions(*specs))) >= 1
    assert {head.id for group in graph.head_groups for head in group} == set(ids(graph.heads))
    assert graph.common("a", "b") == graph.ancestors(["a"]) & graph.ancestors(["b"])
