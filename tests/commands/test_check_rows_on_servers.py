"""Gate `rows` where the database is strict about types: PostgreSQL and MariaDB (K3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import Project, use_url

POSTGRESQL = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN positive AS integer CHECK (VALUE > 20000);
CREATE TABLE wide (
    id serial PRIMARY KEY, own bigint GENERATED ALWAYS AS IDENTITY, m mood NOT NULL,
    moods mood[] NOT NULL, p positive NOT NULL, u uuid NOT NULL DEFAULT gen_random_uuid(),
    j jsonb NOT NULL, t timestamptz NOT NULL, n numeric(10,4) NOT NULL, long varchar(200) NOT NULL,
    big bigint NOT NULL, small smallint NOT NULL, ip inet NOT NULL, days interval NOT NULL,
    twice bigint GENERATED ALWAYS AS (small * 2) STORED, b bytea NOT NULL, free text NOT NULL,
    other integer NOT NULL);
CREATE TABLE egg (id integer PRIMARY KEY, hen integer NOT NULL);
CREATE TABLE hen (id integer PRIMARY KEY, egg integer NOT NULL REFERENCES egg
    DEFERRABLE INITIALLY IMMEDIATE);
ALTER TABLE egg ADD CONSTRAINT fk FOREIGN KEY (hen) REFERENCES hen DEFERRABLE;
CREATE SCHEMA app;
CREATE TABLE app.part (id integer NOT NULL, at date NOT NULL, PRIMARY KEY (id, at))
    PARTITION BY RANGE (at);
CREATE TABLE app.part_all PARTITION OF app.part DEFAULT;
"""
MARIADB = """
CREATE TABLE wide (
    id integer AUTO_INCREMENT PRIMARY KEY, m ENUM('sad', 'glad') NOT NULL, s SET('a', 'b') NOT NULL,
    yes tinyint(1) NOT NULL, tiny tinyint NOT NULL, long_ varchar(200) NOT NULL,
    big bigint NOT NULL, n decimal(10,4) NOT NULL, at datetime NOT NULL, y year NOT NULL,
    t timestamp NOT NULL, j json NOT NULL, b blob NOT NULL, free text NOT NULL,
    other integer NOT NULL, twice bigint AS (big * 2) STORED) ENGINE=InnoDB;
CREATE TABLE egg (id integer PRIMARY KEY, hen integer) ENGINE=InnoDB;
CREATE TABLE hen (id integer PRIMARY KEY, egg integer NOT NULL, FOREIGN KEY (egg)
    REFERENCES egg (id)) ENGINE=InnoDB;
ALTER TABLE egg ADD FOREIGN KEY (hen) REFERENCES hen (id);
"""


def begin(project: Project, sql: str) -> None:
    """Let main have a second revision that makes these tables, and leave main."""
    lines = [f"op.execute({part.strip()!r})" for part in sql.split(";") if part.strip()]
    project.revision("wide00000000", "base00000000", "\n    ".join(lines))
    project.commit_all("wide")
    project.git("switch", "-q", "-c", "feature")


def rows(project: Project, up: str, down: str = "pass") -> list[tuple[str, str]]:
    """Let the branch have one revision of SQL; return what the gate finds: code, message."""
    statements = [f"op.execute({each!r})" for each in (up, down)]
    project.revision("more00000000", "wide00000000", *statements)
    project.git("add", "-A")
    told = json.loads(
        project.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    )
    assert "gates" in told, told
    gates = {gate["name"]: gate["status"] for gate in told["gates"]}
    assert gates["rows"] != "skipped", told["findings"]
    return [(each["code"], each["message"]) for each in told["findings"]
            if each["code"].startswith("GM5")]  # fmt: skip


