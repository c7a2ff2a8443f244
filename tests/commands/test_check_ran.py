"""What `gitmig check` records of the revisions that are new: operations, SQL, locks, rewrites."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from commands.recorded import checked, kinds, locks, only, published, upgraded
from support import ASYNC_ENV, Project, use_url

PEOPLE = """\
op.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    op.execute('''CREATE TABLE people (id int PRIMARY KEY, n varchar(20), user_id int,
        a int, b int)''')
    op.execute("CREATE INDEX ix_n ON people (n)")
"""
BACK = 'op.execute("DROP TABLE people")\n    op.execute("DROP TABLE orders")'
URLS = {
    driver: f"postgresql+{driver}://ada:secret@production.invalid/app"
    for driver in ("psycopg", "psycopg2", "asyncpg", "pg8000")
}
LINE = 12  # of a revision: the first of upgrade()
EXCLUSIVE, SHARED = "people AccessExclusive", "people Share"
FACTS: dict[str, tuple[set[str], Sequence[str]]] = {
    "ADD COLUMN x int": ({EXCLUSIVE}, []),
    "ADD COLUMN y int NOT NULL DEFAULT 5": ({EXCLUSIVE}, []),
    "ALTER COLUMN n TYPE text": ({EXCLUSIVE, SHARED}, []),
    "ALTER COLUMN id TYPE bigint": ({EXCLUSIVE, SHARED}, ["ix_n", "people", "people_pkey"]),
    "ADD COLUMN z timestamptz DEFAULT clock_timestamp()": (
        {EXCLUSIVE, SHARED},
        ["ix_n", "people", "people_pkey"],
    ),
    "ADD FOREIGN KEY (user_id) REFERENCES orders (id)": (
        {"people ShareRowExclusive", "orders ShareRowExclusive",
         "people AccessShare", "orders AccessShare", "orders RowShare"},
        [],
    ),
    "ALTER COLUMN a SET NOT NULL": ({EXCLUSIVE}, []),
}  # fmt: skip


@pytest.mark.parametrize("clause", FACTS)
def test_locks_and_rewrites_on_postgresql(pg: Project, clause: str) -> None:
    """PostgreSQL says which locks a statement took and what it wrote anew (K4)."""
    published(pg, PEOPLE, BACK)
    ran = upgraded(pg, f'op.execute("ALTER TABLE people {clause}")')
    statement = only(ran)
    assert (locks(statement), statement["rewritten"]) == FACTS[clause]
    assert statement["transaction"] > 0 and not statement["commits"]
    assert ran[0]["table"] == "people" and not ran[0]["new_table"] and ran[0]["line"] == LINE


@pytest.mark.parametrize("driver", URLS)
def test_every_driver_is_asked(pg: Project, driver: str) -> None:
    """Locks and rewrites are seen with each driver, async ones too; gitmig asks unheard (E1)."""
    if driver != "psycopg":  # that one it has
        use_url(pg, URLS[driver], ASYNC_ENV if driver == "asyncpg" else "")
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        'op.create_index("ix_a", "people", ["a"])',
        'op.alter_column("people", "id", type_=sa.BigInteger(), existing_type=sa.Integer())',
        "op.get_bind().execute(sa.text(\"UPDATE people SET n = :n\"), {'n': '100%'})",
    )
    assert kinds(ran) == [(12, "CreateIndexOp"), (13, "AlterColumnOp"), (14, "Statement")]
    index, alter, update = (each["statements"][0] for each in ran)
    assert locks(index) == {"people Share"} and index["rewritten"] == []
    assert EXCLUSIVE in locks(alter)
    assert alter["rewritten"] == ["ix_n", "people", "people_pkey"]  # ix_a is new
    assert update["rewritten"] == [] and "100%" in update["parameters"]
    assert len({each["transaction"] for each in (index, alter, update)}) == 1
    facts = {"type": "BIGINT", "old_type": "INTEGER"}
    assert ran[1]["facts"] == facts and ran[1]["words"] == "alter people.id (type BigInteger())"


def test_only_new_revisions_are_recorded(pg: Project) -> None:
    """Old revisions are not; new ones are once up and once down, each way in one transaction (K4).

    What both lock is told of both.
    """
    published(pg, PEOPLE, BACK)
    up = 'op.add_column("people", sa.Column("x", sa.Integer()))'
    pg.revision("more00000000", "base00000000", up, 'op.drop_column("people", "x")')
    pg.revision("last00000000", "more00000000", up.replace('"x"', '"y"'),
                'op.drop_column("people", "y")')  # fmt: skip
    ran = checked(pg)
    told = [(each["revision"][:4], each["up"], each["words"]) for each in ran]
    assert told == [
        ("more", True, "add people.x"),
        ("last", True, "add people.y"),
        ("last", False, "drop people.y"),
        ("more", False, "drop people.x"),
    ]
    statements = [each["statements"][0] for each in ran]
    assert [locks(each) for each in statements] == [{EXCLUSIVE}] * 4
    assert [each["transaction"] for each in statements] == [1, 1, 2, 2]


def test_nothing_without_a_base(project: Project) -> None:
    """Without a base nothing is new, and nothing is recorded."""
    project.revision("more00000000", "base00000000", 'op.execute("SELECT 1")')
    project.git("add", "-A")
    told = project.gitmig("check", "--format", "json", code=None)
    assert json.loads(told.stdout)["ran"] == []


def test_tables_of_the_same_revision(pg: Project) -> None:
    """A table that the revision makes, by SQL too, is new; a renamed one is not (K4)."""
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        'op.create_table("made", sa.Column("id", sa.Integer(), primary_key=True))',
        'op.execute("CREATE TABLE raw (id int)")',
        'op.add_column("raw", sa.Column("x", sa.Integer()))',
        'op.rename_table("people", "persons")',
        'op.add_column("persons", sa.Column("x", sa.Integer()))',
        'op.execute("UPDATE raw SET x = 1")',
    )
    told = [(each["table"], each["new_table"]) for each in ran]
    assert told == [("made", True), ("raw", True), ("raw", True), ("people", False),
                    ("persons", False), ("raw", True)]  # fmt: skip
    taken = [locks(each["statements"][0]) for each in ran]
    assert taken == [set(), set(), set(), {EXCLUSIVE}, set(), set()]
    assert ran[0]["facts"] == {"columns": ["id"]} and ran[3]["facts"] == {"renamed_to": "persons"}


def test_outside_a_transaction(pg: Project) -> None:
    """In an autocommit block there is no transaction, and no lock to be seen afterwards."""
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        'op.add_column("people", sa.Column("x", sa.Integer()))',
        "with op.get_context().autocommit_block():",
        '    op.create_index("ix_x", "people", ["x"], postgresql_concurrently=True)',
        '    op.execute("REINDEX INDEX ix_n")',
        'op.execute("ALTER TABLE people ALTER COLUMN a SET NOT NULL")',
    )
    assert [each["line"] for each in ran] == [12, 14, 15, 16]
    first, index, reindex, last = (each["statements"][0] for each in ran)
    assert index["transaction"] == reindex["transaction"] == 0 and index["locks"] == []
    assert ran[1]["facts"]["concurrently"] and reindex["rewritten"] == ["ix_n"]
    assert first["transaction"] != last["transaction"] > 0
    assert locks(last) == {EXCLUSIVE}  # it let go of the first one in between


def test_other_ways_to_send_sql(pg: Project) -> None:
    """Helpers elsewhere, f-strings, sessions, connections of its own: the revision's lines."""
    pg.write("helping.py", "import sqlalchemy as sa\nfrom alembic import op\n\n\n"
             "def widen(table):\n"
             "    op.alter_column(table, 'n', type_=sa.Text(), existing_type=sa.String(20))\n"
             "    op.get_bind().execute(sa.text(f'UPDATE {table} SET a = 1'))\n")  # fmt: skip
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        "import helping",
        'helping.widen("people")',
        "for table in ('people', 'orders'):",
        '    op.execute(f"LOCK TABLE {table} IN SHARE MODE")',
        "from sqlalchemy.orm import Session",
        "session = Session(bind=op.get_bind())",
        'session.execute(sa.text("DELETE FROM orders"))',
        'people = sa.table("people", sa.column("id"))',
        "op.bulk_insert(people, [{'id': 1}, {'id': 2}, {'id': 3}])",
        "sa.inspect(op.get_bind()).get_columns('people')",
        'with sa.create_engine("postgresql+psycopg://x/app").connect() as other:',
        '    other.execute(sa.text("CREATE TABLE elsewhere (id int)"))',
    )
    assert kinds(ran) == [
        (13, "AlterColumnOp"),
        (13, "Statement"),
        (15, "ExecuteSQLOp"),
        (15, "ExecuteSQLOp"),
        (18, "Statement"),
        (20, "BulkInsertOp"),
        (23, "Statement"),
    ]
    assert [each["table"] for each in ran] == ["people", "people", "people", "orders", "orders",
                                               "people", "elsewhere"]  # fmt: skip
    assert locks(ran[3]["statements"][0]) == {"orders Share"}
    assert ran[5]["facts"] == {"rows": 3} and ran[5]["words"] == "insert 3 rows into people"
    assert ran[6]["new_table"]
    transactions = [each["statements"][0]["transaction"] for each in ran]
    assert len(set(transactions[:6])) == 1 and transactions[6] not in (0, transactions[0])


