"""One change is one revision: the same id, and with SOURCE_DATE_EPOCH the same bytes (C15)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import Project, begin_with, column, services

BASE = """\
from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, Integer, String
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
"""
FROM_SETS = """\


class Thing(Base):
    __tablename__ = "things"
    __table_args__ = (
        *{CheckConstraint(f"{name} > 0", name=f"ck_{name}") for name in ("a", "b", "c")},
        *{Index(f"ix_{name}", name) for name in ("a", "b", "c")},
        *{UniqueConstraint(name, "id") for name in ("a", "b", "c")},
    )

    id = Column(Integer, primary_key=True)
    a = Column(Integer, ForeignKey("users.id"))
    b = Column(Integer, ForeignKey("users.id"))
    c = Column(Integer, ForeignKey("users.id"))
    kind = Column(Enum(*{"one", "two", "three", "four"}, name="kind"))
"""
EMAIL = column("email")
DATED = "file_template = %%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d_%%(epoch)s_%%(slug)s\n"
EPOCH = "1700000000"  # 2023-11-14 22:13:20 UTC


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(project: Project, request: pytest.FixtureRequest) -> Project:
    """Return a project with one table, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return begin_with(project, BASE)
    assert request.getfixturevalue("server")  # there are programs to start
    return begin_with(project, BASE, "postgresql+psycopg://production.invalid/app")


