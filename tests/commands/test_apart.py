"""Gate ``deploy``: a deployed database ends with the schema that a new one gets."""

from __future__ import annotations

import json
from pathlib import Path

import mysqls
import pytest
from support import Project, column, use_url

MARIADB = "mysql+pymysql://ada:secret@production.invalid/app"
BASE = "migrations/versions/base00000000.py"
LATER = "migrations/versions/later0000000.py"


def told(project: Project) -> tuple[int, str, list[tuple[str, int, str]]]:
    """Check against main: the exit code, the gate's status, place and message of each GM105."""
    result = project.gitmig("check", "--base", "main", "--format", "json", code=None)
    answer = json.loads(result.stdout)
    (status,) = [gate["status"] for gate in answer["gates"] if gate["name"] == "deploy"]
    found = [(each["path"], each["line"], each["message"])
             for each in answer["findings"] if each["code"] == "GM105"]  # fmt: skip
    return result.returncode, status, found


def makes_all(project: Project) -> None:
    """Have the published revision make the tables of the models; begin a branch."""
    project.revision(
        "base00000000",
        None,
        "from models import Base\n    Base.metadata.create_all(op.get_bind())",
        "from models import Base\n    Base.metadata.drop_all(op.get_bind())",
    )
    project.commit_all("create_all")
    project.git("switch", "-q", "-c", "feature")


def lacks_a_column(project: Project) -> None:
    """Assert that a column without a revision is told where the table is made."""
    makes_all(project)
    project.append("models.py", column("nick"))
    project.commit_all("nick")
    code, status, found = told(project)
    assert (code, status) == (1, "failed")
    ((path, line, message),) = found
    assert (path, line) == (BASE, 12)
    assert "does not upgrade to the schema of a new one: column users.nick is missing" in message
    assert message.endswith("revision base00000000 does something else by now")


def test_create_all(project: Project) -> None:
    """A table that ``create_all`` makes from other models is not what deployed databases have."""
    lacks_a_column(project)
    up = (
        "if 'nick' not in [each['name'] for each in sa.inspect(op.get_bind())"
        ".get_columns('users')]:\n        op.add_column('users', sa.Column('nick', sa.String(200)))"
    )
    project.revision("more00000000", "base00000000", up, "pass")
    project.write("gitmig.toml", 'downgrade = "optional"\n')
    project.commit_all("brought there")
    assert told(project) == (0, "passed", [])


def test_create_all_on_postgresql(pg: Project) -> None:
    """So on PostgreSQL."""
    lacks_a_column(pg)


def test_create_all_on_mariadb(project: Project, memory: Path) -> None:
    """So on MariaDB."""
    on_mariadb(project, memory)
    lacks_a_column(project)


def on_mariadb(project: Project, memory: Path) -> None:
    """Give a project MariaDB."""
    assert mysqls.installed()
    use_url(project, MARIADB)
    project.env["TMPDIR"] = str(memory)


HELPERS = """\
import sqlalchemy as sa


def columns():
    return [sa.Column("id", sa.Integer, primary_key=True), sa.Column("kind", sa.String(9))]
"""


@pytest.mark.parametrize("later", [False, True])
def test_a_helper(project: Project, later: bool) -> None:
    """A helper that was changed is told at the revision that calls it, whatever comes after it."""
    project.write("helpers.py", HELPERS)
    project.revision("later0000000", "base00000000",
                     "import helpers\n    op.create_table('tags', *helpers.columns())",
                     "op.drop_table('tags')")  # fmt: skip
    project.append("models.py", "\n\nclass Tag(Base):\n    __tablename__ = 'tags'\n"
                   f"{column('id', 'Integer', ', primary_key=True')}{column('kind')}")  # fmt: skip
    project.commit_all("tags")
    project.git("switch", "-q", "-c", "feature")
    project.write("helpers.py", HELPERS.replace('("kind"', '("sort"'))
    project.write("models.py", project.read("models.py").replace("kind = ", "sort = "))
    if later:
        project.revision("more00000000", "later0000000")
    project.commit_all("sort")
    code, _, found = told(project)
    ((path, line, message),) = found
    assert (code, path, line) == (1, LATER, 12)
    assert "column tags.sort is missing; column tags.kind is left over" in message
    waived = "# gitmig: allow GM105 nothing is deployed yet\n    import helpers"
    project.write(LATER, project.read(LATER).replace("import helpers", waived, 1))
    project.commit_all("accepted")
    assert told(project) == (1, "passed", [])  # the old code reads tags.kind


