"""Sides applied one after the other, and whether two orders end in one schema."""

from __future__ import annotations

from collections.abc import Sequence

from . import schemadiff
from .cache import replay
from .databases import Databases
from .failures import Failure
from .generate import take_fingerprints
from .project import Project
from .shapes import Fingerprint


def apply(
    project: Project, databases: Databases, targets: Sequence[str]
) -> list[list[Fingerprint]]:
    """Upgrade new databases to each target in turn; return all fingerprints after each but one.

    The first is by itself; what fails in another one has the order in ``order``.
    """
    replay(project, databases, targets[0])
    found = [] if targets[1:] else [take_fingerprints(project)]
    for target in targets[1:]:
        try:
            project.upgrade(target)
        except Failure as failure:
            failure.data.setdefault("order", list(targets))
            raise
        found.append(take_fingerprints(project))
    return found


def agree(
    expected: Sequence[Fingerprint], found: Sequence[Fingerprint], order: Sequence[str]
) -> None:
    """Raise ``sides_differ`` where two orders of sides end in different schemas."""
    differences = [
        difference
        for old, new in zip(expected, found)
        for difference in schemadiff.differences(old, new)
    ]
    if differences:
        raise Failure(
            "sides_differ",
            "; ".join(differences[:5]),
            differences=differences,
            order=list(order),
        )
