"""Gate ``drift``: models against the schema that the revisions make, beyond Alembic's comparison.

Each difference from both sides: a finding where it is, silence where it only looks like one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import REVISION, Project, column, use_url

HEAD = """\
from sqlalchemy import *
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    __table_args__ = ({args})

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
"""
# without the type, which each database spells in its own way
ID = {
    "sqlite": "id INTEGER NOT NULL PRIMARY KEY",
    "postgresql": "id SERIAL PRIMARY KEY",
    "mysql": "id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY",
}
BASE = "migrations/versions/base00000000.py"


def given(
    project: Project,
    kind: str,
    models: str,
    schema: str,
    args: str = "",
    before: str = "",
    more: str = "",
) -> None:
    """Give the project models (more lines of the class) and a schema (more parts of the table).

    ``args`` are table arguments of the class; the statements ``before`` come before the table,
    ``more`` after it.
    """
    project.write("models.py", HEAD.format(args=args) + models)
    columns = ", ".join(filter(None, (ID[kind], "name VARCHAR(50)", schema)))
    statements = [*before.split("; "), f"CREATE TABLE users ({columns})", *more.split("; ")]
    upgrade = "; ".join(f"op.execute({each!r})" for each in statements if each)
    text = REVISION.format(
        id="base00000000", parent=None, subject="users", upgrade=upgrade, downgrade="pass"
    )
    project.write(BASE, text)
    project.write("gitmig.toml", 'downgrade = "optional"\n')
    project.commit_all("drift")


def drift(project: Project, *options: str) -> list[tuple[str, str, str]]:
    """Return code, severity and message of what `check` finds, but for other gates."""
    told = json.loads(project.gitmig("check", "--format", "json", *options, code=None).stdout)
    (gate,) = [gate for gate in told["gates"] if gate["name"] == "drift"]
    found = [
        (each["code"], each["severity"], each["message"])
        for each in told["findings"]
        if each["code"].startswith("GM3")
    ]
    errors = [each for each in found if each[1] == "error"]
    assert gate["status"] == ("failed" if errors else "passed"), told
    return found


def messages(project: Project, severity: str) -> set[str]:
    """Return what is found beyond Alembic's comparison, of one severity."""
    head = "models and schema differ where Alembic does not look: "
    found = drift(project)
    assert all(code in ("GM302", "GM306") for code, _, _ in found), found
    return {told.replace(head, "") for _, grave, told in found if grave == severity}


def test_differences_on_sqlite(project: Project) -> None:
    """What Alembic does not compare on SQLite is found, and told by how grave it is (C12)."""
    given(
        project,
        "sqlite",
        """\
    size = Column(Integer, server_default="5")
    other = Column(Integer, server_default="5")
    more = Column(Integer)
    sum = Column(Integer, Computed("id + 1"))
""",
        "size INTEGER, other INTEGER DEFAULT 6, more INTEGER DEFAULT 7, "
        "sum INTEGER GENERATED ALWAYS AS (id + 2), extra INTEGER, "
        "CONSTRAINT ck_text CHECK (id > 1), CHECK (more > 0), UNIQUE (name)",
        args='CheckConstraint("id > 0", name="ck_text"), CheckConstraint("id < 9", name="ck_new"), '
        'CheckConstraint("id <> 5"), Index("ix_name", text("lower(name)")),',
        more="ALTER TABLE users DROP COLUMN extra; CREATE INDEX ix_name ON users (upper(name))",
    )
    assert messages(project, "error") == {
        "server default of users.size: the models ask for '5', the database has none",
        "server default of users.other: the models ask for '5', the database has 6",
        "computed value of users.sum: the models ask for id + 1, the database has id + 2",
        "check ck_text of users: the models ask for id > 0, the database has id > 1",
        "check ck_new of users (id < 9): the models have it, the database has not",
        "a check of users (id <> 5): the models have it, the database has not",
        "index ix_name of users: the models ask for (lower (name)), the database has "
        "(upper (name))",
    }
    told = project.gitmig("check", code=1).stdout
    assert "with op.batch_alter_table('users'" in told
    assert "as batch_op: batch_op.alter_column('size'" in told
    assert messages(project, "warning") == {
        "server default of users.more: the models ask for none, the database has 7",
        "a check of users (more > 0): the database has it, the models have not",
        "unique name of users: the database has it, the models have not",
    }