def test_postgresql(pg: Project) -> None:
    """Enums, domains, arrays, identities, circles and partitions get rows; what they break is
    found (K3).
    """  # noqa: D205
    begin(pg, POSTGRESQL)
    every = "ALTER TABLE {} ADD COLUMN more integer"
    names = ("wide", "egg", "hen", "app.part")
    harmless = "; ".join(every.format(name) for name in names)
    back = "; ".join(f"ALTER TABLE {name} DROP COLUMN more" for name in names)
    assert rows(pg, harmless, back) == []
    fails = {
        "ALTER TABLE wide ALTER COLUMN long TYPE varchar(50)": "value too long for type",
        "ALTER TABLE wide ALTER COLUMN big TYPE integer": "integer out of range",
        "ALTER TABLE wide ALTER COLUMN free TYPE integer USING free::integer": "invalid input",
        "ALTER TABLE wide ADD FOREIGN KEY (other) REFERENCES users": "violates foreign key",
        "ALTER TABLE app.part ADD COLUMN x integer NOT NULL": "contains null values",
        "CREATE UNIQUE INDEX ux ON wide (long)": "could not create unique index",
    }
    for statement, told in fails.items():
        ((code, message),) = rows(pg, statement, "SELECT 1")
        assert code == "GM501" and told in message, (statement, message)
    narrower = "ALTER TABLE wide ALTER COLUMN n TYPE numeric(10,2)"
    ((code, message),) = rows(pg, narrower, "ALTER TABLE wide ALTER COLUMN n TYPE numeric(10,4)")
    assert code == "GM502" and "value of wide.n" in message
    zone = "ALTER TABLE wide ADD at timestamp; UPDATE wide SET at = now()"
    assert rows(pg, f"{zone}; ALTER TABLE wide ALTER at TYPE timestamptz",
                "ALTER TABLE wide DROP at") == []  # fmt: skip
    zone = "ALTER TABLE wide ALTER t TYPE timestamp"
    assert rows(pg, zone, "ALTER TABLE wide ALTER t TYPE timestamptz") == []
    # a row that a revision adds gets the next number of the sequence
    adds = "INSERT INTO wide (m, moods, p, j, t, n, long, big, small, ip, days, b, free, other) " \
        "SELECT m, moods, p, j, t, n, 'new', big, small, ip, days, b, free, other " \
        "FROM wide LIMIT 1"  # fmt: skip
    assert rows(pg, adds, "DELETE FROM wide WHERE long = 'new'") == []


@pytest.mark.parametrize("where", ["engine", "connection"])
def test_autocommit(pg: Project, where: str) -> None:
    """An env.py whose engine commits each statement by itself gets rows, too (K3)."""
    poolclass = "poolclass=pool.NullPool,"
    edits = {
        "engine": (poolclass, f'{poolclass} isolation_level="AUTOCOMMIT",'),
        "connection": (
            "with connectable.connect() as connection:",
            'with connectable.connect().execution_options(isolation_level="AUTOCOMMIT") '
            "as connection:",
        ),
    }
    env = pg.read("migrations/env.py")
    assert edits[where][0] in env
    pg.write("migrations/env.py", env.replace(*edits[where]))
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, n integer CHECK (n > 7), t text)")
    assert rows(pg, "ALTER TABLE few ADD COLUMN x integer", "ALTER TABLE few DROP COLUMN x") == []
    ((code, message),) = rows(pg, "ALTER TABLE few ADD COLUMN y integer NOT NULL", "SELECT 1")
    assert code == "GM501" and "contains null values" in message