def test_a_large_data_migration(pg: Project) -> None:
    """Of very many statements the first are listed and the others counted; values are cut."""
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        "bind = op.get_bind()",
        "for n in range(3000):",
        '    bind.execute(sa.text(f"INSERT INTO orders VALUES ({n})"))',
        "    op.execute(f\"UPDATE orders SET id = id WHERE id = {n} /* {'x' * 20000} */\")",
        "people = sa.table('people', sa.column('id'), sa.column('n'))",
        "bind.execute(people.insert(), [{'id': n, 'n': 'x' * 20} for n in range(1000)])",
        "bind.execute(sa.text('SELECT :n'), {'n': 'y' * 100_000})",
        'op.execute("ALTER TABLE people ADD COLUMN x int")',
    )
    listed = {line: [each for each in ran if each["line"] == line] for line in (14, 15)}
    for found in listed.values():
        assert sum(len(each["statements"]) for each in found) == 20
        assert sum(each["left_out"] for each in found) == 2980
    rows, long, last = ran[-3:]
    assert "and 999 more" in rows["statements"][0]["parameters"]
    assert len(long["statements"][0]["parameters"]) < 100
    assert last["words"] == "run SQL on people" and EXCLUSIVE in locks(last["statements"][0])
    assert len(json.dumps(ran)) < 500_000


