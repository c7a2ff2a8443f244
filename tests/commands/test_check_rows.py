"""Gate `rows`: the new revisions on tables that hold rows, by the real command (K3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Project, column

CREATE = (
    'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), '
    'sa.Column("name", sa.String(50)))'
)
BATCH = "with op.batch_alter_table('users') as users:\n        users."


def branch(project: Project, up: str, down: str = "pass", models: str = "") -> str:
    """Put a revision on a branch; return its path."""
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", models)
    path = project.revision("more00000000", "base00000000", up, down)
    project.commit_all("more")
    return path


def base(project: Project, *more: str) -> None:
    """Let the published revision make more, by statements."""
    path = "migrations/versions/base00000000.py"
    text = project.read(path).replace('    op.drop_table("users")', "    pass")
    assert "def downgrade" in text
    lines = "".join(f"    op.execute('''{each}''')\n" for each in more)
    project.write(path, text.replace("\n\n\ndef downgrade", f"\n{lines}\n\ndef downgrade"))
    project.commit_all("more of the base")


def enforce_keys(project: Project) -> None:
    """Let env.py have SQLite look at foreign keys."""
    env = project.read("migrations/env.py").replace(
        "    with connectable.connect",
        "    from sqlalchemy import event\n\n"
        "    @event.listens_for(connectable, 'connect')\n"
        "    def enforce(connection, record):\n"
        "        connection.execute('PRAGMA foreign_keys=ON')\n\n"
        "    with connectable.connect",
    )
    project.write("migrations/env.py", env)


def check(project: Project, *options: str, code: int | None = None) -> dict[str, Any]:
    """Run a check against main and return its report."""
    result = project.gitmig("check", "--base", "main", "--format", "json", *options, code=code)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def rows(project: Project) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the gate's status, and its findings: code, severity and message."""
    told = check(project)
    status = {gate["name"]: gate["status"] for gate in told["gates"]}["rows"]
    found = [(each["code"], each["severity"], each["message"]) for each in told["findings"]]
    return status, [each for each in found if each[0].startswith("GM5")]


FAILS = {
    "NOT NULL without default": (
        f"{BATCH}add_column(sa.Column('email', sa.String(9), nullable=False))",
        f"{BATCH}drop_column('email')",
        "Cannot add a NOT NULL column",
    ),
    "NOT NULL over NULL": (
        f"{BATCH}alter_column('name', nullable=False)",
        f"{BATCH}alter_column('name', nullable=True)",
        "NOT NULL constraint failed",
    ),
    "UNIQUE over duplicates": (
        "op.create_index('ux', 'users', ['name'], unique=True)",
        "op.drop_index('ux', 'users')",
        "UNIQUE constraint failed: users.name",
    ),
    "a CHECK that rows break": (
        f"{BATCH}create_check_constraint('short', \"name = 'a'\")",
        f"{BATCH}drop_constraint('short')",
        "CHECK constraint failed",
    ),
    "a failing backfill": (
        'op.execute("UPDATE users SET id = 1")',
        "pass",
        "UNIQUE constraint failed: users.id",
    ),
}


@pytest.mark.parametrize("case", FAILS)
def test_fails_on_rows(project: Project, case: str) -> None:
    """What passes on empty tables and fails on rows is found, at its line, with a remedy (K3)."""
    up, down, told = FAILS[case]
    path = branch(project, up, down)
    answer = check(project, code=1)
    gates = {gate["name"]: gate["status"] for gate in answer["gates"]}
    assert (gates["upgrade"], gates["downgrade"], gates["rows"]) == ("passed", "passed", "failed")
    (found,) = [each for each in answer["findings"] if each["code"] == "GM501"]
    assert (found["path"], found["revision"]) == (path, "more00000000")
    assert found["line"] >= 12 and told in found["message"]
    assert "where tables have rows" in found["message"] and "`seed`" in found["hint"]


def kinds(*members: str, name: str = "") -> str:
    """Return SQL that makes a table whose column holds one of some texts."""
    listed = ", ".join(f"'{each}'" for each in members)
    called = f"CONSTRAINT {name} " if name else ""
    return f"CREATE TABLE things (id INTEGER PRIMARY KEY, own INTEGER UNIQUE, kind VARCHAR(9) " \
        f"{called}CHECK (kind IN ({listed})))"  # fmt: skip


