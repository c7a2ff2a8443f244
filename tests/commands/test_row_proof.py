"""Rows that are there while a revision with a rename is proved (C11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    face = Column(LargeBinary)


class Order(Base):
    __tablename__ = "orders"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"), nullable=False)
"""
RENAMED = MODELS.replace('"users"', '"app_users"').replace("users.id", "app_users.id")
RENAMED = RENAMED.replace("    face", "    age = Column(Integer)\n    face")
HOOK = """
from alembic.operations import ops


def add(context, revision, directives):
    if directives[0].upgrade_ops.ops:
        directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp({!r}))


target_metadata = Base.metadata
"""


def begin(project: Project, statement: str) -> None:
    """Begin with the models; every revision sends a statement more, as the project's hook wants."""
    begin_with(project, MODELS)
    env = project.read("migrations/env.py")
    env = env.replace("target_metadata = Base.metadata\n", HOOK.format(statement))
    options = "target_metadata=target_metadata, process_revision_directives=add)"
    project.write("migrations/env.py", env.replace("target_metadata=target_metadata)", options))
    project.commit_all("a hook")


@pytest.mark.parametrize(("statement", "told"), [
    ("DELETE FROM orders", "rows of orders held"),
    ("UPDATE orders SET user_id = 99", "rows of orders held"),
    ("UPDATE app_users SET id = id + 50", "rows of app_users held"),
])  # fmt: skip
def test_what_points_to_a_renamed_table(project: Project, statement: str, told: str) -> None:
    """Rows that point to a renamed table are there, too, and keep what they hold."""
    begin(project, statement)
    project.write("models.py", RENAMED)
    shown = project.git("commit", "-qam", "renamed", code=1).stderr
    assert "rows do not keep their values" in shown and told in shown


def test_foreign_keys_hold(project: Project) -> None:
    """A rename without more is proved with rows of both tables, and nothing is said of it."""
    begin(project, "SELECT 1")
    project.write("models.py", RENAMED)
    told = project.git("commit", "-qam", "renamed", code=1).stderr
    assert "SQL that gitmig cannot judge" in told and "not proved" not in told
    project.git("commit", "-qam", "renamed")
    assert "rename_table('users', 'app_users')" in project.read(project.new_revisions()[0])


@pytest.mark.parametrize("more", ["nullable=False", "unique=True"])
def test_rows_where_only_some_may_fail(project: Project, more: str) -> None:
    """A rename is proved on rows too where it comes with what NULL or duplicates stop."""
    begin(project, "UPDATE users SET id = id + 50")
    new = f"    face_image = Column(LargeBinary, {more})"
    project.write("models.py", MODELS.replace("    face = Column(LargeBinary)", new))
    told = project.git("commit", "-qam", "renamed", code=1).stderr
    assert "rows do not keep their values: rows of users held" in told


def test_bytes(project: Project, server: str) -> None:
    """Bytes are the same bytes, though a driver gives another object each time."""
    assert server  # there are programs to start
    begin_with(project, MODELS, "postgresql+psycopg2://production.invalid/app")
    project.write("models.py", MODELS.replace("    face", "    face_image"))
    told = project.git("commit", "-qam", "renamed").stderr
    assert "rename users.face to face_image" in told and "not proved" not in told


def test_a_computed_column_on_mariadb(project: Project, pg_place: Path) -> None:
    """A column that MariaDB computes is renamed with its expression."""
    project.env["TMPDIR"] = str(pg_place)
    models = MODELS.replace("import Column", "import Column, Computed")
    models += '    twice = Column(Integer, Computed("id * 2"))\n'
    begin_with(project, models, "mysql+pymysql://production.invalid/app")
    project.write("models.py", models.replace("    twice", "    twice_whole"))
    told = project.git("commit", "-qam", "renamed").stderr
    assert "rename orders.twice to twice_whole" in told and "not proved" not in told
