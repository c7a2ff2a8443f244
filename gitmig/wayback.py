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


def line(text: str) -> int:
    """Return the line on which a revision says that it is one-way, 0 where it does not say so."""
    found = MARKER.search(text)
    return text.count("\n", 0, found.start(1)) + 1 if found else 0


def kind(text: str) -> Kind:
    """Say what ``downgrade`` does: nothing (or it is not there), refuse, or something."""
    bodies = [body for body in bodies_of(text, "downgrade") if body]
    if bodies and all(isinstance(body[0], ast.Raise) for body in bodies):
        return "refuses"
    return "real" if bodies else "none"


def is_one_way(text: str) -> bool:
    """Say whether a revision that does something has no way back."""
    found = kind(text)
    return found == "refuses" or (found == "none" and any(bodies_of(text, "upgrade")))


def bodies_of(text: str, name: str) -> list[list[ast.stmt]]:
    """Return the statements of a function, without those that do nothing; none where it is not.

    Alembic's template for several databases has one for each (``downgrade_main``), called by way
    of ``globals()``: then those.
    """
    functions = {each.name: [one for one in each.body if not is_idle(one)]
                 for each in ast.parse(text).body if isinstance(each, ast.FunctionDef)}  # fmt: skip
    own = functions.get(name, [])
    if any(isinstance(each, ast.Name) and each.id == "globals"
           for one in own for each in ast.walk(one)):  # fmt: skip
        return [body for other, body in functions.items() if other.startswith(f"{name}_")]
    return [own]


def is_idle(statement: ast.stmt) -> bool:
    """Say whether a statement does nothing: ``pass``, a docstring, ``...``, a bare return."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Return) and statement.value is None
    )
