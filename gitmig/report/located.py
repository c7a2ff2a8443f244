"""The findings of all environments, each with its place and a fingerprint.

A fingerprint is the same in every run, and stays when lines shift: what is counted, made up for
one run, or a place on this machine is left out of the message before it is hashed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gitmig.model import Finding
from gitmig.outcomes import CheckReport, Failure

PLACES = re.compile(r"(?<![\w.])/[^\s'\")\]]+")
NUMBERS = re.compile(r"\b[0-9a-f]{7,}\b|\d+")
WHOLE = "."  # where not even the environment's configuration is known


@dataclass(frozen=True)
class Located:
    """A finding of an environment; ``path`` is never empty, ``line`` 0 where there is none."""

    environment: str
    finding: Finding
    path: str
    line: int
    fingerprint: str


def located(reports: Iterable[CheckReport], *, waived: bool = False) -> Iterator[Located]:
    """Yield the findings of all reports in their order; ``waived``: those too, after the others."""
    seen: Counter[str] = Counter()
    for report in reports:
        for finding in (*report.findings, *(report.waived if waived else ())):
            path = finding.path or report.place or WHOLE
            message = NUMBERS.sub("#", PLACES.sub("/", finding.message))
            parts = (report.environment, finding.code, path, finding.revision, message)
            key = "\0".join(parts)
            seen[key] += 1
            text = f"{key}\0{seen[key]}".encode("utf-8", "backslashreplace")
            digest = hashlib.sha256(text).hexdigest()
            yield Located(report.environment, finding, path, finding.line, digest)


def with_failure(report: CheckReport) -> CheckReport:
    """Return a report in which a revision that never came to its end is a finding, too."""
    failure = report.failure
    if failure is None or not failure.code:
        return report
    return replace(report, findings=(*report.findings, finding_of(failure)))


def finding_of(failure: Failure) -> Finding:
    """Return why an environment could not be checked in the form of a finding."""
    place = (failure.path, failure.line, failure.revision)
    return Finding(failure.code, "error", failure.message, failure.hint, *place)


def failures(reports: Sequence[CheckReport]) -> list[tuple[CheckReport, Failure]]:
    """Return the environments that could not be checked, and why."""
    return [(report, report.failure) for report in reports if report.failure is not None]


def one_line(text: str) -> str:
    """Return a text without line breaks and other runs of white space."""
    return " ".join(text.split())


def counted(number: int, what: str) -> str:
    """Return ``1 finding``, ``2 findings``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def waived(report: CheckReport) -> str:
    """Return how many findings a waiver allows, in words with the codes; empty for none."""
    if not report.waived:
        return ""
    codes = ", ".join(sorted({each.code for each in report.waived}))
    return f"{counted(len(report.waived), 'finding')} waived ({codes})"
