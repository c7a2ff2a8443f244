"""Which line did it, by what ran: the most exact one, none where there is a choice."""

from __future__ import annotations

import pytest

from gitmig.ran import RanOperation, Statement
from gitmig.rules import causes


def sent(line: int, sql: str, *, up: bool = True, table: str = "") -> RanOperation:
    """Return a statement that a revision sent."""
    return RanOperation("r1", "r1.py", line, up, "Statement", table, statements=(Statement(sql),))


def deeds(*ran: RanOperation) -> causes.Deeds:
    """Return what a revision did."""
    return causes.read(ran, "r1", "postgresql")


UP = (
    sent(1, "ALTER TABLE users ADD COLUMN a integer", table="users"),
    sent(2, "ALTER TABLE users ADD COLUMN b integer", table="users"),
    sent(3, "CREATE INDEX ix_b ON users (b)", table="users"),
    sent(4, "CREATE TABLE posts (id integer)", table="posts"),
    sent(5, "CREATE TYPE mood AS ENUM ('a')"),
)


@pytest.mark.parametrize(
    ("table", "names", "line"),
    [
        ("users", ["a"], 1),
        ("users", ["b"], 2),  # the index names it, too, and did not make it
        ("users", ["ix_b"], 3),
        ("posts", [], 4),
        ("", ["mood"], 5),
        ("public.posts", [], 4),
        ("users", [], 0),  # several lines are about the table
        ("posts", ["a"], 4),  # the only line that is about it
        ("users", ["never"], 0),
        ("other", ["a"], 0),
        ("", ["view"], 0),
    ],
)
def test_what_nothing_takes_back(table: str, names: list[str], line: int) -> None:
    """A thing that is left is the work of the one line that made it."""
    assert deeds(*UP).behind_difference(table, names) == line


def test_the_way_down_comes_first() -> None:
    """What the downgrade touches itself is told there, and nowhere where two lines of it do."""
    down = sent(9, "ALTER TABLE users ADD COLUMN a text", up=False, table="users")
    assert deeds(*UP, down).behind_difference("users", ["a"]) == 9
    more = sent(10, "ALTER TABLE users DROP COLUMN a", up=False, table="users")
    assert deeds(*UP, down, more).behind_difference("users", ["a"]) == 0


LOSSES = (
    sent(1, "DELETE FROM users WHERE id = 1", table="users"),
    sent(2, "UPDATE users SET name = 'x'", table="users"),
    sent(3, "UPDATE users SET size = 1", table="users"),
    sent(4, "ALTER TABLE users RENAME TO people", table="users"),
    sent(5, "DELETE FROM people WHERE id = 2", table="people"),
    sent(6, "ALTER TABLE people DROP COLUMN old", table="people"),
    sent(7, "ALTER TABLE people ADD COLUMN more integer", table="people"),
)


@pytest.mark.parametrize(
    ("kind", "column", "line"),
    [("rows", "", 5), ("all rows", "", 5), ("column", "old", 6), ("values", "name", 5)],
)
def test_the_last_that_takes(kind: str, column: str, line: int) -> None:
    """The last line that takes rows of the table counts, under its new name, too."""
    assert deeds(*LOSSES).behind_loss(kind, "users", column, up=True) == line
    assert deeds(*LOSSES).behind_loss(kind, "users", column, up=False) == 0


def test_values_of_a_column() -> None:
    """Of values the column counts."""
    changed = deeds(*LOSSES[1:3])
    assert changed.behind_loss("values", "users", "name", up=True) == 2
    assert changed.behind_loss("values", "users", "size", up=True) == 3


def test_what_reaches_other_tables() -> None:
    """A table that no line names lost its rows by the one line that may reach it (a cascade)."""
    assert deeds(*LOSSES[:4]).behind_loss("rows", "posts", "", up=True) == 1
    assert deeds(*LOSSES[:5]).behind_loss("rows", "posts", "", up=True) == 0
    idle = (
        sent(8, "SELECT id FROM posts", table="posts"),
        sent(9, "ALTER TABLE posts ADD COLUMN a integer", table="posts"),
    )
    assert deeds(LOSSES[0], *idle).behind_loss("rows", "posts", "", up=True) == 1
    assert deeds(LOSSES[0], *idle).behind_loss("values", "posts", "user_id", up=True) == 1
    assert deeds(*idle).behind_loss("rows", "posts", "", up=True) == 9
    assert deeds(idle[0]).behind_loss("rows", "posts", "", up=True) == 0


def test_routines() -> None:
    """A call is the line, not the text that made what is called."""
    made = sent(1, "CREATE FUNCTION purge() RETURNS void LANGUAGE sql AS 'DELETE FROM users'")
    called = sent(2, "SELECT purge()")
    other = sent(3, "SELECT count(*) FROM users", table="users")
    assert deeds(made, called, other).behind_loss("rows", "users", "", up=True) == 2
    block = sent(4, "DO $$ BEGIN DELETE FROM users; END $$")
    assert deeds(other, block).behind_loss("all rows", "users", "", up=True) == 4


def test_drift() -> None:
    """The last line that touched what the models say otherwise, or made its table."""
    assert deeds(*UP).behind_drift("users", ["add", "users", "b"]) == 2
    assert deeds(*UP).behind_drift("posts", ["title"]) == 4
    assert deeds(*UP).behind_drift("others", ["title"]) == 0
    assert deeds(*UP).last_change(("add column",), "users", "a") == 1
    assert deeds(*UP).last_change(("drop column",), "users", "a") == 0