@pytest.mark.parametrize("goes", [0, 1, 6])
def test_a_member_that_goes(project: Project, goes: int) -> None:
    """A CHECK that loses a text which rows may hold fails on one that does (K3)."""
    before = [f"kind{n}" for n in range(7)]
    after = [each for each in before if each != before[goes]]
    base(project, kinds(*before, name="kinds"))
    narrow = (
        "with op.batch_alter_table('things') as things:\n"
        "        things.drop_constraint('kinds')\n"
        "        things.create_check_constraint('kinds', \"kind IN ({})\")"
    )
    listed = [", ".join(f"'{each}'" for each in those) for those in (after, before)]
    carry = "op.execute(\"UPDATE things SET kind = 'kind3' WHERE kind = '{}'\")\n    "
    branch(project, narrow.format(listed[0]), narrow.format(listed[1]))
    status, found = rows(project)
    assert (status, [each[0] for each in found]) == ("failed", ["GM501"])
    assert "CHECK constraint failed" in found[0][2]
    up = carry.format(before[goes]) + narrow.format(listed[0])
    project.revision("more00000000", "base00000000", up, narrow.format(listed[1]))
    project.git("add", "-A")
    status, found = rows(project)
    assert (status, [each[0] for each in found]) == ("passed", ["GM503"])


def test_a_member_that_goes_where_there_is_room_for_no_more_rows(project: Project) -> None:
    """So it is in a table with a row for each of another one (K3)."""
    make = "CREATE TABLE staff (id INTEGER PRIMARY KEY REFERENCES users(id), kind VARCHAR(9) " \
        "NOT NULL CONSTRAINT kinds CHECK (kind IN ({})))"  # fmt: skip
    base(project, make.format("'a', 'b', 'c'"))
    for left in ("'b', 'c'", "'a', 'c'", "'a', 'b'"):
        up = (
            "with op.batch_alter_table('staff') as staff:\n"
            "        staff.drop_constraint('kinds')\n"
            f"        staff.create_check_constraint('kinds', \"kind IN ({left})\")"
        )
        project.revision("more00000000", "base00000000", up)
        project.git("add", "-A")
        status, found = rows(project)
        assert (status, [each[0] for each in found]) == ("failed", ["GM501"]), left


def test_members_of_numbers_and_of_equality(project: Project) -> None:
    """So do one of numbers, and one that is written with = (K3)."""
    base(
        project,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER CHECK (n IN (1, 2, 30)))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT CHECK (t = 'on' OR t = 'o''ff'))",
    )
    branch(
        project,
        "assert op.get_bind().execute(sa.text('SELECT count(DISTINCT n) FROM a')).scalar() in "
        "(0, 3)\n    assert op.get_bind().execute(sa.text('SELECT count(DISTINCT t) FROM b'))"
        ".scalar() in (0, 2)",
    )
    assert rows(project) == ("passed", [])


def test_a_downgrade_that_fails_on_rows(project: Project) -> None:
    """A downgrade that brings a NOT NULL column back fails where there are rows (K3)."""
    base(project, "ALTER TABLE users ADD COLUMN old INTEGER NOT NULL DEFAULT 0")
    bring = f"{BATCH}add_column(sa.Column('old', sa.Integer, nullable=False))"
    branch(project, "op.drop_column('users', 'old')", bring)
    status, found = rows(project)
    assert status == "failed"
    assert any("fails on downgrade where tables have rows" in each[2] for each in found)


def test_rows_survive(project: Project) -> None:
    """A column that is added and taken away, and one that is renamed, cost nothing (K3)."""
    up = (
        "op.add_column('users', sa.Column('email', sa.String(200)))\n"
        f"    {BATCH}alter_column('name', new_column_name='full_name')"
    )
    down = (
        f"{BATCH}alter_column('full_name', new_column_name='name')\n"
        "    op.drop_column('users', 'email')"
    )
    branch(project, up, down)
    assert rows(project) == ("passed", [])


def test_a_renamed_table(project: Project) -> None:
    """Rows of a renamed table are found again under its new name (K3)."""
    branch(
        project,
        "op.rename_table('users', 'people')",
        "op.rename_table('people', 'users')",
    )
    assert rows(project) == ("passed", [])