def test_a_check_of_a_missing_column(project: Project) -> None:
    """A check that comes or goes with its column is told with the column, which Alembic sees."""
    given(project, "sqlite", column("size", "Integer"), "old INTEGER, CHECK (old > 0)",
          args='CheckConstraint("size > 0", name="ck_size"),')  # fmt: skip
    assert {code for code, _, _ in drift(project)} == {"GM301"}
    told = project.gitmig("check", code=1).stdout.splitlines()
    kept = [told[i + 1] for i, line in enumerate(told) if line.endswith("drop users.old")]
    assert kept and kept[0].endswith("; what is to stay belongs in the models")
    added = [told[i + 1] for i, line in enumerate(told) if line.endswith("add users.size")]
    assert added and added[0].endswith("look at the revision, and commit it")


def test_no_difference_on_sqlite(project: Project) -> None:
    """Another spelling of the same is none: brackets, quotes, case, a number as text."""
    given(
        project,
        "sqlite",
        """\
    size = Column(Integer, server_default="5")
    ok = Column(Boolean, server_default=false())
    at = Column(DateTime, server_default=func.now())
    sum = Column(Integer, Computed("size + 1"))
    kind = Column(Enum("a", "b", native_enum=False, create_constraint=True, name="kind"))
    big = Column(String(10), server_default=text("'x'"))
""",
        "size INTEGER DEFAULT 5, ok BOOLEAN DEFAULT FALSE, "
        "at DATETIME DEFAULT (CURRENT_TIMESTAMP), "
        "sum INTEGER AS ((\"size\") + 1), kind VARCHAR(1), big VARCHAR(10) DEFAULT 'x', "
        "CONSTRAINT kind CHECK (KIND IN (\n'a', 'b')), -- a remark, with (a bracket\n"
        'CHECK ((id > 0) and ("size" <> 3)), CONSTRAINT other_name CHECK (id < 9)',
        args='CheckConstraint("id > 0 AND size <> 3"), CheckConstraint("id < 9", name="ck_nine"), '
        'Index("ix_name", text("LOWER(name)")),',
        more='CREATE INDEX ix_name ON users (lower("name"))',
    )
    assert drift(project) == []


ON_POSTGRESQL = """\
    size = Column(Integer, server_default="5")
    status = Column(String(20), server_default="a")
    at = Column(DateTime(timezone=True), server_default=func.now())
    mood = Column(Enum("sad", "glad", "new", name="mood"), server_default="sad")
    looks = Column(postgresql.ARRAY(Enum("x", "y", name="look")))
    sum = Column(Integer, Computed("size * 2"))
    number = Column(Integer, Identity(start=3, increment=2))
    flag = Column(Boolean, server_default=false())
    seen = Column(postgresql.TIMESTAMP(precision=3))
    noon = Column(Time)


Sequence("counter", start=5, metadata=Base.metadata)
Sequence("fresh", metadata=Base.metadata)
"""
COUNTED = "number INTEGER NOT NULL GENERATED BY DEFAULT AS IDENTITY (START 3 INCREMENT {})"
TABLE_ARGS = (
    "CheckConstraint(\"status IN ('a', 'b')\", name='ck_status'), "
    'Index("ix_where", "name", postgresql_where=text("size > 3")), '
    'Index("ix_soon", "size", postgresql_concurrently=True), '
    'postgresql.ExcludeConstraint((text("int4range(size, size)"), "&&"), name="ex"),'
)


