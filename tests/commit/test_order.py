"""Operations in an order that runs, and one revision on every machine (C15)."""

from __future__ import annotations

import re

import pytest
from support import Project, begin_with

BASE = """\
from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, Integer, MetaData, String
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base(metadata=MetaData(naming_convention={
    "fk": "fk_%(table_name)s_%(column_0_name)s", "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s",
}))


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
"""
CIRCLE = """\


class Department(Base):
    __tablename__ = "departments"

    id = Column(Integer, primary_key=True)
    head = Column(Integer, ForeignKey("people.id"{}), unique=True)


class Person(Base):
    __tablename__ = "people"

    id = Column(Integer, primary_key=True)
    department = Column(Integer, ForeignKey("departments.id"), index=True)
"""
CHAIN = (
    "".join(
        f"""\


class T{number}(Base):
    __tablename__ = "{name}"

    id = Column(Integer, primary_key=True)
    up = Column(Integer, ForeignKey("{above}.id"))
"""
        for number, (name, above) in enumerate(zip("zyxwvut", "yxwvutr", strict=True))
    )
    + '\n\nclass R(Base):\n    __tablename__ = "r"\n\n    id = Column(Integer, primary_key=True)\n'
)
POINTS = '    up = Column(Integer, ForeignKey("r.id"))\n'


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(project: Project, request: pytest.FixtureRequest) -> Project:
    """Return a project with one table, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return begin_with(project, BASE)
    assert request.getfixturevalue("server")  # there are programs to start
    return begin_with(project, BASE, "postgresql+psycopg://production.invalid/app")


def commit(project: Project, models: str) -> str:
    """Commit models until they are accepted; return the revision."""
    project.write("models.py", models)
    project.git("add", "-A")
    if project.git("commit", "-qm", "work", code=None).returncode:
        project.git("commit", "-qm", "work")
    [path] = project.git("diff", "--name-only", "--diff-filter=A", "HEAD^", "HEAD",
                         "--", "migrations").stdout.split()  # fmt: skip
    return project.read(path)


@pytest.mark.parametrize("more", ["", ", use_alter=True"])
def test_foreign_keys_in_a_circle(anywhere: Project, more: str) -> None:
    """Tables that point to each other come and go, both ways, named by convention."""
    text = commit(anywhere, BASE + CIRCLE.format(more))
    assert "op.f('fk_departments_head')" in text and "op.f('ix_people_department')" in text
    commit(anywhere, BASE)
    told = anywhere.gitmig("check").stdout
    assert "3 revisions" in told and "✗" not in told


def test_tables_that_point_to_each_other(anywhere: Project) -> None:
    """Many tables are made in the order of their foreign keys and dropped in the other."""
    text = commit(anywhere, BASE + CHAIN)
    assert "".join(re.findall(r"create_table\('(.)'", text)) == "rtuvwxyz"
    text = commit(anywhere, BASE)
    assert "".join(re.findall(r"drop_table\('(.)'", text)) == "zyxwvutr"
    assert "3 revisions" in anywhere.gitmig("check").stdout


def test_a_table_that_another_points_to(anywhere: Project) -> None:
    """A table is dropped after the foreign keys of tables that stay."""
    alone = "\n\nclass R" + CHAIN.rpartition("\n\nclass R")[2]
    commit(anywhere, BASE + POINTS + alone)
    text = commit(anywhere, BASE)
    assert text.index("drop_column(") < text.index("drop_table('r')")
    assert "3 revisions" in anywhere.gitmig("check").stdout
