"""What of a file's text counts: did code change at all, and is it still as gitmig wrote it.

A hash of the code (`source_shape`), and one in the text itself (`seal`, `is_sealed`,
`is_generated`), which formatters keep whole.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_BOM = "\ufeff"
_SEAL = "# gitmig: unedited while this hash holds: "
_SEAL_LINE = re.compile(rf"^{_SEAL}([0-9a-f]{{16}})[ \t\r]*$", re.MULTILINE)


def source_shape(text: str) -> str:
    """Hash the code that a text holds, to 16 hexadecimal digits.

    Comments, layout, quotes, docstrings and statements without effect do not change it, nor does
    the version of Python that computes it. Raises SyntaxError.
    """
    return _digest(_tokens(tree(text), _SHAPE))


def seal(text: str) -> str:
    """Return the text with a last line that holds a hash of what is above it.

    An older such line goes, so sealing twice changes nothing. What formatters do (to layout,
    quotes, imports, annotations) keeps the seal whole; changed code, docstrings and comments break
    it. Raises SyntaxError.
    """
    body, _ = _unsealed(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    # two blank lines, as formatters want them after a function
    return f"{body}{newline * 3}{_SEAL}{_body_hash(body)}{newline}"


def is_sealed(text: str) -> bool:
    """Whether gitmig wrote this text and nobody has edited it since."""
    body, held = _unsealed(text)
    try:
        return bool(held) and held == _body_hash(body)
    except SyntaxError:
        return False


def is_generated(text: str) -> bool:
    """Whether gitmig wrote this text, edited or not."""
    return _SEAL_LINE.search(text) is not None


def tree(text: str) -> ast.Module:
    """Return what a text parses to; raises SyntaxError for whatever keeps it from that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are the project's own concern
        try:
            return ast.parse(text.removeprefix(_BOM))
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes, endless nesting
            raise SyntaxError(str(error) or "nested too deeply") from error


@dataclass(frozen=True)
class _View:
    """What of a tree counts: statements and fields to leave out, and whether docstrings stay."""

    statements: tuple[type[ast.stmt], ...]
    fields: frozenset[str]
    docstrings: bool


# Formatters sort and prune imports and rewrite annotations (ruff's I, F401 and UP), and neither
# does anything by itself in a revision.
_SHAPE = _View((ast.Pass,), frozenset({"ctx", "type_comment"}), docstrings=False)
_SEALED = _View(
    (ast.Pass, ast.Import, ast.ImportFrom),
    frozenset({"ctx", "type_comment", "annotation", "returns"}),
    docstrings=True,
)


def _tokens(tree: ast.Module, view: _View) -> Iterator[str]:
    """Turn a tree into words, with a stack of our own: a chain of operators can be deep.

    Empty fields are left out, so that a field which a later Python adds changes nothing.
    """
    pending: list[ast.AST | str] = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, ast.Constant):
            yield _constant(item.value)
        elif isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
            if view.docstrings and isinstance(item.value.value, str):
                yield ascii(item.value.value.split())  # formatters trim and indent docstrings
        elif not isinstance(item, view.statements):
            yield f"({type(item).__name__}"
            pending.append(")")
            pending.extend(reversed(list(_children(item, view))))


def _children(node: ast.AST, view: _View) -> Iterator[ast.AST | str]:
    for name in sorted(set(node._fields) - view.fields):
        value = getattr(node, name, None)
        if value is None or value == []:
            continue
        yield name
        for item in value if isinstance(value, list) else [value]:
            yield item if isinstance(item, ast.AST) else ascii(item)


def _constant(value: object) -> str:
    # a decimal of thousands of digits may not be printed, hence hex; ascii() is the same in every
    # Python, repr() follows the Unicode tables
    shown = hex(value) if isinstance(value, int) else ascii(value)
    return f"{type(value).__name__}:{shown}"


def _body_hash(body: str) -> str:
    return _digest([*_tokens(tree(body), _SEALED), *sorted(_comments(body))])


def _comments(text: str) -> Iterator[str]:
    """Find the comments: a waiver or a note is an edit, the space after ``#`` is not."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.removeprefix(_BOM)).readline):
            if token.type == tokenize.COMMENT:
                yield "#" + ascii(token.string.strip("# \t"))
    except tokenize.TokenError as error:
        raise SyntaxError(str(error)) from error


def _digest(words: Iterator[str] | list[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def _unsealed(text: str) -> tuple[str, str]:
    """Split a text into what is above its seal and the hash in that, empty without a seal."""
    body, _, last = text.rstrip().rpartition("\n")
    seal_line = _SEAL_LINE.fullmatch(last)
    return (body.rstrip(), seal_line.group(1)) if seal_line else (text.rstrip(), "")
