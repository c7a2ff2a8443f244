"""The rules see what a revision sends for each row that it reads: they judge the run on rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Project, each_alone

ROWS = 'op.get_bind().execute(sa.text("SELECT id, name FROM users")).fetchall()'
ADD = 'op.add_column("users", sa.Column("slug", sa.Text()))'
DROP = 'op.drop_column("users", "slug")'
ONE_BY_ONE = f"""for each in {ROWS}:
        op.get_bind().execute(
            sa.text("UPDATE users SET slug = :slug WHERE id = :id"),
            {{"slug": (each[1] or "").lower(), "id": each[0]}},
        )"""  # noqa: S608
AT_ONCE = 'op.execute("UPDATE users SET slug = lower(name)")'
DELETES = f"""for each in {ROWS}[:1]:
        op.execute("DELETE FROM users")"""  # noqa: S608


def branch(project: Project, *ways: tuple[str, str]) -> None:
    """Stage a chain of revisions on a branch, each with what goes up and down."""
    project.git("switch", "-q", "-c", "feature")
    parent = "base00000000"
    for number, (up, down) in enumerate(ways):
        project.revision(f"more{number}", parent, up, down)
        parent = f"more{number}"
    project.git("add", "-A")


def checked(project: Project) -> dict[str, Any]:
    """Check the branch; return the report."""
    told = project.gitmig("check", "--base", "main", "--format", "json", "--ignore", "GM3,SQ",
                          code=None)  # fmt: skip
    report: dict[str, Any] = json.loads(told.stdout)
    return report


def by_rules(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Return what the rules found: revision, line and code."""
    return [(each["revision"], each["line"], each["code"])
            for each in report["findings"] if each["gate"] == "rules"]  # fmt: skip


@pytest.mark.parametrize("fill", [ONE_BY_ONE, AT_ONCE], ids=["one by one", "at once"])
def test_rows_filled_under_a_lock(pg: Project, fill: str) -> None:
    """A backfill, one by one or at once, holds the lock of the new column: its line is told."""
    branch(pg, (f"{ADD}\n    {fill}", DROP))
    line = 14 if fill == ONE_BY_ONE else 13
    assert by_rules(checked(pg)) == [("more0", line, "GM701")]


@pytest.mark.parametrize("fill", [ONE_BY_ONE, AT_ONCE], ids=["one by one", "at once"])
def test_rows_filled_in_a_revision_of_their_own(pg: Project, fill: str) -> None:
    """The same in a revision of its own is silent where that has a transaction of its own."""
    branch(pg, (ADD, DROP), (fill, "pass"))
    line = 13 if fill == ONE_BY_ONE else 12
    assert by_rules(checked(pg)) == [("more1", line, "GM701")]
    each_alone(pg)
    pg.git("add", "-A")
    assert by_rules(checked(pg)) == []


@pytest.mark.parametrize(("up", "found"), [
    (f"{ADD}\n    {ONE_BY_ONE}", [("more0", 14, "GM732")]),
    (ONE_BY_ONE.replace("slug =", "name ="), []),
    (DELETES, [("more0", 13, "GM741")]),
    (DELETES.replace("DELETE FROM users", "DELETE FROM users WHERE id < 0"), []),
])  # fmt: skip
def test_loops_on_sqlite(project: Project, up: str, found: list[Any]) -> None:
    """What a loop over rows sends is judged as what is sent without one."""
    down = DROP if ADD in up else "pass"
    branch(project, (up, down))
    assert by_rules(checked(project)) == found


def test_a_loop_on_the_way_down(project: Project) -> None:
    """So is what it sends on the way down."""
    branch(project, ("pass", DELETES))
    assert by_rules(checked(project)) == [("more0", 17, "GM741")]


def test_what_rows_stop_is_judged_without_them(project: Project) -> None:
    """What comes after a revision that fails on rows is recorded on tables without any."""
    unique = 'op.create_index("ux", "users", ["name"], unique=True)'
    delete = 'op.execute("DELETE FROM users")'
    branch(project, ("pass", delete), (unique, 'op.drop_index("ux")'), (delete, "pass"))
    report = checked(project)
    assert "GM501" in [each["code"] for each in report["findings"]]
    assert sorted(by_rules(report)) == [("more0", 16, "GM741"), ("more2", 12, "GM741")]
    ran = [(each["revision"], each["up"]) for each in report["ran"]]
    assert sorted(ran) == sorted(set(ran)) and ("more1", False) in ran


def test_each_way_is_recorded_once(pg: Project) -> None:
    """Nothing is recorded twice, and what is one-way is not taken down with rows either."""
    branch(pg, (ADD, DROP), (AT_ONCE, "raise NotImplementedError"), ("pass", "pass"))
    path = "migrations/versions/more1.py"
    pg.write(path, "# gitmig: one-way, nobody needs the old values\n" + pg.read(path))
    pg.git("add", "-A")
    ran = [(each["revision"], each["up"], each["kind"]) for each in checked(pg)["ran"]]
    assert ran == [
        ("more0", False, "DropColumnOp"), ("more0", True, "AddColumnOp"),
        ("more1", True, "ExecuteSQLOp"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("up", "lost"),
    [
        (f"{AT_ONCE.replace('slug', 'name')}; op.get_bind().rollback()", True),
        (f"{AT_ONCE.replace('slug', 'name')}; op.execute('ROLLBACK')", True),
        (f"{ADD}; op.get_bind().rollback()", False),
        (f"{AT_ONCE.replace('slug', 'name')}; op.get_bind().commit()", False),
    ],
)
def test_a_rollback_says_what_is_lost(project: Project, up: str, lost: bool) -> None:
    """A rollback of what the revision itself did is told with what that was (SQLite)."""
    branch(project, (up, "pass"), ("pass", "pass"))
    report = checked(project)
    told = [each["message"] for each in report["findings"] if each["code"] == "GM733"]
    assert len(told) == 1
    assert ("what line 12 did is lost (update users)" in told[0]) is lost


def test_a_commit_where_nothing_is_open(pg: Project) -> None:
    """commit() in an autocommit_block() ends nothing: each statement there is committed anyway."""
    block = "with op.get_context().autocommit_block():"
    up = f"{block}\n        {AT_ONCE.replace('slug', 'name')}\n        op.get_bind().commit()"
    branch(pg, (up, "pass"))
    assert by_rules(checked(pg)) == []
