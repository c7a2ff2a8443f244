"""Which revision the text of a file is."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from gitmig.errors import SourceError
from gitmig.revisions import parse

UNTYPED = '''"""add users

Revision ID: 1a2b
Revises: 0a0a
Create Date: 2024-01-01 10:00:00

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '1a2b'
down_revision = '0a0a'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('users', sa.Column('email', sa.String(length=80), nullable=True))


def downgrade():
    op.drop_column('users', 'email')
'''

TYPED = (
    UNTYPED.replace("revision = '1a2b'", "revision: str = '1a2b'")
    .replace("down_revision = ", "down_revision: Union[str, Sequence[str], None] = ")
    .replace("branch_labels = ", "branch_labels: Union[str, Sequence[str], None] = ")
    .replace("from alembic", "from typing import Sequence, Union\n\nfrom alembic")
    .replace("upgrade():", "upgrade() -> None:")
)


def header(revision: str = "'b'", down: str = "'a'", **more: str) -> str:
    """Write the assignments of a revision file, values as source."""
    assignments = {"revision": revision, "down_revision": down} | more
    return "".join(f"{name} = {value}\n" for name, value in assignments.items())


def refused(text: str, path: str = "versions/x1.py") -> SourceError:
    """Parse what must not parse."""
    with pytest.raises(SourceError) as caught:
        parse(text, path)
    return caught.value


# -- parse --


@pytest.mark.parametrize(
    "text", [UNTYPED, TYPED, UNTYPED.replace("\n", "\r\n"), "\ufeff" + UNTYPED]
)
def test_both_templates(text: str) -> None:
    """Plain and annotated assignments, either line end and a byte order mark read the same."""
    found = parse(text, "versions/1a2b_add_users.py")
    assert found is not None
    assert (found.id, found.parents, found.subject) == ("1a2b", ("0a0a",), "add users")
    lines = text.splitlines()
    assert "revision" in lines[found.line - 1] and "1a2b" in lines[found.line - 1]
    assert lines[found.parents_line - 1].startswith("down_revision")


@pytest.mark.parametrize(
    ("down", "parents"),
    [
        ("None", ()),
        ("()", ()),
        ("'a'", ("a",)),
        ("('a', 'b')", ("a", "b")),
        ("['a', 'b', 'a']", ("a", "b")),
        ("('a' 'b')", ("ab",)),
    ],
)
def test_shapes_of_parents(down: str, parents: tuple[str, ...]) -> None:
    """None, a string, a tuple and a list are all read."""
    text = header("'x'", down, branch_labels=down, depends_on=down)
    found = parse(text, "x.py")
    assert found is not None
    assert found.parents == found.labels == found.depends_on == parents


def test_last_assignment_counts() -> None:
    """As in Python, a second assignment replaces the first; a bare annotation is none."""
    found = parse("revision = 'a'\n" + header("'b'") + "revision: str\n", "x.py")
    assert found is not None
    assert (found.id, found.line) == ("b", 2)


@pytest.mark.parametrize(
    "name", [".#x.py", "__init__.py", "__init__x.py", "x.pyc", "README", "x.sql"]
)
def test_files_alembic_does_not_load(name: str) -> None:
    """A file that Alembic would not load is no revision, whatever it holds."""
    assert parse("<<<<<<< not python", f"versions/{name}") is None


@pytest.mark.parametrize(
    ("name", "text"), [("helper.py", "x = 1\n"), ("abc123.py", "down_revision = None\n")]
)
def test_file_without_revision_is_as_in_alembic(tmp_path: Path, name: str, text: str) -> None:
    """Without ``revision`` a hexadecimal name is the id, any other is refused, as in Alembic."""
    config = environment(tmp_path)
    (tmp_path / "migrations/versions" / name).write_text(text)
    try:
        theirs = ScriptDirectory.from_config(config).get_heads()
    except CommandError:
        assert "no `revision`" in refused(text, f"versions/{name}").message
    else:
        ours = parse(text, f"versions/{name}")
        assert ours is not None
        assert [ours.id] == theirs == ["abc123"]


@pytest.mark.parametrize(
    "text",
    [
        header("make_id()"),
        header("f'{x}'"),
        header("None"),
        header("12"),
        header("''"),
        header(down="PREVIOUS"),
        header(down="('a', PREVIOUS)"),
        header(branch_labels="LABEL"),
        "revision, down_revision = 'a', None\n",
        "if True:\n    revision = 'a'\ndown_revision = None\n",
        header() + "revision += 'x'\n",
        header() + "from ids import revision\n",
        header() + "def revision(): ...\n",
    ],
)
def test_computed_values_are_refused(text: str) -> None:
    """What only running the file could tell is refused with its line, never guessed."""
    error = refused(text)
    assert "is computed; gitmig reads revisions without running them" in error.message
    assert error.path == "versions/x1.py"
    assert error.line >= 1
    assert "plain string" in error.hint


def test_names_in_functions_do_not_count() -> None:
    """A local variable of the same name is not the revision's."""
    text = header() + "def upgrade():\n    revision = compute()\n    down_revision = 1\n"
    found = parse(text, "x.py")
    assert found is not None
    assert found.id == "b"


def test_down_revision_is_needed() -> None:
    """A file without ``down_revision`` is refused: Alembic cannot load it either."""
    assert "no `down_revision`" in refused("revision = 'a'\n").message


def test_conflict_markers() -> None:
    """Conflict markers are named as such, with the line and the way out (H7)."""
    text = UNTYPED.replace(
        "down_revision = '0a0a'",
        "<<<<<<< HEAD\ndown_revision = '0a0a'\n=======\ndown_revision = '0b0b'\n>>>>>>> other",
    )
    error = refused(text, "my app/versions/x1.py")
    assert "conflict markers" in error.message
    assert text.splitlines()[error.line - 1] == "<<<<<<< HEAD"
    assert error.hint == "Keep one side, then: git add 'my app/versions/x1.py'"


def test_conflict_in_the_docstring() -> None:
    """Markers inside a string are valid Python and found all the same."""
    text = '"""a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n"""\n' + header()
    assert refused(text).line == 2


@pytest.mark.parametrize("text", ["def (:\n", "x = 1\x00\n", "x = " + "(" * 5000, "\ud800"])
def test_bad_syntax(text: str) -> None:
    """Whatever Python cannot parse is a sentence with path and line, no traceback (H7)."""
    error = refused(text)
    assert error.message.startswith(f"versions/x1.py, line {error.line}: not valid Python")
    assert "py_compile" in error.hint


def test_invalid_escapes_are_silent(recwarn: pytest.WarningsRecorder) -> None:
    """A warning that Python has for the project's code is not printed by gitmig."""
    parse(header() + "x = '\\d'\n", "x.py")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("docstring", "subject"),
    [
        ("'''\n\n  spaced  \n more'''", "spaced"),
        ("'it\\'s \"quoted\" $(rm) %s'", 'it\'s "quoted" $(rm) %s'),
        ("'größe ändern 表'", "größe ändern 表"),
        ("'one\\ntwo'", "one"),
        ("'one\\x0ctwo'", "one"),
        ("''", ""),
        ("b'bytes'", ""),
    ],
)
def test_subject(docstring: str, subject: str) -> None:
    """The subject is the first line of the docstring, whatever stands in it (R4)."""
    found = parse(docstring + "\n" + header(), "x.py")
    assert found is not None
    assert found.subject == subject


def test_a_hostile_file_is_never_run(tmp_path: Path) -> None:
    """Reading a revision runs nothing of it."""
    mark = tmp_path / "ran"
    text = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n" + header()
    assert parse(text, "x.py") is not None
    assert not mark.exists()


def environment(folder: Path, template: str = "generic") -> Config:
    """Make a real Alembic environment."""
    config = Config(folder / "alembic.ini", stdout=(folder / "out.txt").open("w"))
    command.init(config, str(folder / "migrations"), template=template)
    return config


@pytest.mark.parametrize("template", ["generic", "async", "multidb"])
def test_what_alembic_writes(tmp_path: Path, template: str) -> None:
    """Every file that Alembic's own templates render reads as Alembic itself reads it."""
    config = environment(tmp_path, template)
    command.revision(config, 'say "it\'s" $(x)', rev_id="a1")
    command.revision(config, "left", rev_id="b1", head="a1", branch_label="links")
    command.revision(config, "größer 表", rev_id="c1", head="a1", splice=True, depends_on="b1")
    command.merge(config, ("b1", "c1"), "join", rev_id="d1")
    scripts = ScriptDirectory.from_config(config)
    for script in scripts.walk_revisions():
        ours = parse(Path(script.path).read_text("utf-8"), script.path)
        assert ours is not None
        assert ours.id == script.revision
        assert ours.parents == script._versioned_down_revisions
        assert ours.subject == script.doc
        assert set(ours.labels) == set(script._orig_branch_labels or ())
        assert ours.depends_on == ((script.dependencies,) if script.dependencies else ())
