"""New columns that are NOT NULL: steps that rows survive, or a marked place for a person."""

from __future__ import annotations

import sqlite3
from functools import partial

import pytest
from support import Project, column
from test_renames import fill, rows

AGE = "    age = Column(Integer, nullable=False, default=7)\n"


def add(project: Project, text: str, code: int = 0) -> str:
    """Add lines to the model and commit; return what the hook printed."""
    project.append("models.py", text)
    told = project.git("commit", "-qam", "more", code=code)
    return told.stdout + told.stderr


def test_constant_default(hooked: Project) -> None:
    """Rows that are there get the model's own default, and no default stays behind (C10)."""
    fill(hooked)
    assert "users.age" not in add(hooked, AGE).replace("add users.age", "")
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT id, name, age FROM users") == [(1, "Ada", 7), (2, None, 7)]
    insert = partial(rows, hooked, "INSERT INTO users (id) VALUES (3)")
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        insert()
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(hooked, "SELECT * FROM users") == [(1, "Ada"), (2, None)]


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        pytest.param("Boolean, nullable=False, default=True", 1, id="boolean"),
        pytest.param("String(9), nullable=False, default='a''b:c'", "ab:c", id="colon"),
        pytest.param('String(9), nullable=False, default="it\'s"', "it's", id="quote"),
        pytest.param("Numeric(5, 2), nullable=False, default=1.5", 1.5, id="number"),
        pytest.param("JSON, nullable=False, default=dict", "{}", id="dict"),
        pytest.param("Enum('on', 'off', name='s'), nullable=False, default='on'", "on", id="enum"),
        pytest.param("Date, nullable=False, default=date(2020, 1, 2)", "2020-01-02", id="date"),
        pytest.param("Enum(Color), nullable=False, default=Color.RED", "RED", id="member"),
    ],
)
def test_types(hooked: Project, declaration: str, value: object) -> None:
    """The default becomes what the database holds for it, whatever its type."""
    fill(hooked)
    head = (
        "import enum\nfrom datetime import date\n"
        "from sqlalchemy import Boolean, Date, Enum, JSON, Numeric\n"
        'Color = enum.Enum("Color", "RED BLUE")\n'
    )
    hooked.write("models.py", head + hooked.read("models.py"))
    add(hooked, f"    more = Column({declaration})\n")
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT more FROM users") == [(value,), (value,)]
    hooked.gitmig("check")


def test_nothing_says_what_rows_get(hooked: Project) -> None:
    """The commit stops once at a marked place; filled in, the revision goes over rows (C10)."""
    fill(hooked)
    told = add(hooked, column("email", more=", nullable=False"), code=1)
    assert "users.email is NOT NULL, and nothing says what rows that are there get" in told
    [path] = [each for each in hooked.status().splitlines() if "versions" in each]
    path = path.split(maxsplit=1)[1]
    text = hooked.read(path)
    place = "# op.execute('UPDATE users SET email = ...')"
    assert place in text
    filling = "op.execute(\"UPDATE users SET email = 'x' || id\")"
    hooked.write(path, text.replace(place, filling))
    hooked.git("add", path)
    hooked.git("commit", "-qam", "filled")
    hooked.gitmig("upgrade", "-q")
    assert rows(hooked, "SELECT id, email FROM users") == [(1, "x1"), (2, "x2")]
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(hooked, "SELECT * FROM users") == [(1, "Ada"), (2, None)]


def test_several_share_their_steps(hooked: Project) -> None:
    """On SQLite the table is written anew once for each step, however many columns come."""
    fill(hooked)
    text = AGE + column("free") + AGE.replace("age", "rank").replace("7", "8")
    hooked.write("models.py", hooked.read("models.py").replace("String(50)", "String(70)"))
    add(hooked, text + column("email", more=", nullable=False, unique=True"), code=1)
    (path,) = (line[3:] for line in hooked.status().splitlines() if "versions/" in line)
    text = hooked.read(path)
    up, _, down = text.partition("def downgrade")
    assert (up.count("batch_alter_table"), down.count("batch_alter_table")) == (2, 1)
    steps = [up.index(word) for word in ("'age'", "'free'", "'rank'", "UPDATE users SET email")]
    after = [up.index(word) for word in ("alter_column('age'", "alter_column('rank'",
                                         "alter_column('email'", "alter_column('name'",
                                         "create_unique_constraint")]  # fmt: skip
    assert steps + after == sorted(steps + after)
    hooked.write(path, text.replace("# op.execute('UPDATE users SET email = ...')",
                                    "op.execute('UPDATE users SET email = id')"))  # fmt: skip
    hooked.git("add", "-A")
    hooked.git("commit", "-qm", "filled")
    hooked.gitmig("upgrade", "-q")
    found = rows(hooked, "SELECT id, age, free, rank, email FROM users")
    assert found == [(1, 7, None, 8, "1"), (2, 7, None, 8, "2")]
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(hooked, "SELECT * FROM users") == [(1, "Ada"), (2, None)]
    hooked.gitmig("check")


def test_empty_fill_is_accepted(hooked: Project) -> None:
    """A table that has no rows yet needs no filling: committing again accepts it."""
    add(hooked, column("email", more=", nullable=False, index=True"), code=1)
    hooked.git("commit", "-qam", "again")
    hooked.gitmig("upgrade", "-q")
    assert hooked.tables()["users"] == ["id", "name", "email"]
    hooked.gitmig("check")


def test_the_way_back_of_a_dropped_one(hooked: Project) -> None:
    """The downgrade that brings a NOT NULL column back has the steps, and a place to fill it."""
    hooked.append("models.py", column("size", "Integer", ", nullable=False, server_default='1'"))
    hooked.git("commit", "-qam", "size")
    hooked.append("models.py", column("word", more=", nullable=False"))
    hooked.git("commit", "-qam", "word", code=1)
    hooked.git("commit", "-qam", "word")
    models = hooked.read("models.py").splitlines(keepends=True)
    hooked.write("models.py", "".join(models[:-2]))
    hooked.git("commit", "-qam", "both go", code=1)
    hooked.git("commit", "-qam", "both go")
    text = hooked.read(hooked.new_revisions()[0]).partition("def downgrade")[2]
    assert text.count("UPDATE users SET word = ...") == 1 and "UPDATE users SET size" not in text
    assert "✗" not in hooked.gitmig("check").stdout
