"""Which sides it is that do not fit together, where heads may not be joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from .databases import Databases
from .failures import Failure
from .meeting import Pair, Watched
from .project import Project
from .sides import agree, apply


def explained(
    project: Project, databases: Databases, heads: Sequence[str], failure: Failure
) -> Failure:
    """Return the failure of heads with ``pairs``, which two it is, and their ``meetings``.

    Of more than two heads every two are tried; no pairs are left where it takes more of them. A
    side that fails by itself meets nothing: that failure is returned.
    """
    watched = Watched(project, databases, heads)
    if watched.failed:
        return watched.failed[0]
    everyone = list(combinations(heads, 2))
    if len(heads) == 2:
        failure.data["pairs"] = everyone
    else:
        found = list(apart(project, databases, everyone))
        failure = found[0][1] if found else failure
        failure.data["pairs"] = [pair for pair, _ in found]
    failure.data["meetings"] = watched.meetings(failure.data["pairs"] or everyone)
    return failure


def apart(
    project: Project, databases: Databases, pairs: Sequence[Pair]
) -> Iterator[tuple[Pair, Failure]]:
    """Yield those of the pairs that do not commute, with the failure that shows it."""
    for pair in pairs:
        try:
            one, other = (apply(project, databases, order)[-1] for order in (pair, pair[::-1]))
            agree(one, other, pair)
        except Failure as failure:
            if not failure.data.get("order"):
                raise
            yield pair, failure
