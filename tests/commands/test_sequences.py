"""Sequences of the models, which Alembic does not compare (C12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import ask, url_for
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, Integer, Sequence, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
"""
TICKETS = """

class Ticket(Base):
    __tablename__ = "tickets"

    id = Column(Integer, Sequence("ticket_numbers", start=100), primary_key=True)
    own = Column(Integer, Sequence("tickets_own_seq"))
"""
OWN = TICKETS.replace("ticket_numbers", "tickets_id_seq").replace(", start=100", "")
LOOSE = '\ncounter = Sequence("counter", metadata=Base.metadata)\n'


@pytest.fixture
def counted(project: Project, server: str) -> Project:
    """Return a PostgreSQL project whose database is upgraded."""
    ask(server, "DROP DATABASE IF EXISTS counted")
    ask(server, "CREATE DATABASE counted")
    begin_with(project, MODELS, url_for(server, "psycopg", "counted"))
    project.gitmig("upgrade", "-q")
    return project


def commit(project: Project, models: str) -> str:
    """Commit models until they are accepted, upgrade, down and up again; return the revision."""
    project.write("models.py", models)
    made = project.commit_accepted()
    for step in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
        project.gitmig(step[0], "-q", *step[1:])
    assert "✗" not in project.gitmig("check").stdout
    return made


def sequences(server: str) -> set[object]:
    """Return the sequences in the project's database."""
    found = ask(server, "SELECT relname FROM pg_class WHERE relkind = 'S'", "counted")
    return {row[0] for row in found} - {"users_id_seq"}


def test_come_and_go(counted: Project, server: str) -> None:
    """A sequence of a column and one of the metadata are made, altered and dropped, both ways."""
    text = commit(counted, MODELS + TICKETS + LOOSE)
    assert "CREATE SEQUENCE ticket_numbers START WITH 100" in text
    assert sequences(server) == {"ticket_numbers", "tickets_own_seq", "counter"}
    assert ask(server, "SELECT nextval('ticket_numbers')", "counted") == [(100,)]
    text = commit(counted, MODELS + TICKETS + LOOSE.replace('",', '", increment=5,'))
    assert "ALTER SEQUENCE counter INCREMENT BY 5" in text
    assert "ALTER SEQUENCE counter INCREMENT BY 1" in text
    counted.write("models.py", MODELS + TICKETS)
    told = counted.git("commit", "-qam", "gone", code=1).stderr
    assert "sequence counter is dropped: what it counted to is lost" in told
    commit(counted, MODELS + TICKETS + "\n")
    assert sequences(server) == {"ticket_numbers", "tickets_own_seq"}
    commit(counted, MODELS)
    assert sequences(server) == set()
    assert "nothing to generate" in counted.gitmig("autogenerate").stderr


def test_that_of_serial(counted: Project, server: str) -> None:
    """A sequence that PostgreSQL makes with its column is not made twice, and goes with it."""
    text = commit(counted, MODELS + OWN)
    assert "tickets_id_seq" not in text and "CREATE SEQUENCE tickets_own_seq" in text
    assert sequences(server) == {"tickets_id_seq", "tickets_own_seq"}
    commit(counted, MODELS)
    assert sequences(server) == set()


def test_older_ones(counted: Project) -> None:
    """A sequence that was committed without its revision is not this commit's, and comes alone."""
    counted.write("models.py", MODELS + LOOSE)
    counted.git("commit", "-qam", "no revision", "--no-verify")
    counted.write("models.py", MODELS + LOOSE + "    # more\n" + "X = 1\n")
    counted.git("commit", "-qam", "nothing")
    assert counted.new_revisions() == []
    counted.gitmig("autogenerate", "-q")
    counted.git("commit", "-qm", "the sequence")
    assert "CREATE SEQUENCE counter" in counted.read(counted.new_revisions()[0])


def test_on_mariadb(project: Project, pg_place: Path) -> None:
    """MariaDB has sequences, too."""
    project.env["TMPDIR"] = str(pg_place)
    begin_with(project, MODELS, "mysql+pymysql://production.invalid/app")
    project.write("models.py", MODELS + LOOSE)
    project.git("commit", "-qam", "counter")
    assert "CREATE SEQUENCE counter" in project.read(project.new_revisions()[0])
    project.write("models.py", MODELS + LOOSE.replace('",', '", increment=5,'))
    project.git("commit", "-qam", "by fives")
    assert "INCREMENT BY 5" in project.read(project.new_revisions()[0])
    project.write("models.py", MODELS)
    project.git("commit", "-qam", "gone", code=1)
    project.git("commit", "-qam", "gone")
    assert "DROP SEQUENCE counter" in project.read(project.new_revisions()[0])


def test_on_sqlite(hooked: Project) -> None:
    """SQLite has none, and nothing is asked of it."""
    hooked.write("models.py", MODELS + LOOSE)
    hooked.git("commit", "-qam", "counter")
    assert hooked.new_revisions() == []