def test_what_goes_is_told(project: Project) -> None:
    """A dropped column, a dropped table and what a revision deletes itself are listed (K3)."""
    base(project, "CREATE TABLE posts (id INTEGER PRIMARY KEY, text VARCHAR(20))")
    branch(
        project,
        "op.drop_column('users', 'name')\n    op.drop_table('posts')",
        "op.add_column('users', sa.Column('name', sa.String(50)))\n    op.create_table('posts', "
        "sa.Column('id', sa.Integer, primary_key=True), sa.Column('text', sa.String(20)))",
    )
    status, found = rows(project)
    assert status == "passed"
    told = "the upgrade of more00000000 loses "
    assert found == [
        ("GM503", "note", f"{told}column users.name with 5 values"),
        ("GM503", "note", f"{told}table posts with 6 rows"),
    ]


def test_rows_that_are_deleted(project: Project) -> None:
    """Rows and values that a statement of the revision takes away are listed, no fault (K3)."""
    branch(project, "op.execute('DELETE FROM users WHERE name IS NULL')")
    status, found = rows(project)
    assert (status, found) == (
        "passed",
        [("GM503", "note", "the upgrade of more00000000 loses 1 of 6 rows of users")],
    )


def test_values_that_are_changed(project: Project) -> None:
    """So are values that an UPDATE changes (K3)."""
    branch(project, "op.execute(\"UPDATE users SET name = 'x' WHERE id = 9001\")")
    ((code, severity, message),) = rows(project)[1]
    assert (code, severity) == ("GM503", "note")
    assert "loses 1 value of users.name, such as 'name 1'" in message


def test_filling_what_is_empty_loses_nothing(project: Project) -> None:
    """An UPDATE that fills what was NULL takes no value away (K3)."""
    branch(project, "op.execute(\"UPDATE users SET name = 'x' WHERE name IS NULL\")")
    assert rows(project) == ("passed", [])


def test_rows_that_nobody_asked_to_lose(project: Project) -> None:
    """Rows that go with a table that batch mode writes anew are an error (K3)."""
    enforce_keys(project)
    base(
        project,
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, "
        "author INTEGER REFERENCES users(id) ON DELETE CASCADE)",
    )
    branch(
        project,
        "with op.batch_alter_table('users', recreate='always') as users:\n"
        "        users.add_column(sa.Column('email', sa.String(9)))",
        "op.drop_column('users', 'email')",
    )
    status, found = rows(project)
    assert status == "failed"
    assert found[0][0] == "GM502" and "rows of posts" in found[0][2]


SHAPES = {
    "a circle of foreign keys": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b(id))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a(id))",
    ),
    "a key to itself": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES a(id))",
    ),
    "composite keys": (
        "CREATE TABLE b (x INTEGER, y VARCHAR(9), PRIMARY KEY (x, y))",
        "CREATE TABLE a (x INTEGER NOT NULL, y VARCHAR(9) NOT NULL, z INTEGER, "
        "UNIQUE (x, y), FOREIGN KEY (x, y) REFERENCES b(x, y))",
    ),
    "an association": (
        "CREATE TABLE b (id INTEGER PRIMARY KEY)",
        "CREATE TABLE a (b INTEGER REFERENCES b(id), u INTEGER REFERENCES users(id), "
        "PRIMARY KEY (b, u))",
    ),
    "checks": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, kind VARCHAR(9) NOT NULL, "
        "low INTEGER NOT NULL, high INTEGER NOT NULL, code VARCHAR(9) NOT NULL, "
        "mail VARCHAR(50) NOT NULL CHECK (mail LIKE '%@%'), CHECK (kind IN ('s', 't')), "
        "CHECK (low < high), CHECK (length(code) = 3))",
    ),
    "a check with a word that is a column, too": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, created DATETIME NOT NULL, "
        "state VARCHAR(7) NOT NULL CHECK (state IN ('created', 'done')))",
    ),
    "a unique expression": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, name VARCHAR(9))",
        "CREATE UNIQUE INDEX ux ON a (lower(name))",
    ),
    "a generated column": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, twice INTEGER "
        "GENERATED ALWAYS AS (n * 2) STORED)",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gets_rows(project: Project, shape: str) -> None:
    """Tables of every shape get rows, so that a NOT NULL column without default fails (K3)."""
    base(project, *SHAPES[shape])
    branch(
        project,
        "with op.batch_alter_table('a') as a:\n"
        "        a.add_column(sa.Column('more', sa.Integer, nullable=False))",
        "with op.batch_alter_table('a') as a:\n        a.drop_column('more')",
    )
    _, found = rows(project)
    assert [each[0] for each in found] == ["GM501"], found


