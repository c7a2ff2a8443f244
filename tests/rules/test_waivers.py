"""``# gitmig: allow CODE REASON``: where it counts, and what is wrong with it."""

from __future__ import annotations

import pytest

from gitmig.model import Finding
from gitmig.rules import waivers

FILE = '''\
"""A revision."""
# gitmig: allow GM202 it cannot be undone
from alembic import op

revision = "a"


def upgrade():
    op.create_index("ix", "t", ["a"])  # gitmig: allow GM711 a small table
    # gitmig: allow index-not-concurrently, GM702: both are small
    op.create_index(
        "iy",
        "t",
        ["a"],
    )
    op.drop_table(
        "u",  # gitmig: allow table-dropped nobody reads it
    )
    # gitmig: allow GM722 all of the batch
    with op.batch_alter_table("t") as batch:
        batch.drop_column("a")
        batch.drop_column("b")
    op.execute("# gitmig: allow GM741 in a string")
'''


def at(line: int, code: str) -> Finding:
    """Return a finding in the file."""
    return Finding(code, "warning", "message", path="a.py", line=line)


@pytest.mark.parametrize(
    ("line", "code", "allowed"),
    [
        (5, "GM202", True),  # the whole file
        (9, "GM711", True),
        (9, "GM702", False),
        (11, "GM711", True),
        (11, "GM702", True),  # several codes, above
        (15, "GM702", True),  # the last line of the statement
        (16, "GM721", True),  # within the statement
        (16, "GM711", False),
        (21, "GM722", True),  # within the block below
        (22, "GM722", True),
        (23, "GM722", False),
        (23, "GM741", False),  # in a string
    ],
)
def test_where_a_waiver_counts(line: int, code: str, allowed: bool) -> None:
    """It counts in its statement, for the statement below it, and at the top for the file."""
    left, used = waivers.apply([at(line, code)], waivers.read(FILE, "a.py"))
    assert (left == []) is allowed and bool(used) is allowed


def told(line: str) -> list[str]:
    """Return what is wrong with a waiver that nothing needs, each as its code and sentence."""
    read = waivers.read(f"x = 1  # gitmig: {line}\n", "a.py")
    judged = {"GM711", "GM702"}
    return [f"{each.code} {each.message}" for each in waivers.problems(read, [], judged)]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("allow GM711", "GM791 a waiver of GM711 without a reason does not count"),
        ("allow GM711 :", "GM791 a waiver of GM711 without a reason does not count"),
        ("allow GM711 it is small", "GM792 nothing of GM711 is found here"),
        ("allow GM712 was not looked for", ""),
        ("allow SQ-ban-drop-view squawk may be absent", ""),
        ("allow GM799 why", 'GM793 a waiver that allows nothing: "GM799" is no code'),
        ("allow because it is small", 'GM793 a waiver that allows nothing: "because" is no code'),
        ("allow", "GM793 a waiver that allows nothing: it names no code"),
        ("allow GM101 it works for me", "GM793 GM101 upgrade-fails cannot be allowed"),
        ("allowed GM711", ""),
    ],
)
def test_what_is_wrong_with_a_waiver(comment: str, found: str) -> None:
    """A waiver without a reason, of nothing, of what does not exist or is never allowed is told."""
    sentences = told(comment)
    assert len(sentences) == bool(found) and "".join(sentences).startswith(found)


def test_without_a_reason_nothing_is_allowed() -> None:
    """A waiver without a reason leaves the finding."""
    read = waivers.read("x = 1  # gitmig: allow GM711\n", "a.py")
    assert waivers.apply([at(1, "GM711")], read) == ([at(1, "GM711")], [])


def test_what_is_never_allowed_stays() -> None:
    """A revision that fails is told whatever a comment says."""
    read = waivers.read("x = 1  # gitmig: allow GM101 why\n", "a.py")
    assert waivers.apply([at(1, "GM101")], read)[0] == [at(1, "GM101")]


@pytest.mark.parametrize("text", ["def (", "x = '''", "\0", "x = 1  # gitmig: allow GM711 a\n\tif"])
def test_no_python(text: str) -> None:
    """What is no Python has no waivers."""
    assert waivers.read(text, "a.py") == []
