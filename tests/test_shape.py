"""What of a file's text counts: whether code changed, and whether it is as gitmig wrote it."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic import command
from test_revisions import TYPED, UNTYPED, environment

from gitmig.revisions import parse
from gitmig.shape import is_generated, is_sealed, seal, source_shape

# -- source_shape --

MODEL = '''"""Models."""
# the users
class User(Base):
    """A user."""

    __tablename__ = "users"
    name = Column(String(80), default=None)
    """The name."""

    def hello(self):
        """Say hello."""
        return f"hello {self.name!r:>{10}}"
'''


def test_shape_ignores_what_does_nothing() -> None:
    """Comments, layout, quotes and docstrings do not change the shape (C2)."""
    other = """class User(Base):
    __tablename__ = u'users'   # a name
    name = Column(
        String(80,), default=None,
    )

    def hello( self ):
        pass
        return (f'hello {self.name!r:>{10}}')
"""
    assert source_shape(MODEL) == source_shape(other) == source_shape(MODEL.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("80", "81"),
        ("80", "80.0"),
        ("80", "'80'"),
        ("80", "-80"),
        ("None", "''"),
        ("None", "False"),
        ('"users"', 'b"users"'),
        ("String", "Text"),
        ("default=", "onupdate="),
        ("(Base)", "(Base, Mixin)"),
        ("!r", "!s"),
        ("User", "Üser"),
    ],
)
def test_shape_sees_code(old: str, new: str) -> None:
    """Any change of code changes the shape."""
    assert source_shape(MODEL) != source_shape(MODEL.replace(old, new))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(a, [b])", "f(a, b)"),
        ("f([a], b)", "f([a, b])"),
        ("{**a}", "{a: a}"),
        ("def f(*, a, b=1): ...", "def f(*, a=1, b): ..."),
        ("if x: a()\nb()", "if x:\n a()\n b()"),
        ("x[1:]", "x[:1]"),
        ("'a' 'b'", "x = 'ab'"),
        ("global_('a, b')", "global_('a', 'b')"),
        ("from . import a", "from .. import a"),
    ],
)
def test_shape_tells_structures_apart(one: str, other: str) -> None:
    """Two trees with the same leaves have different shapes."""
    assert source_shape(one) != source_shape(other)


def test_shape_is_the_same_in_every_python() -> None:
    """The shape of a text is a constant; this one was computed with Python 3.11."""
    text = MODEL + "async def f(*a: int, b: 'x' = ..., **c) -> None: return {1, 2.5, 3j, *a}\n"
    assert source_shape(text) == "033068d646c68697"


def test_shape_of_deep_code() -> None:
    """A very long expression is no problem."""
    assert len(source_shape("x = " + " + ".join(["'a'"] * 900))) == 16
    assert len(source_shape(f"x = 0x{'f' * 9000}")) == 16
    assert len(source_shape("x = '\\ud800'")) == 16


@pytest.mark.parametrize("text", ["def (", "\x00", "(" * 9000])
def test_shape_of_bad_code(text: str) -> None:
    """Text that does not parse raises SyntaxError and nothing else."""
    with pytest.raises(SyntaxError):
        source_shape(text)


# -- seal --


@pytest.mark.parametrize("text", [UNTYPED, TYPED, UNTYPED.rstrip(), UNTYPED + "\n\n"])
def test_sealed_and_edited(text: str) -> None:
    """A sealed text is known as such until code, message or comments change; it still parses."""
    sealed = seal(text)
    assert sealed.splitlines()[:-1] == [*text.rstrip().splitlines(), "", ""]
    assert is_sealed(sealed) and is_generated(sealed)
    assert not is_sealed(text) and not is_generated(text)
    assert seal(sealed) == sealed
    assert parse(sealed, "x.py") == parse(text, "x.py")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("length=80", "length=81"),
        ("add users", "add users and more"),
        ("    op.drop_column", "    # keep the data first\n    op.drop_column"),
        ("    op.drop_column('users', 'email')", "    pass"),
        ("def downgrade", "# gitmig: allow GM210 tiny table\ndef downgrade"),
        ("down_revision = '0a0a'", "down_revision = '0b0b'"),
        ("# gitmig: unedited", "# edited: unedited"),
        ("def downgrade", "def (:"),
    ],
)
def test_edits_break_the_seal(old: str, new: str) -> None:
    """Whatever a person changes is seen, a comment too (C8)."""
    edited = seal(UNTYPED).replace(old, new)
    assert edited != seal(UNTYPED)
    assert not is_sealed(edited)


@pytest.mark.parametrize("more", ["x = 1\n", "# seen\n"])
def test_appending_breaks_the_seal(more: str) -> None:
    """What is added below the seal is an edit, and the file still counts as generated."""
    edited = seal(UNTYPED) + more
    assert not is_sealed(edited)
    assert is_generated(edited)


def test_line_ends_do_not_break_the_seal() -> None:
    """A checkout with other line ends is no edit, and sealing keeps the line ends there are."""
    windows = seal(UNTYPED).replace("\n", "\r\n")
    assert is_sealed(windows)
    assert seal(windows) == windows == seal(UNTYPED.replace("\n", "\r\n"))


def test_sealed_text_in_a_message_is_no_seal() -> None:
    """A message that looks like a seal deceives nobody (R4)."""
    line = seal(UNTYPED).splitlines()[-1]
    text = UNTYPED.replace("add users", f"add users\n{line}\n")
    assert not is_sealed(text)
    assert is_sealed(seal(text))
    assert seal(text).count(line) == 1


def test_seal_of_bad_code() -> None:
    """What does not parse cannot be sealed, and is not taken for sealed."""
    with pytest.raises(SyntaxError):
        seal("def (")
    assert not is_sealed("def (\n" + seal(UNTYPED).splitlines()[-1])


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_formatters_keep_the_seal(tmp_path: Path) -> None:
    """Ruff's formatter, import sorting and automatic fixes are no edit, and leave the seal."""
    config = environment(tmp_path)
    script = command.revision(config, "add users", rev_id="a1")
    path = Path(script.path)  # type: ignore[union-attr]
    path.write_text(seal(path.read_text().replace("    pass", "    op . drop_table( 'x' )")))
    before = path.read_text()
    ruff = [sys.executable, "-m", "ruff"]
    fix = [
        *ruff,
        "check",
        "--isolated",
        "--fix-only",
        "--select",
        "I,F,UP,W",
        "--target-version",
        "py310",
    ]
    subprocess.run([*fix, path], check=True, capture_output=True)
    subprocess.run([*ruff, "format", "--isolated", path], check=True, capture_output=True)
    after = path.read_text()
    assert after != before and "Union" not in after and 'op.drop_table("x")' in after
    assert is_sealed(after)
    assert seal(after) == after
