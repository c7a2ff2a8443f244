"""A member of an enum that is a text in the database gets another name, or goes (C12)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mysqls import query, served
from servers import ask, url_for
from sqlalchemy.engine import make_url
from support import Project, begin_with
from test_named_checks import run

MODELS = """\
from sqlalchemy import ARRAY, Column, Enum, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    mood = Column({})
"""
MOOD = 'Enum("sad", "glad", name="mood"{})'
CHECKED = ", create_constraint=True"
STEPS = (["upgrade"], ["downgrade", "-1"], ["upgrade"])
NEW = ["blue", "melancholic", "no", "it's 5%: :x"]
ROWS = "INSERT INTO users (id, mood) VALUES (1, 'sad'), (2, 'glad'), (3, NULL)"


def begin(project: Project, mood: str, url: str = "") -> None:
    """Give the project users with a mood."""
    begin_with(project, MODELS.format(mood), url)
    project.gitmig("upgrade", "-q")


def edit(project: Project, *pairs: tuple[str, str]) -> None:
    """Change the models."""
    text = project.read("models.py")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    project.write("models.py", text)


def accepted(project: Project) -> str:
    """Commit what stops once; return what was said."""
    told = project.git("commit", "-qam", "work", code=1).stderr
    assert "committing again accepts it" in told
    project.git("commit", "-qam", "again")
    return told


def walked(project: Project) -> list[list[object]]:
    """Go up, down and up; return what the moods are after each."""
    found = []
    for step in STEPS:
        project.gitmig(step[0], "-q", *step[1:])
        found.append([row[0] for row in run(project, "SELECT mood FROM users ORDER BY id")])
    project.gitmig("check")
    return found


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("options", ["", CHECKED, ", native_enum=False, length=30"])
def test_renamed(project: Project, options: str, new: str) -> None:
    """Rows get the new name of a member and the old one back, whatever its length and CHECK."""
    begin(project, MOOD.format(options))
    run(project, ROWS)
    edit(project, ('"sad"', f'"{new}"'))
    told = accepted(project)
    assert f"rename sad of users.mood to {new}: rows that had the one have the other" in told
    assert "check mood fails" not in told and "may not fit" not in told
    assert walked(project) == [[new, "glad", None], ["sad", "glad", None], [new, "glad", None]]


def test_in_what_is_renamed_with_it(project: Project) -> None:
    """Table, column and members of two columns change their names in one commit."""
    begin(project, MOOD.format(CHECKED))
    project.append("models.py", '    look = Column(Enum("old", "new", name="look"))\n')
    project.git("commit", "-qam", "looks")
    project.gitmig("upgrade", "-q")
    run(project, "INSERT INTO users (id, mood, look) VALUES (1, 'sad', 'new')")
    edit(project, ("mood = ", "moods = "), ('"sad"', '"melancholic"'), ('"new"', '"brand new"'),
         ('"users"', '"people"'))  # fmt: skip
    accepted(project)
    text = project.read(project.new_revisions()[0])
    assert text.count("batch_alter_table") == 4 and text.count("UPDATE people SET") == 4
    for step in STEPS:
        project.gitmig(step[0], "-q", *step[1:])
        if step[0] == "downgrade":
            assert run(project, "SELECT * FROM users") == [(1, "sad", "new")]
    assert run(project, "SELECT * FROM people") == [(1, "melancholic", "brand new")]
    project.gitmig("check")


def test_gone(project: Project) -> None:
    """A member that goes stops, as often as it is tried, beside another change, too."""
    begin(project, MOOD.format(""))
    edit(project, ('"sad", ', ""))
    told = project.git("commit", "-qam", "work", code=1).stderr
    assert "changed from ['sad', 'glad'] to ['glad']" in told
    assert "write what rows with sad get, an UPDATE" in told
    edit(project, ("mood = ", "n = Column(Integer)\n    mood = "))
    for _ in range(2):
        told = project.git("commit", "-qam", "work", code=1).stderr
        assert "write what rows with sad get" in told and "by hand" in told


def test_gone_and_refused(project: Project) -> None:
    """Where a CHECK with a name refuses the member that goes, that is told of the CHECK."""
    begin(project, MOOD.format(CHECKED))
    edit(project, ('"sad", ', ""))
    told = accepted(project)
    assert "check mood fails where rows of users break it" in told and "UPDATE" not in told


@pytest.mark.parametrize("new", ["blue", "melancholic"])
def test_a_check_without_a_name(project: Project, new: str) -> None:
    """Where the CHECK has no name the commit stops, also where the type is another one."""
    begin(project, f'Enum("sad", "glad"{CHECKED})')
    edit(project, ('"sad"', f'"{new}"'))
    for _ in range(2):
        told = project.git("commit", "-qam", "work", code=1).stderr
        assert "write what rows with sad get, an UPDATE" in told and "by hand" in told


@pytest.mark.parametrize("new", ['"blue", ', ""])
def test_done_by_hand(project: Project, new: str) -> None:
    """A revision of the commit's own that names the member that is gone has done it."""
    begin(project, MOOD.format(""))
    edit(project, ('"sad", ', new))
    (head,) = (line.split()[0] for line in project.gitmig("heads").stdout.splitlines())
    project.revision("own000000000", head, "op.execute(\"UPDATE users SET mood = 'blue' "
                     "WHERE mood = 'sad'\")")  # fmt: skip
    project.git("add", "-A")
    project.git("commit", "-qm", "by hand")
    assert project.new_revisions() == ["migrations/versions/own000000000.py"]