def test_a_failing_statement_is_told(pg: Project) -> None:
    """What was recorded until a revision fails is told, and the failure is its own (K1)."""
    published(pg, PEOPLE, BACK)
    pg.revision("more00000000", "base00000000",
                'op.execute("ALTER TABLE people ADD COLUMN x int")\n'
                '    op.execute("ALTER TABLE people ADD COLUMN x int")')  # fmt: skip
    pg.git("add", "-A")
    told = json.loads(pg.gitmig("check", "--base", "main", "--format", "json", code=1).stdout)
    (finding,) = [each for each in told["findings"] if each["code"] == "GM101"]
    assert 'column "x" of relation "people" already exists' in finding["message"]
    assert finding["line"] == 13 and [each["line"] for each in told["ran"]] == [12, 13]
    assert told["ran"][1]["statements"][0]["locks"] == []


def test_a_savepoint_and_a_commit(pg: Project) -> None:
    """A statement that fails in a savepoint breaks nothing; COMMIT begins another transaction."""
    use_url(pg, URLS["psycopg2"])
    published(pg, PEOPLE, BACK)
    ran = upgraded(
        pg,
        "try:",
        "    with op.get_bind().begin_nested():",
        '        op.get_bind().execute(sa.text("ALTER TABLE people ADD COLUMN a int"))',
        "except sa.exc.ProgrammingError:",
        '    op.get_bind().execute(sa.text("ALTER TABLE people ADD COLUMN c int"))',
        'op.execute("COMMIT")',
        'op.execute("CREATE INDEX CONCURRENTLY ix_c ON people (c)")',
    )
    found = {statement["sql"]: statement for each in ran for statement in each["statements"]}
    failed, added, commit, index = (
        found[sql] for sql in found if sql.startswith(("ALTER", "COMMIT", "CREATE"))
    )
    assert "ROLLBACK TO SAVEPOINT sa_savepoint_1" in found
    assert failed["locks"] == [] and locks(added) == {EXCLUSIVE}
    assert added["transaction"] and commit["transaction"] == index["transaction"] == 0


SCHEMAS = """
    op.execute("CREATE SCHEMA audit")
    op.execute("CREATE TABLE audit.log (id int, at date) PARTITION BY RANGE (id)")
    op.execute("CREATE TABLE audit.log_1 PARTITION OF audit.log FOR VALUES FROM (0) TO (9)")
    op.execute("CREATE MATERIALIZED VIEW seen AS SELECT id FROM people")
"""


