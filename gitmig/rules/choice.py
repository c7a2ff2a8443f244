"""Which findings are wanted, and how bad each is: the settings and the command line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from gitmig.errors import ConfigError
from gitmig.model import Finding, RuleSettings, Severity
from gitmig.rules import codes
from gitmig.rules.rule import Default

SEVERITIES: Mapping[str, Severity] = {"error": "error", "warning": "warning", "note": "note"}
OFF = "off"
# squawk's own opinions on types and habits: no danger in a revision
OPINIONS = frozenset(
    codes.SQUAWK + name
    for name in (
        "ban-char-field", "prefer-bigint-over-int", "prefer-bigint-over-smallint",
        "prefer-identity", "prefer-robust-stmts", "prefer-text-field", "prefer-timestamp-tz",
        "require-enum-value-ordering", "require-lock-timeout", "require-statement-timeout",
        "require-timeout-settings",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What of the rules is wanted; made by ``choose``.

    ``selected`` are codes, empty for all that are on; ``asked`` those that were named one by one.
    """

    selected: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    severities: tuple[tuple[str, str], ...] = ()

    def severity(self, code: str, default: Default) -> Severity | None:
        """Return how bad a finding of a rule is, None where it is not wanted."""
        if self.selected and not is_in(code, self.selected):
            return None
        if is_in(code, self.ignored):
            return None
        said = self.said(code)
        if said:
            return SEVERITIES.get(said)
        if code in self.asked:
            return SEVERITIES.get(default, "note")
        return None if code in OPINIONS else SEVERITIES.get(default)

    def said(self, code: str) -> str:
        """Return the severity that the settings give a code: the longest word for it counts."""
        found = [said for start, said in self.severities if code.startswith(start)]
        return found[-1] if found else ""

    def of_gate(self, finding: Finding) -> Finding | None:
        """Return a finding of another gate as it is wanted, None where it is not.

        What is selected concerns the rules only; what may not be ignored stays as it is.
        """
        code = codes.find(finding.code)
        if code is None or not code.free:
            return finding
        said = self.said(finding.code)
        if is_in(finding.code, self.ignored) or said == OFF:
            return None
        return replace(finding, severity=SEVERITIES[said]) if said else finding


def choose(
    settings: RuleSettings, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Choice:
    """Return what is wanted: ``select`` in the place of that in the settings, ``ignore`` besides.

    Raises ConfigError for a word that means nothing or that cannot be chosen.
    """
    words = list(select) or list(settings.select)
    selected = [code for word in words for code in rules_in(word)]
    asked = frozenset(found.code for word in words if (found := codes.find(word)))
    ignored = codes.free([*settings.ignore, *ignore])
    said = [
        (code, severity)
        for word, severity in settings.severity.items()
        for code in starts(word)
    ]  # fmt: skip
    return Choice(tuple(selected), asked, ignored, tuple(sorted(said, key=lambda it: len(it[0]))))


def rules_in(word: str) -> list[str]:
    """Return the rules that a word to select means; raises ConfigError where it means none."""
    found = [code for code in codes.expand(word) if code.startswith(("GM7", codes.SQUAWK))]
    if not found:
        raise ConfigError(
            f"{word} is no rule: what the gates find is not selected.",
            f"leave one out: --ignore {word}",
        )
    return found


def starts(word: str) -> tuple[str, ...]:
    """Return what the codes begin with that a word in ``severity`` means."""
    meant = codes.free([word])
    return meant if codes.find(word) or codes.SQUAWK in meant else (word.upper(),)


def is_in(code: str, words: Collection[str]) -> bool:
    """Say whether a code is in a list, where squawk's may be meant as a whole."""
    return code in words or (code.startswith(codes.SQUAWK) and codes.SQUAWK in words)
