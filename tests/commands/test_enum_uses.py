"""PostgreSQL: checks, indexes and defaults that name the members of an enum type (C12)."""

from __future__ import annotations

import pytest
from servers import ask, url_for
from support import Project, begin_with

MODELS = """\
from sqlalchemy import ARRAY, CheckConstraint, Column, Enum, Index, Integer, String, text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Item(Base):
    __tablename__ = "items"

    id = Column(Integer, primary_key=True)
    main = Column(Enum("A", "B", name="tag"))
    many = Column(ARRAY(Enum("A", "B", name="tag")), server_default="{A,B}")
    odd = Column(Enum("off", "on", name="odd"), server_default="off")
    word = Column(String(9))
    __table_args__ = (
        CheckConstraint("main <> 'B' OR id > 0", name="ck_main"),
        CheckConstraint("main::text <> 'B' OR id > 0", name="ck_text"),
        CheckConstraint("main IN ('A', 'B')", name="ck_in"),
        CheckConstraint("word <> 'B' OR main = 'B'", name="ck_word"),
        CheckConstraint("many <> '{B,A}'", name="ck_many"),
        Index("ix_b", "id", postgresql_where=text("main = 'B'")),
        Index("ix_plain", "main"),
    )
"""
ROW = "INSERT INTO items (id, main) VALUES (1, 'B')"
READ = "SELECT main::text, many::text, odd::text FROM items"
NAMES = iter(range(1000))


@pytest.fixture
def used(project: Project, server: str) -> Project:
    """Return a PostgreSQL project in which much names the members of a type, with a row."""
    name = f"uses{next(NAMES)}"
    ask(server, f"CREATE DATABASE {name}")
    project.url = name  # type: ignore[attr-defined]
    begin_with(project, MODELS, url_for(server, "psycopg", name))
    project.gitmig("upgrade", "-q")
    ask(server, ROW, name)
    return project


def change(used: Project, server: str, *pairs: tuple[str, str]) -> str:
    """Commit a change of the models, run it there and back and there; return the revision."""
    name = used.url  # type: ignore[attr-defined]
    before = ask(server, READ, name)
    used.change_models(*pairs)
    made = used.commit_accepted()
    used.gitmig("upgrade", "-q")
    used.gitmig("downgrade", "-q", "-1")
    assert ask(server, READ, name) == before
    used.gitmig("upgrade", "-q")
    assert "✗" not in used.gitmig("check").stdout
    return made


def compare_defaults(used: Project) -> None:
    """Have Alembic compare the server defaults."""
    env = used.read("migrations/env.py")
    options = "target_metadata=target_metadata, compare_server_default=True)"
    used.write("migrations/env.py", env.replace("target_metadata=target_metadata)", options))


def test_a_member_is_added(used: Project, server: str) -> None:
    """The way back drops what holds to the type, and makes it again once the type is another."""
    text = change(used, server, ('"A", "B"', '"A", "B", "C"'))
    up, down = text.split("def downgrade")
    assert "ADD VALUE IF NOT EXISTS 'C'" in up and "ck_main" not in up
    for gone, there in (
        ("DROP CONSTRAINT ck_main", "ADD CONSTRAINT ck_main"),
        ("DROP CONSTRAINT ck_in", "ADD CONSTRAINT ck_in"),
        ("DROP INDEX ix_b", "CREATE INDEX ix_b"),
    ):
        assert down.index(gone) < down.index("CREATE TYPE tag") < down.index(there)
    assert "ix_plain" not in down


def test_a_member_is_renamed(used: Project, server: str) -> None:
    """What compares members is carried along with the rename; what compares texts is not."""
    models = MODELS.replace("'B'", "'BETA'").replace("word <> 'BETA'", "word <> 'B'")
    compare_defaults(used)
    pairs = ((MODELS, models), ('"B"', '"BETA"'), ("A,B", "A,BETA"), ("B,A", "BETA,A"))
    text = change(used, server, *pairs)
    assert text.count("RENAME VALUE 'B' TO 'BETA'") == 1
    for each in ("ck_main", "ck_in", "ck_many", "ix_b", "server_default"):
        assert each not in text
    assert text.count('"ck_text"') + text.count("'ck_text'") == 4
    assert ask(server, READ, used.url) == [("BETA", "{A,BETA}", "off")]  # type: ignore[attr-defined]


def test_a_renamed_member_and_another_condition(used: Project, server: str) -> None:
    """A check and an index that change in more come back under the name that a member has then."""
    models = MODELS.replace("'B'", "'BETA'").replace("::text <> 'BETA'", "::text <> 'B'")
    models = models.replace("word <> 'BETA'", "word <> 'B'").replace("id > 0", "id > 0 AND id < 9")
    models = models.replace("= 'BETA'\")", "= 'BETA' AND id > 3\")")
    pairs = ((MODELS, models), ('"B"', '"BETA"'), ("A,B", "A,BETA"), ("B,A", "BETA,A"))
    text = change(used, server, *pairs)
    assert "ck_main" in text and "ix_b" in text and "ck_in" not in text


def test_a_quote_in_a_member(used: Project, server: str) -> None:
    """A renamed member with a quote in it takes the default along, too."""
    change(used, server, ('"off"', '"it\'s"'))
    text = change(used, server, ("it's", "it isn't"))
    assert "RENAME VALUE" in text and "server_default" not in text
    assert ask(server, READ, used.url) == [("B", "{A,B}", "it isn't")]  # type: ignore[attr-defined]
