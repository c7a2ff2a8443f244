"""What is wrong with a graph of revisions."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from test_graph import DIAMOND, ids, revisions

from gitmig.errors import SourceError
from gitmig.graph import Graph
from gitmig.graph_problems import problems, unreadable
from gitmig.model import Finding, Revision
from gitmig.revisions import parse


def found(*specs: str) -> list[str]:
    """Name the codes of what is wrong."""
    return [item.code for item in problems(revisions(*specs))]


def only(*specs: str) -> Finding:
    """Return the one thing that is wrong."""
    (finding,) = problems(revisions(*specs))
    return finding


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


@pytest.mark.parametrize("name", ["base", "head", "heads"])
def test_words_of_alembic(name: str) -> None:
    """An id that Alembic reads as other revisions is found without loading it."""
    assert only(f"{name}:").code == "GM007"
    assert found("a:", f"b{name}:a") == []


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
