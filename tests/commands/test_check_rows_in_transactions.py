"""Gate `rows` runs in the transactions that env.py asks for: Alembic's default is a single one."""

from __future__ import annotations

import json
from typing import Any

from support import Project, each_alone

MAKE = (
    "op.execute('CREATE TABLE users (id integer PRIMARY KEY, name text)')\n"
    "    op.execute('CREATE TABLE child (id integer PRIMARY KEY, uid integer REFERENCES users '\n"
    "               'DEFERRABLE INITIALLY DEFERRED)')"
)
UPDATE = "UPDATE child SET uid = (SELECT max(id) FROM users)"
Found = list[tuple[str, str, int]]


def begin(project: Project) -> None:
    """Let main have two tables, and leave it."""
    project.revision("base00000000", None, MAKE, "pass", "users")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")


def check(project: Project, *revisions: str) -> dict[str, Any]:
    """Check a branch with a revision for each way up, in SQL."""
    parent = "base00000000"
    for number, sql in enumerate(revisions, 1):
        statements = "\n    ".join(f"op.execute({each!r})" for each in sql.split("; "))
        project.revision(f"r{number}", parent, statements)
        parent = f"r{number}"
    project.git("add", "-A")
    told = project.gitmig("check", "--base", "main", "--format", "json", code=None)
    answer: dict[str, Any] = json.loads(told.stdout)
    assert "gates" in answer, told.stdout + told.stderr
    return answer


def found(answer: dict[str, Any], *codes: str) -> Found:
    """Return what was found of some codes: code, revision, line."""
    return [(each["code"], each["revision"], each["line"]) for each in answer["findings"]
            if each["code"] in codes]  # fmt: skip


def passed(answer: dict[str, Any], name: str) -> bool:
    """Say whether a gate passed."""
    return ("passed", name) in [(each["status"], each["name"]) for each in answer["gates"]]


def test_what_an_earlier_revision_left_to_the_end_of_the_transaction(pg: Project) -> None:
    """A deferred check that an UPDATE waits for stops the next revision's ALTER, as on deploy."""
    begin(pg)
    ways = (UPDATE, "ALTER TABLE child ADD COLUMN z integer")
    answer = check(pg, *ways)
    assert found(answer, "GM501") == [("GM501", "r2", 12)]
    assert any("pending trigger events" in each["message"] for each in answer["findings"])
    each_alone(pg)
    answer = check(pg, *ways)
    assert found(answer, "GM501") == [] and passed(answer, "rows")


def test_what_lasts_until_the_transaction_ends(pg: Project) -> None:
    """A setting that env.py makes for the transaction, and a table that goes with it, stay."""
    env = pg.read("migrations/env.py")
    before = "            connection.exec_driver_sql('SET LOCAL search_path TO tenant')\n"
    assert env.count("target_metadata=target_metadata)") == 1
    own = "target_metadata=target_metadata, version_table_schema='tenant')"
    env = env.replace("target_metadata=target_metadata)", own)
    head, _, tail = env.rpartition("            context.run_migrations()\n")
    pg.write("migrations/env.py", f"{head}{before}            context.run_migrations()\n{tail}")
    pg.write("gitmig.toml", "[postgresql]\nprepare = ['CREATE SCHEMA tenant']\n")
    begin(pg)
    answer = check(
        pg,
        "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT id, name FROM users; "
        "ALTER TABLE users ADD COLUMN q text",
        "UPDATE users SET q = kept.name FROM kept WHERE kept.id = users.id",
        "ALTER TABLE users ADD COLUMN q2 text",
    )
    assert found(answer, "GM101", "GM501") == [] and passed(answer, "rows")


def test_locks_of_earlier_revisions(pg: Project) -> None:
    """What they locked is locked still, and the line of it is told, unless each is alone."""
    begin(pg)
    ways = (
        "ALTER TABLE child ADD CONSTRAINT ck CHECK (id > 0) NOT VALID",
        "ALTER TABLE child VALIDATE CONSTRAINT ck",
        "ALTER TABLE users ADD COLUMN n text",
        "UPDATE users SET n = name",
    )
    answer = check(pg, *ways)
    assert found(answer, "GM701", "GM716") == [("GM716", "r2", 12), ("GM701", "r4", 12)]
    told = {each["code"]: each["message"] for each in answer["findings"]}
    assert "(line 12 of r1)" in told["GM716"] and "(since line 12 of r3)" in told["GM701"]
    each_alone(pg)
    assert found(check(pg, *ways), "GM701", "GM716") == []


def test_a_table_of_an_earlier_revision(pg: Project) -> None:
    """Rows of a table that the branch makes, and its locks, keep nobody waiting."""
    begin(pg)
    answer = check(
        pg,
        "CREATE TABLE made (id integer PRIMARY KEY, a integer)",
        "ALTER TABLE made ADD COLUMN b integer; INSERT INTO made VALUES (1, 2, 3)",
        "UPDATE made SET b = a; UPDATE users SET name = 'x'",
    )
    assert found(answer, "GM701", "GM716") == []
