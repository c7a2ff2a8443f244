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
    """Where a CHECK with a name lists the members, a new one changes it: no row can break it."""
    moody(hooked, ", create_constraint=True")
    gain(hooked)
    assert "\"mood IN ('sad', 'meh', " in hooked.read(hooked.new_revisions()[0])


@pytest.mark.parametrize("options", ["", ", create_constraint=True"])
def test_the_longest_member(hooked: Project, options: str) -> None:
    """A member longer than the others goes through: all values fit. One that goes is told."""
    moody(hooked, options)
    longer = hooked.read("models.py").replace('"glad"', '"glad", "overjoyed"')
    hooked.write("models.py", longer)
    hooked.git("commit", "-qam", "joy")
    assert "length=4" in hooked.read(hooked.new_revisions()[0])
    hooked.write("models.py", longer.replace(', "overjoyed"', ""))
    told = hooked.git("commit", "-qam", "no joy", code=1).stderr
    assert "values may not fit" in told or "write what rows with overjoyed get" in told
    assert ("check mood fails where rows" in told) == bool(options)


def test_a_check_that_comes(hooked: Project) -> None:
    """A CHECK that the members did not have before may meet rows that break it."""
    moody(hooked, "")
    hooked.write("models.py", hooked.read("models.py").replace(
        '"mood")', '"mood", create_constraint=True)'))  # fmt: skip
    told = hooked.git("commit", "-qam", "a check", code=1).stderr
    assert "check mood fails where rows of pets break it" in told


def test_a_check_without_a_name(hooked: Project) -> None:
    """Where that CHECK has no name the commit stops for a revision by hand."""
    moody(hooked, ", create_constraint=True")
    hooked.write("models.py", hooked.read("models.py").replace(', name="mood"', ""))
    hooked.commit_all("no name")
    told = gain(hooked, code=1)
    assert "members pets.mood changed" in told and "nothing was generated" in told
