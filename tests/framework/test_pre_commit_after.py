"""The hooks that run after a merge or a rebase, under the pre-commit framework (H2, C16)."""

from __future__ import annotations

import pytest
from framed import Framed
from test_pre_commit_stops import grow

TYPES = ("post-merge", "post-rewrite")
HEADS = "There are 2 heads: "


@pytest.fixture
def after(framed: Framed) -> Framed:
    """Return a project with both hooks, on main, and a branch that left it before a revision."""
    framed.use("gitmig-post-merge", "gitmig-post-rewrite", types=TYPES)
    framed.git("switch", "-q", "-c", "side")
    grow(framed, "phone", "    name = ")
    framed.git("switch", "-q", "main")
    grow(framed, "email", "    id = ")
    return framed


def test_a_fast_forward_that_brings_two_heads(after: Framed) -> None:
    """They are told of, with the command that joins them; the merge itself is done (H2)."""
    after.git("switch", "-q", "-c", "both")
    after.git("merge", "-q", "--no-edit", "side", SKIP="gitmig-post-merge")
    after.git("switch", "-q", "main")
    result = after.git("merge", "--ff-only", "both")
    told = result.stdout + result.stderr
    assert HEADS in told and "gitmig merge-heads" in told
    assert "gitmig post-merge" in told and "Failed" in told
    assert after.status() == ""
    after.git("switch", "-q", "-c", "again", "HEAD~")
    skipped = after.git("merge", "--ff-only", "both", GITMIG_SKIP="1")
    assert HEADS not in skipped.stdout + skipped.stderr


def test_a_fast_forward_with_one_head(after: Framed) -> None:
    """Where there is one head the hook has passed and says nothing more."""
    after.git("switch", "-q", "-c", "old", "HEAD~")
    told = after.git("merge", "--ff-only", "main")
    assert "Passed" in told.stdout + told.stderr and "heads:" not in told.stdout + told.stderr


def test_a_switch_of_branches(framed: Framed) -> None:
    """What the other branch has that was left is told, though the hook has passed (D2, C16)."""
    framed.use("gitmig-post-checkout", types=("post-checkout",))
    framed.git("switch", "-q", "-c", "side")
    grow(framed, "phone", "    name = ")
    result = framed.git("switch", "main")
    told = result.stdout + result.stderr
    assert "gitmig: not on this branch: " in told and "gitmig sync" in told
    assert "not on this branch" not in framed.git("switch", "side").stdout
    for skip in ({"GITMIG_SKIP": "1"}, {"SKIP": "gitmig-post-checkout"}):
        result = framed.git("switch", "main", **skip)
        assert "not on this branch" not in result.stdout + result.stderr
        framed.git("switch", "side")


def test_a_rebase_that_leaves_two_heads(after: Framed) -> None:
    """They are told of after the rebase, and not after an amended commit (H2, C9)."""
    after.git("switch", "-q", "side")
    result = after.git("rebase", "main")
    assert HEADS in result.stdout + result.stderr
    assert after.git("merge-base", "side", "main").stdout.strip() == after.git(
        "rev-parse", "main"
    ).stdout.strip()  # fmt: skip
    amended = after.git("commit", "--amend", "-q", "-m", "in other words")
    assert HEADS not in amended.stdout + amended.stderr
    assert after.status() == ""
