"""Very many columns or members that change at once: what is said stays short (bad input)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mysqls import served
from sqlalchemy.engine import make_url
from support import Project, at_terminal, begin_with, column

COLUMNS = [f"col_{number:03}" for number in range(300)]
MEMBERS = ", ".join(f'"member_{number:03}"' for number in range(520))
HEAD = """\
from sqlalchemy import Column, Enum, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""


@pytest.fixture
def wide(project: Project) -> Project:
    """Return a project whose table has 300 columns."""
    return begin_with(project, HEAD + "".join(map(column, COLUMNS)))


def test_columns_that_may_be_renamed(wide: Project) -> None:
    """300 columns with other names are told at once, with a few of the lines to paste; in order."""
    wide.write("models.py", wide.read("models.py").replace("col_", "field_"))
    told = wide.git("commit", "-qam", "other names", code=1).stderr
    assert "stopped: 300 columns of users are dropped with all their values: col_000, col_001, " \
        "col_002 and 297 more; each that has another name now is to say so: " \
        'field_000 info={"renamed_from": "col_000"}, ' in told  # fmt: skip
    assert "and 297 more\n" in told and len(told) < 1000
    wide.git("commit", "-qam", "accepted")
    text = wide.read(wide.new_revisions()[0])
    dropped, kept = (re.findall(rf"drop_column\('({kind}_\d+)'", text) for kind in ("col", "field"))
    assert dropped == COLUMNS and kept == [name.replace("col", "field") for name in COLUMNS]
    back = re.findall(r"add_column\(sa\.Column\('(col_\d+)'", text)
    assert back == COLUMNS


def test_nobody_is_asked_300_questions(wide: Project) -> None:
    """On a terminal very many columns are told as they are without one."""
    wide.write("models.py", wide.read("models.py").replace("col_", "field_"))
    shown = at_terminal(wide, "", "git", "commit", "-qam", "other names")
    assert "is it a rename" not in shown and "300 columns of users are dropped" in shown


def test_columns_that_are_declared(wide: Project) -> None:
    """300 columns that are declared to be renamed are."""
    text = re.sub(r"col_(\d+) = (.+)\)", r'field_\1 = \2, info={"renamed_from": "col_\1"})',
                  wide.read("models.py"))  # fmt: skip
    wide.write("models.py", text)
    wide.git("commit", "-qam", "other names")
    assert wide.read(wide.new_revisions()[0]).count("new_column_name") == 600


def test_some_columns_go(wide: Project) -> None:
    """A few columns are told one by one, with what else is in doubt."""
    text = wide.read("models.py")
    for name in COLUMNS[:4]:
        text = text.replace(column(name), "")
    wide.write("models.py", text + column("email", more=", nullable=False"))
    told = wide.git("commit", "-qam", "less", code=1).stderr
    assert "users.email is NOT NULL" in told and told.count("is dropped with all its values") == 4


MOOD = '    mood = Column(Enum({}, name="mood"))\n'


def changed(project: Project, url: str = "") -> list[str]:
    """Take a member of very many away, and then give one another name; return what is said."""
    begin_with(project, HEAD + MOOD.format(MEMBERS), url)
    found = []
    for new in ("", '"member_3oo", '):
        members = MEMBERS.replace('"member_300", ', new)
        project.write("models.py", HEAD + MOOD.format(members))
        found.append(project.git("commit", "-qam", "work", code=1).stderr)
    return found


def test_members(project: Project) -> None:
    """Of 520 members those are told that came or went."""
    gone, renamed = changed(project)
    assert "members users.mood changed (member_300 gone; 519 in all)" in gone and len(gone) < 400
    assert "rename member_300 of users.mood to member_3oo" in renamed and len(renamed) < 500


def test_members_on_mariadb(project: Project, memory: Path) -> None:
    """Where the members are in the type, too, they are not all printed."""
    project.env["TMPDIR"] = str(memory)
    with served() as real:
        folder = make_url(real.url).query["unix_socket"]
        gone, renamed = changed(project, f"mysql+pymysql://root@localhost/app?unix_socket={folder}")
    assert "members users.mood changed (member_300 gone; 519 in all)" in gone and len(gone) < 1500
    assert "rename member_300 of users.mood to member_3oo" in renamed and len(renamed) < 1500
    assert "may not fit" not in renamed
