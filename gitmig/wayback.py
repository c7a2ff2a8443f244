"""What a revision's text says of its way back: is there one, and is it said that there is none.

Read by ``ast``, never imported.
"""

from __future__ import annotations

import ast
import re
from typing import Literal

# in a comment of its own: `# gitmig: one-way, the values are not kept`
MARKER = re.compile(r"^[ \t]*#[ \t]*gitmig:[ \t]*one-way\b[ \t]*[,:;]?[ \t]*(.*?)[ \t]*$", re.M)

Kind = Literal["none", "refuses", "real"]


def reason(text: str) -> str | None:
    """Return why a revision says that it is one-way, None where it does not say so."""
    found = MARKER.search(text)
    return found[1] if found else None


def kind(text: str) -> Kind:
    """Say what ``downgrade`` does: nothing (or it is not there), refuse, or something."""
    body = body_of(text, "downgrade")
    if body and isinstance(body[0], ast.Raise):
        return "refuses"
    return "real" if body else "none"


def is_one_way(text: str) -> bool:
    """Say whether a revision that does something has no way back."""
    found = kind(text)
    return found == "refuses" or (found == "none" and bool(body_of(text, "upgrade")))


def body_of(text: str, name: str) -> list[ast.stmt]:
    """Return the statements of a function, without those that do nothing."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [each for each in node.body if not is_idle(each)]
    return []


def is_idle(statement: ast.stmt) -> bool:
    """Say whether a statement does nothing: ``pass``, a docstring, ``...``, a bare return."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Return) and statement.value is None
    )
