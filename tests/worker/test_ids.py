"""Ids made from what a revision is."""

from __future__ import annotations

from gitmig._worker.ids import derived


def test_what_makes_an_id() -> None:
    """Parents and code make it, the parents in any order; nothing runs into its neighbour."""
    assert derived(["a", "b"], ["x"]) == derived(["b", "a"], ["x"])
    different = [(["a"], ["x"]), (["a"], ["y"]), (["b"], ["x"]), ([], ["x"]), (["a", "x"], []),
                 (["a"], ["x", ""]), (["ax"], [""])]  # fmt: skip
    assert len({derived(*each) for each in different}) == len(different)
    assert all(len(derived(*each)) == 12 for each in different)


def test_one_that_is_taken() -> None:
    """Of an id that is taken another is made, always the same."""
    first = derived(["a"], ["x"])
    second = derived(["a"], ["x"], [first])
    third = derived(["a"], ["x"], [first, second])
    assert len({first, second, third}) == 3
    assert second == derived(["a"], ["x"], [first]) and third == derived(
        ["a"], ["x"], {second, first}
    )