UNFILLABLE = "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT NOT NULL CHECK (n GLOB '[A-F]z'))"


def test_a_table_that_cannot_be_filled(project: Project) -> None:
    """A table for which no row can be made up is named, with the reason (K3)."""
    base(
        project, "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT NOT NULL CHECK (n GLOB '[A-F]z'))"
    )
    branch(project, "op.add_column('a', sa.Column('m', sa.Integer))", "op.drop_column('a', 'm')")
    (found,) = [each for each in check(project)["findings"] if each["code"].startswith("GM5")]
    assert (found["code"], found["severity"], found["line"]) == ("GM504", "warning", 12)
    told = "a has no row in the proof: a row for a was refused: "
    assert told in found["message"] and "CHECK" in found["message"]


ON_A = "with op.batch_alter_table('a') as a:\n        a."
MATTER = {
    "NOT NULL": f"{ON_A}alter_column('m', nullable=False)",
    "a type": f"{ON_A}alter_column('m', type_=sa.String(3))",
    "UNIQUE": "op.create_index('ux', 'a', ['m'], unique=True)",
    "a CHECK, under another name": "op.rename_table('a', 'b')\n"
    "    with op.batch_alter_table('b') as b:\n        b.create_check_constraint('ck', 'm > 7')",
    "a loop over rows": "for each in op.get_bind().execute(sa.text('SELECT id FROM a')):\n"
    "        op.execute('UPDATE a SET m = 7')",
    "a copy": "op.execute('CREATE TABLE b (id INTEGER PRIMARY KEY, m TEXT NOT NULL)')\n"
    "    op.execute('INSERT INTO b SELECT id, m FROM a')",
}


@pytest.mark.parametrize("case", MATTER)
def test_what_rows_could_refuse_without_any(project: Project, case: str) -> None:
    """What rows may refuse is an error at its line where there are none, until a seed has some."""
    base(project, UNFILLABLE.replace("TABLE b", "TABLE a").replace("n TEXT", "m TEXT, n TEXT"))
    path = branch(project, MATTER[case])
    (found,) = [each for each in check(project)["findings"] if each["code"] == "GM504"]
    assert (found["path"], found["severity"]) == (path, "error")
    assert found["line"] == 12 + MATTER[case].count("\n") - (case == "a loop over rows")
    assert "a has no row in the proof" in found["message"] and "`seed`" in found["hint"]
    project.write("gitmig.toml", 'seed = "seed.sql"\n')
    project.write("seed.sql", "INSERT INTO a (id, m, n) VALUES (1, '8', 'Bz');\n")
    project.git("add", "-A")
    assert "GM504" not in [each["code"] for each in check(project)["findings"]]


def test_what_rows_cannot_refuse_without_any(project: Project) -> None:
    """It is a warning where they cannot; and what a waiver allows is no fault."""
    base(project, UNFILLABLE.replace("n TEXT", "m TEXT, n TEXT"))
    harmless = (
        "op.create_index('ix', 'b', ['m'])\n    op.drop_index('ix', 'b')\n"
        "    op.add_column('b', sa.Column('k', sa.Integer, nullable=False, server_default='1'))\n"
        "    op.drop_column('b', 'm')"
    )
    branch(project, harmless)
    assert [each[:2] for each in rows(project)[1]] == [("GM504", "warning")]
    waived = f"# gitmig: allow GM504 nobody has rows in it\n    {MATTER['UNIQUE']}"
    project.revision("more00000000", "base00000000", waived.replace("'a'", "'b'"))
    project.git("add", "-A")
    assert rows(project) == ("passed", [])


def test_a_table_that_is_made_anew(project: Project) -> None:
    """Rows of a table that is dropped and comes again are lost as the revision says (K3)."""
    branch(project, f"op.drop_table('users')\n    {CREATE}")
    status, found = rows(project)
    told = "the upgrade of more00000000 loses 6 of 6 rows of users"
    assert (status, found) == ("passed", [("GM503", "note", told)])


def test_rows_that_a_revision_put_there(project: Project) -> None:
    """Made-up rows come beside those of published revisions, and take nothing from them (K3)."""
    base(
        project,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, name VARCHAR(9) UNIQUE)",
        "INSERT INTO a VALUES (1, 'admin'), (2, 'guest')",
    )
    branch(project, "op.execute('DELETE FROM a')")
    assert "loses 8 of 8 rows of a" in rows(project)[1][0][2]


