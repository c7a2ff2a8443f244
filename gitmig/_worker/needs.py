"""What a server must have for a project's revisions, as their texts tell, or their failure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

EXTENSION = re.compile(
    r"""(?:^|[;'"]|\b(?:BEGIN|THEN))\s*CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"""
    r"""["']?([A-Za-z_][\w-]*)""",
    re.IGNORECASE | re.MULTILINE,
)
# what all databases of a server share
SHARED = re.compile(
    r"\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER|GROUP|TABLESPACE|SYSTEM)\b", re.IGNORECASE
)
WORTH_A_LOOK = re.compile(rf"\bCREATE\s+EXTENSION\b|{SHARED.pattern}", re.IGNORECASE)
# PostgreSQL's words for an extension that is not there, or whose library does not load
LACKING = re.compile(
    r'extension "[^"]*" is not available|could not (?:load library|access file)'
    r"|could not open extension control file"
)
# and for what another database of the server has already
TAKEN = re.compile(  # the second: two at the same moment
    r'(?:role|tablespace|database) "[^"]*" already exists|"pg_(?:authid|tablespace|database)_\w+"'
)


def of(texts: Iterable[str], prepare: Sequence[str], told: str) -> dict[str, Any]:
    """Return ``extensions`` to be created, ``alone`` (roles and the like are), and the rest.

    ``texts`` are Python sources, ``prepare`` the statements that are run in each new database,
    ``told`` is how the project is called in the list of what is cached.
    """
    statements = [*prepare]
    for text in texts:
        if WORTH_A_LOOK.search(text):
            statements += strings_in(text)
    extensions = {name for each in statements for name in EXTENSION.findall(each)}
    return {
        "extensions": sorted(extensions),
        "alone": any(SHARED.search(each) for each in statements),
        "prepare": list(prepare),
        "told": told,
    }


def strings_in(source: str) -> Iterator[str]:
    """Yield the strings of a Python source but for its docstrings, which are prose."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def is_lacking(message: str) -> bool:
    """Say whether a statement failed because the server lacks an extension."""
    return bool(LACKING.search(message))


def is_taken(message: str) -> bool:
    """Say whether a statement failed because databases of a server share what it makes."""
    return bool(TAKEN.search(message))
