"""squawk's rules (https://squawkhq.com) on the SQL that the new revisions sent, at their lines.

Pure: ``pages`` are what squawk is to read, ``findings`` what its answer says of them. A rule that
gitmig has too, where the database was asked instead of the text, is not told twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmig.model import Finding
from gitmig.ran import RanOperation
from gitmig.rules.choice import Choice
from gitmig.rules.codes import SQUAWK

# each with the code that says it here
COVERED: Mapping[str, str] = {
    "adding-field-with-default": "GM702",
    "adding-foreign-key-constraint": "GM713",
    "adding-not-nullable-field": "GM715",
    "adding-required-field": "GM726",
    "adding-serial-primary-key-field": "GM702",
    "ban-alter-database-options": "GM751",
    "ban-alter-role-options": "GM751",
    "ban-alter-system-options": "GM751",
    "ban-concurrent-index-creation-in-transaction": "GM101",
    "ban-disable-trigger": "GM754",
    "ban-drop-column": "GM722",
    "ban-drop-default": "GM603",
    "ban-drop-constraint": "GM727",
    "ban-drop-database": "GM751",
    "ban-drop-table": "GM721",
    "ban-revoke": "GM752",
    "ban-truncate-cascade": "GM743",
    "ban-uncommitted-transaction": "GM733",
    "changing-column-type": "GM702",
    "constraint-missing-not-valid": "GM714",
    "disallowed-unique-constraint": "GM712",
    "renaming-column": "GM724",
    "renaming-table": "GM723",
    "require-concurrent-index-creation": "GM711",
    "require-concurrent-index-deletion": "GM717",
    "require-concurrent-reindex": "GM702",
    "transaction-nesting": "GM733",
}
# those that say the same as one of these at their line, by the beginning of its code
TOLD_BY: Mapping[str, tuple[str, ...]] = {"renaming-object": ("GM60", "GM72")}
NOT_ITS_RULES = ("syntax-error", "unused-ignore")
_PARAMETER = re.compile(r"%\(\w+\)s|%s")


@dataclass(frozen=True)
class Page:
    """What one revision sent on its way up; ``lines`` are its file's, for each line of ``sql``."""

    name: str
    revision: str
    path: str
    sql: str
    lines: tuple[int, ...]


def pages(ran: Sequence[RanOperation]) -> list[Page]:
    """Return a text for each revision, in which its transactions are seen."""
    up = [operation for operation in ran if operation.up]
    found = []
    for number, revision in enumerate(dict.fromkeys((each.revision, each.path) for each in up)):
        own = [each for each in up if (each.revision, each.path) == revision]
        written = list(_written(own))
        lines = tuple(line for text, line in written for _ in text.splitlines())
        sql = "".join(f"{text}\n" for text, _ in written)
        found.append(Page(f"{number}.sql", *revision, sql, lines))
    return found


def _written(ran: Sequence[RanOperation]) -> Iterator[tuple[str, int]]:
    current = 0
    for operation in ran:
        for statement in operation.statements:
            number, sql = statement.transaction, statement.sql.strip().rstrip(";")
            if number != current:
                yield from [("COMMIT;", 0)] if current else []
                yield from [("BEGIN;", 0)] if number else []
            current = number
            if sql and not sql.endswith("…"):  # a part of a statement is none
                yield f"{_PARAMETER.sub('$1', sql)};", operation.line
    yield from [("COMMIT;", 0)] if current else []


def findings(answer: str, read: Sequence[Page], choice: Choice) -> list[Finding]:
    """Return what squawk's answer (``--reporter json``) says, one for each rule and line.

    Raises ValueError for an answer that is not understood.
    """
    by_name = {page.name: page for page in read}
    found = []
    for rule, file, number, message, help_ in _answered(answer):
        page = by_name[str(file).rpartition("/")[2]]
        line = page.lines[number] if number < len(page.lines) else 0
        severity = choice.severity(SQUAWK + rule, "warning")
        if severity and line and rule not in COVERED and rule not in NOT_ITS_RULES:
            hint = help_ or f"gitmig rule SQ-{rule}"
            found.append(Finding(
                SQUAWK + rule, severity, message.rstrip("."), hint, page.path, line, page.revision
            ))  # fmt: skip
    return list(dict.fromkeys(found))


def is_told(finding: Finding, told: Sequence[Finding]) -> bool:
    """Say whether another finding says the same at this line."""
    codes = TOLD_BY.get(finding.code.removeprefix(SQUAWK), ())
    return any(
        each.code.startswith(codes) and (each.path, each.line) == (finding.path, finding.line)
        for each in told
    )


def _answered(answer: str) -> list[tuple[Any, ...]]:
    """Return rule, file, line, message and help of each thing that squawk told."""
    keys = ("rule_name", "file", "line", "message", "help")
    try:
        return [tuple(told[key] for key in keys) for told in json.loads(answer)]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("its answer is not understood, so it is too old or too new") from error


def included(choice: Choice) -> list[str]:
    """Return squawk's rules that were named one by one: it leaves some out otherwise."""
    named = {*choice.asked, *(code for code, said in choice.severities if said != "off")}
    return sorted(
        code[len(SQUAWK) :] for code in named if code.startswith(SQUAWK) and code != SQUAWK
    )