def test_differences_on_postgresql(pg: Project) -> None:
    """Enum members, identities, sequences, predicates, exclusions: found, with what mends them."""
    given(
        pg,
        "postgresql",
        ON_POSTGRESQL,
        "size INTEGER DEFAULT 6, status VARCHAR(20), at TIMESTAMPTZ DEFAULT clock_timestamp(), "
        "mood mood, looks look[], sum INTEGER GENERATED ALWAYS AS (size * 3) STORED, flag BOOLEAN, "
        "seen TIMESTAMP, noon TIME(6), " + COUNTED.format(1),
        args=TABLE_ARGS,
        before="CREATE TYPE mood AS ENUM ('sad', 'glad'); "
        "CREATE TYPE look AS ENUM ('x', 'y', 'z'); "
        "CREATE SEQUENCE counter",
        more="CREATE INDEX ix_where ON users (name) WHERE size > 4; "
        "CREATE INDEX ix_soon ON users (size); "
        "ALTER TABLE users ADD CONSTRAINT ck_status CHECK (status IN ('a', 'c')); "
        "ALTER TABLE users ADD CONSTRAINT ck_more CHECK (size > 0)",
    )
    asked = "the models ask for {}, the database has {}"
    found = messages(pg, "error")
    for said in (
        "server default of users.size: " + asked.format("5", "6"),
        "server default of users.status: " + asked.format("'a'::character varying", "none"),
        "server default of users.at: " + asked.format("now()", "clock_timestamp()"),
        "server default of users.mood: " + asked.format("'sad'::mood", "none"),
        "server default of users.flag: " + asked.format("false", "none"),
        "type of users.seen: " + asked.format("timestamp(3) without time zone",
                                              "timestamp without time zone"),
        "members of mood: " + asked.format("sad, glad, new", "sad, glad"),
        "computed value of users.sum: " + asked.format("(size * 2)", "(size * 3)"),
        "index ix_where of users: " + asked.format("btree (name) WHERE (size > 3)",
                                                   "btree (name) WHERE (size > 4)"),
        "sequence fresh: " + asked.format("start 1 increment 1 cycle f", "none"),
        "sequence counter: " + asked.format("start 5 increment 1 cycle f",
                                            "start 1 increment 1 cycle f"),
    ):  # fmt: skip
        assert said in found, found
        found.discard(said)
    assert {told.partition(":")[0].partition(" (")[0] for told in found} == {
        "identity of users.number", "check ck_status of users", "check ex of users"
    }  # fmt: skip
    assert messages(pg, "warning") == {
        "members of look: the models ask for x, y, the database has x, y, z",
        "check ck_more of users ((size > 0)): the database has it, the models have not",
    }
    told = pg.gitmig("check", code=1).stdout
    assert "ADD VALUE IF NOT EXISTS 'new' AFTER 'glad'" in told
    assert "op.create_check_constraint('ck_status', 'users'" in told
    assert "op.alter_column('users', 'size'" in told and "server_default='5'" in told


def test_no_difference_on_postgresql(pg: Project) -> None:
    """What PostgreSQL writes in another way after a change of type, or under another name, is none.

    Nor are tables in another schema that use its types, and a default of the same value.
    """
    models = (
        ON_POSTGRESQL
        + """

class Team(Base):
    __tablename__ = "teams"
    __table_args__ = {"schema": "crew"}
    id = Column(BigInteger, primary_key=True)
    kind = Column(Enum("x", "y", name="kind", schema="crew"), server_default="x")
"""
    )
    given(
        pg,
        "postgresql",
        models,
        "size INTEGER DEFAULT '5', status VARCHAR(10) DEFAULT 'a', "
        "at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP, mood mood DEFAULT 'sad', looks look[], "
        "sum INTEGER GENERATED ALWAYS AS (size * 2) STORED, flag BOOLEAN DEFAULT 'f', "
        "seen TIMESTAMP(3), noon TIME, " + COUNTED.format(2),
        args=TABLE_ARGS,
        before="CREATE TYPE mood AS ENUM ('sad', 'glad', 'new'); "
        "CREATE TYPE look AS ENUM ('x', 'y'); CREATE SEQUENCE counter START 5; "
        "CREATE SEQUENCE fresh; CREATE SCHEMA crew; CREATE TYPE crew.kind AS ENUM ('x', 'y'); "
        "CREATE TABLE crew.old (id BIGSERIAL PRIMARY KEY, kind crew.kind DEFAULT 'x'); "
        "ALTER TABLE crew.old RENAME TO teams",
        more="CREATE INDEX ix_where ON users (name) WHERE (size > 3); "
        "CREATE INDEX ix_soon ON users (size); "
        "ALTER TABLE users ADD CONSTRAINT ck_status CHECK (status IN ('a', 'b')); "
        "ALTER TABLE users ALTER status TYPE VARCHAR(20); "
        "ALTER TABLE users ADD CONSTRAINT ex EXCLUDE USING gist (int4range(size, size) WITH &&)",
    )
    env = pg.read("migrations/env.py").replace(
        "a=target_metadata", "a=target_metadata, include_schemas=True"
    )
    pg.write("migrations/env.py", env)
    pg.commit_all("schemas")
    assert drift(pg) == []
    assert "gitmig_models" not in pg.gitmig("check").stdout


