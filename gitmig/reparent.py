"""Give a revision file another parent: two places of its text change and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from gitmig import shape
from gitmig.errors import SourceError

REVISES = re.compile(rb"^([ \t]*Revises:[ \t]*)([^\r\n]*?)([ \t]*\r?)$", re.MULTILINE)


def reparented(text: str, path: str, parents: Sequence[str]) -> str:
    """Return the text with ``parents`` as its ``down_revision``, also where its docstring says it.

    A seal of gitmig's stays whole. Raises SourceError where there is no such assignment.
    """
    source = text.encode()
    tree = ast.parse(source)
    starts = line_starts(source)
    value = assigned(tree, path)
    first, last = span(value, starts)
    changes = [(first, last, written(parents, source[first:last]))]
    docstring = docstring_of(tree)
    if docstring is not None:
        begin, end = span(docstring, starts)
        found = REVISES.search(source, begin, end)
        if found is not None:
            changes.append((*found.span(2), ", ".join(parents).encode()))
    for start, stop, new in sorted(changes, reverse=True):
        source = source[:start] + new + source[stop:]
    changed = source.decode()
    return shape.seal(changed) if shape.is_sealed(text) else changed


def assigned(tree: ast.Module, path: str) -> ast.expr:
    """Return the value of ``down_revision``, the last one that is assigned."""
    found: ast.expr | None = None
    for statement in tree.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if "down_revision" in names and isinstance(statement, (ast.Assign, ast.AnnAssign)):
            found = statement.value
    if found is None:
        raise SourceError(f"{path} assigns no down_revision", "write the parent there by hand")
    return found


def docstring_of(tree: ast.Module) -> ast.expr | None:
    """Return the module's docstring, as it stands in the text."""
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value if isinstance(first.value.value, str) else None
    return None


def written(parents: Sequence[str], before: bytes) -> bytes:
    """Return the parents as Python, in the quotes that stood there."""
    quote = '"' if b'"' in before else "'"
    texts = [f"{quote}{parent}{quote}" for parent in parents]
    return (texts[0] if len(texts) == 1 else f"({', '.join(texts)})").encode()


def line_starts(source: bytes) -> list[int]:
    """Return where each line begins; the syntax tree counts bytes in lines."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def span(node: ast.expr, starts: Sequence[int]) -> tuple[int, int]:
    """Return where an expression begins and ends in the file, in bytes."""
    end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end
