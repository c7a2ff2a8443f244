"""PostgreSQL's enum types whose columns, members or names change (C12)."""

from __future__ import annotations

import psycopg
import pytest
from servers import ask, url_for
from support import Project, begin_with

MODELS = """\
import enum

from sqlalchemy import ARRAY, Column, Enum, Integer, String, TypeDecorator
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Looks(TypeDecorator):
    impl = Enum("old", "new", name="looks")
    cache_ok = True


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    mood = Column(Enum("sad", "glad", name="mood"), server_default="sad")
    moods = Column(ARRAY(Enum("sad", "glad", name="mood")))
    look = Column(Looks)
    word = Column(String(9), server_default="up")
    many = Column(ARRAY(String))
"""
ROW = "INSERT INTO users (id, moods, look, word, many) VALUES (1, '{glad}', 'old', 'up', '{up}')"
READ = "SELECT mood::text, moods::text, look::text, word::text, many::text FROM users"
NAMES = iter(range(1000))


@pytest.fixture(params=["", "compare_type=False, compare_server_default=True"])
def typed(project: Project, server: str, request: pytest.FixtureRequest) -> Project:
    """Return a PostgreSQL project with enum types, upgraded, with a row in it."""
    name = f"enums{next(NAMES)}"
    ask(server, f"CREATE DATABASE {name}")
    project.url = name  # type: ignore[attr-defined]
    if request.param:
        env = project.read("migrations/env.py")
        options = f"target_metadata=target_metadata, {request.param})"
        project.write("migrations/env.py", env.replace("target_metadata=target_metadata)", options))
    begin_with(project, MODELS, url_for(server, "psycopg", name))
    project.gitmig("upgrade", "-q")
    ask(server, ROW, name)
    return project


def change(project: Project, server: str, *pairs: tuple[str, str]) -> tuple[str, object]:
    """Commit a change of the models; return the revision, and what the row holds after it.

    The way down and up again is gone, too, and leaves the row as it was.
    """
    name = project.url  # type: ignore[attr-defined]
    before = ask(server, READ, name)
    project.change_models(*pairs)
    made = project.commit_accepted()
    project.gitmig("upgrade", "-q")
    after = ask(server, READ, name)
    project.gitmig("downgrade", "-q", "-1")
    assert ask(server, READ, name) == before
    project.gitmig("upgrade", "-q")
    assert "✗" not in project.gitmig("check").stdout
    return made, after[0]


def types(project: Project, server: str) -> set[object]:
    """Return the names of the enum types in the project's database."""
    found = ask(server, "SELECT typname FROM pg_type WHERE typtype = 'e'", project.url)  # type: ignore[attr-defined]
    return {row[0] for row in found}


def test_beneath_an_array_and_a_decorator(typed: Project, server: str) -> None:
    """Members in an array's type and behind a TypeDecorator are seen to change."""
    text, _ = change(typed, server, ('"old", "new"', '"old", "new", "odd"'))
    assert "ALTER TYPE looks ADD VALUE IF NOT EXISTS 'odd' AFTER 'new'" in text
    text, _ = change(typed, server, ('"sad", "glad"', '"sad", "glad", "calm"'))
    assert text.count("ADD VALUE IF NOT EXISTS 'calm'") == 1


def test_several_before_the_first(typed: Project, server: str) -> None:
    """Members that come before all others, and between them, are added in an order that runs."""
    members = '"first", "second", "old", "mid", "more", "new"'
    change(typed, server, ('"old", "new"', members))
    found = ask(server, "SELECT enum_range(NULL::looks)::text", typed.url)  # type: ignore[attr-defined]
    assert found == [("{" + members.replace('"', "").replace(" ", "") + "}",)]


def test_new_columns(typed: Project, server: str) -> None:
    """New columns of an array of a known and of a new enum type, and of a decorated one."""
    new = """\
    more = Column(ARRAY(Enum("sad", "glad", name="mood")))
    days = Column(ARRAY(Enum("mo", "tu", name="day")))
    glance = Column(Looks)


class Other(Base):
    __tablename__ = "others"

    id = Column(Integer, primary_key=True)
    look = Column(Looks)
    days = Column(ARRAY(Enum("mo", "tu", name="day")))
"""
    text = typed.read("models.py")
    typed.write("models.py", text + new)
    typed.git("commit", "-qam", "more")
    told = typed.read(typed.new_revisions()[0])
    assert "CREATE TYPE looks" not in told and "models.Looks" not in told
    typed.gitmig("upgrade", "-q")
    typed.gitmig("downgrade", "-q", "-1")
    assert types(typed, server) == {"mood", "looks"}
    typed.gitmig("upgrade", "-q")
    typed.write("models.py", text)
    typed.git("commit", "-qam", "less", code=1)
    typed.git("commit", "-qam", "less")
    typed.gitmig("upgrade", "-q")
    assert types(typed, server) == {"mood", "looks"}
    assert "✗" not in typed.gitmig("check").stdout


