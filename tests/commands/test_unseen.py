"""What Alembic's comparison does not see is generated, or named and stopped for (C12)."""

from __future__ import annotations

import pytest
from support import Project, begin_with

MODELS = """\
from sqlalchemy import CheckConstraint, Column, Enum, Index, Integer, String, text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("size > 0", name="ck_size"),
        Index("ix_name", text("lower(name)")),
    )

    id = Column(Integer, primary_key=True)
    name = Column(String(50), server_default="x")
    mood = Column(Enum("sad", "glad", name="mood"), server_default="sad")
    size = Column(Integer)
    kind = Column(String(10))
"""


@pytest.fixture
def moody(project: Project, server: str) -> Project:
    """Return a PostgreSQL project with an enum, a check, a default and an index."""
    assert server  # there are programs to start
    return begin_with(project, MODELS, "postgresql+psycopg://production.invalid/app")


def change(project: Project, old: str, new: str, code: int = 0) -> str:
    """Change the models and commit until it is accepted; return the revision, or what was said."""
    text = project.read("models.py")
    assert old in text
    project.write("models.py", text.replace(old, new))
    told = project.git("commit", "-qam", f"now: {new}", code=None)
    if told.returncode and "committing again accepts it" in told.stderr:
        told = project.git("commit", "-qam", f"now: {new}", code=None)
    assert told.returncode == code, told.stderr
    return project.read(project.new_revisions()[0]) if code == 0 else told.stderr


def test_on_postgresql(moody: Project) -> None:
    """Checks, defaults, enum members, index expressions and casts are generated and proved."""
    text = change(moody, "size > 0", "size > 1")
    assert "op.create_check_constraint('ck_size', 'users', 'size > 1')" in text
    assert "server_default='y'" in change(moody, 'server_default="x"', 'server_default="y"')
    text = change(moody, '"sad", "glad"', '"sad", "so-so", "glad"')
    assert "ADD VALUE IF NOT EXISTS 'so-so' AFTER 'sad'" in text and "autocommit_block" in text
    assert "RENAME VALUE 'so-so' TO 'meh'" in change(moody, '"so-so"', '"meh"')
    assert "upper(name)" in change(moody, "lower(name)", "upper(name)")
    text = change(moody, "kind = Column(String(10))", "kind = Column(Integer)")
    assert "postgresql_using='kind::INTEGER'" in text
    told = moody.gitmig("check").stdout
    assert "7 revisions" in told and "✗" not in told
    assert "nothing to generate" in moody.gitmig("autogenerate").stderr


def test_a_member_taken_away_stops(moody: Project) -> None:
    """Removing an enum member is named and stopped for; a revision by hand lets it through."""
    told = change(moody, '"sad", "glad"', '"glad"', code=1)
    assert "members users.mood changed from ['sad', 'glad'] to ['glad']" in told
    assert "gitmig revision" in told
    assert moody.status() == "M  models.py\n" or moody.status() == " M models.py\n"
    [parent] = moody.path.glob("migrations/versions/*.py")
    moody.revision("byhand000000", parent.name.partition("_")[0])
    moody.git("add", "-A")
    told = moody.git("commit", "-qm", "by hand").stderr
    assert "not judged: members users.mood" in told


def test_an_identity_stops(moody: Project) -> None:
    """An identity that comes is named in words and stopped for."""
    new = "size = Column(Integer, Identity(start=3))"
    text = moody.read("models.py").replace("Enum, Index", "Enum, Identity, Index")
    moody.write("models.py", text)
    told = change(moody, "size = Column(Integer)", new, code=1)
    assert "identity users.size changed from nothing to always False, start 3: Alembic" in told


def test_enum_types_come_and_go(moody: Project) -> None:
    """A new column of a new or a known type, and the last one dropped: all run both ways."""
    new = '    look = Column(Enum("up", "down", name="look"))\n'
    text = change(moody, "    size =", new + "    size =")
    assert "CREATE TYPE look AS ENUM ('up', 'down')" in text and "DROP TYPE look" in text
    other = '    mood2 = Column(Enum("sad", "glad", name="mood"))\n'
    text = change(moody, "    size =", other + "    size =")
    assert "create_type=False" in text and "DROP TYPE" not in text
    text = change(moody, new, "")
    assert text.index("DROP TYPE look") < text.index("CREATE TYPE look")
    moody.gitmig("check")