def test_schemas_partitions_and_views(pg: Project) -> None:
    """Tables outside the default schema have its name; parts and views are things of their own."""
    published(pg, PEOPLE + SCHEMAS)
    ran = upgraded(
        pg,
        'op.add_column("log", sa.Column("z", sa.Integer()), schema="audit")',
        'op.execute(\'ALTER TABLE "audit"."log" ALTER COLUMN at TYPE text\')',
        'op.execute("REFRESH MATERIALIZED VIEW seen")',
        'op.execute("TRUNCATE people")',
        'op.execute("DO $$ BEGIN TRUNCATE people; END $$")',
        'op.execute("DO $$ BEGIN ALTER TABLE people ADD u uuid DEFAULT gen_random_uuid(); END $$")',
    )
    add, alter, refresh, truncate, block, rewriting = (each["statements"][0] for each in ran)
    assert [each["table"] for each in ran] == ["audit.log", "audit.log", "", "people", "", ""]
    assert locks(add) == {"audit.log AccessExclusive", "audit.log_1 AccessExclusive"}
    assert alter["rewritten"] == ["audit.log_1"] and refresh["rewritten"] == ["seen"]
    assert truncate["rewritten"] == [] and EXCLUSIVE in locks(truncate)
    assert block["rewritten"] == [] and "people" in rewriting["rewritten"]


SQLITE = """\
op.execute("CREATE TABLE orders (id integer PRIMARY KEY)")
    op.execute("CREATE TABLE people (id integer PRIMARY KEY, n varchar(20), a int)")
    op.execute("INSERT INTO people VALUES (1, 'Ada', 1)")
"""


def test_batch_mode_on_sqlite(project: Project) -> None:
    """A copy that batch mode makes is one record, its operations keep their lines (K4)."""
    published(project, SQLITE)
    ran = upgraded(
        project,
        'with op.batch_alter_table("people") as batch:',
        '    batch.alter_column("n", type_=sa.Text())',
        '    batch.add_column(sa.Column("x", sa.Integer()))',
        'with op.batch_alter_table("orders") as batch:',
        '    batch.add_column(sa.Column("x", sa.Integer()))',
        "op.get_bind().execute(sa.text('UPDATE people SET a = ?'.replace('?', '2')))",
        'op.execute("ALTER TABLE people ADD COLUMN y int")',
    )
    assert kinds(ran) == [
        (13, "AlterColumnOp"),
        (14, "AddColumnOp"),
        (12, "BatchAlterTable"),
        (16, "AddColumnOp"),
        (17, "Statement"),
        (18, "ExecuteSQLOp"),
    ]
    assert [each["batch"] for each in ran] == [True, True, True, True, False, False]
    assert [len(each["statements"]) for each in ran] == [0, 0, 4, 1, 1, 1]
    assert [bool(each["new_table"]) for each in ran] == [False] * 6
    copy = ran[2]["statements"]
    assert [each["rewritten"] for each in copy] == [[], [], [], ["people"]]
    assert copy[0]["sql"].startswith("CREATE TABLE _alembic_tmp_people")
    assert ran[3]["statements"][0]["rewritten"] == [] == ran[5]["statements"][0]["rewritten"]
    assert ran[4]["statements"][0]["transaction"] > 0  # sqlite3 begins one for rows


@pytest.mark.parametrize("env", ["", ASYNC_ENV], ids=["sqlite3", "aiosqlite"])
def test_operations_on_sqlite(project: Project, env: str) -> None:
    """Each operation is told with its facts; up and down apart, a rename by its names."""
    use_url(project, f"sqlite{'+aiosqlite' if env else ''}:///other.db", env)
    published(project, SQLITE)
    ran = upgraded(
        project,
        'op.add_column("people", sa.Column("b", sa.Integer(), server_default="5", nullable=False))',
        'op.alter_column("people", "b", new_column_name="c")',
        'op.create_index("ix_c", "people", ["c"], unique=True)',
        'op.drop_index("ix_c", "people")',
        'op.create_table("made", sa.Column("id", sa.Integer(), index=True))',
        'op.drop_table("made")',
        'op.drop_column("people", "c")',
    )
    rename = {"renamed_to": "c"}
    add = {"type": "INTEGER", "nullable": False, "default": "5"}
    index = {"name": "ix_c", "columns": ["c"], "unique": True, "concurrently": False}
    assert [each["facts"] for each in ran] == [
        add, rename, index, {"name": "ix_c", "concurrently": False}, {"columns": ["id"]}, {}, {},
    ]  # fmt: skip
    assert [each["words"] for each in ran][:2] == ["add people.b", "rename people.b to c"]
    assert [each["new_table"] for each in ran] == [False] * 4 + [True] * 2 + [False]
    assert [len(each["statements"]) for each in ran] == [1, 1, 1, 1, 2, 1, 1]
    assert [each["line"] for each in ran] == list(range(12, 19))
