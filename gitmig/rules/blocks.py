"""The statements inside a DO block of PostgreSQL, those that it puts together as text included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gitmig.rules.sql import Token, statements

QUOTED = re.compile(r"\$(\w*)\$(.*)\$\1\$", re.DOTALL)
# after these words of PL/pgSQL a statement begins
BEFORE = frozenset({"BEGIN", "THEN", "ELSE", "LOOP"})


def inside(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the statements in the body of a block, given what follows DO.

    Of EXECUTE the text that it begins with, in ``format`` too; what is computed is not known.
    """
    for token in tokens:
        if token.kind == "string":
            for statement in statements(unquoted(token.text)):
                yield from parts(statement)


def parts(statement: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield what begins in a statement of PL/pgSQL: itself, and what follows THEN and the like."""
    begins = [0, *(at + 1 for at, token in enumerate(statement)
                   if token.kind == "word" and token.text in BEFORE)]  # fmt: skip
    for begin, end in zip(begins, [*begins[1:], len(statement)], strict=True):
        part = list(statement[begin:end])
        if part and part[0] == Token("word", "EXECUTE"):
            text = next((token.text for token in part if token.kind == "string"), "")
            yield from statements(unquoted(text))
        elif part:
            yield part


def unquoted(text: str) -> str:
    """Return what a string of SQL holds."""
    dollars = QUOTED.fullmatch(text)
    if dollars:
        return dollars[2]
    return text[text.find("'") + 1 : -1].replace("''", "'")
