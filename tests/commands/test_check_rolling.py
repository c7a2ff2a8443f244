"""Gate ``rolling``: the base branch's code on the schema of the branch, as during a deploy."""

from __future__ import annotations

import json
from pathlib import Path

import mysqls
import pytest
from support import REVISION, Project, use_url

MODELS = """\
import sqlalchemy as sa
from sqlalchemy import *
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    kind = Column(String(10), nullable=False, default="x")
    size = Column(Integer, server_default="1", nullable=False)


class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
    text = Column(String(100), nullable=False)
    mood = Column(Enum("sad", "glad", name="mood"))
"""
MORE = "migrations/versions/more00000000.py"


def begin(project: Project, more: str = "") -> None:
    """Give main its models (and ``more``) and schema, and begin a branch."""
    project.write("models.py", MODELS + more)
    project.write("gitmig.toml", 'downgrade = "optional"\n')
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    project.git("add", "-A")
    project.gitmig("autogenerate", "-q")
    project.commit_all("first")
    project.git("switch", "-q", "-c", "feature")


def rolling(
    project: Project, upgrade: str, *changes: tuple[str, str]
) -> dict[str, list[tuple[int, str]]]:
    """Give the branch a revision and other models; return path, line and text by code."""
    [parent] = [path.name.partition("_")[0] for path in project.path.glob("migrations/versions/*")
                if path.suffix == ".py" and path.stem != "last00000000"]  # fmt: skip
    text = REVISION.format(id="more00000000", parent=parent, subject="more", upgrade=upgrade,
                           downgrade="pass")  # fmt: skip
    project.write(MORE, text)
    models = project.read("models.py")
    for old, new in changes:
        assert old in models
        models = models.replace(old, new)
    project.write("models.py", models)
    project.commit_all("more")
    told = json.loads(
        project.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for each in told["findings"]:
        if each["code"].startswith("GM6"):
            assert (each["path"], each["revision"]) == (MORE, "more00000000"), each
            found.setdefault(each["code"], []).append((each["line"], each["message"]))
    status = {gate["name"]: gate["status"] for gate in told["gates"]}
    bad = [
        each for each in told["findings"] if each["severity"] == "error" and each["code"] in found
    ]
    assert status["deploy"] == "passed", told
    assert status["rolling"] == ("failed" if bad else "passed"), told
    return found


READS = "the base's code still reads what is gone: "
ADDS = "the base's code cannot add rows: "
REFUSED = "the base's code may be refused: "
NOW = "it may be {} now, which it does not write"
NAMED = "'email', "
BATCH = "with op.batch_alter_table('users') as batch_op:\n        batch_op."


def test_a_renamed_column(project: Project) -> None:
    """A column that the base's code reads under its old name is named, with file and line (K1)."""
    begin(project)
    upgrade = "pass\n    op.alter_column('users', 'name', new_column_name='full_name')"
    found = rolling(project, upgrade, ("    name =", "    full_name ="))
    assert found == {"GM601": [(13, READS + f"users.name ({NOW.format('full_name')})")]}


def test_a_renamed_column_that_is_required(project: Project) -> None:
    """One that is NOT NULL is one finding, too; another column that comes beside it is its own."""
    begin(project)
    upgrade = (
        "op.alter_column('posts', 'text', new_column_name='body')\n    "
        "op.add_column('users', sa.Column('email', sa.String(9), nullable=False))"
    )
    found = rolling(project, upgrade, ("    text =", "    body ="))
    text = "users.email is NOT NULL without a server default, and it does not write it"
    assert found == {
        "GM601": [(12, READS + f"posts.text ({NOW.format('body')})")],
        "GM602": [(13, ADDS + text)],
    }


def test_a_table_made_anew(project: Project) -> None:
    """Columns that go or come with a table that is made anew have the lines of that."""
    begin(project)
    upgrade = (
        "op.drop_table('posts')\n    op.create_table('posts', sa.Column('id', sa.Integer, "
        "primary_key=True), sa.Column('title', sa.Integer, nullable=False), "
        "sa.Column('mood', sa.String(4)))"
    )
    project.revision("last00000000", "more00000000", "pass", "pass")
    found = rolling(project, upgrade)
    text = "posts.title is NOT NULL without a server default, and it does not write it"
    assert found == {"GM601": [(12, READS + "posts.text")], "GM602": [(13, ADDS + text)]}


def test_a_dropped_table(project: Project) -> None:
    """So is a table that is gone; what it may be called now is said."""
    begin(project)
    found = rolling(project, "op.rename_table('posts', 'notes')", ('"posts"', '"notes"'))
    assert found == {"GM601": [(12, READS + "table posts (it looks to be notes now)")]}


def test_a_view_in_its_place(project: Project) -> None:
    """A view that has the old name and all columns lets the old code read on: silence."""
    begin(project)
    upgrade = (
        "op.rename_table('posts', 'notes'); "
        "op.execute('CREATE VIEW posts AS SELECT id, text, mood FROM notes')"
    )
    assert rolling(project, upgrade, ('"posts"', '"notes"')) == {}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("sa.Column('email', sa.String(9), nullable=False)", True),
        ("sa.Column('email', sa.String(9))", False),
        ("sa.Column('email', sa.String(9), nullable=False, server_default='x')", False),
        ("sa.Column('email', sa.Integer, sa.Computed('id'), nullable=False)", False),
    ],
)
def test_a_required_column(project: Project, column: str, said: bool) -> None:
    """A new column that each row must bring stops the old code's INSERT; others do not."""
    begin(project)
    upgrade = "with op.batch_alter_table('users', recreate='always') as batch_op:\n"
    found = rolling(project, upgrade + f"        batch_op.add_column({column})",
                    ("    size", f"    email = {column.replace(NAMED, '')}\n    size"))  # fmt: skip
    told = ADDS + "users.email is NOT NULL without a server default, and it does not write it"
    assert found == ({"GM602": [(13, told)]} if said else {})


