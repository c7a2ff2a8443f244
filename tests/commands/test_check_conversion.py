"""Gate `rows`: values that a new type of their column loses, told where it is given (K3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Project, use_url
from test_check_rows import base, branch, check
from test_check_rows import rows as rows_of
from test_check_rows_on_servers import begin, rows

ORDERS = "CREATE TABLE orders (id integer PRIMARY KEY, name varchar(100), amount numeric(12, 4), " \
    "mood varchar(9), due timestamp, on_ boolean)"  # fmt: skip
CHANGE = "ALTER TABLE orders ALTER {} TYPE {}"
LOST = "the upgrade of more00000000 loses what nothing in it asks for: "
ONE_WAY = "# gitmig: one-way, the old type is not needed"


def one_way(project: Project, up: str) -> list[tuple[str, str]]:
    """Let the branch's revision have no way back; return what the gate finds."""
    project.revision("more00000000", "wide00000000", f"op.execute({up!r})")
    path = "migrations/versions/more00000000.py"
    project.write(path, f"{ONE_WAY}\n{project.read(path)}")
    project.git("add", "-A")
    found = check(project)["findings"]
    assert all(each["path"] == path for each in found if each["code"] in ("GM502", "GM503"))
    return [(each["code"], each["message"]) for each in found if each["code"].startswith("GM5")]


def test_one_way(pg: Project) -> None:
    """What a revision without a way back destroys by a new type is told as elsewhere (K3)."""
    begin(pg, ORDERS)
    ((code, message),) = one_way(pg, CHANGE.format("amount", "integer USING 0"))
    assert code == "GM502" and message.startswith(f"{LOST}4 values of orders.amount, such as ")
    ((code, message),) = one_way(pg, CHANGE.format("name", "varchar(20) USING substr(name, 1, 20)"))
    assert code == "GM502" and message.startswith(f"{LOST}1 value of orders.name, such as 'xxx")
    named = "CASE mood WHEN 'sad' THEN 'blue' ELSE upper(mood) END"
    harmless = {
        "mood": f"text USING {named}",
        "amount": "bigint USING (amount * 10000)::bigint",
        "on_": "integer USING on_::int",
        "name": "text",
        "due": "timestamptz",
    }
    up = ", ".join(f"ALTER {name} TYPE {type_}" for name, type_ in harmless.items())
    assert one_way(pg, f"ALTER TABLE orders {up}") == []


def test_the_way_up_did_it(pg: Project) -> None:
    """A way back is not blamed for what the upgrade lost, and that is told once (K3)."""
    begin(pg, ORDERS)
    back = CHANGE.format("name", "varchar(100)")
    for using in ("NULL", "substr(name, 1, 20)"):
        ((code, message),) = rows(pg, CHANGE.format("name", f"varchar(20) USING {using}"), back)
        assert code == "GM502" and message.startswith(LOST)
    cut = "; ".join(["UPDATE orders SET name = left(name, 5)", CHANGE.format("name", "varchar(5)")])
    ((code, message),) = rows(pg, cut, back)
    assert code == "GM503" and message.startswith("the upgrade of more00000000 loses ")


def test_mariadb(project: Project, memory: Path) -> None:
    """MariaDB cuts where it is not strict; a text that the revision shortens itself is listed."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    begin(project, "CREATE TABLE orders (id integer PRIMARY KEY, name varchar(100))")
    change = "ALTER TABLE orders MODIFY name varchar(5)"
    lax = "op.execute(\"SET SESSION sql_mode=''\")\n    " \
        f"op.execute({change!r})\n    op.execute('SET SESSION sql_mode=DEFAULT')"  # fmt: skip
    path = project.revision("more00000000", "wide00000000", lax)
    project.git("add", "-A")
    found = [each for each in check(project)["findings"] if each["code"].startswith("GM5")]
    assert [(each["code"], each["path"]) for each in found] == [("GM502", path)]
    line = next(n for n, text in enumerate(project.read(path).splitlines(), 1) if change in text)
    assert found[0]["line"] == line and "values of orders.name" in found[0]["message"]
    cut = "UPDATE orders SET name = left(name, 5)"
    two = f"op.execute({cut!r})\n    op.execute({change!r})"
    project.revision("more00000000", "wide00000000", two)
    project.git("add", "-A")
    found = [each for each in check(project)["findings"] if each["code"].startswith("GM5")]
    assert [each["code"] for each in found] == ["GM503"] and "orders.name" in found[0]["message"]


@pytest.mark.parametrize("type_", ["sa.Integer", "sa.DateTime"])
def test_sqlite_casts_what_is_none(project: Project, type_: str) -> None:
    """Batch mode casts a text to what it is not, and SQLite takes that (K3)."""
    base(project, "CREATE TABLE a (id INTEGER PRIMARY KEY, t VARCHAR(20))")
    branch(
        project,
        "with op.batch_alter_table('a') as a:\n"
        f"        a.alter_column('t', type_={type_}(), existing_type=sa.String(20))",
        "with op.batch_alter_table('a') as a:\n"
        f"        a.alter_column('t', type_=sa.String(20), existing_type={type_}())",
    )
    status, found = rows_of(project)
    assert (status, [each[0] for each in found]) == ("failed", ["GM502"])
    assert found[0][2].startswith("the upgrade of more00000000 loses ") and "a.t" in found[0][2]