def test_a_seed_of_sql(project: Project) -> None:
    """Tables that the project's own file fills get no made-up rows (K3)."""
    project.write("gitmig.toml", 'seed = "db/seed.sql"\n')
    project.write("db/seed.sql", "-- two; people\nINSERT INTO users VALUES (1, 'a;b');\n"
                  "INSERT INTO users VALUES (2, 'c');\n")  # fmt: skip
    project.commit_all("seed")
    branch(
        project,
        "op.create_index('ux', 'users', ['name'], unique=True)",
        "op.drop_index('ux', 'users')",
    )
    assert rows(project) == ("passed", [])


def test_a_seed_that_is_a_function(project: Project) -> None:
    """A function gets the connection; what it inserts is what the proof is made on (K3)."""
    project.write("gitmig.toml", 'seed = "seeds:people"\n')
    insert = "INSERT INTO users VALUES (5, 'Ada')"
    project.write(
        "seeds.py", f'def people(connection):\n    connection.exec_driver_sql("{insert}")\n'
    )
    project.commit_all("seed")
    branch(project, "op.execute(\"DELETE FROM users WHERE name = 'Ada'\")")
    assert "loses 1 of 1 rows of users" in rows(project)[1][0][2]


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        ("nowhere.sql", "nowhere.sql cannot be read: No such file"),
        ("nowhere:people", "nowhere cannot be imported"),
        ("models:people", "models has no function people"),
        ("bad.sql", "bad.sql:2: OperationalError: no such table: nowhere"),
    ],
)
def test_a_seed_that_fails(project: Project, seed: str, told: str) -> None:
    """A seed that is not there or fails is one sentence, and never green."""
    project.write("gitmig.toml", f'seed = "{seed}"\n')
    project.write("bad.sql", "-- first\nINSERT INTO nowhere VALUES (1);\n")
    branch(project, "op.add_column('users', sa.Column('m', sa.Integer))",
           "op.drop_column('users', 'm')")  # fmt: skip
    result = project.gitmig("check", "--base", "main", code=2)
    assert f"`seed` in [tool.gitmig]: {told}" in result.stderr


def test_without_a_base(project: Project) -> None:
    """Without a base nothing is new, and the gate is not in the list."""
    told = json.loads(project.gitmig("check", "--format", "json").stdout)
    assert "rows" not in [gate["name"] for gate in told["gates"]]


def test_a_downgrade_that_fails_without_rows(project: Project) -> None:
    """Where the way back is broken the way up is still proved on rows (K3)."""
    branch(project, "op.create_index('ux', 'users', ['name'], unique=True)", "1 / 0")
    status, found = rows(project)
    assert status == "failed" and found[0][0] == "GM501"


def test_a_downgrade_that_fails_anyway(project: Project) -> None:
    """A downgrade that fails without rows is told once."""
    branch(project, "op.execute('DELETE FROM users WHERE id < 0')", "1 / 0")
    told = [(each["code"], each["severity"]) for each in check(project)["findings"]]
    assert told == [("GM201", "error")]


def test_several_revisions(project: Project) -> None:
    """Each new revision is judged by what it does itself, also where names change (K3)."""
    project.git("switch", "-q", "-c", "feature")
    project.revision("r1", "base00000000", "op.rename_table('users', 'people')",
                     "op.rename_table('people', 'users')")  # fmt: skip
    project.revision("r2", "r1", "op.drop_column('people', 'name')",
                     "op.add_column('people', sa.Column('name', sa.String(50)))")  # fmt: skip
    project.revision("r3", "r2", "op.add_column('people', sa.Column('n', sa.Integer))",
                     "op.drop_column('people', 'n')")  # fmt: skip
    project.commit_all("three")
    status, found = rows(project)
    assert status == "passed"
    assert found == [("GM503", "note", "the upgrade of r2 loses column people.name with 5 values")]


def test_models_that_agree_are_green(project: Project) -> None:
    """A generated revision passes the gate as everything else (K3)."""
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", column("email", more=", nullable=False, server_default=''"))
    project.git("add", "-A")
    project.gitmig("autogenerate", "-q", code=None)
    project.commit_all("email")
    assert check(project, code=0)["ok"]


