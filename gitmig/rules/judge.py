"""The engine: what ran, judged by every rule that applies to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gitmig.model import Finding, Severity
from gitmig.ran import RanOperation
from gitmig.rules.choice import Choice
from gitmig.rules.registry import RULES
from gitmig.rules.rule import Rule
from gitmig.rules.way import Context, Way

DOWN = "on the way down: "
FEW = 3  # findings of one kind at one line that are told one by one
ORDER: Mapping[str, int] = {"note": 0, "warning": 1, "error": 2}


def judge(
    ran: Sequence[RanOperation],
    texts: Mapping[str, str],
    context: Context,
    choice: Choice,
    told: Sequence[Finding] = (),
) -> list[Finding]:
    """Return what the rules find, in the order of revisions and lines.

    ``texts`` are the revisions' files by path, ``told`` what the other gates found.
    """
    found: list[Finding] = []
    for way in ways(ran, texts, context):
        here = [finding for rule in RULES for finding in apply(rule, way, choice, told)]
        found += sorted(here, key=lambda finding: finding.line)
    return list(dict.fromkeys(found))


def folded(found: Sequence[Finding]) -> list[Finding]:
    """Return findings of which those that one line has many of, as in a loop, are one that counts.

    They have one code, one way and one hint; the first is told.
    """
    kinds = Counter(map(kind_of, found))
    told: dict[Finding, Finding] = {}
    begun = set()
    for each in found:
        kind = kind_of(each)
        many = bool(each.line) and kinds[kind] > FEW
        more = f"; and {kinds[kind] - 1} more like it at this line" if many else ""
        if not many or kind not in begun:
            told[each] = replace(each, message=each.message + more)
        begun.add(kind)
    return list(told.values())


def kind_of(finding: Finding) -> Finding:
    """Return what findings of one kind at one place have in common."""
    return replace(finding, message=DOWN if finding.message.startswith(DOWN) else "")


def ways(ran: Sequence[RanOperation], texts: Mapping[str, str], context: Context) -> Iterator[Way]:
    """Yield each revision up, and down, in the order in which they ran."""
    made: frozenset[str] = frozenset()
    all_up = tuple(operation for operation in ran if operation.up)
    for up in (True, False):
        this = [operation for operation in ran if operation.up is up]
        earlier: tuple[Way, ...] = ()
        for revision in dict.fromkeys((each.revision, each.path) for each in this):
            own = [each for each in this if (each.revision, each.path) == revision]
            text = texts.get(revision[1], "")
            way = Way(*revision, up, tuple(own), context, text, made, all_up, earlier)
            yield way
            earlier += (way,)
            made |= way.makes if up else frozenset()
    # a revision without operations may still lean on the models
    empty = set(texts) - {operation.path for operation in ran}
    yield from (Way("", path, True, (), context, texts[path]) for path in sorted(empty))


def apply(rule: Rule, way: Way, choice: Choice, told: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what one rule finds on one way."""
    severity = severity_of(rule, way.up, choice)
    if severity is None or not applies(rule, way.context):
        return
    for each in rule.check(way):
        finding = Finding(
            rule.code, severity, each.message, each.hint, way.path, each.line, way.revision
        )
        if not way.up:
            finding = replace(finding, message=f"{DOWN}{finding.message}")
        if not any(says_the_same(other, finding, rule) for other in told):
            yield finding


def applies(rule: Rule, context: Context) -> bool:
    """Say whether a rule is for this database, and no gate has answered its question."""
    return context.dialect in rule.databases and rule.left_to not in context.gates


def severity_of(rule: Rule, up: bool, choice: Choice) -> Severity | None:
    """Return how bad it is, None where it is not judged; on the way down it is never worse."""
    severity = choice.severity(rule.code, rule.severity)
    if up or severity is None or rule.down is None:
        return severity if up else None
    return min(severity, rule.down, key=lambda each: ORDER[each])


def says_the_same(told: Finding, finding: Finding, rule: Rule) -> bool:
    """Say whether another gate has told this at this line."""
    place = (told.path, told.line) == (finding.path, finding.line)
    return place and bool(rule.told_by) and told.code.startswith(rule.told_by)
