"""Triggers survive where SQLite's batch mode writes their table anew (C12)."""

from __future__ import annotations

import pytest
from support import Project
from test_named_checks import run

LOG = (
    "CREATE TRIGGER tr_log AFTER UPDATE OF name ON users BEGIN "
    "INSERT INTO log VALUES (new.name || ' at 12:30'); END"
)
OTHER = "CREATE TRIGGER tr_other AFTER DELETE ON log BEGIN UPDATE users SET age = 0; END"
AGE = "    age = Column(Integer)\n"
LOGGED = """

class Log(Base):
    __tablename__ = "log"
    text = Column(String(90), primary_key=True)
"""


@pytest.fixture
def triggered(hooked: Project) -> Project:
    """Return a project with a trigger on its table, and one of another table that mentions it."""
    hooked.append("models.py", "    age = Column(Integer)\n" + LOGGED)
    hooked.git("commit", "-qam", "log")
    [head] = hooked.new_revisions()
    parent = head.rpartition("/")[2].partition("_")[0]
    made = f"op.execute({LOG.replace(':', chr(92) + ':')!r}); op.execute({OTHER!r})"
    gone = 'op.execute("DROP TRIGGER tr_log"); op.execute("DROP TRIGGER tr_other")'
    hooked.revision("hand00000000", parent, made, gone)
    hooked.git("add", "-A")
    hooked.git("commit", "-qm", "triggers")
    hooked.gitmig("upgrade", "-q")
    run(hooked, "INSERT INTO users VALUES (1, 'Ada', 36)")
    return hooked


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("name = Column(String(50))", "name = Column(String(90))", "name"),
        ("name = Column(String(50))", "full_name = Column(String(90))", "full_name"),
        ("name = Column(String(50))\n", "name = Column(String(50))\n    more = Column(Integer)\n",
         "name"),
    ],
    ids=["another type", "renamed, and another type", "a column, which goes on the way back"],
)  # fmt: skip
def test_made_again(triggered: Project, old: str, new: str, name: str) -> None:
    """Triggers are made again as they were, in both directions, and fire."""
    before = triggers(triggered)
    models = triggered.read("models.py")
    assert old in models
    triggered.write("models.py", models.replace(old, new))
    triggered.git("commit", "-qam", "work")
    for step in (["upgrade"], ["downgrade", "-1"]):
        triggered.gitmig(step[0], "-q", *step[1:])
    assert triggers(triggered) == before
    triggered.gitmig("upgrade", "-q")
    run(triggered, {"name": "UPDATE users SET name = 'Eve'",
                    "full_name": "UPDATE users SET full_name = 'Eve'"}[name])  # fmt: skip
    assert run(triggered, "SELECT text FROM log") == [("Eve at 12:30",)]
    run(triggered, "DELETE FROM log")
    assert run(triggered, "SELECT age FROM users") == [(0,)]


def test_a_column_that_goes(triggered: Project) -> None:
    """A trigger that mentions a column which goes is named, and the file has its text."""
    triggered.write("models.py", triggered.read("models.py").replace(AGE, ""))
    told = triggered.git("commit", "-qam", "no age", code=1).stderr
    assert "trigger tr_other mentions users.age, which goes" in told
    [path] = triggered.git("ls-files", "-o", "-c", "*drop_users_age.py").stdout.split()
    up, middle, down = triggered.read(path).partition("def downgrade")
    assert "UPDATE users SET age = 0" in up
    up = up.replace("SET age = 0", "SET id = id")
    end = "    # ### end Alembic"
    back = f"    op.execute('DROP TRIGGER tr_other')\n    op.execute({OTHER!r})\n{end}"
    triggered.write(path, up + middle + down.replace(end, back))
    triggered.git("add", "-A")
    triggered.git("commit", "-qm", "no age")
    assert triggered.new_revisions() == [path]
    triggered.gitmig("check")


def triggers(project: Project) -> list[tuple[object, ...]]:
    """Return the names and texts of all triggers."""
    return run(project, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