def test_required_in_steps(project: Project) -> None:
    """The line is that of the step that makes it required, not of the one that adds it."""
    begin(project)
    upgrade = (
        "op.add_column('users', sa.Column('email', sa.String(9)))\n"
        "    with op.batch_alter_table('users') as batch_op:\n"
        "        batch_op.alter_column('email', nullable=False)"
    )
    model = "    email = Column(String(9), nullable=False)\n    size"
    found = rolling(project, upgrade, ("    size", model))
    assert [line for line, _ in found["GM602"]] == [14]


@pytest.mark.parametrize(
    "fill",
    [
        "op.execute('UPDATE users SET email = name')",
        "op.execute(sa.table('users', sa.column('email')).update().values(email='x'))",
    ],
)
def test_required_and_filled(project: Project, fill: str) -> None:
    """The line is that of the column, not of the statement that fills it afterwards."""
    begin(project)
    batch = "with op.batch_alter_table('users', recreate='always') as batch_op:\n"
    column = "sa.Column('email', sa.String(9), nullable=False)"
    found = rolling(
        project,
        f"{batch}        batch_op.add_column({column})\n    {fill}",
        ("    size", "    email = Column(String(9), nullable=False)\n    size"),
    )
    assert [line for line, _ in found["GM602"]] == [13]


def test_stricter(project: Project) -> None:
    """NOT NULL where the old code leaves NULL is an error, a new CHECK or UNIQUE a warning."""
    begin(project)
    upgrade = (
        BATCH + "alter_column('name', nullable=False)\n"
        "    with op.batch_alter_table('posts') as batch_op:\n"
        "        batch_op.create_check_constraint('ck_text', 'length(text) > 3')\n"
        "        batch_op.create_unique_constraint('uq_text', ['text'])"
    )
    found = rolling(
        project, upgrade,
        ("name = Column(String(50))", "name = Column(String(50), nullable=False)"),
        ("    id = Column(Integer, primary_key=True)\n    text",
         '    __table_args__ = (CheckConstraint("length(text) > 3", name="ck_text"),\n'
         '        UniqueConstraint("text", name="uq_text"))\n'
         "    id = Column(Integer, primary_key=True)\n    text"),
    )  # fmt: skip
    assert found == {
        "GM603": [(13, REFUSED + "users.name is NOT NULL now, and it may leave it NULL")],
        "GM604": [
            (15, REFUSED + "posts has a new CHECK ck_text (length (text) > 3), which it may "
                 "break"),
            (16, REFUSED + "posts is unique by text now, which it may break"),
        ],
    }  # fmt: skip


