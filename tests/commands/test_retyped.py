"""PostgreSQL: a type changes together with what holds to it (C12)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import Project, begin_with

URL = "postgresql+psycopg://production.invalid/app"
MODELS = """\
from sqlalchemy import *
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    code = Column(String(20))
"""
RETYPED = {"Column(String(20))": "Column(Integer)"}
FILLED = "code <> ''"
CHECK = f'__table_args__ = (CheckConstraint("{FILLED}", name="ck"),)'
KINDS = {
    "check": (CHECK, {FILLED: "code > 0"}),
    "check that goes": (CHECK, {CHECK: "pass"}),
    "check that comes": ("pass", {"pass": CHECK.replace(FILLED, "code > 0")}),
    "partial index": (f'__table_args__ = (Index("ix", "id", postgresql_where=text("{FILLED}")),)',
                      {FILLED: "code > 0"}),
    "expression index": ("__table_args__ = (Index('ix', text('lower(code)')),)",
                         {"lower(code)": "abs(code)"}),
    "index of another kind": ("__table_args__ = (Index('ix', 'code'),)",
                              {"Column(Integer)": "Column(JSON)", "Index('ix', 'code'),": ""}),
    "generated column": ("made = Column(Text, Computed('upper(code)'))",
                         {"Column(Text, Computed('upper(code)'))":
                          "Column(Integer, Computed('code + 1'))"}),
}  # fmt: skip
ENV = "target_metadata=target_metadata"


@pytest.mark.parametrize("batch", [False, True], ids=["", "batch"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_ways(project: Project, server: str, pg_place: Path, kind: str, batch: bool) -> None:
    """The old one goes before the type change and the new one comes after it, up and down."""
    project.env["TMPDIR"] = str(pg_place)
    if batch:
        env = project.read("migrations/env.py")
        project.write("migrations/env.py", env.replace(ENV, f"{ENV}, render_as_batch=True"))
    line, changes = KINDS[kind]
    begin_with(project, MODELS + f"    {line}\n", URL)
    models = project.read("models.py")
    for old, new in {**RETYPED, **changes}.items():
        models = models.replace(old, new)
    project.write("models.py", models)
    told = project.git("commit", "-qam", "retyped", code=1).stderr
    assert "values may not fit" in told
    project.git("commit", "-qam", "retyped")
    [path] = project.new_revisions()
    for way in project.read(path).split("def downgrade")[0:2]:
        steps = re.findall(r"drop_\w+|alter_column|create_\w+|add_column|CREATE INDEX", way)
        kinds = [each.split("_")[0].lower()[:6] for each in steps]
        assert kinds == sorted(kinds, key=["drop", "alter", "add", "create"].index)
    told = project.gitmig("check").stdout
    assert "2 revisions" in told and "✗" not in told


def test_what_is_made_anew(project: Project, pg_place: Path) -> None:
    """Where PostgreSQL leaves casts in what stays, it goes before and comes after, both ways."""
    project.env["TMPDIR"] = str(pg_place)
    kept = CHECK.replace("),)", "), CheckConstraint('code <> 2'), "
                         "Index('ix', 'id', postgresql_where=text('code > 3')),"
                         "CheckConstraint('id > 0', name='ck_id'))")  # fmt: skip
    models = MODELS.replace("String(20)", "Integer")
    begin_with(project, models + f"    {kept.replace(FILLED, 'code > 0')}\n", URL)
    text = project.read("models.py")
    for old, new in (("Integer)", "Numeric(9, 2))"), ("Numeric(9, 2)", "Float")):
        text = text.replace(f"code = Column({old}", f"code = Column({new}")
        project.write("models.py", text)
        if project.git("commit", "-qam", "retyped", code=None).returncode:
            project.git("commit", "-qam", "retyped")
    told = project.gitmig("check").stdout
    assert "3 revisions" in told and "✗" not in told
    assert "ck_id" not in "".join(map(project.read, project.new_revisions()))


def test_a_longer_text(project: Project, pg_place: Path) -> None:
    """A check that the change of a type leaves as it is stays."""
    project.env["TMPDIR"] = str(pg_place)
    begin_with(project, MODELS + f"    {CHECK}\n", URL)
    text = project.read("models.py")
    project.write("models.py", text.replace("String(20)", "Text"))
    project.git("commit", "-qam", "retyped")
    assert "ck" not in project.read(project.new_revisions()[0])


def test_a_check_that_stays(project: Project, pg_place: Path) -> None:
    """A check that the new type does not fit stops the commit, with the words of PostgreSQL."""
    project.env["TMPDIR"] = str(pg_place)
    models = MODELS.replace("String(20)", "Integer")
    begin_with(project, models + f"    {CHECK.replace(FILLED, 'code > 0')}\n", URL)
    project.write(
        "models.py",
        project.read("models.py").replace("code = Column(Integer", "code = Column(Text"),
    )
    told = project.git("commit", "-qam", "retyped", code=1).stderr
    assert "operator does not exist: text > integer" in told and "write this one by hand" in told
    assert project.status() == " M models.py\n"
