"""`gitmig check` on MariaDB: what is no news there is not told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import Project, column, use_url

CHILD = (
    "op.create_table('posts', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('author', sa.Integer, sa.ForeignKey('users.id')))"
)
DROPS = "op.drop_constraint('posts_ibfk_1', 'posts', type_='foreignkey')\n    "
BRINGS = "op.create_foreign_key('posts_ibfk_1', 'posts', 'users', ['author'], ['id'])"


@pytest.fixture
def mariadb(project: Project, memory: Path) -> Project:
    """Return the project on MariaDB, with a table that points to another."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    project.revision("posts0000000", "base00000000", CHILD, "op.drop_table('posts')")
    project.commit_all("posts")
    project.git("switch", "-q", "-c", "feature")
    return project


def generated(project: Project) -> str:
    """Return the path of the revision that is generated and staged for the models."""
    project.git("add", "-A")
    project.gitmig("autogenerate", "-q", code=None)
    staged = project.git("diff", "--cached", "--name-only").stdout.split()
    (path,) = (each for each in staged if "versions/" in each)
    return path


def codes(project: Project) -> list[str]:
    """Return the codes of what a check finds, but for drift of models that nobody wrote."""
    project.git("add", "-A")
    told = project.gitmig("check", "--base", "main", "--format", "json", "--ignore", "drift",
                          code=None)  # fmt: skip
    return [each["code"] for each in json.loads(told.stdout)["findings"]]


@pytest.mark.parametrize(
    ("up", "down", "found"),
    [
        ("op.drop_column('posts', 'author')", "op.add_column('posts', sa.Column('author', "
         f"sa.Integer))\n    {BRINGS}", []),
        ("op.drop_index('author', 'posts')", BRINGS, []),
        ("op.drop_index('author', 'posts')", "op.create_index('ix', 'posts', ['author'])\n    "
         f"{BRINGS}", ["GM202"]),
    ],
    ids=["with the column", "with its index", "an index of its own"],
)  # fmt: skip
def test_the_index_that_a_foreign_key_brings(
    mariadb: Project, up: str, down: str, found: list[str]
) -> None:
    """It has another name where the same key is made in another way, which is no difference."""
    mariadb.revision("more00000000", "posts0000000", DROPS + up, down)
    assert [each for each in codes(mariadb) if each == "GM202"] == found


TWICE = """

class Twice(Base):
    __tablename__ = "twice"
    id = Column(Integer, primary_key=True)
    a = Column(Integer)
    b = Column(Integer)
    c = Column(Integer)
    __table_args__ = (UniqueConstraint("a", "b"), UniqueConstraint("a", "c"))
"""


@pytest.mark.parametrize(("second", "found"), [("b", []), ("id", ["GM301"])])
def test_unique_constraints_that_begin_alike(
    mariadb: Project, second: str, found: list[str]
) -> None:
    """The server numbers those without a name as they are made: no difference; another one is."""
    models = mariadb.read("models.py").replace("import ", "import UniqueConstraint, ", 1)
    mariadb.write("models.py", models + TWICE)
    columns = "".join(f"sa.Column('{name}', sa.Integer), " for name in "abc")
    made = f"sa.UniqueConstraint('a', 'c'), sa.UniqueConstraint('a', '{second}')"
    up = f"op.create_table('twice', sa.Column('id', sa.Integer, primary_key=True), {columns}{made})"
    mariadb.revision("more00000000", "posts0000000", up, "op.drop_table('twice')")
    mariadb.git("add", "-A")
    told = mariadb.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    drift = [each for each in json.loads(told)["findings"] if "twice" in each["message"]]
    assert sorted({each["code"] for each in drift}) == found


def test_a_required_json_column(mariadb: Project) -> None:
    """What gitmig writes for a column that can have no default there is no finding."""
    mariadb.append("models.py", column("data", "JSON", ", nullable=False, default=dict"))
    mariadb.write("models.py", mariadb.read("models.py").replace("import ", "import JSON, ", 1))
    path = generated(mariadb)
    assert "UPDATE users SET data" in mariadb.read(path)
    assert "GM732" not in codes(mariadb)


def test_a_revision_that_ends_the_server(mariadb: Project) -> None:
    """A server that is gone is told with the revision that ran then: it could not be checked."""
    path = mariadb.revision("bad000000000", "posts0000000", "op.execute('SHUTDOWN')")
    mariadb.git("add", "-A")
    said = mariadb.gitmig("check", "--base", "main", code=2).stderr
    assert " ended: " in said and f", while revision bad000000000 ran ({path}" in said
    assert "see whether that revision ends it" in said


def test_the_index_of_a_key_on_a_column_that_was_there(mariadb: Project) -> None:
    """It stays where the key is dropped: the way back that gitmig writes drops it, too."""
    models = mariadb.read("models.py")
    mariadb.append("models.py", column("boss", "Integer"))
    mariadb.git("add", "-A")
    mariadb.gitmig("autogenerate", "-q", code=None)
    mariadb.commit_all("boss")
    key = 'ForeignKey("users.id", name="fk_boss")'
    mariadb.write("models.py", models.replace("import ", "import ForeignKey, ", 1))
    mariadb.append("models.py", column("boss", f"Integer, {key}"))
    path = generated(mariadb)
    assert "op.drop_index('fk_boss', table_name='users')" in mariadb.read(path)
    assert "GM202" not in codes(mariadb)


def test_what_is_said_of_a_key_that_comes(mariadb: Project) -> None:
    """The hint has the drop of the index that stays; a table is copied for the key (K2)."""
    key = "ALTER TABLE users ADD {}CONSTRAINT fk_boss FOREIGN KEY (boss) REFERENCES users (id)"
    mariadb.revision("boss00000000", "posts0000000", "op.add_column('users', sa.Column('boss', "
                     "sa.Integer))", "op.drop_column('users', 'boss')")  # fmt: skip
    drop = "op.drop_constraint('fk_boss', 'users', type_='foreignkey')"
    mariadb.revision("more00000000", "boss00000000", f"op.execute({key.format('')!r})", drop)
    with_it = key.format("two INT, ADD ").replace("fk_boss", "fk_two").replace("(boss)", "(two)")
    back = "op.execute('ALTER TABLE users DROP FOREIGN KEY fk_two, DROP COLUMN two')"
    mariadb.revision("two000000000", "more00000000", f"op.execute({with_it!r})", back)
    mariadb.git("add", "-A")
    said = mariadb.gitmig("check", "--base", "main", code=1).stdout
    assert said.count("written anew: a foreign key is made") == 2 and "of its own" not in said
    assert 'op.drop_index("fk_boss", "users") behind its drop' in said
