"""SQLite's tables with what Alembic does not see, or loses when it writes them anew (C12)."""

from __future__ import annotations

import sqlite3

import pytest
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, Computed, ForeignKey, Index, Integer, String, func, text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    size = Column(Integer)
    twice = Column(Integer, Computed("size * 2"))
    half = Column(Integer, Computed("size / 2", persisted=True))
    __table_args__ = (Index("ix_big", "name", sqlite_where=text("size > 5")),)
"""
ROW = "INSERT INTO users (id, name, size) VALUES (1, 'Ada', 8)"


@pytest.fixture
def held(project: Project) -> Project:
    """Return a project whose table has a partial index and generated columns, and a row."""
    begin_with(project, MODELS)
    project.gitmig("upgrade", "-q")
    sql(project, ROW)
    return project


def sql(project: Project, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in the project's database; return the rows of the last."""
    connection = sqlite3.connect(project.path / "app.db")
    with connection:
        rows = [connection.execute(each).fetchall() for each in statements]
    connection.close()
    return rows[-1]


def commit(project: Project, old: str, new: str) -> str:
    """Commit a change until it is accepted, upgrade, down and up; return the revision."""
    project.change_models((old, new))
    made = project.commit_accepted()
    for step in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
        project.gitmig(step[0], "-q", *step[1:])
    assert "✗" not in project.gitmig("check").stdout
    return made


def test_written_anew(held: Project) -> None:
    """A partial index and generated columns stay as another column changes, and so do the rows."""
    text = commit(held, "name = Column(String(50))", "name = Column(String(90))")
    assert "batch_op.drop_column('twice')" in text and 'EXISTS "ix_big"' in text
    assert sql(held, "SELECT name, size, twice, half FROM users") == [("Ada", 8, 16, 4)]
    [(made,)] = sql(held, "SELECT sql FROM sqlite_master WHERE name = 'ix_big'")
    assert str(made).endswith("WHERE size > 5")


def test_a_generated_column_goes(held: Project) -> None:
    """One generated column goes and another stays."""
    commit(held, '    twice = Column(Integer, Computed("size * 2"))\n', "")
    assert sql(held, "SELECT id, name, size, half FROM users") == [(1, "Ada", 8, 4)]
    assert "twice" not in held.tables()["users"]


def test_an_index_on_an_expression_comes_and_goes(held: Project) -> None:
    """An index on an expression, which Alembic does not see, is made and dropped."""
    new = ', Index("ix_lower", func.lower(name)),)'
    text = commit(held, ",)", new)
    assert "op.create_index('ix_lower', 'users'" in text and "drop_index('ix_lower'" in text
    names = "SELECT name FROM sqlite_master WHERE type = 'index'"
    assert ("ix_lower",) in sql(held, names)
    text = commit(held, new, ",)")
    assert ("ix_lower",) not in sql(held, names) and "lower(name)" in text


def test_an_index_on_an_expression_of_a_new_table(held: Project) -> None:
    """An index on an expression comes with its table, goes with it, and is missed by check."""
    new = """

class Tag(Base):
    __tablename__ = "tags"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    __table_args__ = (Index("ix_tag", func.lower(name), unique=True), Index("ix_plain", "name"))
"""
    held.write("models.py", MODELS + new)
    held.git("commit", "-qam", "tags")
    made = "op.create_index('ix_tag', 'tags', [sa.literal_column('lower(name)')], unique=True)"
    path = held.new_revisions()[0]
    text = held.read(path)
    assert made in text and text.count("op.create_index('ix_plain'") == 1
    for step in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
        held.gitmig(step[0], "-q", *step[1:])
    names = "SELECT name FROM sqlite_master WHERE type = 'index'"
    assert ("ix_tag",) in sql(held, names)
    text_of_drop = commit(held, new, "")
    back = "op.execute('CREATE UNIQUE INDEX ix_tag ON tags (lower(name))')"
    assert back in text_of_drop
    held.write(held.new_revisions()[0], text_of_drop.replace(back, "pass"))
    held.git("add", "-A")
    told = held.gitmig("check", code=1).stdout
    assert "GM202" in told and "indexes on expressions of table tags differ: ix_tag is gone" in told
    held.git("reset", "-q", "--hard", "HEAD~1")
    held.write(path, text.replace(made, "pass").replace("op.drop_index('ix_tag'", "()  # "))
    held.git("add", "-A")
    told = held.gitmig("check", code=1).stdout
    assert "index ix_tag of tags (UNIQUE (lower (name))): the models have it" in told
    assert "op.create_index('ix_tag', 'tags'" in told


def test_a_unique_index_of_some_rows(held: Project) -> None:
    """A unique index of some rows stops once, as any other, and a renamed one does not."""
    new = ', Index("uq_big", "name", unique=True, sqlite_where=text("size > 7")),)'
    held.write("models.py", MODELS.replace(",)", new))
    told = held.git("commit", "-qam", "unique", code=1).stderr
    assert "unique index uq_big fails where users has duplicates" in told
    held.git("commit", "-qam", "unique")
    held.write("models.py", held.read("models.py").replace("uq_big", "uq_other"))
    held.git("commit", "-qam", "another name")
    assert "sqlite_where=sa.text('size > 7')" in held.read(held.new_revisions()[0])


def test_left_by_batch_mode(held: Project) -> None:
    """An upgrade that fails on rows says what batch mode leaves behind, and so does the next."""
    sql(held, "UPDATE users SET name = NULL")
    held.write("models.py", MODELS.replace("(String(50))", "(String(50), nullable=False)"))
    held.git("commit", "-qam", "name", code=1)
    held.git("commit", "-qam", "name")
    for _ in range(2):
        told = held.gitmig("upgrade", code=2).stderr
        assert "batch mode leaves _alembic_tmp_users behind where it fails" in told
        assert "drop it if users is there" in told
    sql(held, "UPDATE users SET name = 'Ada'", "DROP TABLE _alembic_tmp_users")
    held.gitmig("upgrade", "-q")
    assert sql(held, "SELECT name, twice FROM users") == [("Ada", 16)]
