"""Models that cannot be right: a clear result or a clear stop, never a traceback."""

from __future__ import annotations

import pytest
from support import MODELS, Project, use_url

AGAIN = """

class Again(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
"""
MANY = 'Column(Enum(*[f"m{{i}}" for i in range({})], name="kind"{}))'
PG = "postgresql+psycopg://production.invalid/app"


def refused(project: Project, models: str) -> str:
    """Return what a commit of models that is refused says; nothing is left behind."""
    project.write("models.py", models)
    told = project.git("commit", "-qam", "bad", code=1).stderr
    assert project.status().strip() in ("M models.py", "M  models.py")
    return told


def test_two_models_of_one_table(hooked: Project) -> None:
    """Two classes that claim one table are told, with the place of one and the other's name."""
    told = refused(hooked, MODELS + AGAIN)
    assert "models.py:14: two models claim the table users: it is that of models.User" in told
    assert "give one of them another __tablename__" in told


def test_two_models_in_two_files(hooked: Project) -> None:
    """So they are where the first is in another file, or has no class."""
    hooked.write("more.py", "from models import Base, Column, Integer\n" + AGAIN)
    env = hooked.read("migrations/env.py").replace("from models", "import more\nfrom models")
    hooked.write("migrations/env.py", env)
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "more", code=1).stderr
    assert "more.py:4: two models claim the table users: it is that of models.User" in told
    hooked.git("reset", "-q", "--hard")
    table = 'Table("others", Base.metadata, Column("id", Integer))\n'
    told = refused(hooked, f"{MODELS}\n\nfrom sqlalchemy import Table\n{table}{table}")
    assert "models.py:16: two models claim the table others: it is there already" in told


def test_a_file_that_does_not_compile(hooked: Project) -> None:
    """A syntax error is told with the file and the line."""
    told = refused(hooked, MODELS + "\n\nclass B(:\n")
    assert "models.py:14: env.py failed: SyntaxError" in told
    assert "mend it, then `git add models.py`" in told


def test_a_rename_of_nothing(hooked: Project) -> None:
    """A declared rename whose column does not exist is an error."""
    new = '    nick = Column(String(9), info={"renamed_from": "nope"})\n'
    told = refused(hooked, MODELS + new)
    assert "users.nick is declared to have been nope, and no column nope goes" in told
    new = new.replace("nope", "nam")
    told = refused(hooked, MODELS.replace("    name = Column(String(50))\n", "") + new)
    assert "and no column nam goes, but name does" in told


def test_half_a_rename(hooked: Project) -> None:
    """A foreign key to a column that has another name now is told in one sentence."""
    other = AGAIN.replace("Again", "Post").replace('"users"', '"posts"')
    other += '    user = Column(Integer, ForeignKey("users.name"))\n'
    models = MODELS.replace("import Column", "import Column, ForeignKey") + other
    told = refused(hooked, models.replace("    name = ", "    full_name = "))
    assert "table 'users' has no column named 'name'" in told


@pytest.mark.parametrize("url, more", [("", ", create_constraint=True"), (PG, ""),
                                       (PG, ", create_constraint=True")])  # fmt: skip
def test_many_members(
    project: Project, url: str, more: str, request: pytest.FixtureRequest
) -> None:
    """An enum of 500 members that gains one: generated, or told in a line that can be read."""
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    models = MODELS.replace("import Column", "import Column, Enum")
    models = models.replace("Column(String(50))", "{}")
    project.write("models.py", models.format(MANY.format(500, more)))
    if url:
        assert request.getfixturevalue("server")  # there are programs to start
        use_url(project, url)
    project.git("add", "-A")
    project.gitmig("autogenerate", "-q")
    project.commit_all("first")
    project.gitmig("install", "-q")
    project.write("models.py", models.format(MANY.format(501, more)))
    told = project.git("commit", "-qam", "one more").stderr
    assert max(map(len, told.splitlines())) < 1500
    text = project.read(project.new_revisions()[0])
    assert ("ADD VALUE IF NOT EXISTS 'm500'" if url else "'m499', 'm500')") in text
