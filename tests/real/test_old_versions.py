"""Alembic and SQLAlchemy as old projects still have them, in the project's own environment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from releases import Distribution, Downloads
from support import Project, column

PAIRS = (("1.7.7", "1.3.24"), ("1.9.4", "1.4.54"), ("1.13.3", "2.0.36"))


@pytest.fixture(params=PAIRS, ids=lambda pair: "alembic-{}-sqlalchemy-{}".format(*pair))
def old(request: pytest.FixtureRequest, downloads: Downloads, hooked: Project) -> Project:
    """Return the project with hooks and a ``.venv`` of one pair of versions."""
    alembic, sqlalchemy = request.param
    needs = (f"alembic=={alembic}", f"sqlalchemy=={sqlalchemy}", "setuptools<80")
    versions = Distribution(f"alembic-{alembic}", "", "", "", "", needs)
    downloads.packages(versions)
    hooked.append(".gitignore", "/.venv\n")
    (hooked.path / ".venv").symlink_to(downloads.environment(versions))
    models = hooked.read("models.py")
    # where both SQLAlchemy 1.3 and 2.0 have it
    moved = models.replace("sqlalchemy.orm import", "sqlalchemy.ext.declarative import")
    hooked.write("models.py", moved)
    hooked.commit_all("old imports")
    return hooked


@pytest.mark.real
def test_the_whole_way(old: Project, tmp_path: Path) -> None:
    """Commit, check, upgrade and downgrade work with each pair of versions (E7)."""
    old.append("models.py", column("email", more=", unique=True"))
    old.git("commit", "-qam", "email")
    assert len(old.new_revisions()) == 1 and old.status() == ""
    old.gitmig("check")
    old.gitmig("upgrade")
    assert old.tables()["users"] == ["id", "name", "email"]
    copy = shutil.copyfile(old.path / "app.db", tmp_path / "before.db")
    assert "email" in old.gitmig("downgrade", "--dry-run", "-1").stdout
    assert (old.path / "app.db").read_bytes() == copy.read_bytes()
    old.gitmig("downgrade", "-1")
    assert old.tables()["users"] == ["id", "name"]


@pytest.mark.real
def test_a_check_of_a_type(old: Project) -> None:
    """A Boolean, whose CHECK old versions make by themselves, stays as its table is rewritten."""
    models = old.read("models.py").replace("import Column", "import Boolean, Column")
    old.write("models.py", models + column("active", "Boolean"))
    old.git("commit", "-qam", "active")
    old.append("models.py", column("size", "Integer"))
    old.git("commit", "-qam", "size")
    assert "✗" not in old.gitmig("check").stdout


@pytest.mark.real
def test_the_first_revision(old: Project) -> None:
    """A folder of revisions that is not there yet, since git keeps no empty one, is empty (E7)."""
    old.git("rm", "-qr", "migrations/versions")
    old.git("commit", "-qnm", "no revisions")
    old.append("models.py", column("email"))
    assert "create table users" in old.git("commit", "-qam", "users").stderr
    assert len(old.new_revisions()) == 1 and old.status() == ""
