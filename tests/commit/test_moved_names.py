"""Names that columns have taken from each other, and no model declares: what to paste (C11)."""

from __future__ import annotations

import re
import sqlite3

import pytest
from support import Project, begin_with

HEAD = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
INSERT = {2: "INSERT INTO users VALUES (0, 1, 2)", 3: "INSERT INTO users VALUES (0, 1, 2, 3)"}
LINE = re.compile(r"users\.(\w+) info=(\{.*?\})")


def body(**columns: str) -> str:
    """Return the lines of columns, by their attributes: ``"name"`` or ``"name, Type"``."""
    lines = []
    for attribute, told in columns.items():
        name, _, kind = told.partition(", ")
        lines.append(f'    {attribute} = Column("{name}", {kind or "Integer"})\n')
    return "".join(lines)


# before, after, and where the value of each column of before is afterwards
CASES = {
    "two exchange, the attributes stay": (body(f="a", s="b"), body(f="b", s="a"), "ba"),
    "a shift, the attributes stay": (body(f="a", s="b"), body(f="b", s="c"), "bc"),
    "a circle, the attributes stay": (body(x="a", y="b", z="c"), body(x="b", y="c", z="a"), "bca"),
    "a shift, by the places": (body(a="a", b="b"), body(b="b", c="c"), "bc"),
    "a shift of three": (body(a="a", b="b", c="c"), body(b="b", c="c", d="d"), "bcd"),
    "a shift, by the types": (body(a="a", b="b, String"), body(c="c, String", b="b"), "bc"),
    "two exchange, by the types": (body(a="a", b="b, String"), body(a="a, String", b="b"), "ba"),
}


@pytest.mark.parametrize("name", CASES)
def test_pasted(project: Project, name: str) -> None:
    """What the commit prints, pasted, gives renames which keep the rows, up and down."""
    before, after, places = CASES[name]
    begin_with(project, HEAD + before)
    project.gitmig("upgrade", "-q")
    rows(project, INSERT[len(places)])
    project.write("models.py", HEAD + after)
    told = project.git("commit", "-qam", "moved", code=1).stderr
    pasted = HEAD + after
    for column, info in dict(LINE.findall(told)).items():
        pasted = re.sub(rf'("{column}", \w+)', rf"\1, info={info}", pasted)
    assert pasted.count("renamed_from") == len(places), told
    project.write("models.py", pasted)
    project.git("commit", "-qam", "declared")
    assert "drop_column" not in project.read(project.new_revisions()[0])
    project.gitmig("upgrade", "-q")
    [found] = rows(project, "SELECT * FROM users")
    assert [int(found[column]) for column in places] == list(range(1, len(places) + 1))
    project.gitmig("downgrade", "-q", "-1")
    [found] = rows(project, "SELECT * FROM users")
    assert [int(each) for each in found] == list(range(len(places) + 1))


def test_a_drop_beside_the_move(project: Project) -> None:
    """Where a name is taken and not every column moves on, no misleading line is printed."""
    begin_with(project, HEAD + body(f="a", s="b"))
    project.write("models.py", HEAD + body(f="b"))
    told = project.git("commit", "-qam", "moved", code=1).stderr
    assert "users.a is dropped with all its values" in told and "info=" not in told


def rows(project: Project, statement: str) -> list[sqlite3.Row]:
    """Run a statement in the project's database; return its rows."""
    connection = sqlite3.connect(project.path / "app.db")
    connection.row_factory = sqlite3.Row
    with connection:
        found = connection.execute(statement).fetchall()
    connection.close()
    return found
