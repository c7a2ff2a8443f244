"""Members of an enum that is a plain text in the database, with a CHECK and without (C12)."""

from __future__ import annotations

import pytest
from support import Project

PETS = """

class Pet(Base):
    __tablename__ = "pets"

    id = Column(Integer, primary_key=True)
    mood = Column(Enum("sad", "glad", name="mood"{}))
"""


def moody(project: Project, options: str) -> None:
    """Make pets with a mood, and commit that."""
    models = project.read("models.py").replace("import Column,", "import Column, Enum,")
    project.write("models.py", models + PETS.format(options))
    project.git("commit", "-qam", "mood")


def gain(project: Project, code: int = 0) -> str:
    """Add a member as long as the others; return what the commit printed."""
    project.write("models.py", project.read("models.py").replace('"sad", ', '"sad", "meh", '))
    return project.git("commit", "-qam", "meh", code=code).stderr


@pytest.mark.parametrize("options", ["", ", native_enum=False"])
def test_nothing_holds_the_members(hooked: Project, options: str) -> None:
    """Where the column is a text without a CHECK a new member asks nothing of the database."""
    moody(hooked, options)
    assert gain(hooked) == "" and "versions" not in "".join(hooked.files_in())


def test_a_check_holds_them(hooked: Project) -> None:
    """Where a CHECK with a name lists the members, a new one changes it."""
    moody(hooked, ", create_constraint=True")
    told = gain(hooked, code=1)
    assert "check mood fails where rows of pets break it" in told
    hooked.git("commit", "-qam", "again")
    assert "\"mood IN ('sad', 'meh', " in hooked.read(hooked.new_revisions()[0])


def test_a_check_without_a_name(hooked: Project) -> None:
    """Where that CHECK has no name the commit stops for a revision by hand."""
    moody(hooked, ", create_constraint=True")
    hooked.write("models.py", hooked.read("models.py").replace(', name="mood"', ""))
    hooked.commit_all("no name")
    told = gain(hooked, code=1)
    assert "members pets.mood changed" in told and "nothing was generated" in told