def test_of_models_that_an_older_gitmig_kept(project: Project) -> None:
    """What an older version kept of HEAD does not say these members: then nothing is generated."""
    begin(project, MOOD.format(""))
    project.append("models.py", "\n# a comment\nN = 1\n")
    project.git("commit", "-qam", "kept")
    (kept,) = (project.path / ".git/gitmig/models").glob("*.json")
    models = json.loads(kept.read_text())
    assert models[0]["users"]["columns"]["mood"].pop("texts") == ["sad", "glad"]
    kept.write_text(json.dumps(models))
    edit(project, ('"sad"', '"blue"'))
    project.git("commit", "-qam", "work")
    assert project.new_revisions() == []


def test_folded(project: Project) -> None:
    """Two renames of one member are folded into one; what one step would not do is refused."""
    begin(project, MOOD.format(""))
    project.git("switch", "-qc", "feature")
    for old, new in (("sad", "blue"), ("blue", "low")):
        edit(project, (f'"{old}"', f'"{new}"'))
        accepted(project)
    project.gitmig("fold", "--base", "main")
    assert "UPDATE users SET mood = 'low' WHERE mood = 'sad'" in project.git("diff", "HEAD").stdout
    project.git("reset", "-q", "--hard")
    edit(project, ('"glad"', '"merry"'))
    accepted(project)
    told = project.gitmig("fold", "--base", "main", code=1).stderr
    assert "rows would stay as they were" in told and "'low' WHERE mood = 'sad'" in told
    assert project.status() == ""


SERVED = 'Enum("sad", "glad", name="mood", native_enum=False{})'


@pytest.mark.parametrize("options", ["", CHECKED])
def test_on_postgresql(project: Project, server: str, options: str) -> None:
    """A longer and a shorter name: room comes before the rows, goes after them."""
    name = f"texts{len(options)}"
    ask(server, f"CREATE DATABASE {name}")
    begin(project, SERVED.format(options), url_for(server, "psycopg", name))
    ask(server, ROWS, name)
    for old, new in (("sad", "melancholic"), ("melancholic", "no")):
        edit(project, (f'"{old}"', f'"{new}"'))
        accepted(project)
        for step, found in zip(STEPS, (new, old, new), strict=True):
            project.gitmig(step[0], "-q", *step[1:])
            moods = [row[0] for row in ask(server, "SELECT mood FROM users ORDER BY id", name)]
            assert moods == [found, "glad", None]
        project.gitmig("check")


def test_in_an_array(project: Project, server: str) -> None:
    """What an array holds is left to a person."""
    ask(server, "CREATE DATABASE texts_array")
    mood = f"ARRAY({SERVED.format('')})"
    begin(project, mood, url_for(server, "psycopg", "texts_array"))
    edit(project, ('"sad"', '"blue"'))
    told = project.git("commit", "-qam", "work", code=1).stderr
    assert "write what rows with sad get, an UPDATE" in told


def test_on_mariadb(project: Project, memory: Path) -> None:
    """A longer and a shorter name, with a CHECK and without."""
    project.env["TMPDIR"] = str(memory)
    with served() as real:
        folder = make_url(real.url).query["unix_socket"]
        query(real, "CREATE DATABASE app")
        url = f"mysql+pymysql://root@localhost/app?unix_socket={folder}"
        begin(project, SERVED.format(CHECKED), url)
        project.append("models.py", f"    look = Column({SERVED.format('')})\n")
        project.git("commit", "-qam", "looks")
        project.gitmig("upgrade", "-q")
        query(real, "INSERT app.users (mood, look) VALUES ('sad', 'sad'), ('glad', 'glad')")
        for old, new in (("sad", "melancholic"), ("melancholic", "no")):
            edit(project, (f'"{old}"', f'"{new}"'))
            accepted(project)
            for step, found in zip(STEPS, (new, old, new), strict=True):
                project.gitmig(step[0], "-q", *step[1:])
                rows = query(real, "SELECT mood, look FROM app.users ORDER BY id")
                assert rows == [(found, found), ("glad", "glad")]
            project.gitmig("check")