def test_stricter_by_a_primary_key(pg: Project) -> None:
    """A primary key makes its columns NOT NULL: told at its line; EXCLUDE is no CHECK."""
    begin(pg)
    upgrade = (
        "op.drop_constraint('users_pkey', 'users')\n"
        "    op.create_primary_key('users_pkey', 'users', ['id', 'name'])\n"
        "    op.execute('ALTER TABLE posts ADD CONSTRAINT ex EXCLUDE (text WITH =)')"
    )
    found = rolling(pg, upgrade)
    assert found["GM603"] == [
        (13, REFUSED + "users.name is NOT NULL now, and it may leave it NULL")
    ]
    told = "posts has a new ex (EXCLUDE USING btree (text WITH =)), which it may break"
    assert found["GM604"] == [(14, REFUSED + told)]


def test_not_stricter_for_the_old_code(project: Project) -> None:
    """What the old models promise already is no news: NOT NULL with a default of their own."""
    begin(project)
    project.git("switch", "-q", "main")
    [path] = project.path.glob("migrations/versions/*.py")
    text = path.read_text()
    path.write_text(text.replace("sa.String(length=10), nullable=False", "sa.String(length=10)"))
    project.commit_all("nullable in the schema alone")
    project.git("switch", "-q", "-C", "feature")
    assert rolling(project, BATCH + "alter_column('kind', nullable=False)") == {}


def test_a_default_that_is_gone(project: Project) -> None:
    """A server default that the old code leaves its column to must stay while it runs."""
    begin(project)
    found = rolling(project, BATCH + "alter_column('size', server_default=None)",
                    ('server_default="1", nullable', "nullable"))  # fmt: skip
    told = "users.size has no server default any more, and is NOT NULL"
    assert found == {"GM603": [(13, REFUSED + told)]}


def test_members_of_an_enum(project: Project) -> None:
    """A member that comes in the place of another cannot be read by the old; one warning."""
    begin(project)
    found = rolling(project, "op.execute('-- posts.mood may hold meh')",
                    ('"sad", "glad"', '"sad", "meh"'))  # fmt: skip
    unread = "the base's code may fail on new rows: posts.mood may hold meh, which it cannot read"
    stays = "the new code does not know glad in posts.mood, and cannot read rows that hold it"
    told = f"{REFUSED}{stays}; {unread}"
    assert found == {"GM604": [(12, told)]}


def test_a_member_that_comes(project: Project) -> None:
    """One that only comes cannot be read by the old code; a warning of its own."""
    begin(project)
    found = rolling(project, "op.execute('-- posts.mood may hold meh')",
                    ('"sad", "glad"', '"sad", "glad", "meh"'))  # fmt: skip
    ((line, told),) = found.pop("GM605")
    assert found == {} and line == 12 and "meh, which it cannot read" in told


def test_members_that_a_check_loses(project: Project) -> None:
    """A member that goes is told at the line of the CHECK that is left."""
    begin(project)
    upgrade = (
        "with op.batch_alter_table('posts') as batch_op:\n"
        "        batch_op.alter_column('text', nullable=True)\n"
        "        batch_op.create_check_constraint('ck_mood', \"mood IN ('sad')\")"
    )
    found = rolling(project, upgrade, ('"sad", "glad"', '"sad"'))
    told = REFUSED + "the new code does not know glad in posts.mood"
    assert (14, told) in found["GM604"]


@pytest.mark.parametrize("mend", ["", "op.execute(\"UPDATE posts SET mood = 'sad'\")\n    "])
def test_a_member_that_rows_keep(project: Project, mend: str) -> None:
    """Where the schema lets a member that goes be, rows keep it unless the revision writes them."""
    begin(project)
    narrow = BATCH.replace("users", "posts") + "alter_column('mood', type_=sa.String(9))"
    found = rolling(project, mend + narrow, ('"sad", "glad"', '"sad"'))
    told = REFUSED + "the new code does not know glad in posts.mood"
    ((_, message),) = found["GM604"]
    assert message == told + ("" if mend else ", and cannot read rows that hold it")


