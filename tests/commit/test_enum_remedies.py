"""What is told of enum members that are left to a person, and what is generated beside (C12)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from mysqls import query, served
from servers import ask, url_for
from sqlalchemy.engine import make_url
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, Computed, Enum, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    mood = Column({})
"""
MOOD = 'Enum({}, name="mood"), nullable=False, server_default="{}"'
NAMES = count()


@pytest.fixture(scope="module")
def mariadb(memory: Path) -> Iterator[object]:
    """Give a MariaDB server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(memory))
        with served() as real:
            yield real


def begin(project: Project, where: str, url: str, column: str, compares: bool) -> None:
    """Begin with a column; Alembic compares its type, and its default where it is asked to."""
    env = project.read("migrations/env.py")
    more = f"=target_metadata, compare_type=True, compare_server_default={compares})"
    project.write("migrations/env.py", env.replace("=target_metadata)", more))
    begin_with(project, MODELS.format(column), url)
    project.gitmig("upgrade", "-q")


def on_postgresql(project: Project, server: str, column: str, compares: bool = True) -> str:
    """Begin on a database of PostgreSQL; return its name."""
    name = f"remedies{next(NAMES)}"
    ask(server, f"CREATE DATABASE {name}")
    begin(project, name, url_for(server, "psycopg", name), column, compares)
    return name


def on_mariadb(project: Project, mariadb: object, column: str, compares: bool = True) -> str:
    """Begin on a database of MariaDB; return its name."""
    name = f"remedies{next(NAMES)}"
    query(mariadb, f"CREATE DATABASE {name}")
    folder = make_url(mariadb.url).query["unix_socket"]  # type: ignore[attr-defined]
    url = f"mysql+pymysql://root@localhost/{name}?unix_socket={folder}"
    begin(project, name, url, column, compares)
    return name


def commit(project: Project, column: str, code: int = 0) -> str:
    """Commit another column; return what was said."""
    project.write("models.py", MODELS.format(column))
    return project.git("commit", "-qam", "work", code=code).stderr


def test_a_member_goes_on_postgresql(project: Project, server: str) -> None:
    """What is told to be written makes the type anew: with it the commit is accepted."""
    name = on_postgresql(project, server, MOOD.format('"sad", "glad", "old"', "sad"))
    ask(server, "INSERT INTO users (mood) VALUES ('old'), ('glad')", name)
    told = commit(project, MOOD.format('"glad", "sad"', "sad"), code=1)
    assert "write what rows with old get, an UPDATE, then op.execute: ALTER TYPE" in told
    made = told.partition("op.execute: ")[2].partition(")")[0] + ")"
    rest = told.partition(made)[2].partition("DROP TYPE mood_old")[0]
    statements = [each.strip() for each in f"{made}{rest}DROP TYPE mood_old".split("; ")]
    assert len(statements) == 6, statements
    project.gitmig("revision", "-m", "members")
    [found] = (project.path / "migrations" / "versions").glob("*_members.py")
    path = f"migrations/versions/{found.name}"
    lines = [f"op.execute({each!r})" for each in
             ("UPDATE users SET mood = 'sad' WHERE mood = 'old'", *statements)]  # fmt: skip
    text = project.read(path).replace("pass", "\n    ".join(lines), 1)
    project.write(path, text)
    project.git("add", "-A")
    if project.git("commit", "-qm", "members", code=None).returncode:  # SQL is not judged
        project.git("commit", "-qm", "members")
    assert project.status() == ""
    project.gitmig("upgrade", "-q")
    assert ask(server, "SELECT mood::text FROM users ORDER BY id", name) == [("sad",), ("glad",)]


def test_a_renamed_default_and_more_on_postgresql(project: Project, server: str) -> None:
    """A default that is no member yet fails; the enum is named, with what to write."""
    on_postgresql(project, server, MOOD.format('"sad", "glad"', "sad"))
    told = commit(project, MOOD.format('"blue", "glad", "calm"', "blue"), code=1)
    assert "members users.mood changed from" in told, told
    assert "UPDATE or ALTER TYPE ... RENAME VALUE, then op.execute" in told
    assert "ALTER COLUMN mood SET DEFAULT ...;" in told and "gitmig revision -m" in told


def test_a_renamed_default_and_more_on_mariadb(project: Project, mariadb: object) -> None:
    """The same on MariaDB."""
    on_mariadb(project, mariadb, MOOD.format('"sad", "glad"', "sad"))
    told = commit(project, MOOD.format('"blue", "glad", "calm"', "blue"), code=1)
    assert "members users.mood changed from" in told, told
    assert "with the old members and the new, then write what rows with sad get" in told


@pytest.mark.parametrize("compares", [True, False])
def test_a_rename_on_mariadb_is_no_doubt_of_the_type(
    project: Project, mariadb: object, compares: bool
) -> None:
    """The rows have the new name before the old one goes: their values fit."""
    on_mariadb(project, mariadb, MOOD.format('"sad", "glad"', "sad"), compares)
    told = commit(project, MOOD.format('"blue", "glad"', "blue"), code=1)
    assert "rows that had the one have the other" in told
    assert "may not fit" not in told


@pytest.mark.parametrize("compares", [True, False])
def test_type_and_default_on_mariadb(project: Project, mariadb: object, compares: bool) -> None:
    """A default of another type comes with the type, in both directions."""
    users = on_mariadb(project, mariadb, "String(50), server_default='abc'", compares) + ".users"
    commit(project, "Integer, server_default='5'", code=1)
    project.git("commit", "-qam", "work")
    for step, found in ((["upgrade"], 5), (["downgrade", "-1"], "abc"), (["upgrade"], 5)):
        project.gitmig(step[0], "-q", *step[1:])
        query(mariadb, f"INSERT {users} () VALUES ()")  # noqa: S608 - ours
        assert query(mariadb, f"SELECT mood FROM {users}")[0][0] == found  # noqa: S608 - ours
        query(mariadb, f"TRUNCATE {users}")


def test_an_enum_becomes_a_text(project: Project, server: str) -> None:
    """A text that has room for every member is no doubt; one that has not is."""
    on_postgresql(project, server, MOOD.format('"sad", "glad"', "sad"))
    assert "may not fit" in commit(project, "String(3), nullable=False", code=1)
    project.git("reset", "-q", "--hard")
    commit(project, 'String(20), nullable=False, server_default="sad"')
    assert "VARCHAR(length=20)" in project.read(project.new_revisions()[0]).replace(
        "String", "VARCHAR"
    )


def test_no_longer_computed_on_postgresql(project: Project, server: str) -> None:
    """A column that keeps what was computed: the statement for it is told, and runs."""
    name = on_postgresql(project, server, 'Integer, Computed("id * 2")')
    told = commit(project, "Integer", code=1)
    statement = "ALTER TABLE users ALTER COLUMN mood DROP EXPRESSION"
    assert f"(write op.execute('{statement}'))" in told, told
    ask(server, statement, name)
