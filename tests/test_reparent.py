"""Another parent in a revision's text: two places change, every other byte stays."""

from __future__ import annotations

import pytest

from gitmig.errors import SourceError
from gitmig.reparent import reparented
from gitmig.shape import is_sealed, seal

HEAD = '"""add é\n\nRevision ID: two\nRevises: one\nCreate Date: 2026\n\n"""\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("down_revision = 'one'\n", "down_revision = 'new'\n"),
        ('down_revision = "one"  # why\n', 'down_revision = "new"  # why\n'),
        ("down_revision: Union[str, None] = 'one'\n", "down_revision: Union[str, None] = 'new'\n"),
        ("down_revision = (\n    'one'\n)\n", "down_revision = (\n    'new'\n)\n"),
        ("é = 'ü'; down_revision = 'one'\n", "é = 'ü'; down_revision = 'new'\n"),
        ("down_revision = None\n", "down_revision = 'new'\n"),
    ],
)
def test_two_places(before: str, after: str) -> None:
    """Quotes, annotations, comments and other characters stay as they are (H3)."""
    assert reparented(HEAD + before, "x.py", ["new"]) == HEAD.replace("one", "new") + after


def test_line_ends() -> None:
    """A file with CRLF keeps them (H3)."""
    text = (HEAD + "down_revision = 'one'\n").replace("\n", "\r\n")
    assert reparented(text, "x.py", ["new"]) == text.replace("one", "new")


def test_several_parents() -> None:
    """Several parents are a tuple (H3)."""
    changed = reparented(HEAD + "down_revision = 'one'\n", "x.py", ["a", "b"])
    assert "Revises: a, b\n" in changed and "down_revision = ('a', 'b')\n" in changed


def test_seal_stays_whole() -> None:
    """A file that was as gitmig wrote it still is (C8)."""
    text = seal(HEAD + "down_revision = 'one'\n")
    assert is_sealed(reparented(text, "x.py", ["new"]))


def test_no_assignment() -> None:
    """A file without the assignment is refused by name."""
    with pytest.raises(SourceError, match=r"x\.py assigns no down_revision"):
        reparented(HEAD, "x.py", ["new"])
