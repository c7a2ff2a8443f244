"""A project that uses a plugin for autogenerate keeps it: then that one generates (C12)."""

from __future__ import annotations

import pytest
from support import ENV, Project, use_url

URL = "postgresql+psycopg://production.invalid/app"
MODELS = """\
from sqlalchemy import Column, Enum, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    mood = Column(Enum("sad", "glad", name="mood"), server_default="sad")
"""
ENTITIES = """\
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView

TWICE = PGFunction("public", "twice(n integer)",
                   "RETURNS integer AS $$ SELECT n * 2 $$ LANGUAGE sql")
SEEN = PGView("public", "seen", "SELECT id FROM users")
ENTITIES = [TWICE, SEEN]
"""
REGISTER = """\
from alembic_utils.replaceable_entity import register_entities

from entities import ENTITIES

register_entities(ENTITIES)
"""


@pytest.fixture
def on_postgresql(project: Project, server: str) -> Project:
    """Return a PostgreSQL project with an enum and no revision yet."""
    assert server  # there are programs to start
    project.write("models.py", MODELS)
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    use_url(project, URL)
    project.gitmig("install", "-q")
    return project


def commit(project: Project, doubt: str = "") -> str:
    """Commit everything, twice where there is a doubt; return the revision."""
    project.git("add", "-A")
    told = project.git("commit", "-qm", "work", code=1 if doubt else 0).stderr
    assert doubt in told and "cannot judge" not in told
    if doubt:
        project.git("commit", "-qm", "work")
    return project.read(project.new_revisions()[0])


def test_alembic_postgresql_enum(on_postgresql: Project) -> None:
    """With alembic-postgresql-enum all enum operations are its own, none come twice."""
    project = on_postgresql
    project.write("migrations/env.py", "import alembic_postgresql_enum\n" + ENV)
    text = commit(project)
    assert "sa.Enum('sad', 'glad', name='mood').create(op.get_bind())" in text
    assert "op.execute" not in text and text.count("drop(op.get_bind())") == 1
    project.write("models.py", MODELS.replace('"glad"', '"glad", "meh"'))
    text = commit(project)
    assert "op.add_enum_value(" in text and "ALTER TYPE" not in text
    project.write("models.py", MODELS)
    text = commit(project, "enum type mood loses meh")
    assert text.count("op.sync_enum_values(") == 2
    look = '    look = Column(Enum("up", "down", name="look"))\n'
    project.append("models.py", look)
    assert "CREATE TYPE" not in commit(project)
    project.write("models.py", MODELS)
    assert "DROP TYPE" not in commit(project, "users.look is dropped")
    assert "5 revisions" in project.gitmig("check").stdout


def test_alembic_utils(on_postgresql: Project) -> None:
    """Functions and views of alembic_utils are made, replaced and dropped, in words and proved."""
    project = on_postgresql
    project.gitmig("autogenerate", "-q")
    project.commit_all("first")
    project.write("entities.py", ENTITIES)
    project.write("migrations/env.py", REGISTER + ENV)
    assert commit(project).count("op.create_entity(") == 2
    assert (
        "create function public.twice, create view public.seen"
        in project.git("show", "HEAD", "--format=", "--", "migrations/versions").stdout
    )
    project.write("entities.py", ENTITIES.replace("n * 2", "n * 3"))
    text = commit(project, "function public.twice is replaced")
    assert text.count("op.replace_entity(") == 2
    project.write("entities.py", ENTITIES.replace("[TWICE, SEEN]", "[TWICE]"))
    assert "op.drop_entity(public_seen)" in commit(project, "view public.seen is dropped")
    assert "4 revisions" in project.gitmig("check").stdout