def test_a_long_chain_of_tables(project: Project) -> None:
    """Tables that point to each other one after the other are filled, however many they are."""
    first = "CREATE TABLE t0 (id INTEGER PRIMARY KEY)"
    one = "CREATE TABLE t{} (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES t{} (id))"
    base(project, first, *(one.format(n, n - 1) for n in range(1, 250)))
    branch(project, "op.execute('DELETE FROM t249')")
    status, told = rows(project)
    assert (status, [each[0] for each in told]) == ("passed", ["GM503"])


STOCK = "CREATE TABLE stock (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)"
TOUCHES = {
    "a loop over rows": (
        "for each in op.get_bind().execute(sa.text('SELECT id FROM users')).fetchall():\n"
        "        op.execute('UPDATE stock SET n = 1')"
    ),
    "a cursor of the driver's": (
        "cursor = op.get_bind().connection.cursor()\n    cursor.execute('UPDATE stock SET n = 1')\n"
        "    op.execute('UPDATE users SET id = id')"
    ),
    "what an update says of itself": (
        "if op.get_bind().execute(sa.text('UPDATE users SET id = id')).rowcount:\n"
        "        op.execute('UPDATE stock SET n = 1')"
    ),
    "tables found by looking": (
        "for each in sa.inspect(op.get_bind()).get_table_names():\n"
        "        if 'n' in [one['name'] for one in sa.inspect(op.get_bind()).get_columns(each)]:\n"
        "            op.execute(f'UPDATE {each} SET n = 1')"
    ),
}


@pytest.mark.parametrize("case", TOUCHES)
def test_tables_that_are_touched_only_where_there_are_rows(project: Project, case: str) -> None:
    """A table that no statement names as long as there are no rows has some, too (K3)."""
    base(project, STOCK)
    branch(project, TOUCHES[case])
    status, found = rows(project)
    assert (status, [each[0] for each in found]) == ("failed", ["GM501"])
    assert "UNIQUE constraint failed: stock.n" in found[0][2]


def test_uuids_where_the_database_has_none(project: Project) -> None:
    """A CHAR that SQLAlchemy's own type keeps UUIDs in holds such as that type reads (K3)."""
    base(project, "CREATE TABLE a (id CHAR(32) PRIMARY KEY)")
    read = "sa.select(sa.column('id', sa.Uuid())).select_from(sa.table('a'))"
    branch(
        project, f"assert len({{each.id.hex for each in op.get_bind().execute({read})}}) in (0, 4)"
    )
    assert rows(project) == ("passed", [])


def test_tables_that_nothing_touches(project: Project) -> None:
    """Where all that is touched is named, others get no rows; and none is told that was not."""
    base(project, UNFILLABLE, STOCK)
    branch(project, "op.execute('UPDATE users SET id = id')")
    assert rows(project) == ("passed", [])
    loop = TOUCHES["a loop over rows"].replace("n = 1", "n = n")
    project.revision("more00000000", "base00000000", loop)
    project.git("add", "-A")
    assert rows(project) == ("passed", [])
    project.revision("more00000000", "base00000000", loop.replace("UPDATE stock", "UPDATE b"))
    project.git("add", "-A")
    assert [each[0] for each in rows(project)[1]] == ["GM504"]


def test_rows_that_go_with_those_they_point_to(project: Project) -> None:
    """Rows that a DELETE takes along, however far from it, are no surprise in production (K3)."""
    enforce_keys(project)
    child = "CREATE TABLE {} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES {} ON DELETE CASCADE)"
    base(project, child.format("posts", "users"), child.format("notes", "posts"))
    branch(project, "op.execute('DELETE FROM users WHERE id = 9001')")
    status, found = rows(project)
    assert status == "failed"
    assert "rows of notes" in next(each[2] for each in found if each[0] == "GM502")