ON_MARIADB = """\
    status = Column(String(20), server_default="a")
    at = Column(DateTime, server_default=func.now())
    kind = Column(Enum("x", "y", name="kind"), server_default="x")
    size = Column(Integer, server_default="0")
    sum = Column(Integer, Computed("size * 2"))
    flag = Column(Boolean, server_default=false())
    data = Column(JSON)
    long = Column(Text)
    ts = Column(TIMESTAMP, server_default=text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"))
    age = Column(mysql.INTEGER(unsigned=True))
    seen = Column(mysql.DATETIME(fsp=6))
    noon = Column(Time)
    price = Column(Numeric(10, 2))
"""
MARIADB_ARGS = (
    "CheckConstraint(\"status IN ('a', 'b')\", name='ck_status'), CheckConstraint('size > -2'), "
    'Index("ix_long", "long", mysql_length=20),'
)


def test_differences_on_mariadb(mariadb: Project) -> None:
    """Enum members, checks, defaults, an index's lengths, signs, fractions of a second (C12)."""
    given(
        mariadb,
        "mysql",
        ON_MARIADB,
        "status VARCHAR(20) DEFAULT 'b', at DATETIME, kind ENUM('x', 'y') DEFAULT 'x', "
        "size INTEGER DEFAULT 1, sum INTEGER GENERATED ALWAYS AS (size * 3) STORED, flag BOOL, "
        "data JSON, `long` TEXT, ts TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP, "
        "age INTEGER, seen DATETIME, noon TIME(3), price NUMERIC(10, 2) UNSIGNED, "
        "CONSTRAINT ck_status CHECK (status IN ('a', 'c')), CHECK (size > -3)",
        args=MARIADB_ARGS,
        more="CREATE INDEX ix_long ON users (`long`(10))",
    )
    asked = "the models ask for {}, the database has {}"
    now = "current_timestamp()"
    assert messages(mariadb, "error") == {
        "server default of users.status: " + asked.format("'a'", "'b'"),
        "server default of users.at: " + asked.format(now, "none"),
        "server default of users.size: " + asked.format("0", "1"),
        "server default of users.flag: " + asked.format("0", "none"),
        "server default of users.ts: " + asked.format(f"{now} on update {now}", now),
        "computed value of users.sum: " + asked.format("`size` * 2", "`size` * 3"),
        "check ck_status of users: "
        + asked.format("`status` in ('a','b')", "`status` in ('a','c')"),
        "a check of users (`size` > -2): the models have it, the database has not",
        "index ix_long of users: " + asked.format("BTREE (long(20))", "BTREE (long(10))"),
        "type of users.age: " + asked.format("int(10) unsigned", "int(11)"),
        "type of users.seen: " + asked.format("datetime(6)", "datetime"),
        "type of users.noon: " + asked.format("time", "time(3)"),
        "type of users.price: " + asked.format("decimal(10,2)", "decimal(10,2) unsigned"),
    }
    assert messages(mariadb, "warning") == {
        "a check of users (`size` > -3): the database has it, the models have not"
    }


def test_no_difference_on_mariadb(mariadb: Project) -> None:
    """Other spellings of the same are none; nothing is left on the server."""
    given(
        mariadb,
        "mysql",
        ON_MARIADB,
        "status VARCHAR(20) DEFAULT 'a', at DATETIME DEFAULT NOW(), "
        "kind ENUM('x', 'y') DEFAULT 'x', size INTEGER DEFAULT '0', "
        "sum INTEGER AS ((`size`) * 2), flag BOOL DEFAULT FALSE, data JSON, `long` TEXT, "
        "ts TIMESTAMP NULL DEFAULT NOW() ON UPDATE NOW(), age INT(5) UNSIGNED, seen DATETIME(6), "
        "noon TIME(0), price NUMERIC(10, 2), "
        "CONSTRAINT ck_status CHECK (`status` in ('a','b')), CHECK (size > (-2))",
        args=MARIADB_ARGS,
        more="CREATE INDEX ix_long ON users (`long`(20))",
    )
    assert drift(mariadb) == []


