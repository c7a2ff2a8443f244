"""Codes, names, and what is chosen of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitmig.errors import ConfigError
from gitmig.model import Finding, RuleSettings, Severity
from gitmig.rules import codes, registry
from gitmig.rules.choice import choose
from gitmig.rules.rule import rule

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^\| (GM\d{3}) \|", re.MULTILINE)


def finding(code: str, severity: Severity = "error") -> Finding:
    """Return a finding of a code."""
    return Finding(code, severity, "message")


def test_every_code_is_documented_once() -> None:
    """The codes in the source, in docs/json.md and in `gitmig rule` are the same (K2)."""
    sources = "".join(path.read_text() for path in (ROOT / "gitmig").rglob("*.py"))
    used = set(re.findall(r'"(GM\d{3})"', sources))
    documented = set(TABLE.findall((ROOT / "docs/json.md").read_text()))
    rules = {each.code for each in registry.RULES}
    known = [each.code for each in codes.CODES]
    assert len(known) == len(set(known)) and set(known) == used
    assert documented | rules == used


@pytest.mark.parametrize("code", codes.CODES, ids=lambda code: code.code)
def test_documentation_has_its_parts(code: codes.Code) -> None:
    """Each says what it is in one sentence, why, and what instead; a rule gives an example."""
    first, _, rest = code.documentation.partition("\n")
    assert first.endswith(".") and "\n" in rest
    assert "Why: " in rest and "Instead:" in rest
    assert code.code[:3] != "GM7" or "Example:" in rest
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.name)


def test_two_rules_cannot_be_called_the_same() -> None:
    """A code or a name that is taken is found when the rules are loaded."""

    @rule("GM701", "another-name", "note", ("sqlite",))
    def again(way: object) -> list[object]:  # type: ignore[arg-type]
        """Nothing."""
        return []

    assert registry.twice((*registry.RULES, again)) == ["GM701"]
    assert registry.twice(registry.RULES) == []


def test_words_for_codes() -> None:
    """A code, a name, the beginning of codes, and squawk's own are understood."""
    assert codes.expand("GM711") == codes.expand("gm711") == codes.expand("index-not-concurrently")
    assert set(codes.expand("GM71")) == {f"GM71{number}" for number in range(1, 8)}
    assert codes.expand("SQ") == ("SQ-",) and codes.expand("SQ-ban-drop-view") == (
        "SQ-ban-drop-view",
    )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("index-not-concurently", 'did you mean "index-not-concurrently"?'),
        ("GN711", 'did you mean "GM711"?'),
        ("GM999", "see them all: gitmig rules"),
        ("", "gitmig rules"),
        ("G", "gitmig rules"),
    ],
)
def test_unknown_words(word: str, hint: str) -> None:
    """A word that means nothing is an error that names the nearest."""
    with pytest.raises(ConfigError) as caught:
        choose(RuleSettings(), ignore=[word])
    assert hint in caught.value.hint


@pytest.mark.parametrize("word", ["GM101", "GM0", "several-heads", "GM79"])
def test_what_cannot_be_ignored(word: str) -> None:
    """What is wrong with every database is not ignored, and that is said."""
    if word == "GM0":  # a few of its codes are free
        assert "GM001" not in choose(RuleSettings(), ignore=[word]).ignored
        return
    with pytest.raises(ConfigError, match="cannot be ignored"):
        choose(RuleSettings(), ignore=[word])


def test_only_rules_are_selected() -> None:
    """A gate's code cannot be selected; the hint says how to leave one out."""
    with pytest.raises(ConfigError, match="GM202 is no rule"):
        choose(RuleSettings(), select=["GM202"])


def test_selection() -> None:
    """What is selected is wanted, and what is off by default where it is named."""
    assert choose(RuleSettings()).severity("GM703", "off") is None
    some = choose(RuleSettings(), select=["GM70"])
    assert some.severity("GM701", "warning") == "warning"
    assert some.severity("GM703", "off") is None and some.severity("GM711", "warning") is None
    assert choose(RuleSettings(), select=["GM703"]).severity("GM703", "off") == "note"
    assert some.of_gate(finding("GM202")) == finding("GM202")


def test_severities() -> None:
    """The longest word for a code says how bad it is; `off` is as good as ignored."""
    choice = choose(
        RuleSettings(
            severity={"GM7": "error", "table-rewritten": "note", "GM71": "off", "GM202": "warning"}
        )
    )
    assert choice.severity("GM722", "warning") == "error"
    assert choice.severity("GM702", "warning") == "note"
    assert choice.severity("GM711", "warning") is None
    assert choice.severity("GM703", "off") == "error"
    assert choice.of_gate(finding("GM202")) == finding("GM202", "warning")
    assert choice.of_gate(finding("GM101")) == finding("GM101")


def test_ignored() -> None:
    """What is ignored on the command line is ignored besides what the settings ignore."""
    choice = choose(RuleSettings(ignore=("GM711",)), ignore=["GM202", "SQ"])
    assert choice.severity("GM711", "warning") is None
    assert choice.of_gate(finding("GM202")) is None
    assert choice.severity("SQ-ban-drop-view", "warning") is None
    opinion = "SQ-prefer-text-field"
    assert choose(RuleSettings()).severity(opinion, "warning") is None
    assert choose(RuleSettings(), select=[opinion]).severity(opinion, "warning") == "warning"


def test_never_is_known() -> None:
    """What is never ignored are codes that there are."""
    assert {each.code for each in codes.CODES} >= codes.NEVER
