"""Models of SQLModel, its newest release: renamed fields and classes, required fields (E8)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from releases import Distribution, Downloads
from support import ENV, INI, TEMPLATE, Project

HERO = """\
from sqlmodel import Field, SQLModel


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    age: int | None = None
"""


@pytest.fixture
def heroes(empty: Project, downloads: Downloads) -> Project:
    """Return a project with SQLModel, hooks, its first revision applied, and a hero."""
    packages = Distribution("sqlmodel", "", "", "", "", ("alembic", "sqlmodel"))
    downloads.packages(packages)
    (empty.path / ".venv").symlink_to(downloads.environment(packages))
    empty.write(".gitignore", "/.venv\n/app.db\n__pycache__/\n")
    empty.write("models.py", HERO)
    empty.write("alembic.ini", INI)
    env = ENV.replace("from models import Base", "import models\nfrom sqlmodel import SQLModel")
    empty.write("migrations/env.py", env.replace("Base.metadata", "SQLModel.metadata"))
    empty.write("migrations/script.py.mako", TEMPLATE)
    empty.write("migrations/versions/.gitkeep", "")
    empty.gitmig("install", "-q")
    empty.git("add", ".")
    empty.git("commit", "-qm", "heroes")
    empty.gitmig("upgrade", "-q")
    with closing(sqlite3.connect(empty.path / "app.db")) as connection, connection:
        connection.execute("INSERT INTO hero (id, name, age) VALUES (1, 'Ada', 36)")
    return empty


def rows(project: Project, query: str) -> list[tuple[object, ...]]:
    """Return what a query gives in the project's own database."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.real
def test_field_and_class(heroes: Project) -> None:
    """A field and the class, and so the table, get other names: the row stays (C11, E8)."""
    models = HERO.replace("class Hero(", "class SuperHero(").replace("name:", "full_name:")
    heroes.write("models.py", models)
    told = heroes.git("commit", "-qam", "other names").stderr
    assert "rename table hero to superhero" in told and "to full_name" in told
    heroes.gitmig("upgrade", "-q")
    assert rows(heroes, "SELECT id, full_name, age FROM superhero") == [(1, "Ada", 36)]
    heroes.gitmig("downgrade", "-q", "-1")
    assert rows(heroes, "SELECT id, name, age FROM hero") == [(1, "Ada", 36)]
    heroes.gitmig("check")


@pytest.mark.real
def test_required_field(heroes: Project) -> None:
    """A field that is required and has no default in the database stops at a marked place."""
    heroes.append("models.py", "    power: str\n")
    told = heroes.git("commit", "-qam", "power", code=1).stderr
    assert "hero.power is NOT NULL, and nothing says what rows that are there get" in told
