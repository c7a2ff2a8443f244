"""PostgreSQL's enum types where several tables have one, and where columns come with it (C12)."""

from __future__ import annotations

import pytest
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, Enum, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class First(Base):
    __tablename__ = "first"

    id = Column(Integer, primary_key=True)
    kind = Column(Enum("x", "y", name="kind"))
"""
SECOND = """

class Second(Base):
    __tablename__ = "{}"

    id = Column(Integer, primary_key=True)
    other = Column(Enum("x", "y", name="kind"))
    size = Column(Integer)
    note = Column(String(9))
"""


@pytest.fixture
def typed(project: Project, server: str) -> Project:
    """Return a PostgreSQL project with a table that has an enum."""
    assert server  # there are programs to start
    return begin_with(project, MODELS, "postgresql+psycopg://production.invalid/app")


def commit(project: Project, models: str) -> str:
    """Commit models until they are accepted; return the revision, which `check` runs both ways."""
    project.write("models.py", models)
    made = project.commit_accepted()
    assert "✗" not in project.gitmig("check").stdout
    return made


def test_one_table_goes_and_another_comes(typed: Project) -> None:
    """A type that a dropped and a new table share is neither dropped nor made."""
    text = commit(typed, MODELS.partition("\n\nclass")[0] + "\n" + SECOND.format("second"))
    assert "DROP TYPE" not in text and text.count("create_type=False") == 2


def test_a_new_table_with_more_members(typed: Project) -> None:
    """Members come before the table that needs them, and go after it."""
    models = (MODELS + SECOND.format("second")).replace('"x", "y"', '"x", "y", "z"')
    text = commit(typed, models)
    assert text.index("ADD VALUE") < text.index("create_table('second'")
    assert "ALTER TABLE first ALTER COLUMN kind" in text and "public." not in text


def test_a_column_without_a_revision(typed: Project) -> None:
    """A column that was committed without its revision comes with a new member of its enum."""
    drift = MODELS + '    more = Column(Enum("x", "y", name="kind"))\n'
    typed.write("models.py", drift)
    typed.git("commit", "-qnam", "no revision")
    text = commit(typed, drift.replace('"x", "y"', '"x", "y", "z"'))
    assert text.index("ADD VALUE") < text.index("add_column('first'")


def test_a_member_for_rows_that_are_there(typed: Project) -> None:
    """A NOT NULL column of a known type whose default is a member of a Python enum (C10, C12)."""
    column = '    more = Column(Enum(Color, name="kind"), nullable=False, default=Color.x)\n'
    text = commit(typed, 'import enum\n\nColor = enum.Enum("Color", "x y")\n' + MODELS + column)
    assert "server_default='x'" in text and "create_type=False" in text
    assert "server_default=None" in text and "DROP TYPE" not in text
