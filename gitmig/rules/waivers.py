"""``# gitmig: allow CODE REASON`` in a revision's file: what a person has decided to accept.

It counts for the statement it stands in or above, and at the top of the file, before the first
statement after the docstring, for all of it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gitmig.model import Finding, Severity
from gitmig.rules import codes

_WAIVER = re.compile(r"#\s*gitmig:\s*allow\b\s*(.*)$")
_WORD = re.compile(r"([A-Z]{2}[\w-]*|[a-z]+(?:-[a-z]+)*)(?=[\s,:]|$)(\s*,\s*|\s*)")
FORM = "# gitmig: allow CODE REASON"


@dataclass(frozen=True)
class Waiver:
    """One waiver: ``line`` is where it stands, ``first`` to ``last`` the lines it counts for.

    ``last`` is 0 for the whole file.
    """

    path: str
    line: int
    words: tuple[str, ...]
    reason: str
    first: int = 0
    last: int = 0

    @property
    def codes(self) -> frozenset[str]:
        """The codes that its words name."""
        return frozenset(found.code for word in self.words if (found := codes.find(word)))

    def covers(self, finding: Finding) -> bool:
        """Say whether a finding is accepted by this waiver."""
        known = codes.find(finding.code)
        if not self.reason or known is None or not known.free or finding.path != self.path:
            return False
        here = self.last == 0 or self.first <= finding.line <= self.last
        return here and finding.code in self.codes


def read(text: str, path: str) -> list[Waiver]:
    """Return the waivers in a file; none where it is no Python."""
    try:
        tree = ast.parse(text)
        comments = list(_comments(text))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return []
    return [_waiver(path, line, alone, rest, tree) for line, alone, rest in comments]


def apply(
    findings: Sequence[Finding], waivers: Sequence[Waiver]
) -> tuple[list[Finding], list[Waiver]]:
    """Return the findings that no waiver covers, and the waivers that cover something."""
    used = [each for each in waivers if any(each.covers(finding) for finding in findings)]
    return [each for each in findings if not any(one.covers(each) for one in used)], used


def reason(finding: Finding, used: Sequence[Waiver]) -> str:
    """Return why a finding is accepted: the reason of the first waiver that covers it."""
    return next(each.reason for each in used if each.covers(finding))


def problems(
    waivers: Sequence[Waiver], used: Collection[Waiver], judged: Collection[str]
) -> Iterator[Finding]:
    """Yield what is wrong with waivers; ``judged`` are the codes that were looked for."""
    for waiver in waivers:
        unknown = [word for word in waiver.words if codes.find(word) is None]
        stays = [code for word in waiver.words if (code := codes.find(word)) and not code.free]
        if unknown or not waiver.words:
            word = unknown[0] if unknown else ""
            told = f'"{word}" is no code or name of a finding' if word else "it names no code"
            hint = codes.suggestion(word) if word else f"write: {FORM}"
            yield _problem("GM793", "error", waiver, f"a waiver that allows nothing: {told}", hint)
        elif stays:
            message = f"{stays[0].code} {stays[0].name} cannot be allowed"
            yield _problem("GM793", "error", waiver, message, f"gitmig rule {stays[0].code}")
        elif not waiver.reason:
            message = f"a waiver of {', '.join(waiver.words)} without a reason does not count"
            yield _problem("GM791", "error", waiver, message, f"write: {FORM}")
        elif waiver not in used and waiver.codes <= set(judged):
            message = f"nothing of {', '.join(waiver.words)} is found here"
            yield _problem("GM792", "warning", waiver, message, "take the comment away")


def _problem(code: str, severity: Severity, waiver: Waiver, message: str, hint: str) -> Finding:
    return Finding(code, severity, message, hint, waiver.path, waiver.line, gate="rules")


def _comments(text: str) -> Iterator[tuple[int, bool, str]]:
    """Yield each waiver's line, whether it is alone there, and what follows ``allow``."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        match = _WAIVER.match(token.string) if token.type == tokenize.COMMENT else None
        if match:
            yield token.start[0], not token.line[: token.start[1]].strip(), match[1]


def _waiver(path: str, line: int, alone: bool, rest: str, tree: ast.Module) -> Waiver:
    words: list[str] = []
    at = 0
    while match := _WORD.match(rest, at):
        if words and not rest[:at].rstrip().endswith(","):
            break
        words.append(match[1])
        at = match.end()
    reason = rest[at:].strip(" :-")
    body = [each for each in tree.body if not _is_docstring(each)]
    if alone and (not body or line < body[0].lineno):
        return Waiver(path, line, tuple(words), reason)
    return Waiver(path, line, tuple(words), reason, *_reach(tree, line, alone))


def _reach(tree: ast.Module, line: int, alone: bool) -> tuple[int, int]:
    """Return the lines of the statement that a comment stands in, or, alone, above."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    spans = {(each.lineno, each.end_lineno or each.lineno): each for each in statements}
    inside = [span for span in spans if span[0] <= line <= span[1]]
    around = min(inside, key=lambda span: span[1] - span[0], default=(line, line))
    if not alone or not hasattr(spans.get(around), "body"):  # between the arguments of a call
        return around if inside else min((s for s in spans if s[0] > line), default=(line, line))
    return min((span for span in spans if line < span[0] <= around[1]), default=(line, line))


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