def test_members_of_a_type_that_names_no_column(pg: Project) -> None:
    """A renamed member of PostgreSQL's is one finding, at its line, whoever else would tell it."""
    begin(pg)
    rename = "op.execute(\"ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'\")"
    found = rolling(pg, f"op.execute('SELECT 1')\n    {rename}\n    op.execute('SELECT 2')",
                    ('"sad", "glad"', '"sad", "happy"'))  # fmt: skip
    ((line, told),) = found.pop("GM604")
    assert found == {} and line == 13
    assert "does not know glad" in told and "may hold happy, which it cannot read" in told
    told = pg.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    codes = [each["code"] for each in json.loads(told)["findings"] if each["line"] == 13]
    assert codes == ["GM604"]  # neither GM605, GM725 nor squawk's


SAID_OTHERWISE = """\
from helpers import drop
    table, column = "users", "name"
    for each in [column]:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {each}")
    op.execute("UPDATE users SET size = 1 WHERE size = 2 -- users.name")
    drop(op, "posts", "text")"""


def test_what_no_text_of_the_revision_names(project: Project) -> None:
    """What an f-string or a helper takes away is told at the line that ran it, in its revision."""
    begin(project)
    project.write("helpers.py", "def drop(op, table, column):\n    op.drop_column(table, column)\n")
    found = rolling(project, SAID_OTHERWISE,
                    ("    name = Column(String(50))\n", ""),
                    ("    text = Column(String(100), nullable=False)\n", ""))  # fmt: skip
    assert [line for line, _ in found["GM601"]] == [17, 15]


def test_checks_of_one_table(project: Project) -> None:
    """Of several CHECKs on a table each is told at its own line."""
    begin(project)
    upgrade = (
        "with op.batch_alter_table('posts') as batch_op:\n"
        "        batch_op.create_check_constraint('ck_a', 'length(text) > 3')\n"
        "        batch_op.create_check_constraint('ck_b', 'length(text) < 9')"
    )
    found = rolling(project, upgrade)
    assert [line for line, _ in found["GM604"]] == [13, 14]


def test_what_the_base_lacks_already(project: Project) -> None:
    """What the base's models ask for and its own schema never had is no news of this branch."""
    begin(project)
    project.git("switch", "-q", "main")
    project.append("models.py", "    never = Column(Integer)\n")
    project.commit_all("drift")
    project.git("switch", "-q", "-C", "feature")
    assert rolling(project, "pass") == {}


NARROW = """\
op.alter_column('users', 'name', existing_type=sa.String(50), type_=sa.String({}))
    op.alter_column('posts', 'text', existing_type=sa.String(100), existing_nullable=False,
                    type_=sa.Text())"""


def narrowed(project: Project) -> None:
    """Assert that a narrower column is told, and a wider one is not."""
    found = rolling(project, NARROW.format(20), ("String(50)", "String(20)"),
                    ("String(100)", "Text"))  # fmt: skip
    ((line, message),) = found.pop("GM604")
    assert found == {} and line == 12
    assert "users.name was" in message and "50" in message and "20" in message


def test_on_postgresql(pg: Project) -> None:
    """On PostgreSQL a narrower type is told at its line."""
    begin(pg)
    narrowed(pg)


@pytest.fixture
def mariadb(project: Project, memory: Path) -> Project:
    """Return the project on MariaDB."""
    assert mysqls.installed()
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    return project


def test_on_mariadb(mariadb: Project) -> None:
    """On MariaDB, too."""
    begin(mariadb)
    narrowed(mariadb)


def test_a_waiver(project: Project) -> None:
    """What a person accepts at its line, with a reason, does not fail the gate."""
    begin(project)
    upgrade = (
        "# gitmig: allow GM601 nobody reads it since 1.3\n"
        "    op.alter_column('users', 'name', new_column_name='full_name')"
    )
    assert rolling(project, upgrade, ("    name =", "    full_name =")) == {}


