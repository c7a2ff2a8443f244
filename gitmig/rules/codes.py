"""Every code of gitmig: those of the gates, of the rules, of waivers; found by code or by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gitmig.errors import ConfigError
from gitmig.model import Severity
from gitmig.rules import readcodes, runcodes
from gitmig.rules.registry import RULES
from gitmig.rules.rule import ANY, Database, Default
from gitmig.settings import nearest

# Without these nothing is proved, so they are neither ignored nor allowed.
NEVER = frozenset(
    {"GM001", "GM002", "GM003", "GM004", "GM006", "GM007", "GM008", "GM009", "GM010", "GM011"}
    | {
        "GM012",
        "GM013",
        "GM014",
        "GM015",
        "GM016",
        "GM017",
        "GM019",
        "GM020",
        "GM021",
        "GM022",
        "GM023",
        "GM101",
        "GM102",
        "GM103",
        "GM201",
    }
    | {"GM203", "GM791", "GM792", "GM793", "GM205", "GM208"}
)
SQUAWK = "SQ-"
_SQUAWK_DOCUMENTATION = """A rule of squawk, which judges SQL for PostgreSQL.

Why: it is documented at https://squawkhq.com/docs/{0}; gitmig gives squawk the SQL that the new
revisions sent, and tells what it finds at their lines. It runs where squawk is installed: `pip
install 'gitmig[squawk]'`.
"""


@dataclass(frozen=True)
class Code:
    """One code: who finds it, how bad it is, and what it is about.

    ``name`` reads after "allow"; ``free``: it may be ignored, or waived at a line; ``down`` is how
    bad it is on the way down, None where that is not judged.
    """

    code: str
    name: str
    severity: Default
    gate: str
    databases: tuple[Database, ...]
    documentation: str
    free: bool = True
    down: Severity | None = None

    @property
    def sentence(self) -> str:
        """What it is, in one sentence."""
        return self.documentation.partition("\n")[0]


_OF_GATES = [
    Code(code, name, severity, gate, ANY, text.strip(), code not in NEVER)
    for code, name, severity, gate, text in (*readcodes.CODES, *runcodes.CODES)
]
_OF_RULES = [
    Code(each.code, each.name, each.severity, "rules", each.databases, each.documentation,
         down=each.down) for each in RULES
]  # fmt: skip
CODES: tuple[Code, ...] = tuple(sorted([*_OF_GATES, *_OF_RULES], key=lambda each: each.code))
_BY_WORD = {word: code for code in CODES for word in (code.code, code.name)}


def find(word: str) -> Code | None:
    """Return the code that a word names, by code or by name; None for a word that is none."""
    if word.startswith(SQUAWK) and re.fullmatch(r"[a-z-]+", word[len(SQUAWK) :]):
        name = word[len(SQUAWK) :]
        text = _SQUAWK_DOCUMENTATION.format(name)
        return Code(word, name, "warning", "rules", ("postgresql",), text)
    return _BY_WORD.get(word) or _BY_WORD.get(word.upper())


def expand(word: str) -> tuple[str, ...]:
    """Return the codes that a word means: a code, a name, or the beginning of codes (GM7, SQ).

    For squawk's rules, which are not known here, it is the beginning itself. Raises ConfigError,
    with the nearest word, for one that means nothing.
    """
    found = find(word)
    if found:
        return (found.code,)
    start = word.upper()
    if start and SQUAWK.startswith(start):
        return (SQUAWK,)
    codes = tuple(each.code for each in CODES if each.code.startswith(start)) if start else ()
    if not codes or not re.fullmatch(r"GM\d*", start):
        raise ConfigError(f'"{word}" is no code or name of a finding.', suggestion(word))
    return codes


def suggestion(word: str) -> str:
    """Return the hint for a word that is none.

    Of numbers one is not like another: only letters before a known one are taken for a slip.
    """
    digits = re.search(r"\d+$", word)
    hint = nearest(word, [f"GM{digits[0]}"] if digits else [each.name for each in CODES])
    if digits and f"GM{digits[0]}" not in _BY_WORD:
        hint = ""
    return hint if hint.startswith("did") else "see them all: gitmig rules"


def free(words: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that are meant and may be ignored.

    Raises ConfigError for a word that means nothing, or only what is never ignored.
    """
    found: list[str] = []
    for word in words:
        codes = [code for code in expand(word) if code == SQUAWK or code not in NEVER]
        if not codes:
            raise ConfigError(
                f"{word} cannot be ignored: what it finds fails on every database.",
                f"see why: gitmig rule {expand(word)[0]}",
            )
        found += codes
    return tuple(found)
