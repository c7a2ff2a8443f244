"""Constraints without a name, and indexes that batch mode does not know, on SQLite."""

from __future__ import annotations

import sqlite3

import pytest
from support import Project

MODELS = """\
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    email = Column(String(50), unique=True)


class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint("size > 0"),
        CheckConstraint("b > 0", name="ck_b"),
        UniqueConstraint("a", "b"),
    )

    id = Column(Integer, primary_key=True)
    author = Column(Integer, ForeignKey("users.id"))
    editor = Column(Integer, ForeignKey("users.id"))
    size = Column(Integer)
    old = Column(Integer)
    a = Column(Integer)
    b = Column(Integer)
"""
AUTHOR = '    author = Column(Integer, ForeignKey("users.id"))\n'
PAIR = '        UniqueConstraint("a", "b"),\n'
CHECK = '        CheckConstraint("size > 0"),\n'
NAMED = '        CheckConstraint("b > 0", name="ck_b"),\n'
LAST = "    b = Column(Integer)\n"
INDEX = '\n\nIndex("ix_new", Post.size.desc(), Post.a)\n'


@pytest.fixture
def unnamed(hooked: Project) -> Project:
    """Return a project whose database has constraints without names."""
    hooked.git("rm", "-q", "migrations/versions/base00000000.py")
    hooked.write("models.py", MODELS)
    hooked.commit_all("models")
    hooked.gitmig("autogenerate", "-q")
    hooked.commit_all("first")
    return hooked


def change(project: Project, *changes: tuple[str, str]) -> str:
    """Change the models and commit until it is accepted; return the revision."""
    project.change_models(*changes)
    return project.commit_accepted()


def table(project: Project, name: str) -> str:
    """Return the statement that makes a table in a database at the head."""
    project.gitmig("upgrade", "head")
    connection = sqlite3.connect(project.path / "app.db")
    query = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE tbl_name = ? AND sql <> ''"
    [(text,)] = connection.execute(query, (name,))
    connection.close()
    return str(text)


@pytest.mark.parametrize(
    "old, new, gone, stays",
    [
        (AUTHOR, "    author = Column(Integer)\n", "(author)", "(editor)"),
        (AUTHOR, "", "author", "(editor)"),
        (PAIR, "", "UNIQUE", "size > 0"),
        ("    size = Column(Integer)\n", "", "size", "UNIQUE (a, b)"),
    ],
)
def test_dropped(unnamed: Project, old: str, new: str, gone: str, stays: str) -> None:
    """What has no name is dropped alone or with its column, the rest stays, both ways (C12)."""
    more = [(CHECK, "")] if "size" in old else []
    text = change(unnamed, (old, new), *more)
    assert "constraint(None" not in text
    made = table(unnamed, "posts")
    assert gone not in made and stays in made
    assert "2 revisions" in unnamed.gitmig("check").stdout


def test_dropped_with_a_column(unnamed: Project) -> None:
    """A CHECK with a name and a UNIQUE without one go with their column and come back with it."""
    text = change(unnamed, ("    b = Column(Integer)\n", ""), (PAIR, ""), (NAMED, ""))
    assert "drop_constraint(batch_op.f('ck_b'), type_='check')" in text
    assert "sa.UniqueConstraint('a', 'b')" in text.partition("def downgrade")[2]
    assert "CHECK (size > 0)" in table(unnamed, "posts")
    unnamed.gitmig("check")


def test_a_check_stops(unnamed: Project) -> None:
    """An unnamed CHECK that comes or goes is named, with what to write."""
    models = unnamed.read("models.py")
    unnamed.write("models.py", models.replace(CHECK, ""))
    told = unnamed.git("commit", "-qam", "gone", code=1).stderr
    assert "check size > 0 of posts, which has no name, is gone" in told
    assert "batch_alter_table('posts', recreate='always')" in told
    unnamed.write("models.py", models.replace("size > 0", "size > 1"))
    told = unnamed.git("commit", "-qam", "another", code=1).stderr
    assert "check size > 1 of posts, which has no name, is new (give it a name)" in told


def test_an_index_on_an_expression(unnamed: Project) -> None:
    """It is made and dropped outside of batch mode, and survives when its table is made anew."""
    text = change(unnamed, (LAST, LAST + INDEX), ("    old = Column(Integer)\n", ""))
    assert text.index("drop_column('old')") < text.index("create_index('ix_new'")
    text = change(unnamed, ("    a = Column(Integer)", "    a = Column(String(9))"))
    assert "size DESC" in table(unnamed, "posts") and text.count("CREATE INDEX ix_new") == 2
    text = change(unnamed, (INDEX, ""), ("    a = Column(String(9))", "    a = Column(Integer)"))
    assert "ix_new" not in table(unnamed, "posts")
    assert "4 revisions" in unnamed.gitmig("check").stdout
