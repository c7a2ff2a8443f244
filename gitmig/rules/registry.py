"""All rules, in the order of their codes. A new family is listed here, a new rule in its family."""

from __future__ import annotations

from collections import Counter

from gitmig.rules import building, data, locks, oldcode, server, source, transactions
from gitmig.rules.rule import Rule

FAMILIES = (locks, building, oldcode, transactions, data, server, source)
RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.FAMILY)


def twice(rules: tuple[Rule, ...]) -> list[str]:
    """Return the codes and names that more than one rule has."""
    counted = Counter(word for rule in rules for word in (rule.code, rule.name))
    return [word for word, count in counted.items() if count > 1]


if twice(RULES):
    raise ValueError(f"two rules are called the same: {', '.join(twice(RULES))}")