def clones(project: Project, tmp_path: Path) -> list[Project]:
    """Return clones on two machines that have nothing in common."""
    found = []
    settings = [{"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C"},
                {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LANG": "de_DE.UTF-8"}]  # fmt: skip
    for folder, env in zip(("one", "another/deep"), settings, strict=True):
        project.git("clone", "-q", ".", str(tmp_path / folder))
        home = tmp_path / f"home of {env['PYTHONHASHSEED']}"
        home.mkdir()
        clone = Project(tmp_path / folder, {**project.env, **env, "HOME": str(home)})
        clone.gitmig("install", "-q")
        found.append(clone)
    return found


def commit(project: Project, models: str, **env: str) -> str:
    """Commit models until they are accepted; return the path and the text of the revision."""
    project.write("models.py", models)
    project.git("add", "-A")
    if project.git("commit", "-qm", "work", code=None, **env).returncode:
        project.git("commit", "-qm", "work", **env)
    [path] = [each for each in project.new_revisions() if (project.path / each).exists()]
    return f"{path}\n{project.read(path)}"


def revision_id(text: str) -> str:
    """Return the id in the text of a revision."""
    [found] = re.findall(r"^revision = '(\w+)'", text, re.M)
    return str(found)


def add_email(project: Project, branch: str, start: str = "HEAD", **env: str) -> str:
    """Add the same column on a branch of its own; return its revision."""
    project.git("switch", "-qc", branch, start)
    return commit(project, project.read("models.py") + EMAIL, **env)


def test_the_same_id_everywhere(anywhere: Project, tmp_path: Path) -> None:
    """Two machines give the same bytes but for the date, and the seal over it."""
    texts = set()
    for clone in clones(anywhere, tmp_path):
        made = commit(clone, BASE + FROM_SETS) + commit(clone, BASE)
        made = re.sub(r"Create Date: .*", "", made)
        texts.add(re.sub(r"while this hash holds: [0-9a-f]{16}", "", made))
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("zone", "date", "name"),
    [("", "2023-11-14 22:13:20+00:00", "2023_11_14_22_1700000000"),
     ("timezone = Asia/Kolkata\n", "2023-11-15 03:43:20+05:30", "2023_11_15_03_1700000000")],
)  # fmt: skip
def test_the_same_bytes(anywhere: Project, tmp_path: Path, zone: str, date: str, name: str) -> None:
    """With SOURCE_DATE_EPOCH the whole file is the same, its name with the date, and its seal."""
    ini = anywhere.read("alembic.ini")
    anywhere.write("alembic.ini", ini.replace("[alembic]\n", f"[alembic]\n{DATED}{zone}"))
    anywhere.commit_all("names with dates")
    texts = set()
    for clone in clones(anywhere, tmp_path):
        clone.env["SOURCE_DATE_EPOCH"] = EPOCH
        texts.add(commit(clone, BASE + FROM_SETS) + commit(clone, BASE))
    [text] = texts
    assert f"Create Date: {date}\n" in text and f"/{name}_" in text


def test_the_date_in_the_settings(project: Project) -> None:
    """The date may stand in the project's settings; one that is none is an error that says so."""
    project.write("gitmig.toml", f'[env]\nSOURCE_DATE_EPOCH = "{EPOCH}"\n')
    project.gitmig("install", "-q")
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    project.git("commit", "-qm", "email")
    [path] = project.new_revisions()
    assert "Create Date: 2023-11-14 22:13:20+00:00\n" in project.read(path)
    project.write("gitmig.toml", "")
    project.append("models.py", column("phone"))
    project.git("add", "-A")
    for wrong in ("yesterday", "-1", "1.5", "9" * 20):
        told = project.gitmig("autogenerate", code=2, SOURCE_DATE_EPOCH=wrong).stderr
        assert f"SOURCE_DATE_EPOCH is '{wrong}'" in told and "export SOURCE_DATE_EPOCH=" in told
    assert project.new_revisions("HEAD") == [path] and "versions" not in project.status()


def test_the_same_change_on_two_branches(anywhere: Project) -> None:
    """It is one file: git merges it without a word where the dates are the same, too."""
    left = add_email(anywhere, "left", SOURCE_DATE_EPOCH=EPOCH)
    assert add_email(anywhere, "right", "main", SOURCE_DATE_EPOCH=EPOCH) == left
    anywhere.git("merge", "-q", "left", "--no-edit")
    assert anywhere.status() == ""
    assert "2 revisions" in anywhere.gitmig("check").stdout


def test_the_same_change_at_two_times(project: Project) -> None:
    """Where only the dates differ git has a conflict in one file, and either side will do."""
    project.gitmig("install", "-q")
    path = add_email(project, "left", SOURCE_DATE_EPOCH="1").split("\n")[0]
    project.run("alembic", "upgrade", "head")
    add_email(project, "right", "main", SOURCE_DATE_EPOCH="2")
    told = project.gitmig("check", "--base", "left", code=1).stdout
    assert f"there is a conflict in {path}" in told
    project.git("merge", "-q", "left", code=1)
    assert project.status() == f"AA {path}\n"
    told = project.gitmig("check", code=2).stderr
    assert f"{path} is unmerged" in told and f"git add {path}" in told
    project.git("checkout", "-q", "--ours", path)
    project.git("add", path)
    project.git("commit", "-q", "--no-edit")
    assert "2 revisions" in project.gitmig("check", "--base", "left").stdout
    assert "(head)" in project.run("alembic", "current").stdout  # the database is where it was


def test_an_id_that_stands_for_two(project: Project) -> None:
    """What was amended keeps its id: where another branch has that, check names both files."""
    project.gitmig("install", "-q")
    add_email(project, "left")
    project.append("models.py", column("phone"))
    project.git("commit", "-qa", "--amend", "--no-edit")
    [amended] = project.new_revisions()
    other = add_email(project, "right", "main").split("\n")[0]
    told = project.gitmig("check", "--base", "left", code=1).stdout
    assert "2 files would have one id" in told
    project.git("merge", "-q", "left", code=None)
    project.git("checkout", "-q", "--theirs", "models.py")
    project.git("add", "-A")
    told = project.gitmig("check", "--static", code=1).stdout
    assert f"2 files have the revision id {revision_id(project.read(other))}" in told
    assert amended in told and other in told and "delete one (git rm)" in told


def test_a_change_made_again(project: Project) -> None:
    """After a reset the same change has its id again, and a database that has it is at it."""
    project.gitmig("install", "-q")
    first = add_email(project, "work", SOURCE_DATE_EPOCH=EPOCH)
    project.run("alembic", "upgrade", "head")
    project.git("reset", "-q", "--hard", "HEAD^")
    assert commit(project, project.read("models.py") + EMAIL, SOURCE_DATE_EPOCH=EPOCH) == first
    assert revision_id(first) in project.run("alembic", "current").stdout


def test_a_change_that_came_and_went(project: Project) -> None:
    """The same change after another one is another revision: it has another parent."""
    project.gitmig("install", "-q")
    models = project.read("models.py")
    ids = [revision_id(commit(project, each)) for each in (models + EMAIL, models, models + EMAIL)]
    assert len(set(ids)) == 3
    assert "4 revisions" in project.gitmig("check").stdout


def test_an_id_of_another_environment(project: Project) -> None:
    """Where another environment has the id the next one is made of the same, on every machine."""
    services(project, "one", "two")
    project.git("rm", "-q", "one/migrations/versions/one.py", "two/migrations/versions/two.py")
    project.write("two/models.py", project.read("one/models.py"))
    project.commit_all("no revisions")
    ids = []
    for name in ("one", "two"):
        project.gitmig("autogenerate", "-q", "--env", name)
        [path] = project.git("diff", "--cached", "--name-only").stdout.split()
        ids.append(revision_id(project.read(path)))
        project.commit_all(name)
    assert ids[0] != ids[1]
    project.git("reset", "-q", "--hard", "HEAD^")
    project.gitmig("autogenerate", "-q", "--env", "two")
    assert f"/{ids[1]}_" in project.git("diff", "--cached", "--name-only").stdout


def test_ids_of_the_project(project: Project) -> None:
    """A project that gives ids itself keeps doing so."""
    env = project.read("migrations/env.py").replace(
        "target_metadata=target_metadata",
        "target_metadata=target_metadata, process_revision_directives=numbered",
    )
    hook = "def numbered(context, revision, directives):\n    directives[0].rev_id = '0002'\n\n\n"
    project.write("migrations/env.py", env.replace("def run", hook + "def run", 1))
    project.commit_all("numbered")
    project.gitmig("install", "-q")
    assert revision_id(add_email(project, "work")) == "0002"


def test_the_same_merge(project: Project, tmp_path: Path) -> None:
    """Who joins the same heads makes the same revision."""
    head = revision_id(project.read("migrations/versions/base00000000.py"))
    for name in ("left", "right"):
        project.revision(name, head, f"op.create_table({name!r}, sa.Column('id', sa.Integer()))",
                         f"op.drop_table({name!r})")  # fmt: skip
    project.commit_all("two heads")
    texts = set()
    for clone in clones(project, tmp_path):
        clone.gitmig("merge-heads", SOURCE_DATE_EPOCH=EPOCH)
        [path] = clone.git("diff", "--cached", "--name-only").stdout.split()
        texts.add(path + clone.read(path))
    assert len(texts) == 1
