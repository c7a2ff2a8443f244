"""A table that an earlier revision of the branch makes is as new as one of the same revision."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.test_rules_on_rows import branch, by_rules, checked
from support import Project, use_url

MADE = (
    """op.create_table("parts", sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("a", sa.Integer()), sa.Column("s", sa.String(50)))
    op.create_table("spare", sa.Column("id", sa.Integer()))""",
    'op.drop_table("parts"); op.drop_table("spare")',
)
# each is told of a table that the base has: GM711, GM726, GM702, GM727, GM722, GM741, GM712
THEN = (
    ('op.create_index("ix_a", "parts", ["a"])', 'op.drop_index("ix_a", "parts")'),
    (
        'op.add_column("parts", sa.Column("n", sa.Integer(), nullable=False))',
        'op.drop_column("parts", "n")',
    ),
    (
        'op.alter_column("parts", "a", type_=sa.BigInteger(), existing_type=sa.Integer())',
        'op.alter_column("parts", "a", type_=sa.Integer(), existing_type=sa.BigInteger())',
    ),
    ('op.create_unique_constraint("uq", "parts", ["n"])', 'op.drop_constraint("uq", "parts")'),
    ('op.drop_column("parts", "s")', 'op.add_column("parts", sa.Column("s", sa.String(50)))'),
    ('op.execute("DELETE FROM parts")', 'op.execute("DELETE FROM parts")'),
    (
        'op.rename_table("parts", "pieces"); op.add_column("pieces", sa.Column("m", sa.Text()))',
        'op.drop_column("pieces", "m")\n    op.rename_table("pieces", "parts")',
    ),
    ('op.execute("UPDATE pieces SET n = 1")', "pass"),
    ('op.drop_table("spare")', 'op.create_table("spare", sa.Column("id", sa.Integer()))'),
)
ON_SQLITE = tuple(pair for pair in THEN if "alter" not in pair[0] and "unique" not in pair[0])


def told(project: Project) -> list[tuple[str, int, str]]:
    """Return what the rules find where all of the branch ran, up and down."""
    report = checked(project)
    assert not {each["code"] for each in report["findings"]} & {"GM101", "GM201", "GM501"}
    assert any(not each["up"] for each in report["ran"])
    return by_rules(report)


def test_on_postgresql(pg: Project) -> None:
    """PostgreSQL: whatever later revisions do to it, up or down, is told to be no danger."""
    branch(pg, MADE, *THEN)
    assert told(pg) == []


def test_on_mariadb(project: Project, memory: Path) -> None:
    """MariaDB: the same."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    steps = [(up, down.replace('"uq", "parts"', '"uq", "parts", type_="unique"'))
             for up, down in THEN]  # fmt: skip
    branch(project, MADE, *steps)
    assert told(project) == []


def test_on_sqlite(project: Project) -> None:
    """SQLite: the same."""
    branch(project, MADE, *ON_SQLITE)
    assert told(project) == []


def test_one_way(project: Project) -> None:
    """Also where it is taken down without ever having been on rows: a revision above is one-way."""
    branch(project, MADE, ON_SQLITE[0], ON_SQLITE[3], ("pass", "pass"))
    path = "migrations/versions/more3.py"
    project.write(path, f"# gitmig: one-way, it sends mail\n{project.read(path)}")
    project.git("add", "-A")
    assert told(project) == []


def test_after_one_that_rows_stop(project: Project) -> None:
    """Also where an earlier revision fails on rows, so that the rest runs without them."""
    stops = 'op.execute("CREATE UNIQUE INDEX uq ON users (length(name) - length(name))")'
    branch(project, MADE, (stops, 'op.execute("DROP INDEX uq")'), *ON_SQLITE)
    report = checked(project)
    assert "GM501" in {each["code"] for each in report["findings"]}
    assert by_rules(report) == []


@pytest.mark.parametrize(
    ("ways", "found"),
    [
        (
            [
                ('op.rename_table("users", "people")', 'op.rename_table("people", "users")'),
                ('op.execute("DELETE FROM people")', "pass"),
            ],
            [("more1", 12, "GM741")],
        ),
        (
            [
                MADE,
                ('op.execute("DELETE FROM spare; DELETE FROM parts; DELETE FROM users")', "pass"),
            ],
            [("more1", 12, "GM741")],
        ),
    ],
    ids=["renamed", "with one that is new"],
)
def test_what_the_base_has_stays_old(
    pg: Project, ways: list[tuple[str, str]], found: list[tuple[str, int, str]]
) -> None:
    """A table of the base's is told of under any name, and beside one that is new."""
    branch(pg, *ways)
    assert [each for each in by_rules(checked(pg)) if each[2] == "GM741"] == found


def test_dropped_and_made_again(project: Project) -> None:
    """What takes the name of a table that an earlier revision drops is new."""
    again = """op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(50)))"""
    delete = ('op.execute("DELETE FROM users")', 'op.execute("DELETE FROM users")')
    branch(project, ('op.drop_table("users")', again), (again, 'op.drop_table("users")'), delete)
    codes = {each["code"] for each in checked(project)["findings"]}
    assert codes == {"GM503"}
