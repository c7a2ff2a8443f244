"""SQL as words: enough of every database's syntax to see what a statement does. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PLAIN_STRING = r"'(?:[^']|'')*'"
_ESCAPED_STRING = r"'(?:[^'\\]|''|\\.)*'"
_PARTS = r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<body>\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$)
  | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
  | (?P<string>[nNbBxX]?{string})
  | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>::|:=|<>|[<>!]=|.)
"""
_TOKEN = {
    escapes: re.compile(
        _PARTS.replace("{string}", _ESCAPED_STRING if escapes else _PLAIN_STRING),
        re.VERBOSE | re.DOTALL,
    )
    for escapes in (False, True)
}
_DEPTH = {"(": 1, ")": -1}
_ROUTINE = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"})


@dataclass(frozen=True)
class Token:
    """A word, name, string, number or sign; ``text`` is a word in capitals, a name unquoted."""

    kind: str
    text: str


def statements(sql: str, *, escapes: bool = False) -> list[list[Token]]:
    """Split a text into statements of tokens, without comments.

    ``escapes``: a backslash in a string stands for what follows it, as in MySQL.
    """
    tokens = list(_tokens(sql, escapes))
    # what a trigger of SQLite or MySQL does stands between BEGIN and END, with semicolons
    if _ROUTINE & {token.text for token in tokens[:6]} and Token("word", "BEGIN") in tokens:
        return [tokens]
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token == Token("sign", ";"):
            found.append([])
        else:
            found[-1].append(token)
    return [each for each in found if each]


def _tokens(sql: str, escapes: bool) -> Iterator[Token]:
    for match in _TOKEN[escapes].finditer(sql):
        kind, text = match.lastgroup or "", match.group()
        if match["body"]:
            yield Token("string", text)
        elif kind == "name":
            yield Token("name", text[1:-1].replace(text[0] * 2, text[0]))
        elif kind in ("string", "escaped"):
            yield Token("string", text)
        elif kind == "word":
            yield Token("word", text.upper())
        elif kind != "space":
            yield Token(kind, text)


class Cursor:
    """A place in the tokens of a statement; what is taken is behind it."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def take(self, *words: str) -> bool:
        """Step over these words, where they all stand here in this order."""
        end = self.at + len(words)
        here = self.tokens[self.at : end]
        if tuple(token.text for token in here if token.kind != "string") != words:
            return False
        self.at = end
        return True

    def take_any(self, *words: str) -> str:
        """Step over one of these words; return it, empty for none."""
        return next((word for word in words if self.take(word)), "")

    def skip(self, *words: str) -> None:
        """Step over as many of these words as stand here, in whatever order."""
        while self.take_any(*words):
            pass

    def name(self) -> str:
        """Step over a name, with its schema; return it, empty where there is none."""
        parts: list[str] = []
        while self.at < len(self.tokens) and self.tokens[self.at].kind in ("word", "name"):
            token = self.tokens[self.at]
            parts.append(token.text.lower() if token.kind == "word" else token.text)
            self.at += 1
            if not self.take("."):
                break
        return ".".join(parts)

    def names(self) -> list[str]:
        """Step over names with commas between them."""
        found = [self.name()]
        while self.take(","):
            self.skip("ONLY")
            found.append(self.name())
        return [each for each in found if each]

    def has(self, *words: str) -> bool:
        """Say whether these words stand side by side from here on, outside brackets."""
        depth, rest = 0, []
        for token in self.tokens[self.at :]:
            if depth == 0:
                rest.append(token.text if token.kind != "string" else "")
            depth += _DEPTH.get(token.text, 0) if token.kind == "sign" else 0
            if depth < 0:
                break
        size = len(words)
        return any(tuple(rest[at : at + size]) == words for at in range(len(rest) - size + 1))

    def parts(self) -> Iterator[Cursor]:
        """Yield what is left, cut at the commas that are in no brackets."""
        depth, part = 0, list[Token]()
        for token in self.tokens[self.at :]:
            depth += _DEPTH.get(token.text, 0) if token.kind == "sign" else 0
            if token == Token("sign", ",") and depth == 0:
                yield Cursor(part)
                part = []
            else:
                part.append(token)
        yield Cursor(part)

    def words(self, *ends: str) -> str:
        """Step over what is left, up to one of the words outside brackets; return it in small."""
        depth, found = 0, []
        for token in self.tokens[self.at :]:
            if depth == 0 and token.kind == "word" and token.text in ends:
                break
            depth += _DEPTH.get(token.text, 0) if token.kind == "sign" else 0
            found.append(token.text.lower() if token.kind == "word" else token.text)
            self.at += 1
        return re.sub(r"\s*([(),.\[\]])\s*", r"\1", " ".join(found)).replace(",", ", ")
