"""Constraints that the models leave unnamed get names, so that they can be dropped again."""

from __future__ import annotations

from support import MODELS, Project, column

POSTS = """

class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
"""
POINTING = column("user_id", 'ForeignKey("users.id")') + column("slug", more=", unique=True")
KEYS = MODELS.replace("import Column", "import Column, ForeignKey") + POSTS


def test_sqlite_adds_unnamed_constraints(project: Project) -> None:
    """A foreign key and a UNIQUE without a name are added on SQLite, and taken back again."""
    project.write("models.py", KEYS)
    project.git("add", "-A")
    project.gitmig("autogenerate")
    project.commit_all()
    project.write("models.py", KEYS + POINTING)
    project.git("add", "-A")
    project.gitmig("autogenerate")
    project.commit_all()
    (path,) = project.new_revisions()
    text = project.read(path)
    assert text.count("'fk_posts_user_id'") == text.count("'uq_posts_slug'") == 2
    assert "nothing to generate" in project.gitmig("autogenerate").stderr