def test_several_metadata(project: Project) -> None:
    """Where env.py has several metadata, the old code of all of them is asked."""
    env = project.read("migrations/env.py").replace("import Base", "import Base, Other")
    project.write("migrations/env.py", env.replace("= Base.metadata", "= [Base.metadata, Other]"))
    log = 'Table("log", Other, Column("id", Integer, primary_key=True))\n'
    begin(project, f"Other = MetaData()\n{log}")
    found = rolling(project, "op.drop_table('log')", (log, ""))
    assert found == {"GM601": [(12, READS + "table log")]}


def of_two(project: Project, first: str, second: str, *changes: tuple[str, str]) -> list[str]:
    """Give the branch two revisions and other models; return place and code of what is met."""
    [parent] = [path.stem.partition("_")[0] for path in project.path.glob("migrations/versions/*")
                if path.suffix == ".py"]  # fmt: skip
    project.revision("one000000000", parent, first)
    project.revision("two000000000", "one000000000", second)
    project.change_models(*changes)
    project.commit_all("two revisions")
    told = project.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    found = [each for each in json.loads(told)["findings"] if each["code"].startswith("GM60")]
    return [
        f"{each['revision'][:3]}:{each['line']} {each['code']} {each['severity']}" for each in found
    ]


def filled_first(project: Project) -> None:
    """Assert that NOT NULL, where the old code may leave NULL, is a warning at its line."""
    batch = "with op.batch_alter_table('users') as batch_op:\n        batch_op."
    found = of_two(
        project,
        "op.execute(\"UPDATE users SET name = '' WHERE name IS NULL\")",
        f"{batch}alter_column('name', existing_type=sa.String(50), nullable=False)",
        ("name = Column(String(50))", "name = Column(String(50), nullable=False)"),
    )
    assert found == ["two:13 GM603 warning"]


def test_filled_first(project: Project) -> None:
    """A model that is nullable, as it had to be, does not say that its code leaves NULL."""
    begin(project)
    filled_first(project)


def test_filled_first_on_postgresql(pg: Project) -> None:
    """So on PostgreSQL."""
    begin(pg)
    filled_first(pg)


def test_a_server_default_that_goes(project: Project) -> None:
    """What the old code leaves to a server default that is gone is refused: an error."""
    begin(project)
    found = of_two(project, "pass", f"{BATCH}alter_column('size', server_default=None)",
                   (', server_default="1"', ', default=1'))  # fmt: skip
    assert found == ["two:13 GM603 error"]


WIDER = [
    "op.create_index('uq_a', 'users', ['id', 'name'], unique=True)",
    "op.create_index('uq_b', 'users', ['kind', 'size', 'name'], unique=True)",
    "op.create_check_constraint('ck_a', 'users', 'kind IS NOT NULL')",
    "op.create_check_constraint('ck_b', 'users', '(size IS NOT NULL) AND kind IS NOT NULL')",
]
NARROWER = [
    "op.create_index('uq_c', 'users', ['kind', 'name'], unique=True)",
    "op.create_check_constraint('ck_c', 'users', 'name IS NOT NULL')",
    "op.create_check_constraint('ck_d', 'users', \"kind IS NOT NULL AND name <> 'x'\")",
]


def what_holds_already(project: Project) -> None:
    """Assert that only constraints are told that ask for more than there was."""
    begin(project, 'Index("uq", User.kind, User.size, unique=True)\n')
    batch = "with op.batch_alter_table('users') as batch_op:\n        batch_op."
    lines = []
    for each in [*WIDER, *NARROWER]:
        said = each.replace("op.", batch, 1).replace("'users', ", "")
        lines += [said if "check" in each else each]
    found = of_two(project, "\n    ".join(lines[:4]), "\n    ".join(lines[4:]))
    assert [(each[:3], each.partition(" ")[2]) for each in found] == [("two", "GM604 warning")] * 3


def test_what_holds_already(project: Project) -> None:
    """UNIQUE over more than the key or what is unique, a CHECK that repeats NOT NULL: silence."""
    what_holds_already(project)


def test_what_holds_already_on_postgresql(pg: Project) -> None:
    """So on PostgreSQL, in its own words."""
    what_holds_already(pg)


def test_what_holds_already_on_mariadb(mariadb: Project) -> None:
    """And on MariaDB."""
    what_holds_already(mariadb)
