"""What is older than the commit: left out, told once, and never mixed into today's revision."""

from __future__ import annotations

from support import MODELS, Project, column

# the models say NOT NULL, which no revision ever did
DRIFTED = MODELS + column("team_id", "Integer", ', ForeignKey("teams.id"), nullable=False')
TEAMS = """

class Team(Base):
    __tablename__ = "teams"

    id = Column(Integer, primary_key=True)
"""
RESTLESS = """
import uuid, sqlalchemy
column = Base.metadata.tables["users"].c.name
column.server_default = sqlalchemy.DefaultClause(str(uuid.uuid4()))
"""


def drift(project: Project) -> None:
    """Let the models and the revisions of a project drift apart, and commit that."""
    models = DRIFTED.replace("Column, Integer", "Column, ForeignKey, Integer") + TEAMS
    project.write("models.py", models.replace(", nullable=False", ""))
    project.git("commit", "-qam", "teams")
    project.write("models.py", models)
    project.git("commit", "-qam", "drift", GITMIG_SKIP="1")


def test_left_out(hooked: Project) -> None:
    """A commit that adds a column yields a revision with that column only (C13)."""
    drift(hooked)
    hooked.write("models.py", hooked.read("models.py").replace(TEAMS, column("email") + TEAMS))
    told = hooked.git("commit", "-qam", "email").stderr
    assert "one difference is older than this commit and left out" in told
    newest = hooked.new_revisions()[0]
    assert "email" in hooked.read(newest) and "team_id" not in hooked.read(newest)
    assert "team_id" in hooked.gitmig("check", code=1).stdout


def test_left_out_of_a_move(hooked: Project) -> None:
    """So does a commit that moves the folder of the migrations as well (C13)."""
    drift(hooked)
    hooked.write("models.py", hooked.read("models.py").replace(TEAMS, column("email") + TEAMS))
    hooked.git("mv", "migrations", "db")
    hooked.write("alembic.ini", hooked.read("alembic.ini").replace("migrations", "db"))
    told = hooked.git("commit", "-qam", "email, moved").stderr
    assert "one difference is older than this commit and left out" in told
    (newest,) = (each for each in hooked.files_in() if each.startswith("db/versions/") and
                 "email" in hooked.read(each))  # fmt: skip
    assert "team_id" not in hooked.read(newest)


def test_not_null_goes_along(hooked: Project) -> None:
    """A commit that changes the foreign key of a drifted column mends its NOT NULL, too (C13)."""
    drift(hooked)
    models = hooked.read("models.py").replace('"teams.id")', '"teams.id", ondelete="CASCADE")')
    hooked.write("models.py", models)
    told = hooked.git("commit", "-qam", "cascade", code=1).stderr
    assert "users.team_id becomes NOT NULL: this fails where it holds NULL" in told
    hooked.git("commit", "-qam", "cascade")
    hooked.gitmig("check")


def test_restless_models(hooked: Project) -> None:
    """Models that are not the same twice are named as the reason (C13)."""
    env = hooked.read("migrations/env.py").replace(
        "configure(connection", "configure(compare_server_default=True, connection"
    )
    hooked.write("migrations/env.py", env.replace("config = ", RESTLESS + "config = "))
    hooked.git("add", ".")
    told = hooked.git("commit", "-qm", "restless", code=1).stderr
    assert "two comparisons of one state differ" in told and "users.name" in told
    assert "versions" not in hooked.status()
