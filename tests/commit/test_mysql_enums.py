"""Members of MariaDB's enums that come, go, or have another name (C12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from mysqls import query, served
from sqlalchemy.engine import make_url
from support import Project, begin_with

MODELS = """\
from sqlalchemy import Column, Enum, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    mood = Column(Enum({}, name="mood"), {})
"""
DEFAULT = "nullable=False, server_default='sad'"


def commit(project: Project, members: str, more: str, code: int = 0) -> str:
    """Commit other members; return the revision, or what was said."""
    project.write("models.py", MODELS.format(members, more))
    told = project.git("commit", "-qam", "work", code=None)
    if told.returncode and "committing again accepts it" in told.stderr:
        told = project.git("commit", "-qam", "work", code=None)
    assert told.returncode == code, told.stderr
    return told.stderr if code else project.read(project.new_revisions()[0])


@pytest.mark.parametrize("compares", ["True", "False"])
def test_on_mariadb(project: Project, memory: Path, compares: str) -> None:
    """A renamed member takes its rows along, both ways; a new one comes; one that goes stops."""
    project.env["TMPDIR"] = str(memory)
    env = project.read("migrations/env.py")
    more = f", compare_type={compares}, compare_server_default={compares})"
    project.write("migrations/env.py", env.replace("=target_metadata)", f"=target_metadata{more}"))
    with served() as real:
        query(real, "CREATE DATABASE app")
        folder = make_url(real.url).query["unix_socket"]
        url = f"mysql+pymysql://root@localhost/app?unix_socket={folder}"
        begin_with(project, MODELS.format('"sad", "glad"', DEFAULT), url)
        project.gitmig("upgrade", "-q")
        query(real, "INSERT app.users (mood) VALUES ('sad'), ('glad')")

        def moods() -> list[object]:
            return [row[0] for row in query(real, "SELECT mood FROM app.users ORDER BY id")]

        blue = DEFAULT.replace("sad", "blue")
        text = commit(project, '"blue", "glad"', blue)
        assert "UPDATE users SET mood" in text and text.count("alter_column") == 4
        for step, found in ((["upgrade"], "blue"), (["downgrade", "-1"], "sad"),
                            (["upgrade"], "blue")):  # fmt: skip
            project.gitmig(step[0], "-q", *step[1:])
            assert moods() == [found, "glad"]
        commit(project, '"blue", "it\'s 5%: :x"', blue)
        for step, found in ((["upgrade"], "it's 5%: :x"), (["downgrade", "-1"], "glad"),
                            (["upgrade"], "it's 5%: :x")):  # fmt: skip
            project.gitmig(step[0], "-q", *step[1:])
            assert moods() == ["blue", found]
        query(real, "INSERT app.users () VALUES ()")

        text = commit(project, '"new", "blue", "it\'s 5%: :x"', DEFAULT.replace("sad", "new"))
        assert text.count("alter_column") == 2 and "UPDATE" not in text
        project.gitmig("upgrade", "-q")
        query(real, "INSERT app.users () VALUES ()")
        assert moods() == ["blue", "it's 5%: :x", "blue", "new"]
        assert "✗" not in project.gitmig("check").stdout

        told = commit(project, '"new", "blue"', DEFAULT.replace("sad", "new"), code=1)
        assert "members users.mood changed from" in told
        assert "write what rows with it's 5%: :x get, an UPDATE, then op.alter_column" in told, told
        assert ("gitmig revision" if compares == "False" else "by hand, git add") in told
