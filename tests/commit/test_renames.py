"""Renames are renames: in the commit, in both directions, with the rows that are there (C11)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from support import Project, at_terminal

INDEXED = "    name = Column(String(50), index=True)\n"


def rows(project: Project, query: str) -> list[tuple[object, ...]]:
    """Return what a query gives in the project's own database."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        return connection.execute(query).fetchall()


def fill(project: Project) -> None:
    """Bring the project's own database to the head and put two users in."""
    project.gitmig("upgrade", "-q")
    with closing(sqlite3.connect(project.path / "app.db")) as connection, connection:
        connection.execute("INSERT INTO users (id, name) VALUES (1, 'Ada'), (2, NULL)")


def rename(project: Project, old: str, new: str) -> str:
    """Rename something in the models and commit; return what the hook printed."""
    project.write("models.py", project.read("models.py").replace(old, new))
    told = project.git("commit", "-qam", f"{old} is {new} now")
    return told.stdout + told.stderr


def test_values_survive_up_and_down(hooked: Project) -> None:
    """A renamed column keeps its values on the way up and on the way down."""
    fill(hooked)
    assert "rename users.name to full_name" in rename(hooked, "name =", "full_name =")
    assert "drop_column" not in hooked.read(hooked.new_revisions()[0])
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT id, full_name FROM users") == [(1, "Ada"), (2, None)]
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(hooked, "SELECT id, name FROM users") == [(1, "Ada"), (2, None)]


def test_table_and_column_at_once(hooked: Project) -> None:
    """A table and a column of it that are renamed in one commit keep their rows."""
    fill(hooked)
    models = hooked.read("models.py").replace('"users"', '"app_users"')
    hooked.write("models.py", models.replace("name =", "full_name ="))
    hooked.git("commit", "-qam", "both")
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT id, full_name FROM app_users") == [(1, "Ada"), (2, None)]
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(hooked, "SELECT id, name FROM users") == [(1, "Ada"), (2, None)]


def test_what_comes_with_a_rename(hooked: Project) -> None:
    """The index named after the column, and a longer type, come in the same revision."""
    rename(hooked, "    name = Column(String(50))\n", INDEXED)
    fill(hooked)
    told = rename(hooked, "name = Column(String(50)", "full_name = Column(String(80)")
    assert "rename users.name to full_name" in told and "drop ix_users_name" in told
    hooked.gitmig("upgrade", "-q")
    found = rows(hooked, "SELECT name FROM sqlite_master WHERE name LIKE 'ix_%'")
    assert found == [("ix_users_full_name",)]
    assert rows(hooked, "SELECT full_name FROM users") == [("Ada",), (None,)]
    hooked.gitmig("check")


def test_what_may_be_a_rename_stops(hooked: Project) -> None:
    """Where it is not certain the commit stops once, with the line that declares the rename."""
    hooked.write("models.py", hooked.read("models.py").replace("name =", "bio ="))
    told = hooked.git("commit", "-qam", "bio", code=1).stderr
    assert "users.name is dropped with all its values; if it is bio now, say so" in told
    assert 'info={"renamed_from": "name"}' in told
    declared = 'bio = Column(String(50), info={"renamed_from": "name"})'
    hooked.write(
        "models.py", hooked.read("models.py").replace("bio = Column(String(50))", declared)
    )
    hooked.git("commit", "-qam", "bio")
    [path] = hooked.new_revisions()
    assert "new_column_name='bio'" in hooked.read(path)
    assert hooked.status() == ""
    hooked.append("models.py", "\n\nSIZE = 1\n")
    hooked.git("commit", "-qam", "a declaration may stay")
    assert hooked.new_revisions() == []


def test_a_declared_rename_of_nothing_is_refused(hooked: Project) -> None:
    """A declared rename of what is not there stops with the name; nothing is written."""
    declared = '    bio = Column(String(50), info={"renamed_from": "nmae"})\n'
    hooked.append("models.py", declared)
    told = hooked.git("commit", "-qam", "bio", code=1).stderr
    assert "users.bio is declared to have been nmae, and no column nmae goes" in told
    assert not list((hooked.path / "migrations/versions").glob("*bio*"))


BREAKER = """\
import re, sys
path = sys.argv[1]
text = open(path).read()
text = re.sub(r"op.alter_column\\('users', 'name'.*?\\)\\n", "op.drop_column('users', 'name')\\n"
    "    op.add_column('users', sa.Column('full_name', sa.String(50)))\\n", text, flags=re.S)
open(path, "w").write(text)
"""


def test_proved_with_rows(hooked: Project) -> None:
    """A revision after which the schema is right and the values are gone is not written."""
    hooked.write("breaker.py", BREAKER)
    hooked.append("alembic.ini", "\n[post_write_hooks]\nhooks = b\nb.type = exec\n")
    hooked.append("alembic.ini", "b.executable = python\n")
    hooked.append("alembic.ini", "b.options = breaker.py REVISION_SCRIPT_FILENAME\n")
    hooked.commit_all("breaker")
    hooked.write("models.py", hooked.read("models.py").replace("name =", "full_name ="))
    told = hooked.git("commit", "-qam", "full name", code=1).stderr
    assert "not written because rows do not keep their values: rows of users held" in told
    assert "versions" not in hooked.status()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_asks_on_a_terminal(hooked: Project, answer: str) -> None:
    """On a terminal a person says whether it is a rename, and the commit goes on with that."""
    fill(hooked)
    hooked.write("models.py", hooked.read("models.py").replace("name =", "bio ="))
    shown = at_terminal(hooked, f"{answer}\n", "git", "commit", "-qam", "bio")
    assert "users.name goes and users.bio comes; is it a rename" in shown
    if answer == "y":
        assert "rename users.name to bio" in shown and hooked.status() == ""
        hooked.gitmig("upgrade", "-q")
        assert rows(hooked, "SELECT id, bio FROM users") == [(1, "Ada"), (2, None)]
    else:
        assert "stopped: users.name is dropped with all its values" in shown


def test_an_answer_is_for_what_was_asked(hooked: Project) -> None:
    """A commit that another hook refused keeps the answer, until the models are other ones."""
    fill(hooked)
    hooked.write(".git/hooks/commit-msg", "#!/bin/sh\nexit 1\n").chmod(0o755)
    hooked.write("models.py", hooked.read("models.py").replace("name =", "bio ="))
    shown = at_terminal(hooked, "y\n", "git", "commit", "-qam", "bio")
    assert "rename users.name to bio" in shown and "bio" in hooked.status()
    (hooked.path / ".git/hooks/commit-msg").unlink()
    hooked.write("models.py", hooked.read("models.py").replace("bio =", "motto ="))
    told = hooked.git("commit", "-qam", "motto", code=1).stderr
    assert "stopped: users.name is dropped with all its values; if it is motto now, say so" in told
    [path] = hooked.git("ls-files", "-o", "migrations/versions").stdout.split()
    assert "drop_column('name')" in hooked.read(path) and "rename" not in path


def test_class_stays(hooked: Project) -> None:
    """The class and the attribute keep their names: their table and column are renamed."""
    fill(hooked)
    models = hooked.read("models.py").replace('"users"', '"people"')
    hooked.write("models.py", models.replace("name = Column(", 'name = Column("called", '))
    told = hooked.git("commit", "-qam", "people").stderr
    assert "rename table users to people, rename people.name to called" in told
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT id, called FROM people") == [(1, "Ada"), (2, None)]
