"""Gate `rows`: what only rows with 0, less, an empty text or foreign letters show (K3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Project, use_url
from test_check_rows import base, branch, rows
from test_check_rows_on_servers import begin
from test_check_rows_on_servers import rows as rows_on_servers

ORDERS = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER, price NUMERIC(8, 2), "
    "weight FLOAT, share NUMERIC(8, 2), code VARCHAR(9) UNIQUE)"
)
CHECK = (
    "with op.batch_alter_table('orders') as orders:\n"
    "        orders.create_check_constraint('fits', \"{}\")"
)


@pytest.mark.parametrize(
    "rule",
    [
        "total <> 0",
        "total >= 0",
        "price > 0",
        "price >= 0",
        "weight <> 0",
        "weight >= 0",
        "code <> ''",
        "code NOT GLOB '*[^ -~]*'",
    ],
)
def test_a_new_check_that_rows_may_break(project: Project, rule: str) -> None:
    """A CHECK that comes over rows fails on what the columns let in until then (K3)."""
    base(project, ORDERS)
    branch(project, CHECK.format(rule))
    status, found = rows(project)
    assert (status, [each[0] for each in found]) == ("failed", ["GM501"])
    assert "CHECK constraint failed: fits" in found[0][2]


def test_a_new_check_after_what_mends_the_rows(project: Project) -> None:
    """One that comes with the UPDATE that makes them fit passes; so does one that holds (K3)."""
    base(project, ORDERS)
    mend = 'op.execute("UPDATE orders SET total = 1 WHERE total <= 0")\n    '
    path = branch(project, mend + CHECK.format("total > 0"))
    status, found = rows(project)
    assert (status, [each[0] for each in found]) == ("passed", ["GM503"])
    project.write(path, project.read(path).replace("total > 0", "total IS NULL OR id > 0").replace(
        "SET total = 1 WHERE", "SET weight = 1 WHERE id < 0 AND"))  # fmt: skip
    project.git("add", "-A")
    assert rows(project) == ("passed", [])


def test_what_the_schema_forbids_is_in_no_row(project: Project) -> None:
    """Each value is there as far as the constraints let it be, and no further (K3)."""
    base(
        project,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n > 0), "
        "m INTEGER NOT NULL, t VARCHAR(9) NOT NULL CHECK (t <> ''), "
        "user_id INTEGER NOT NULL REFERENCES users(id), CHECK (m >= -20 AND n <> 7))",
    )
    held = "SELECT min(n), min(m), max(m = 0), min(length(t)), count(user_id) FROM a"
    look = f"found = tuple(op.get_bind().execute(sa.text('{held}')).first())"
    branch(project, f"{look}\n    assert found in ((None,) * 4 + (0,), (1, -6, 1, 3, 6)), found")
    assert rows(project) == ("passed", [])


def test_a_division_says_what_helps(pg: Project) -> None:
    """A backfill that divides by what may be 0 fails, with what to write (K3)."""
    begin(
        pg,
        "CREATE TABLE orders (id serial PRIMARY KEY, total bigint, amount numeric(12, 4));"
        "CREATE DOMAIN count AS integer; CREATE TABLE b (id int PRIMARY KEY, c count)",
    )
    ((code, message),) = rows_on_servers(pg, "UPDATE orders SET amount = 100 / total")
    assert code == "GM501" and "division by zero" in message
    assert "NULLIF" in pg.gitmig("check", "--base", "main", code=1).stdout
    guarded = "UPDATE orders SET amount = 100 / NULLIF(total, 0) WHERE amount IS NULL"
    assert rows_on_servers(pg, guarded) == []
    ((code, _),) = rows_on_servers(pg, "ALTER TABLE b ADD CONSTRAINT c_filled CHECK (c > 0)")
    assert code == "GM501"
    letters = "ALTER TABLE users ADD CONSTRAINT ascii CHECK (name ~ '^[ -~]*$')"
    ((code, message),) = rows_on_servers(pg, letters)
    assert code == "GM501" and '"ascii"' in message


def test_several_lists_in_one_table(pg: Project) -> None:
    """A table whose checks list what several long texts may be gets rows: mlflow's runs (K3)."""
    lists = {
        "source": "'NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT'",
        "status": "'SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'",
        "lifecycle_stage": "'active', 'deleted'",
    }
    columns = "".join(
        f"{name} varchar(20), CONSTRAINT runs_{name} CHECK ({name} IN ({those})), "
        for name, those in lists.items()
    )
    others = "".join(f"text_{n} varchar({n}), " for n in (250, 256, 500, 50, 200))
    begin(pg, f"CREATE TABLE runs (id varchar(32) PRIMARY KEY, {others}{columns}at bigint)")
    assert rows_on_servers(pg, "ALTER TABLE runs ADD x integer", "ALTER TABLE runs DROP x") == []
    ((code, _),) = rows_on_servers(pg, "ALTER TABLE runs ADD y integer NOT NULL")
    assert code == "GM501"


def test_letters_that_go_on_mariadb(project: Project, memory: Path) -> None:
    """A character set that lacks letters fails on them; where it has none of them all passes."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    table = "(id integer PRIMARY KEY, n integer UNSIGNED NOT NULL, t varchar(50)) CHARSET"
    begin(project, f"CREATE TABLE wide {table}=utf8mb4; CREATE TABLE small {table}=latin1")
    change = "ALTER TABLE {} CONVERT TO CHARACTER SET {}"
    ((code, message),) = rows_on_servers(project, change.format("wide", "latin1"))
    assert code == "GM501" and "Incorrect string value" in message
    assert "letters that the new character set lacks" in project.gitmig(
        "check", "--base", "main", code=1).stdout  # fmt: skip
    assert rows_on_servers(project, change.format("small", "utf8mb4")) == []
    ((code, _),) = rows_on_servers(project, "ALTER TABLE small ADD CHECK (n > 0)")
    assert code == "GM501"
