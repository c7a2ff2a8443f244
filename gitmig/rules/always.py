"""Conditions that every row meets, as far as their words alone tell so."""

from __future__ import annotations

from collections.abc import Sequence

from gitmig.rules.sql import Token

TRUE = (("TRUE",), ("1",), ("NOT", "FALSE"), ("NOT", "0"))
# keys count from 1; said of the column that is called so
EVERY_ID = (
    (">", "0"), (">", "-", "1"), (">=", "0"), (">=", "1"), ("IS", "NOT", "NULL"),
)  # fmt: skip
ID = "id"


def holds(tokens: Sequence[Token]) -> bool:
    """Say whether a condition holds for all rows: 1 = 1, ``… OR true``, ``id > 0`` and the like."""
    either = split(tokens, "OR")
    if len(either) > 1:
        return any(map(holds, either))
    both = split(tokens, "AND")
    if len(both) > 1:
        return all(map(holds, both))
    inner = inside(tokens)
    return holds(inner) if inner is not None else is_true(tokens)


def is_true(tokens: Sequence[Token]) -> bool:
    """Say so of one comparison."""
    texts = tuple(token.text for token in tokens)
    if texts in TRUE:
        return True
    if len(tokens) == 3 and texts[1] == "=" and tokens[0].kind in ("number", "string"):
        return tokens[0] == tokens[2]
    while len(texts) > 2 and texts[1] == ".":  # the table's name
        texts = texts[2:]
    return len(texts) > 1 and texts[0].lower() == ID and texts[1:] in EVERY_ID


def split(tokens: Sequence[Token], word: str) -> list[Sequence[Token]]:
    """Cut a condition at a word that is in no brackets."""
    depth, parts, begin = 0, list[Sequence[Token]](), 0
    for at, token in enumerate(tokens):
        if token.kind == "sign":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token == Token("word", word):
            parts.append(tokens[begin:at])
            begin = at + 1
    return [*parts, tokens[begin:]]


def inside(tokens: Sequence[Token]) -> Sequence[Token] | None:
    """Return what one pair of brackets around all of it holds; None where there is none."""
    depth = 0
    for at, token in enumerate(tokens):
        if token.kind == "sign":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return tokens[1:-1] if at and at == len(tokens) - 1 else None
    return None