def test_types_that_env_calls_the_same(mariadb: Project) -> None:
    """A sign that env.py's own comparison passes over is none to gitmig; one it does not is."""
    given(mariadb, "mysql", column("age", "mysql.INTEGER(unsigned=True)"), "age INTEGER")
    env = mariadb.read("migrations/env.py")
    for answer, found in (("False", 0), ("None", 1)):
        own = f"a=target_metadata, compare_type=lambda *given: {answer}"
        mariadb.write("migrations/env.py", env.replace("a=target_metadata", own))
        mariadb.commit_all(answer)
        assert len(drift(mariadb)) == found


@pytest.fixture
def mariadb(project: Project, memory: Path) -> Project:
    """Return a project on MariaDB."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    return project


def branch_with(project: Project, models: str, revision: str = "") -> None:
    """Begin a branch off main with more in the models, and in a revision."""
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", models)
    if revision:
        project.revision("more00000000", "base00000000", revision, "pass")
    project.commit_all("feature")


BY_HAND = """\
for name in ["tag"]:
        op.drop_index(f"ix_users_{name}", "users")
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_extra", "extra", ["id"])
    op.execute("ALTER TABLE users ADD COLUMN size INTEGER")
    op.add_column("users", sa.Column("more", sa.Integer))"""


def drifts_by_hand(project: Project) -> None:
    """Assert that what a revision does and the models do not know is told at its line."""
    made = column("tag", more=", index=True") + column("size", "Integer", ', server_default="1"')
    project.append("models.py", made)
    tag = 'op.add_column("users", sa.Column("tag", sa.String(200)))\n    '
    project.revision("tag000000000", "base00000000",
                     f'{tag}op.create_index("ix_users_tag", "users", ["tag"])')  # fmt: skip
    project.commit_all("a tag")
    project.git("switch", "-q", "-c", "feature")
    path = project.revision("hand00000000", "tag000000000", BY_HAND)
    project.git("add", "-A")
    told = project.gitmig("check", "--base", "main", "--format", "json", code=1).stdout
    drift = [each for each in json.loads(told)["findings"] if each["gate"] == "drift"]
    assert {each["path"] for each in drift} == {path}
    lines = {each["message"].rpartition(": ")[2]: (each["code"], each["line"]) for each in drift}
    assert lines.pop("add ix_users_tag") == ("GM301", 13)
    assert lines.pop("drop table extra") == ("GM301", 14)
    lines.pop("drop ix_extra", None)  # told by Alembic on some
    ((what, place),) = [(what, place) for what, place in lines.items() if "more" not in what]
    assert "1" in what and place == ("GM302", 16)
    assert lines["drop users.more"] == ("GM301", 17)


def test_by_hand_on_sqlite(project: Project) -> None:
    """What a revision makes or drops and the models say otherwise is told at its line."""
    drifts_by_hand(project)


def test_by_hand_on_postgresql(pg: Project) -> None:
    """So it is on PostgreSQL."""
    drifts_by_hand(pg)


def test_by_hand_on_mariadb(mariadb: Project) -> None:
    """So it is on MariaDB."""
    drifts_by_hand(mariadb)


def test_older_than_the_branch(project: Project) -> None:
    """What the base already has is told once, as a warning that stops nothing (C13)."""
    given(project, "sqlite", column("old") + column("size", more=', server_default="5"'),
          "size VARCHAR(200)", args='CheckConstraint("id > 0"),')  # fmt: skip
    branch_with(project, column("email"),
                "op.add_column('users', sa.Column('email', sa.String(200)))")  # fmt: skip
    ((code, severity, told),) = drift(project, "--base", "main")
    assert (code, severity) == ("GM303", "warning")
    assert told.startswith("3 differences between models and schema are older than this branch:")
    assert "add users.old" in told and "server default of users.size" in told
    assert "no model" not in told


def test_older_and_new(project: Project) -> None:
    """Beside what is older, the branch's own drift is an error (C13)."""
    given(project, "sqlite", column("old"), "")
    branch_with(project, column("email") + column("size", "Integer", ', server_default="1"'),
                "op.add_column('users', sa.Column('size', sa.Integer()))")  # fmt: skip
    found = drift(project, "--base", "main")
    assert [(code, severity) for code, severity, _ in found] == [
        ("GM301", "error"), ("GM302", "error"), ("GM303", "warning"),
    ]  # fmt: skip
    assert "add users.email" in found[0][2] and "users.size" in found[1][2]
    assert "one difference" in found[2][2] and "add users.old" in found[2][2]


