"""What SQL concerns, read from its text, so that what meets it can be named (H4)."""

from __future__ import annotations

import pytest

from gitmig._worker.concerned import by_statements


@pytest.mark.parametrize(
    ("sql", "things"),
    [
        ("ALTER TABLE users ADD COLUMN email TEXT", "users.email"),
        ('ALTER TABLE "app"."Users" ADD "Email" TEXT NOT NULL DEFAULT 1', "users.email"),
        ("ALTER TABLE users ADD COLUMN IF NOT EXISTS a INT, DROP COLUMN b", "users.a users.b"),
        ("ALTER TABLE ONLY users ALTER COLUMN a DROP NOT NULL", "users.a"),
        ("ALTER TABLE users ALTER COLUMN a TYPE TEXT USING b", "users.a"),
        ("ALTER TABLE users RENAME COLUMN a TO b", "users.a users.b"),
        ("ALTER TABLE users RENAME TO people", "people.* users.*"),
        ("ALTER TABLE users CHANGE `a` `b` INT", "users.a"),
        ("ALTER TABLE users ADD CONSTRAINT uq UNIQUE (a, b)", "users.a users.b users.uq"),
        ("ALTER TABLE x DROP CONSTRAINT IF EXISTS ck", "x.ck"),
        (
            "ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
            "posts.user_id users.(rows)",
        ),
        ("CREATE UNIQUE INDEX ix ON users (a, b)", "users.a users.b users.ix"),
        ("DROP INDEX ix", ".ix"),
        ("DROP INDEX ix ON users", "users.ix"),
        ("CREATE TABLE copy AS SELECT * FROM users", "copy.* users.(rows)"),
        ("DROP TABLE IF EXISTS users", "users.*"),
        ("UPDATE users SET a = 1, b = 2 WHERE c = 3", "users.a users.b"),
        ("INSERT INTO users (a) VALUES (1)", "users.(rows)"),
        ("DELETE FROM users", "users.(rows)"),
        ("-- why\nALTER TYPE mood ADD VALUE 'sad'", "mood.*"),
        (
            "CREATE OR REPLACE VIEW v AS SELECT a FROM users JOIN posts ON 1",
            "posts.(rows) users.(rows) v.*",
        ),
        ("DROP TABLE a; DROP TABLE b;", "a.* b.*"),
        ("SELECT 1", ""),
        ("", ""),
    ],
)
def test_statements(sql: str, things: str) -> None:
    """Tables, columns and names are found in any case and quotes, with no schema (H4)."""
    found = {f"{table}.{name}" for table, name in by_statements(sql)}
    assert " ".join(sorted(found)) == things