def test_mariadb(project: Project, memory: Path) -> None:
    """On MariaDB sets, truth values, years and circles get rows; what they break is found (K3)."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    begin(project, MARIADB)
    assert rows(project, "ALTER TABLE wide ADD COLUMN more integer",
                "ALTER TABLE wide DROP COLUMN more") == []  # fmt: skip
    fails = {
        "ALTER TABLE wide MODIFY long_ varchar(50) NOT NULL": "Data too long",
        "ALTER TABLE wide MODIFY big integer NOT NULL": "column",
        "ALTER TABLE hen ADD UNIQUE (egg)": "Duplicate entry",
    }
    for statement, told in fails.items():
        found = rows(project, statement, "SELECT 1")
        assert [code for code, _ in found] == ["GM501"], (statement, found)
        assert told in found[0][1]


def test_members_that_go_on_postgresql(pg: Project) -> None:
    """Any member of an enum or a CHECK that goes fails on a row that holds it (K3)."""
    enum = "CREATE TYPE mood AS ENUM ({})"
    begin(
        pg,
        enum.format("'a', 'b', 'c', 'd', 'e'")
        + """;CREATE TABLE few (id serial PRIMARY KEY,
        m mood, kind varchar(9) NOT NULL CONSTRAINT kinds CHECK (kind IN ('big', 'small', 'it''s')),
        n integer CHECK (n IN (1, 2, 3)))""",
    )
    check = "ALTER TABLE few DROP CONSTRAINT kinds, ADD CONSTRAINT kinds CHECK (kind IN ({}))"
    for left in ("'big', 'small'", "'big', 'it''s'", "'small', 'it''s'"):
        ((code, message),) = rows(pg, check.format(left))
        assert code == "GM501" and 'check constraint "kinds" of relation "few"' in message
    for left in ("'a', 'b', 'c', 'd'", "'b', 'c', 'd', 'e'", "'a', 'b', 'd', 'e'"):
        up = f"ALTER TYPE mood RENAME TO old; {enum.format(left)}; " \
            "ALTER TABLE few ALTER m TYPE mood USING m::text::mood; DROP TYPE old"  # fmt: skip
        ((code, message),) = rows(pg, up)
        assert code == "GM501" and "invalid input value for enum mood" in message
        assert "a value that goes" in pg.gitmig("check", "--base", "main", code=1).stdout
    assert rows(pg, check.format("'big', 'small', 'it''s', 'more'")) == []


def test_members_that_go_on_mariadb(project: Project, memory: Path) -> None:
    """So does one of MariaDB's ENUM, and of a CHECK, with a remedy for each (K3)."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    begin(
        project,
        """CREATE TABLE few (id integer AUTO_INCREMENT PRIMARY KEY, m ENUM('a', 'b', 'c'),
        kind varchar(9) NOT NULL, CONSTRAINT kinds CHECK (kind IN ('big', 'small')))""",
    )
    for left in ("'a', 'b'", "'a', 'c'", "'b', 'c'"):
        ((code, message),) = rows(project, f"ALTER TABLE few MODIFY m ENUM({left})")
        assert code == "GM501" and "Data truncated for column" in message
    assert "a value that goes" in project.gitmig("check", "--base", "main", code=1).stdout
    for left in ("'big'", "'small'"):
        up = f"ALTER TABLE few DROP CONSTRAINT kinds, ADD CONSTRAINT kinds CHECK (kind IN ({left}))"
        ((code, message),) = rows(project, up)
        assert code == "GM501" and "CONSTRAINT `kinds` failed" in message
    assert "make them fit first (UPDATE)" in project.gitmig(
        "check", "--base", "main", code=1).stdout  # fmt: skip


def test_several_statements_in_one_text(pg: Project) -> None:
    """A DELETE that follows in a script is the revision's own wish, whatever comes first."""
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, t text)")
    up = "ALTER TABLE few ADD COLUMN x integer; DELETE FROM few WHERE t IS NULL"
    ((code, message),) = rows(pg, up, "ALTER TABLE few DROP COLUMN x")
    assert code == "GM503" and "loses 1 of 6 rows of few" in message


@pytest.mark.parametrize(
    "up",
    [
        "DO $$ BEGIN DELETE FROM few; END $$",
        "DO $$ BEGIN TRUNCATE few; END $$",
        "DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'few'; END $$",
        "SELECT purge()",
    ],
)
def test_a_block_that_empties_a_table(pg: Project, up: str) -> None:
    """A block or function that leaves no row is a fault at its line, as DELETE would be (K3)."""
    function = "CREATE FUNCTION purge() RETURNS void LANGUAGE sql AS 'DELETE FROM few'"
    begin(pg, f"CREATE TABLE few (id integer PRIMARY KEY, t text);{function}")
    ((code, message),) = rows(pg, up)
    told = "the upgrade of more00000000 empties a table in a block or function: it loses "
    assert (code, message) == ("GM502", f"{told}6 of 6 rows of few")
    assert "GM702" not in pg.gitmig("check", "--base", "main", code=1).stdout
    ((code, message),) = rows(pg, "SELECT 1", up)
    assert code == "GM502" and message.startswith("the downgrade of more00000000 empties")
    shown = pg.gitmig("check", "--base", "main", code=0).stdout
    assert ":16: warning GM502" in shown
    path = "migrations/versions/more00000000.py"
    pg.write(path, pg.read(path).replace(
        f"    op.execute({up!r})", f"    # gitmig: allow GM502 a queue\n    op.execute({up!r})"
    ))  # fmt: skip
    pg.git("add", "-A")
    assert "1 finding waived (GM502)" in pg.gitmig("check", "--base", "main", code=0).stdout


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("BEGIN TRUNCATE few; END", "GM502"),
        ("BEGIN DELETE FROM few; END", "GM502"),
        ("BEGIN DELETE FROM few WHERE id > 0; END", "GM503"),
    ],
)
@pytest.mark.parametrize("texts", [1, 2])
def test_a_function_made_by_the_revision(pg: Project, body: str, code: str, texts: int) -> None:
    """So it is with a function that the same revision makes; no index is said to be built (K3)."""
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, t text)")
    function = f"CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$ {body} $$"
    call = "SELECT purge()"
    sent = [f"{function}; {call}"] if texts == 1 else [function, call]
    up = "\n    ".join(f"op.execute({each!r})" for each in sent)
    path = pg.revision("more00000000", "wide00000000", up, "op.execute('DROP FUNCTION purge()')")
    pg.git("add", "-A")
    told = json.loads(pg.gitmig("check", "--base", "main", "--format", "json", code=None).stdout)
    (found,) = [each for each in told["findings"] if each["code"][:3] in ("GM5", "GM7")]
    assert found["code"] == code and "6 of 6 rows of few" in found["message"]
    line = next(n for n, text in enumerate(pg.read(path).splitlines(), 1) if call in text)
    assert code == "GM503" or (found["path"], found["line"]) == (path, line)