def test_nothing_changed_here(project: Project) -> None:
    """Where no model and no revision changed, older drift names the versions that see it (K7)."""
    given(project, "sqlite", column("old"), "")
    project.git("switch", "-q", "-c", "feature")
    project.write("README", "")
    project.commit_all("no model")
    ((code, severity, told),) = drift(project, "--base", "main")
    assert (code, severity) == ("GM303", "warning")
    assert "no model and no revision changed here" in told
    assert "alembic 1." in told and "sqlalchemy" in told


def test_from_elsewhere(project: Project) -> None:
    """Drift that came with another env.py, and no other model or revision, is told as that (K7)."""
    given(project, "sqlite", "    size = Column(String(20))\n", "size VARCHAR(30)")
    env = project.read("migrations/env.py")
    project.write(
        "migrations/env.py",
        env.replace(
            "a=target_metadata",
            "a=target_metadata, include_object=lambda o, n, t, r, c: n != 'size'",
        ),
    )
    project.commit_all("size is left out")
    project.git("switch", "-q", "-c", "feature")
    project.write("migrations/env.py", env)
    project.commit_all("and is looked at")
    (_, _, told), (code, severity, elsewhere) = drift(project, "--base", "main")
    assert "alter users.size" in told and (code, severity) == ("GM304", "note")
    assert "one difference between models and schema is new, although no model" in elsewhere
    assert "alembic 1." in elsewhere


def test_a_table_in_a_file_that_env_does_not_import(project: Project) -> None:
    """A table in a file that env.py does not import is named, whoever declared it (C14)."""
    more = "from models import *\n\n\nclass Post(Base):\n    __tablename__ = 'posts'\n"
    more += column("id", "Integer", ", primary_key=True")
    given(project, "sqlite", "", "")
    project.write("more.py", more)
    project.commit_all("posts")
    ((code, severity, told),) = drift(project)
    assert (code, severity) == ("GM305", "warning") and "table posts is declared here" in told
    project.git("switch", "-q", "-c", "feature")
    project.write("yet.py", more.replace("posts", "notes").replace("Post", "Note"))
    project.commit_all("notes")
    found = sorted(drift(project, "--base", "main"))
    assert [severity for _, severity, _ in found] == ["error", "warning"]
    assert "more.py:4: warning GM305" in project.gitmig("check", code=None).stdout


@pytest.mark.parametrize("touched", ["comment", "column", "moved"])
def test_a_file_that_env_does_not_import_is_touched(project: Project, touched: str) -> None:
    """A branch that only touches or moves such a file does not declare its table: a warning."""
    more = "from models import *\n\n\nclass Post(Base):\n    __tablename__ = 'posts'\n"
    more += column("id", "Integer", ", primary_key=True")
    given(project, "sqlite", "", "")
    project.write("more.py", more)
    project.commit_all("posts")
    project.git("switch", "-q", "-c", "feature")
    if touched == "moved":
        project.git("mv", "more.py", "posts.py")
    else:
        project.append("more.py", "# so\n" if touched == "comment" else column("title"))
    project.commit_all(touched)
    ((code, severity, _),) = drift(project, "--base", "main")
    assert (code, severity) == ("GM305", "warning")


def test_a_table_that_cannot_be_made_by_itself(project: Project) -> None:
    """A table that only the project's database can have is told, and Alembic's part still done."""
    given(project, "sqlite", "", "", args='CheckConstraint("ours(id) > 0", name="ck"),')
    project.write("models.py", project.read("models.py").replace("ours(id) > 0", "id >"))
    project.commit_all("no SQL")
    ((code, severity, told),) = drift(project)
    assert (code, severity) == ("GM306", "note") and "users (" in told


def test_what_the_project_leaves_out(project: Project) -> None:
    """Tables and columns that include_object leaves out are not compared (C12)."""
    given(project, "sqlite", column("size", "Integer", ', server_default="5"'), "size INTEGER")
    assert len(drift(project)) == 1
    env = project.read("migrations/env.py")
    for name in ("size", "users"):
        leave = f"include_object=lambda o, name, t, r, c: name != '{name}'"
        changed = env.replace("a=target_metadata", f"a=target_metadata, {leave}")
        project.write("migrations/env.py", changed)
        project.commit_all(name)
        assert drift(project) == []
