"""What a careful reviewer would have stopped, and what must not be lost beside it (C10, C12)."""

from __future__ import annotations

import pytest
from support import MODELS, Project, column

ENFORCED = """

from sqlalchemy import ForeignKey, event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def enforce(connection, record):
    connection.execute("PRAGMA foreign_keys=ON")


class Order(Base):
    __tablename__ = "orders"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"))
"""
TWO = """

class One(Base):
    __tablename__ = "t_one"

    id = Column(Integer, primary_key=True)


class Two(Base):
    __tablename__ = "t_two"

    id = Column(Integer, primary_key=True)
"""


def commit(project: Project, models: str, code: int = 0) -> str:
    """Commit models; return what the hook printed."""
    project.write("models.py", models)
    project.git("add", "-A")
    told = project.git("commit", "-qm", "work", code=code)
    return told.stdout + told.stderr


def test_cascades_on_sqlite(hooked: Project) -> None:
    """A table that others point to is not written anew unseen while that deletes their rows."""
    commit(hooked, MODELS + ENFORCED)
    more = column("age", "Integer", ", nullable=False, default=1")
    told = commit(hooked, MODELS + more + ENFORCED, code=1)
    assert "users is written anew while foreign keys are enforced, so that rows of orders" in told
    assert "PRAGMA foreign_keys=OFF" in told
    hooked.git("reset", "-q", "--hard")
    env = hooked.read("migrations/env.py").replace(
        "        context.configure(connection",
        '        connection.connection.execute("PRAGMA foreign_keys=OFF")\n'
        "        context.configure(connection",
    )
    hooked.write("migrations/env.py", env)
    commit(hooked, MODELS + more + ENFORCED)


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        (column("code", more=', server_default="x", unique=True'), "unique users(code) fails"),
        (
            column("boss", "Integer", ', ForeignKey("users.id"), server_default="1"'),
            "foreign key users(boss) to users fails where rows point nowhere",
        ),
    ],
    ids=["unique", "foreign key"],
)
def test_one_value_for_all_rows(hooked: Project, line: str, doubt: str) -> None:
    """A nullable column that the server fills may break its constraint in the rows there are."""
    models = MODELS.replace("import Column,", "import Column, ForeignKey,")
    assert doubt in commit(hooked, models + line, code=1)


def test_later_change_beside_an_accepted_one(hooked: Project) -> None:
    """What is staged after the stop is judged, too, where no operation was generated for it."""
    dropped = MODELS.replace("    name = Column(String(50))\n", "    n = Column(Integer)\n")
    models = dropped.replace("import Column,", "import CheckConstraint, Column,")
    assert "stopped" in commit(hooked, models, code=1)
    check = '    __table_args__ = (CheckConstraint("n > 1"),)\n'
    told = commit(hooked, models + check, code=1)
    assert "check n > 1 of users, which has no name" in told and "by hand" in told
    assert "check n > 1 of users" in commit(hooked, models + check, code=1)


def test_what_comes_after_an_edit(hooked: Project) -> None:
    """What a person added by hand was for what had been told: what comes later stops again."""
    models = MODELS.replace("import Column,", "import CheckConstraint, Column,") + column("n")
    one = models + '    __table_args__ = (CheckConstraint("n > 1"),)\n'
    assert "check n > 1 of users" in commit(hooked, one, code=1)
    [path] = hooked.git("diff", "--cached", "--name-only", "--diff-filter=A").stdout.split()
    hooked.append(path, "# n > 1\n")
    two = models + '    __table_args__ = (CheckConstraint("n > 1"), CheckConstraint("n > 2"))\n'
    told = commit(hooked, two, code=1)
    assert (
        f"check n > 2 of users, which has no name, is new (give it a name)\n  → add it to {path}"
        in told
    )
    assert "n > 1" not in told
    hooked.append(path, "# n > 2\n")
    assert f"{path} is accepted" in commit(hooked, two)
    assert hooked.status() == ""


def test_one_more_column_after_an_edit(hooked: Project) -> None:
    """What a person has added by hand is not asked for again where more is generated."""
    models = MODELS.replace("import Column,", "import CheckConstraint, Column,") + column("n")
    check = '    __table_args__ = (CheckConstraint("n > 1"),)\n'
    commit(hooked, models + check, code=1)
    [path] = hooked.git("diff", "--cached", "--name-only", "--diff-filter=A").stdout.split()
    hooked.append(path, "# n > 1\n")
    assert "add users.more" in commit(hooked, models + column("more") + check)
    assert len(hooked.new_revisions()) == 2 and hooked.status() == ""


def test_classes_exchange_their_tables(hooked: Project) -> None:
    """Alembic sees no change where two classes of one shape swap tables: the commit stops."""
    commit(hooked, MODELS + TWO)
    swapped = TWO.replace("t_one", "x").replace("t_two", "t_one").replace("x", "t_two")
    told = commit(hooked, MODELS + swapped, code=1)
    assert "t_one was the table of models.One and is that of models.Two" in told


def test_order_of_the_models(hooked: Project) -> None:
    """A column added in the middle of the class does not make later renames uncertain."""
    two = column("city") + column("street")
    commit(hooked, MODELS + two)
    commit(hooked, MODELS + column("middle") + two)
    renamed = two.replace("city", "home_city")
    told = commit(hooked, MODELS + column("middle") + renamed)
    assert "rename users.city to home_city" in told


def test_new_package(hooked: Project) -> None:
    """Models in a new package that nothing imports are named, also after a clean commit (C14)."""
    commit(hooked, MODELS + column("email"))
    pet = (
        'from models import Base, Column, Integer\n\n\nclass Pet(Base):\n    __tablename__ = "p"\n'
    )
    hooked.write("pkg/__init__.py", "")
    hooked.write("pkg/pets.py", pet + "    id = Column(Integer, primary_key=True)\n")
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "pets", code=1).stderr
    assert "pkg/pets.py:4 declares table p, and env.py does not import that file" in told
