"""Gate ``downgrade``: what the settings and the revisions themselves say of the way back.

Whether it restores the schema is the worker's to find out.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitmig import wayback
from gitmig.commands.problems import ONE_WAY
from gitmig.commands.subject import Subject
from gitmig.model import Finding, Revision


def one_way(subject: Subject) -> list[str]:
    """Return the revisions that are not taken down: the settings or they themselves say so."""
    wanted = subject.environment.settings.downgrade
    return [
        revision.id
        for revision, text in texts(subject).items()
        if wanted == "forbidden"
        or wayback.reason(text)
        or (wanted == "optional" and wayback.is_one_way(text))
    ]


def findings(subject: Subject) -> list[Finding]:
    """Return what is wrong with the revisions by their text alone."""
    wanted = subject.environment.settings.downgrade
    found = []
    for revision, text in texts(subject).items():
        if wanted == "forbidden" and wayback.kind(text) == "real":
            message = f"revision {revision.id} has a downgrade, and the settings forbid them"
            hint = "let downgrade() raise NotImplementedError, or see `downgrade` in [tool.gitmig]"
            place = revision.path, revision.downgrade_line or revision.line, revision.id
            found.append(Finding("GM204", "error", message, hint, *place))
        if wayback.reason(text) == "":
            message = f"revision {revision.id} says that it is one-way, and not why"
            place = revision.path, wayback.line(text), revision.id
            found.append(Finding("GM205", "error", message, f"write {ONE_WAY}", *place))
    return found


def texts(subject: Subject) -> Mapping[Revision, str]:
    """Return the texts of the revisions that would be taken down: new ones where there is a base.

    Only those that matter: with downgrades required, a marker is all that is looked for.
    """
    index, base = subject.workspace.index, subject.base
    judged = [each for each in subject.found if not base.heads or each.id in base.new]
    blobs = subject.workspace.repository.read_all({index[each.path] for each in judged})
    found = {each: blobs.get(index[each.path]) or "" for each in judged}
    if subject.environment.settings.downgrade != "required":
        return found
    return {each: text for each, text in found.items() if wayback.reason(text) is not None}
