"""Files of SQL: statement by statement, because few drivers take several at once."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from .failures import Failure, one_line
from .shapes import Connection

# what may hold a semicolon: quoted text and names, bodies of functions, comments
TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<tag>\$\w*\$).*?(?P=tag)|;|[^;]",
    re.DOTALL,
)
TOKEN_MYSQL = re.compile(
    r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[ \t][^\n]*|#[^\n]*|/\*.*?\*/|;|[^;]",
    re.DOTALL,
)
DELIMITER = re.compile(r"^DELIMITER[ \t]+(\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
BEFORE = re.compile(r"(?:\s+|--[^\n]*|/\*(?!!).*?\*/)*", re.DOTALL)  # blanks and comments
# a dump's own transaction, and what SQLite makes by itself
NOT_OURS = re.compile(
    r"(?:BEGIN|COMMIT|START\s+TRANSACTION|BEGIN\s+TRANSACTION|END)\s*;?\s*$"
    r"|CREATE\s+TABLE\s+[\"'`]?sqlite_",
    re.IGNORECASE,
)
OF_PSQL = re.compile(r"^\\.*$", re.MULTILINE)


def run_file(setting: str, path: str, tree: str, connection: Connection) -> None:
    """Run a file of SQL, its path from the top of the tree; raises ``setting_failed``."""
    try:
        with open(os.path.join(tree, path), encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
        raise Failure("setting_failed", problem, setting=setting) from error
    run(setting, path, text, connection)


def run(setting: str, path: str, text: str, connection: Connection) -> None:
    """Run the statements of a text, which ``path`` names; raises ``setting_failed``."""
    cursor = connection.connection.cursor()  # SQLAlchemy would look for parameters
    try:
        for statement, line in statements(text, connection.dialect.name):
            if not NOT_OURS.match(statement):
                execute(cursor, statement, setting, path, line)
    finally:
        cursor.close()


def execute(cursor: Any, statement: str, setting: str, path: str, line: int) -> None:
    """Run one statement of a file; raises ``setting_failed``."""
    try:
        cursor.execute(statement)
    except Exception as error:
        told = one_line(getattr(error, "orig", None) or error)
        problem = f"{path}:{line}: {told}"
        raise Failure("setting_failed", problem, setting=setting, path=path, line=line) from error


def statements(text: str, dialect: str) -> Iterator[tuple[str, int]]:
    """Yield the statements of a file, each with the line it begins in."""
    if dialect == "sqlite":
        parts = whole(text)
    elif dialect in ("mysql", "mariadb"):
        parts = delimited(text)
    else:
        parts = split(OF_PSQL.sub("", text), TOKEN)
    for part, line in parts:
        found = BEFORE.match(part)
        before = part[: found.end()] if found else ""
        statement = part[len(before) :].strip()
        if statement:
            yield statement, line + before.count("\n")


def whole(text: str) -> Iterator[tuple[str, int]]:
    """Yield what SQLite takes for whole statements: a trigger's body holds semicolons."""
    part, line = "", 1
    for piece in re.split(r"(?<=;)", text):
        part += piece
        if sqlite3.complete_statement(part):
            yield part, line
            line += part.count("\n")
            part = ""
    yield part, line


def split(text: str, token: re.Pattern[str], line: int = 1) -> Iterator[tuple[str, int]]:
    """Yield what stands between semicolons."""
    part = ""
    for found in token.finditer(text):
        if found.group() == ";":
            yield part, line
            line += part.count("\n")
            part = ""
        else:
            part += found.group()
    yield part, line


def delimited(text: str) -> Iterator[tuple[str, int]]:
    """Yield what stands between the delimiters of MySQL's client, which a dump changes."""
    pieces = DELIMITER.split(text)
    line = 1
    for place, piece in enumerate(pieces[::2]):
        delimiter = ";" if place == 0 else pieces[2 * place - 1]
        if delimiter == ";":
            yield from split(piece, TOKEN_MYSQL, line)
        else:
            at = line
            for part in piece.split(delimiter):
                yield part, at
                at += part.count("\n")
        line += piece.count("\n")