def test_a_procedure_that_empties_a_table(project: Project, memory: Path) -> None:
    """So it is with a procedure of MariaDB's (K3)."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    begin(project, "CREATE TABLE few (id integer PRIMARY KEY);"
                   "CREATE PROCEDURE clean_up() DELETE FROM few")  # fmt: skip
    ((code, message),) = rows(project, "CALL clean_up()")
    assert code == "GM502" and message.endswith("it loses 4 of 4 rows of few")


@pytest.mark.parametrize(
    ("up", "told"),
    [
        ("DO $$ BEGIN DELETE FROM few WHERE t IS NULL; END $$", "1 of 6 rows"),
        ("DO $$ BEGIN DELETE FROM few WHERE id > 0; END $$", "6 of 6 rows"),
        ("DO $$ BEGIN IF false THEN DELETE FROM few; END IF; END $$", ""),
        ("DO $$ BEGIN UPDATE few SET t = 'x'; END $$", "values of few.t"),
        ("DELETE FROM few; DO $$ BEGIN PERFORM 1; END $$", "6 of 6 rows"),
        ("DROP TABLE few; SELECT 1; CREATE TABLE few (id integer PRIMARY KEY, t text)", "6 of 6"),
    ],
)
def test_a_block_that_does_not(pg: Project, up: str, told: str) -> None:
    """One that chooses its rows, changes values or does nothing is listed, or silent (K3)."""
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, t text)")
    found = rows(pg, up)
    assert [code for code, _ in found] == ["GM503"] * bool(told)
    assert not told or told in found[0][1]


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("DELETE FROM few WHERE t IS NULL", ["GM503"]),
        ("UPDATE few SET t = 'x' WHERE id > 0", ["GM503"]),
        ("DELETE FROM few WHERE id < 0", []),
        ("UPDATE few SET t = 'x' WHERE t IS NULL", []),
    ],
)
def test_a_block_is_judged_as_its_statement(pg: Project, statement: str, codes: list[str]) -> None:
    """With a WHERE a block is told as the statement in the open: a note, silence for no loss."""
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, t text)")
    in_the_open = rows(pg, statement)
    assert [code for code, _ in in_the_open] == codes
    assert rows(pg, f"DO $$ BEGIN {statement}; END $$") == in_the_open


def told_of_rows(project: Project) -> list[tuple[str, str, int, str]]:
    """Return what the gate finds in what is staged: code, severity, line, message."""
    project.git("add", "-A")
    told = json.loads(project.gitmig("check", "--base", "main", "--format", "json", code=1).stdout)
    return [(each["code"], each["severity"], each["line"], each["message"])
            for each in told["findings"] if each["code"].startswith("GM5")]  # fmt: skip


def test_a_table_that_no_row_can_be_made_for(pg: Project) -> None:
    """NOT NULL over NULLs and a type that is too short, in a table that got no row, are errors at
    their lines (K3).
    """  # noqa: D205
    mail = "^[^@]+@[^@]+[.][a-z]+$"
    begin(pg, "CREATE TABLE acc (id int PRIMARY KEY, note text, email text NOT NULL "
              f"CHECK (email ~ '{mail}'))")  # fmt: skip
    alter = "op.execute('ALTER TABLE acc ALTER COLUMN {}')"
    pg.revision("r1", "wide00000000", alter.format("note SET NOT NULL"),
                alter.format("note DROP NOT NULL"))  # fmt: skip
    pg.revision("r2", "r1", alter.format("email TYPE varchar(3)"), alter.format("email TYPE text"))
    found = told_of_rows(pg)
    assert [each[:3] for each in found] == [("GM504", "error", 12)] * 2
    assert all("acc has no row in the proof" in each[3] for each in found)
    pg.write("gitmig.toml", 'seed = "seed.sql"\n')
    pg.write("seed.sql", "INSERT INTO acc VALUES (1, NULL, 'ada@example.com');\n")
    ((code, severity, line, message),) = told_of_rows(pg)
    assert (code, severity, line) == ("GM501", "error", 12) and "null values" in message


PARTITIONED = """
CREATE TABLE day (k date NOT NULL, v varchar(20)) PARTITION BY RANGE (k);
CREATE TABLE day24 PARTITION OF day FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE at (k timestamptz NOT NULL, id integer, v varchar(20), PRIMARY KEY (k, id))
    PARTITION BY RANGE (k);
