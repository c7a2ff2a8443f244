"""A colon in a literal is a colon and no parameter, up and down (C12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Project, begin_with

BASE = """\
from sqlalchemy import *
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(20))
"""
URLS = {
    "sqlite": "",
    "postgresql": "postgresql+psycopg://production.invalid/app",
    "mariadb": "mysql+pymysql://production.invalid/app",
}
WHERE = r"""postgresql_where=text("at <> '\\:x'"), sqlite_where=text("at <> '\\:x'")"""
LINES = r"""
    at = Column(String(20), server_default=text("'\\:x'"))
    made = Column(String(30), Computed("concat(at, '\\:x')"))
    plain = Column(String(20), server_default="10:x")
    __table_args__ = (CheckConstraint("at <> '\\:y'", name="ck_@"), Index("ix_@", "id", WHERE))
""".replace("WHERE", WHERE)


@pytest.fixture(params=URLS)
def begun(project: Project, memory: Path, request: pytest.FixtureRequest) -> Project:
    """Return a project with one table, on each kind of database."""
    project.env["TMPDIR"] = str(memory)
    return begin_with(project, BASE, URLS[request.param])


def commit(project: Project, models: str) -> str:
    """Commit models until they are accepted; return what the revision says."""
    project.write("models.py", models)
    made = project.commit_accepted()
    told = project.gitmig("check").stdout
    assert "✗" not in told, told
    return made


def both(project: Project, lines: str) -> str:
    """Return models in which a new and an old table have some lines."""
    if "pymysql" not in project.read("alembic.ini"):
        lines = lines.replace("concat(at, ", "(at || ")
    new = BASE[BASE.index("class") :].replace("User", "Thing").replace("users", "things")
    return BASE + lines.replace("@", "users") + "\n\n" + new + lines.replace("@", "things")


def test_it_comes(begun: Project) -> None:
    """Defaults, checks, predicates and computed columns keep it, in new tables and in old ones."""
    assert "server_default=sa.text(\"'\\\\:x'\")" in commit(begun, both(begun, LINES))


@pytest.mark.parametrize("begun", ["postgresql", "mariadb"], indirect=True)
def test_it_changes_and_goes(begun: Project) -> None:
    """What is changed and dropped comes back with it, as the database has it."""
    models = both(begun, LINES.replace(f'Index("ix_@", "id", {WHERE})', ""))
    commit(begun, models)
    commit(begun, models.replace(":x", ":z").replace(":y", ":w"))
    commit(begun, BASE)
