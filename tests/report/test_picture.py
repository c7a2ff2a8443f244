"""The revision graph as text (D4)."""

from __future__ import annotations

import random
import re

import pytest

from gitmig.model import Revision
from gitmig.report.picture import revision_graph


def drawn(*specs: str, **marks: str) -> str:
    """Draw revisions given as ``id:parents``, the parents with commas."""
    made = []
    for spec in specs:
        name, _, parents = spec.partition(":")
        above = tuple(parents.split(",")) if parents else ()
        made.append(Revision(name, above, f"versions/{name}.py", f"do {name}"))
    return "\n" + "\n".join(revision_graph(made, marks)) + "\n"


def test_nothing() -> None:
    """No revisions are no lines."""
    assert revision_graph([], {}) == []


def test_linear() -> None:
    """A chain is one column, newest on top, with its mark."""
    assert (
        drawn("a:", "b:a", "c:b", c="head", a="current")
        == """
● c  do c  (head)
● b  do b
● a  do a  (current)
"""
    )


def test_two_heads() -> None:
    """Two heads are two columns that meet above their parent."""
    assert (
        drawn("a:", "b1:a", "b2:b1", "c1:a", "c2:c1", b2="head", c2="head")
        == """
● c2  do c2  (head)
● c1  do c1
│ ● b2  do b2  (head)
│ ● b1  do b1
├─╯
● a  do a
"""
    )


def test_diamond() -> None:
    """A merge forks to the right and is closed below."""
    assert (
        drawn("a:", "b:a", "c:a", "d:b,c", "e:d")
        == """
● e  do e
● d  do d
├─╮
│ ● c  do c
● │ b  do b
├─╯
● a  do a
"""
    )


def test_three_way_merge() -> None:
    """Three parents fork and meet at once."""
    assert (
        drawn("a:", "b:a", "c:a", "d:a", "m:b,c,d")
        == """
● m  do m
├─┬─╮
│ │ ● d  do d
│ ● │ c  do c
● │ │ b  do b
├─┴─╯
● a  do a
"""
    )


def test_several_bases() -> None:
    """Revisions that are not related do not look connected."""
    assert (
        drawn("a:", "a1:a", "b:", "b1:b", "c:", "m:a1,b1")
        == """
● c  do c

● m  do m
├─╮
│ ● b1  do b1
│ ● b  do b
● a1  do a1
● a  do a
"""
    )


def test_a_line_that_is_crossed() -> None:
    """Lanes that have nothing to do with a meeting are crossed, not joined."""
    assert (
        drawn("a:", "b:a", "c:a", "d:a", "x:b,d", "y:c,x", "z:b")
        == """
● y  do y
├─╮
│ ● x  do x
│ ├─╮
│ │ ● d  do d
● │ │ c  do c
│ │ │ ● z  do z
│ ├─┼─╯
│ ● │ b  do b
├─┴─╯
● a  do a
"""
    )


def test_parent_elsewhere() -> None:
    """A parent that is not among the revisions leaves an open end."""
    assert (
        drawn("c:b", "d:c", "x:")
        == """
● x  do x

● d  do d
● c  do c
┆
"""
    )


def test_short_ids_stay_unique() -> None:
    """Ids are cut to twelve characters, or to as many as tell them apart."""
    names = ["1234567890abcdef", "0" * 14 + "1xx", "0" * 14 + "2xx", "0" * 14]
    lines = revision_graph([Revision(name, (), f"{name}.py") for name in names], {})
    assert [line[2:] for line in lines if line] == [
        "1234567890ab",
        "000000000000002",
        "000000000000001",
        "00000000000000",
    ]


def test_hostile_text() -> None:
    """Subjects, ids and marks cannot colour, move or reverse the terminal (R4)."""
    item = Revision("a\nb", (), "x.py", "\x1b[31mréd \u202e表 \"q\" 'q'")
    assert revision_graph([item], {"a\nb": "he\rad"}) == [
        "● a\\nb  \\x1b[31mréd \\u202e表 \"q\" 'q'  (he\\rad)"
    ]


@pytest.mark.parametrize(
    "specs", [("a:a",), ("a:c", "b:a", "c:b", "d:c"), ("a:", "a:", "b:a,zz"), ("a:zz,yy",)]
)
def test_broken_graphs(specs: tuple[str, ...]) -> None:
    """Cycles, duplicates and unknown parents are drawn without complaint."""
    names = {spec.partition(":")[0] for spec in specs}
    assert drawn(*specs).count("●") == len(names)


@pytest.mark.parametrize("seed", range(40))
def test_every_line_leads_somewhere(seed: int) -> None:
    """In any graph each node is drawn once, and every lane from it reaches its parents."""
    dice = random.Random(seed)  # noqa: S311
    specs = []
    for place in range(15):
        earlier = [f"r{number}" for number in range(place)]
        chosen = dice.sample(earlier, min(place, dice.choice([0, 1, 1, 2, 3])))
        specs.append(f"r{place}:{','.join(chosen)}")
    lines = drawn(*specs).strip("\n").split("\n")
    assert sum("●" in line for line in lines) == len(specs)
    assert edges(lines) == {
        (name, parent)
        for name, _, parents in (spec.partition(":") for spec in specs)
        for parent in parents.split(",")
        if parent
    }


def edges(lines: list[str]) -> set[tuple[str, str]]:
    """Follow the lines of a drawing down from each node: which node reaches which."""
    found: set[tuple[str, str]] = set()
    carried: dict[int, set[str]] = {}  # the column of a stroke to the nodes it comes from
    for line in lines:
        strokes, node = re.findall(r"^([^r]*)(r\d+)?", line)[0]
        below: dict[int, set[str]] = {}
        if "├" in strokes:
            left = strokes.index("├")
            ends = [place for place, sign in enumerate(strokes) if sign in "┴╯┬╮"]
            joined = carried[left].union(*(carried[end] for end in ends if strokes[end] in "┴╯"))
            below = {left: joined} | {end: joined for end in ends if strokes[end] in "┬╮"}
            strokes = strokes.replace("┼", "│")
        for place, sign in enumerate(strokes):
            if sign == "│":
                below[place] = carried[place]
            elif sign == "●":
                found |= {(name, node) for name in carried.get(place, set())}
                below[place] = {node}
        carried = below
    return found