CREATE TABLE at1 PARTITION OF at FOR VALUES FROM (MINVALUE) TO ('2001-01-01 00:00:00+00');
CREATE TABLE at2 PARTITION OF at FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
CREATE TABLE kind (k text NOT NULL, n numeric(6,2), v varchar(20)) PARTITION BY LIST (k);
CREATE TABLE kind_a PARTITION OF kind FOR VALUES IN ('it''s', 'b');
CREATE TABLE kind_c PARTITION OF kind FOR VALUES IN ('c') PARTITION BY RANGE (n);
CREATE TABLE kind_c1 PARTITION OF kind_c FOR VALUES FROM (5) TO (6);
CREATE TABLE two (a integer, b integer, v varchar(20)) PARTITION BY RANGE (a, b);
CREATE TABLE two1 PARTITION OF two FOR VALUES FROM (1, 5) TO (1, 7);
CREATE TABLE spread (id integer PRIMARY KEY, v varchar(20)) PARTITION BY HASH (id);
CREATE TABLE spread0 PARTITION OF spread FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE spread1 PARTITION OF spread FOR VALUES WITH (modulus 2, remainder 1)
"""


def test_partitioned_tables(pg: Project) -> None:
    """Rows go into the bounds of the partitions, so that what they refuse is found (K3)."""
    begin(pg, PARTITIONED)
    names = ("day", "at", "kind", "two", "spread")
    for name in names:
        ((code, message),) = rows(pg, f"ALTER TABLE {name} ALTER v TYPE integer USING v::integer")
        assert code == "GM501" and "invalid input syntax" in message, message
    ((code, message),) = rows(pg, "CREATE UNIQUE INDEX ux ON day (k, v)")
    assert code == "GM501" and "could not create unique index" in message
    harmless = [f"ALTER TABLE {name} ADD COLUMN more integer" for name in names]
    back = [f"ALTER TABLE {name} DROP COLUMN more" for name in names]
    assert rows(pg, "; ".join(harmless), "; ".join(back)) == []


def tenants(project: Project, *names: str) -> None:
    """Let env.py do as Alembic's recipe for tenants says, once for each of some."""
    env = project.read("migrations/env.py")
    begin_, rest = env.split("    with connectable.connect() as connection:\n")
    body, end = rest.split("\n\n\n", 1) if "\n\n\n" in rest else rest.split("\n\nif ", 1)
    end = end if "\n\n\n" in rest else f"if {end}"
    recipe = (
        f"    for tenant in {names!r}:\n"
        "      with connectable.connect() as connection:\n"
        "        from sqlalchemy import text\n"
        "        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS {tenant}'))\n"
        "        connection.execute(text(f'SET search_path TO {tenant}'))\n"
        "        connection.commit()\n"
        "        connection.dialect.default_schema_name = tenant\n"
    )
    project.write("migrations/env.py", f"{begin_}{recipe}{body}\n\n\n{end}")


@pytest.mark.parametrize("names", [("one",), ("one", "two")])
def test_tenants_by_search_path(pg: Project, names: tuple[str, ...]) -> None:
    """Where env.py sets the search path to a tenant, that one's tables get the rows (K3)."""
    tenants(pg, *names)
    begin(pg, "CREATE TABLE few (id integer PRIMARY KEY, name varchar(100), age integer)")
    assert rows(pg, "ALTER TABLE few ADD x integer", "ALTER TABLE few DROP x") == []
    fails = {
        "CREATE UNIQUE INDEX ux ON few (name)": "could not create unique index",
        "ALTER TABLE few ADD y integer NOT NULL": "contains null values",
        "UPDATE few SET age = name::integer": "invalid input syntax for type integer",
    }
    for statement, told in fails.items():
        ((code, message),) = rows(pg, statement)
        assert code == "GM501" and told in message
    found = rows(pg, "DO $$ BEGIN DELETE FROM few; END $$")
    assert {code for code, _ in found} == {"GM502"}
    assert all("6 of 6 rows of few" in message for _, message in found)
