"""The findings of all environments, each with its place and a fingerprint.

A fingerprint is the same in every run, and stays when lines shift: what is counted, made up for
one run, or a place on this machine is left out of the message before it is hashed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitmig.model import CheckReport, Failure, Finding

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


def located(reports: Sequence[CheckReport]) -> Iterator[Located]:
    """Yield the findings of all reports in their order."""
    seen: Counter[str] = Counter()
    for report in reports:
        for finding in report.findings:
            path = finding.path or report.place or WHOLE
            message = NUMBERS.sub("#", PLACES.sub("/", finding.message))
            parts = (report.environment, finding.code, path, finding.revision, message)
            key = "\0".join(parts)
            seen[key] += 1
            text = f"{key}\0{seen[key]}".encode("utf-8", "backslashreplace")
            digest = hashlib.sha256(text).hexdigest()
            yield Located(report.environment, finding, path, finding.line, digest)


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