def test_very_many_tables(project: Project) -> None:
    """Where any table may be touched the first 400 get rows, and that is told."""
    base(project, *(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY)" for n in range(401)))
    branch(project, "op.get_bind().execute(sa.text('SELECT id FROM users')).fetchall()")
    ((code, severity, message),) = rows(project)[1]
    assert (code, severity) == ("GM504", "warning")
    assert "2 tables (t98 …) have no row in the proof, in which only 400 get some" in message


ORDERS = "CREATE TABLE orders (id INTEGER PRIMARY KEY, pid INTEGER, n INTEGER)"
KEYED = "CREATE TABLE orders (id INTEGER PRIMARY KEY, pid INTEGER REFERENCES users(id), n INTEGER)"
COPIED = """op.execute("CREATE TABLE anew (id INTEGER PRIMARY KEY, pid REFERENCES users(id), n)")
    op.execute("INSERT INTO anew SELECT id, id + 50, n FROM orders")
    op.execute("DROP TABLE orders")
    op.rename_table("anew", "orders")"""
ADD_KEY = (
    "with op.batch_alter_table('orders') as orders:\n"
    "        orders.create_foreign_key('fk', 'users', ['pid'], ['id'])"
)
DROP_KEY = "with op.batch_alter_table('orders') as orders:\n        orders.drop_constraint('fk')"
STRAYS = {
    "a key to nothing": (ORDERS, ADD_KEY, DROP_KEY, 13, "5 rows of orders"),
    "a copy that gets one": (
        ORDERS,
        COPIED,
        "pass",
        12,
        "6 rows of orders",
    ),
    "rows that others point to": (
        KEYED,
        "op.execute('UPDATE orders SET n = 1')\n"
        "    op.execute('DELETE FROM users WHERE id = 9001')",
        "pass",
        13,
        "4 rows of orders",
    ),
    "a table that others point to": (KEYED, "op.drop_table('users')", CREATE, 12, "5 rows of"),
    "values": (KEYED, "op.execute('UPDATE orders SET pid = 7')", "pass", 12, "6 rows of orders"),
}


@pytest.mark.parametrize("case", STRAYS)
def test_rows_that_point_to_nothing_on_sqlite(project: Project, case: str) -> None:
    """SQLite takes a foreign key to nothing, and servers do not: it is told at its line (K3)."""
    made, up, down, line, told = STRAYS[case]
    base(project, made)
    path = branch(project, up, down)
    answer = check(project, code=1)
    gates = {gate["name"]: gate["status"] for gate in answer["gates"]}
    assert gates["rows"] == "failed"
    (found, *_) = [each for each in answer["findings"] if each["code"] == "GM501"]
    assert (found["path"], found["line"], found["severity"]) == (path, line, "error")
    assert f"the upgrade of more00000000 leaves {told}" in found["message"]
    assert "to no row of users" in found["message"] and "mend them first" in found["hint"]


def test_a_downgrade_that_leaves_rows_that_point_to_nothing(project: Project) -> None:
    """So is one on the way down, once (K3)."""
    base(project, KEYED)
    branch(project, "op.execute('UPDATE orders SET n = 1')", "op.execute('DELETE FROM users')")
    found = [each[2] for each in rows(project)[1] if each[0] == "GM501"]
    assert [each[:52] for each in found] == ["the downgrade of more00000000 leaves 5 rows of order"]


MENDED = {"with NULL": "NULL", "with one that is there": "(SELECT min(id) FROM users)"}


@pytest.mark.parametrize("case", MENDED)
def test_rows_that_point_to_something(project: Project, case: str) -> None:
    """A foreign key over rows that were mended is silent (K3)."""
    base(project, ORDERS)
    mend = f"op.execute('UPDATE orders SET pid = {MENDED[case]}')"  # noqa: S608
    branch(project, f"{mend}\n    {ADD_KEY}", DROP_KEY)
    assert [each[0] for each in rows(project)[1]] == ["GM503"]


def test_rows_that_pointed_to_nothing_before(project: Project) -> None:
    """What the base left astray is not the branch's, under another name neither (K3)."""
    base(
        project,
        "CREATE TABLE odd (id INTEGER PRIMARY KEY, n INTEGER REFERENCES users(name))",
        "INSERT INTO odd VALUES (1, 1)",
        ORDERS.replace(")", ", CONSTRAINT fk FOREIGN KEY (pid) REFERENCES users(id))"),
        "INSERT INTO orders VALUES (1, 77, 1)",
    )
    project.git("switch", "-q", "-c", "feature")
    project.revision("r1", "base00000000", "op.rename_table('orders', 'sales')",
                     "op.rename_table('sales', 'orders')")  # fmt: skip
    batch = "with op.batch_alter_table('sales', recreate='always') as sales:\n        sales."
    project.revision("r2", "r1", f"{batch}add_column(sa.Column('m', sa.Integer))",
                     f"{batch}drop_column('m')")  # fmt: skip
    project.revision("r3", "r2", f"{batch}drop_constraint('fk')",
                     f"{batch}create_foreign_key('fk', 'users', ['pid'], ['id'])")  # fmt: skip
    project.commit_all("three")
    assert rows(project) == ("passed", [])
