"""Whether a deployed database ends as a new one does; where not, since when, and what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from gitmig.commands import problems, same_way
from gitmig.commands.projectside import ProjectSide
from gitmig.commands.subject import Subject
from gitmig.errors import WorkerFailed
from gitmig.model import Finding, Revision

End = Mapping[str, Any]  # the schema of one database at the heads, see ``_worker/ends``
Way = Sequence[Sequence[str]]  # its revisions in order, each with a digest of what it left
BRING_IT = (
    "have a further revision bring what is missing and take what is left over, whichever way a "
    "database came: `gitmig revision -m TEXT`"
)


def findings(
    subject: Subject,
    base: ProjectSide,
    staged: ProjectSide,
    here: Sequence[End],
    there: Sequence[End],
) -> list[Finding]:
    """Return the finding for deployed databases that end otherwise than new ones.

    ``base`` and ``staged`` are the project at the base and as it is being committed; ``here`` the
    ends of databases that began empty, ``there`` those of deployed ones. Only where they differ is
    anything run.
    """
    if here == there:
        return []
    answer = ask(staged, here, there)
    if not answer["differences"]:
        return []
    revision = since(subject, base, answer["steps"])
    told = [each["words"].replace(" is gone", " is missing") for each in answer["differences"]]
    message = (
        f"a database at the base ({subject.base.commit[:12]}) does not upgrade to the schema of a "
        f"new one: {problems.several(told)}"
    )
    if revision is None:
        return [Finding("GM105", "error", message, BRING_IT)]
    text = subject.workspace.read(revision.path) or ""
    line = same_way.reading_line(text, same_way.own_names(subject)) or revision.upgrade_line
    message += f"; revision {revision.id} does something else by now"
    hint = f"put back what {revision.id} reads (models, helpers, files), or {BRING_IT}"
    return [Finding("GM105", "error", message, hint, revision.path, line, revision.id)]


def of_a_new_one(side: ProjectSide) -> list[End]:
    """Return how databases of the project end that begin empty."""
    with side.beside("apart") as anew:
        found: list[End] = anew.ask("deploy", left={}, before=[], last=True)["ends"]
        return found


def ask(side: ProjectSide, here: Sequence[End], there: Sequence[End]) -> dict[str, Any]:
    """Have a side go its way from empty once more, on databases of its own, without the cache."""
    with side.beside("apart") as anew:
        return anew.ask("apart", here=here, there=there, cache="")


def since(subject: Subject, base: ProjectSide, steps: Sequence[Way]) -> Revision | None:
    """Return the first revision after which the two ways differ, None where that is not known."""
    before: Sequence[Way] = ()
    with contextlib.suppress(WorkerFailed):  # it is only about the place
        before = ask(base, [], [])["steps"]
    for old, new in zip(before, steps, strict=False):
        for was, now in zip(old, new, strict=False):
            if was[0] != now[0]:
                break
            if was != now:
                return next((each for each in subject.found if each.id == now[0]), None)
    return None