def test_a_text_becomes_an_enum(typed: Project, server: str) -> None:
    """The type is made before its column has it and dropped after; the default stays."""
    word = (
        'String(9), server_default="up"',
        'Enum("up", "down", name="word"), server_default="up"',
    )
    text, row = change(typed, server, word, ("ARRAY(String)", 'ARRAY(Enum("up", name="ups"))'))
    assert "CREATE TYPE word AS ENUM ('up', 'down')" in text and row[3:] == ("up", "{up}")
    ask(server, "INSERT INTO users (id) VALUES (2)", typed.url)  # type: ignore[attr-defined]
    assert ("up",) in ask(server, "SELECT word::text FROM users WHERE id = 2", typed.url)  # type: ignore[attr-defined]
    text, row = change(typed, server, (word[1], word[0]))
    assert "DROP TYPE word" in text and types(typed, server) == {"mood", "looks", "ups"}


def test_the_default_is_renamed(typed: Project, server: str) -> None:
    """A renamed member that is the server default takes it along, both ways."""
    pair = ('"sad"', '"blue"')
    text, row = change(typed, server, pair)
    assert "RENAME VALUE 'sad' TO 'blue'" in text and "server_default" not in text
    assert row[0] == "blue"
    more = (('"blue"', '"low"'), ('server_default="low"', 'server_default="glad"'))
    text, row = change(typed, server, *more)
    assert "RENAME VALUE 'blue' TO 'low'" in text and "server_default" in text
    ask(server, "INSERT INTO users (id) VALUES (2)", typed.url)  # type: ignore[attr-defined]
    assert ask(server, "SELECT mood::text FROM users WHERE id = 2", typed.url) == [("glad",)]  # type: ignore[attr-defined]


def test_a_new_member_is_the_default(typed: Project, server: str) -> None:
    """A member that comes, and is the server default at once, is there before it."""
    members = ('"sad", "glad"', '"sad", "glad", "new"')
    text, row = change(typed, server, members, ('default="sad"', 'default="new"'))
    assert text.index("ADD VALUE") < text.index("server_default='new'") and row[0] == "sad"


def test_a_new_member_comes_before_a_rename(typed: Project, server: str) -> None:
    """What is committed by itself is the first thing, so that a failure leaves nothing halfway."""
    name = typed.url  # type: ignore[attr-defined]
    text = MODELS.replace('"sad", "glad"', '"sad", "glad", "calm"')
    old, new = (
        "word = Column(String(9)",
        'term = Column(String(9), nullable=False, info={"renamed_from": "word"}',
    )
    typed.write("models.py", text.replace(old, new))
    typed.git("commit", "-qam", "work", code=1)
    typed.git("commit", "-qam", "work")
    body = typed.read(typed.new_revisions()[0]).partition("def upgrade")[2]
    assert 0 < body.index("ADD VALUE") < body.index("new_column_name='term'")
    ask(server, "INSERT INTO users (id, word) VALUES (2, NULL)", name)
    assert "null values" in typed.gitmig("upgrade", code=2).stderr
    ask(server, "UPDATE users SET word = 'up'", name)
    for step in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
        typed.gitmig(step[0], "-q", *step[1:])
    assert ask(server, "SELECT mood::text, term FROM users", name) == [("sad", "up")] * 2
    assert "GM731" not in typed.gitmig("check").stdout


def test_the_type_is_renamed(typed: Project, server: str) -> None:
    """A type of which only the name is another one is renamed, with all its columns."""
    text, row = change(typed, server, ('name="mood"', 'name="feeling"'))
    assert "ALTER TYPE mood RENAME TO feeling" in text and "alter_column" not in text
    assert row[:2] == ("sad", "{glad}") and types(typed, server) == {"feeling", "looks"}


def test_one_of_two_columns_gets_another_type(typed: Project, server: str) -> None:
    """A type that a column keeps stays; the other column is cast, with its default."""
    single = 'mood = Column(Enum("sad", "glad", name="mood")'
    text, row = change(typed, server, (single, single.replace('"mood"', '"feeling"')))
    assert "RENAME TO" not in text and "CREATE TYPE feeling" in text
    assert row[:2] == ("sad", "{glad}") and types(typed, server) == {"feeling", "looks", "mood"}


def test_a_value_that_does_not_fit(typed: Project, server: str) -> None:
    """A text that is no member is refused by the database, and nothing is lost."""
    typed.write("models.py", MODELS.replace(
        'String(9), server_default="up"', 'Enum("down", name="word")'))  # fmt: skip
    told = typed.git("commit", "-qam", "word", code=1).stderr
    assert "values may not fit" in told
    typed.git("commit", "-qam", "word")
    assert 'invalid input value for enum word: "up"' in typed.gitmig("upgrade", code=2).stderr
    with pytest.raises(psycopg.Error):
        ask(server, "SELECT 'up'::word", typed.url)  # type: ignore[attr-defined]
