"""What is said to do about a failure: something that its cause can be mended with."""

from __future__ import annotations

import pytest

from gitmig.explain import hint_for_rows

NULL = "add it nullable, fill it with UPDATE"
ELSE = "let it stand rows as gitmig makes them"


@pytest.mark.parametrize(
    ("message", "sql", "begins"),
    [
        ("IndexError: list index out of range", "", ELSE),
        ("ValueError: unique is not there", "", ELSE),
        ("DataError: (1265, \"Data truncated for column 'email' at row 1\")",
         "ALTER TABLE users MODIFY email VARCHAR(200) NOT NULL", NULL),
        ("DataError: (1265, \"Data truncated for column 'state' at row 1\")",
         "ALTER TABLE users MODIFY state ENUM(1) NOT NULL", "rows may hold a value that goes"),
        ("DataError: (1292, \"Truncated incorrect INTEGER value: 'x'\")", "UPDATE t SET age = 1",
         "rows may hold what is no such value"),
        ('InvalidTextRepresentation: invalid input syntax for type integer: "x"', "",
         "rows may hold what is no such value"),
        ("NumericValueOutOfRange: smallint out of range", "", "values of production may need"),
        ("NotNullViolation: column \"a\" of relation \"t\" contains null values", "", NULL),
    ],
)  # fmt: skip
def test_what_rows_need(message: str, sql: str, begins: str) -> None:
    """What is told of a failure on rows fits the error, and the statement it came from."""
    assert hint_for_rows(message, sql).startswith(begins)