def test_a_file_of_sql(pg: Project) -> None:
    """So is a file of SQL beside a published revision."""
    pg.write("migrations/versions/v.sql", "CREATE VIEW v AS SELECT 1 AS a")
    up = "import pathlib; op.execute(pathlib.Path(__file__).with_name('v.sql').read_text())"
    pg.revision("later0000000", "base00000000", up, "op.execute('DROP VIEW v')")
    pg.commit_all("a view")
    pg.git("switch", "-q", "-c", "feature")
    pg.write("migrations/versions/v.sql", "CREATE VIEW v AS SELECT 1 AS a, 2 AS b")
    pg.commit_all("another view")
    code, _, found = told(pg)
    ((path, line, message),) = found
    assert (code, path, line) == (1, LATER, 12) and "view v differs" in message


def test_what_is_another_each_time(project: Project) -> None:
    """What a revision makes anew each time is no difference between the two ways."""
    text = project.read(BASE)
    unsteady = "import uuid, helpers\nrevision ="
    random = "sa.String(50), server_default=uuid.uuid4().hex)"
    project.write("helpers.py", HELPERS)
    project.write(
        BASE, text.replace("revision =", unsteady, 1).replace("sa.String(50))", random, 1)
    )
    project.commit_all("random")
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", column("nick"))
    up = "op.add_column('users', sa.Column('nick', sa.String(200), server_default={}))"
    project.revision("more00000000", "base00000000", up.format("__import__('uuid').uuid4().hex"),
                     "op.drop_column('users', 'nick')")  # fmt: skip
    project.commit_all("nick")
    _, status, found = told(project)
    assert (status, found) == ("passed", [])


OF_POSTGRESQL = [
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE TABLE posts (id serial PRIMARY KEY, mood mood DEFAULT 'sad', owner text, "
    "user_id integer REFERENCES users, UNIQUE (owner, mood), CHECK (owner <> ''))",
    "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW v AS SELECT * FROM posts",
    "DO $$ BEGIN CREATE ROLE readers; GRANT SELECT ON posts TO readers; END $$",
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "CREATE POLICY own ON posts TO CURRENT_USER USING (owner = CURRENT_USER)",
]
OF_MARIADB = [
    "CREATE SEQUENCE numbers",
    "CREATE TABLE posts (id integer AUTO_INCREMENT PRIMARY KEY, number bigint DEFAULT "
    "(nextval(numbers)), user_id integer, FOREIGN KEY (user_id) REFERENCES users (id), "
    "kind ENUM('a', 'b'), UNIQUE (number), CHECK (number > 0)) COMMENT 'posts'",
    "CREATE VIEW v AS SELECT posts.id FROM posts JOIN users ON users.id = posts.user_id",
    "CREATE TRIGGER t BEFORE INSERT ON posts FOR EACH ROW SET NEW.number = 1",
    "CREATE PROCEDURE p() SELECT 1 FROM posts",
]


def a_way_of_its_own(project: Project, statements: list[str]) -> None:
    """Assert that a chain with all kinds of things ends the same, whichever way it is gone."""
    project.write("helpers.py", "import sqlalchemy as sa\n")
    half = len(statements) // 2
    for id, parent, own in (("later0000000", "base00000000", statements[:half]),
                            ("more00000000", "later0000000", statements[half:])):  # fmt: skip
        if id == "more00000000":
            project.git("switch", "-q", "-c", "feature")
        ups = "\n    ".join(f"op.execute({each!r})" for each in own)
        project.revision(id, parent, f"import helpers\n    {ups}")
        project.commit_all(id)
    _, status, found = told(project)
    assert (status, found) == ("passed", [])


def test_the_same_on_postgresql(pg: Project) -> None:
    """What hangs on the way or on roles is no difference, on PostgreSQL."""
    a_way_of_its_own(pg, OF_POSTGRESQL)


def test_the_same_on_mariadb(project: Project, memory: Path) -> None:
    """Nor on MariaDB, where the name of the database is another one."""
    on_mariadb(project, memory)
    a_way_of_its_own(project, OF_MARIADB)


def test_a_version_table_that_changes(project: Project) -> None:
    """Alembic's own table is not compared."""
    makes_all(project)
    env = project.read("migrations/env.py")
    wider = (
        "from alembic.ddl.impl import DefaultImpl\nfrom sqlalchemy import *\n"
        "def wide(self, *, version_table, version_table_schema, version_table_pk, **kw):\n"
        "    return Table(version_table, MetaData(), Column('version_num', String(99)))\n"
        "DefaultImpl.version_table_impl = wide\n"
    )
    project.write("migrations/env.py", wider + env)
    project.commit_all("longer ids")
    _, status, found = told(project)
    assert (status, found) == ("passed", [])
