"""Named CHECK constraints on SQLite are generated and proved both ways (C12)."""

from __future__ import annotations

import sqlite3
from itertools import pairwise

import pytest
from support import Project, begin_with

HEAD = """\
from sqlalchemy import Boolean, CheckConstraint, Column, Enum, Integer, MetaData, String
from sqlalchemy.orm import declarative_base

CK = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
Base = declarative_base(metadata=MetaData(naming_convention=CONVENTION))


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
N = "    n = Column(Integer)\n"
MOOD = '    mood = Column(Enum({}, name="mood", native_enum=False, create_constraint=True))\n'


def check(text: str) -> str:
    """Return the line that gives a table a named check."""
    return f'    __table_args__ = (CheckConstraint("{text}", name="ck_n"),)\n'


# the bodies of the class one after the other; its checks in the end
CASES: dict[str, tuple[list[str], list[str]]] = {
    "comes, changes and goes": ([N, N + check("n > 0"), N + check("n > 1"), N], []),
    "comes with its column and goes with it": (["", N + check("n > 0"), ""], []),
    "of a new and an old column": (
        [N, N + "    m = Column(Integer, nullable=False, default=4)\n" + check("n > m")],
        ["CONSTRAINT ck_n CHECK (n > m)"],
    ),
    "loses one of its columns": (
        [N + "    m = Column(Integer)\n" + check("n > m"), N + check("n > 0")],
        ["CONSTRAINT ck_n CHECK (n > 0)"],
    ),
    "of a boolean": (
        ["", '    b = Column(Boolean(name="ck_b", create_constraint=True))\n', ""],
        [],
    ),
    "of an enum that stays": (
        ["", MOOD.format('"sad"')],
        ["CONSTRAINT mood CHECK (mood IN ('sad'))"],
    ),
    "of an enum with another member": (
        [MOOD.format('"sad"'), MOOD.format('"sad", "joy"')],
        ["CONSTRAINT mood CHECK (mood IN ('sad', 'joy'))"],
    ),
    "of a text that becomes an enum and back": (
        ["    mood = Column(String(9))\n", MOOD.format('"sad"'), "    mood = Column(String(9))\n"],
        [],
    ),
    "stands in a column": (
        ["", '    n = Column(Integer, CheckConstraint("n > 0", name="ck_n"))\n'],
        ["CONSTRAINT ck_n CHECK (n > 0)"],
    ),
}


@pytest.mark.parametrize(
    ("convention", "name"),
    [*(("{}", name) for name in CASES), *(("CK", name) for name in list(CASES)[:2]),
     ("CK", "of a boolean"), ("CK", "of an enum with another member")],
)  # fmt: skip
def test_generated(project: Project, convention: str, name: str) -> None:
    """A named check is generated both ways, and the row that is there survives."""
    bodies, last = CASES[name]
    models = HEAD.replace("CONVENTION", convention)
    begin_with(project, models + bodies[0])
    project.gitmig("upgrade", "-q")
    run(project, "INSERT INTO users (id) VALUES (7)")
    for before, after in pairwise(bodies):
        assert before != after
        project.write("models.py", models + after)
        if project.git("commit", "-qam", "work", code=None).returncode:
            project.git("commit", "-qam", "work")
        for step in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
            project.gitmig(step[0], "-q", *step[1:])
        project.gitmig("check")  # drift compares the texts of checks
    assert run(project, "SELECT id FROM users") == [(7,)]
    [(text,)] = run(project, "SELECT sql FROM sqlite_master WHERE name = 'users'")
    found = [line.strip(" ,\t") for line in str(text).splitlines() if "CHECK" in line]
    named = [each.replace("ck_users_", "") for each in found]
    assert named == [each.replace("ck_users_", "") for each in last]


def test_in_the_columns_of_a_new_table(project: Project) -> None:
    """Checks that stand in the columns of a new table are made with it."""
    begin_with(project, HEAD.replace("CONVENTION", "{}"))
    project.append("models.py", "\n\nclass Post(Base):\n"
                   '    __tablename__ = "posts"\n    id = Column(Integer, primary_key=True)\n'
                   '    n = Column(Integer, CheckConstraint("n > 0", name="ck_n"))\n'
                   '    m = Column(Integer, CheckConstraint("m > 0"))\n')  # fmt: skip
    project.git("commit", "-qam", "posts")
    project.gitmig("check")
    text = project.read(project.new_revisions()[0])
    assert "sa.CheckConstraint('n > 0', name='ck_n')" in text
    assert "sa.CheckConstraint('m > 0')" in text


def run(project: Project, statement: str) -> list[tuple[object, ...]]:
    """Run a statement in the project's database; return its rows."""
    connection = sqlite3.connect(project.path / "app.db")
    with connection:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows
