"""What has no name, and comments, on servers (C12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Project, begin_with

MODELS = """\
from sqlalchemy import *
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String(50), comment="where to write", nullable=False)


class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint("size > 0"),
        UniqueConstraint("size", "a"),
        {"comment": "what is read"},
    )
    id = Column(Integer, primary_key=True)
    author = Column(Integer, ForeignKey("users.id"))
    size = Column(Integer)
    a = Column(Integer, unique=True)
"""
URLS = {
    "postgresql": "postgresql+psycopg://production.invalid/app",
    "mariadb": "mysql+pymysql://production.invalid/app",
}


@pytest.fixture(params=URLS)
def begun(project: Project, memory: Path, request: pytest.FixtureRequest) -> Project:
    """Return a project with these models, on each kind of server."""
    project.env["TMPDIR"] = str(memory)
    return begin_with(project, MODELS, URLS[request.param])


def change(project: Project, *changes: tuple[str, str]) -> str:
    """Change the models and commit until it is accepted; return the revision, proved both ways."""
    project.change_models(*changes)
    made = project.commit_accepted()
    told = project.gitmig("check").stdout
    assert "✗" not in told, told
    return made


@pytest.mark.parametrize(
    "old, new, step",
    [
        (', ForeignKey("users.id")', "", "type_='foreignkey'"),
        ('    author = Column(Integer, ForeignKey("users.id"))\n', "", "drop_column"),
        (", unique=True", "", "'a'"),
        ('UniqueConstraint("size", "a"),', "", "'size'"),
    ],
    ids=["foreign key", "column with a foreign key", "unique column", "unique"],
)
def test_what_has_no_name_is_dropped(begun: Project, old: str, new: str, step: str) -> None:
    """It is dropped under the name that the server gave it, and comes back."""
    text = change(begun, (old, new))
    assert "constraint(None" not in text and step in text


def test_a_check_without_a_name(begun: Project) -> None:
    """One that goes stops the commit, with what to write."""
    begun.write("models.py", begun.read("models.py").replace('CheckConstraint("size > 0"),', ""))
    told = begun.git("commit", "-qam", "gone", code=1).stderr
    assert "check size > 0 of posts, which has no name, is gone (drop it by the name" in told
    assert begun.status() == " M models.py\n"


def test_comments_alone(begun: Project) -> None:
    """Comments on columns and tables change, go and come, in both directions."""
    text = change(begun, ("where to write", "it's where: to write"), ("what is read", "50% read"))
    assert text.count("where to write") == text.count("it's where: to write") == 2
    assert "create_table_comment" in text and "50% read" in text
    text = change(begun, (', comment="it\'s where: to write"', ""), ('"50% read"', "None"))
    assert "drop_table_comment" in text and "comment=None" in text
    change(begun, ("String(50)", 'String(50), comment="again"'), ("None", '"again"'))
