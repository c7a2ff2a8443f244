"""Gate ``drift``: models and schema disagree; whose that is, and what mends it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Any

from gitmig import sources
from gitmig.commands import verdict
from gitmig.commands.projectside import How, ProjectSide, open_project
from gitmig.commands.standing import forgotten, import_it
from gitmig.commands.subject import Subject
from gitmig.commands.wording import listed
from gitmig.errors import GitmigError, SourceError, WorkerFailed
from gitmig.explain import at_the_base
from gitmig.model import Finding, Severity

Difference = dict[str, Any]
WRITE_IT = "run `{}`, look at the revision, and commit it"
DECLARE_IT = (
    "declare it in a model, or leave it out with include_object in env.py; `{}` would drop it"
)
KEEP_IT = "; what is to stay belongs in the models"
NO_MODELS = "env.py gives no models (target_metadata is None)"
BY_HAND = "write it by hand: `gitmig revision -m TEXT`"


def findings(
    subject: Subject,
    project: ProjectSide,
    differences: Sequence[Difference],
    answer: Mapping[str, Any],
) -> list[Finding]:
    """Return what to say of the worker's differences, and of tables that env.py does not import.

    ``project`` is what gave the ``answer``. Where there is a base, its own tree is asked, and what
    it has too is told once, as older.
    """
    env = f"{subject.environment.script_location}/env.py"
    found = [not_compared(each, env) for each in differences if each["severity"] == "note"]
    own = [each for each in differences if each["severity"] != "note"]
    if own and subject.base.paths:
        own, more = since_base(subject, project, own, answer)
        found += more
    write = command(subject)
    first = "commit what is staged, then " if is_staged(subject) else ""
    return [
        *(at_its_line(each, told(each, env, write, first), subject, answer) for each in own),
        *found,
        *not_imported(subject, answer),
    ]


def at_its_line(
    difference: Difference, finding: Finding, subject: Subject, answer: Mapping[str, Any]
) -> Finding:
    """Return a finding at the line of the last new revision that made the difference, if any."""
    paths, new = {each.id: each.path for each in subject.found}, {*subject.new}
    ran = [each["revision"] for each in answer["ran"] if each["up"] and each["revision"] in new]
    for id in dict.fromkeys(reversed(ran)):
        deeds = verdict.deeds(answer, id)
        line = deeds.behind_drift(difference["table"], difference["names"])
        if line:
            return replace(finding, path=paths[id], line=line, revision=id)
    return finding


def command(subject: Subject) -> str:
    """Return what writes the revision that is missing."""
    several = len(subject.workspace.config.environments) > 1
    return "gitmig autogenerate" + (f" --env {quote(subject.environment.name)}" * several)


def is_staged(subject: Subject) -> bool:
    """Say whether anything is staged: what is older than it is not generated with it."""
    repository = subject.workspace.repository
    head = repository.resolve("HEAD")
    return not head or repository.tree(head) != subject.workspace.index


def told(difference: Difference, env: str, write: str, first: str) -> Finding:
    """Return the finding for one difference; ``write`` is the command that mends it.

    ``first`` is what comes before it where Alembic does not see the difference.
    """
    if difference["seen"]:
        message = f"the models ask for what no revision does: {difference['message']}"
        unknown = difference["message"].startswith("drop table ")
        drops = difference["message"].startswith("drop ")
        hint = (DECLARE_IT if unknown else WRITE_IT).format(write) + KEEP_IT * (drops > unknown)
        return Finding("GM301", "error", message, hint, env)
    message = f"models and schema differ where Alembic does not look: {difference['message']}"
    hint = BY_HAND
    if difference["severity"] == "warning":
        hint = "say it in the models, too, or take it away in a revision"
    elif difference["mend"]:
        hint = f"{first}{WRITE_IT.format(write)}; it will have: {'; '.join(difference['mend'])}"
    return Finding("GM302", difference["severity"], message, hint, env)


def without_models(subject: Subject) -> Finding:
    """Return the note on an environment that has no models to compare."""
    env = f"{subject.environment.script_location}/env.py"
    hint = "nothing need be done; if it has models, set target_metadata to their metadata"
    return Finding("GM307", "note", f"drift is not judged: {NO_MODELS}", hint, env)


def not_compared(skipped: Difference, env: str) -> Finding:
    """Return the note on a table of which only a part could be compared."""
    message = (
        "checks, indexes, defaults and types were compared by Alembic alone, because the models' "
        f"table cannot be made by itself: {skipped['message']}"
    )
    return Finding("GM306", "note", message, "", env)


def since_base(
    subject: Subject,
    project: ProjectSide,
    differences: Sequence[Difference],
    answer: Mapping[str, Any],
) -> tuple[list[Difference], list[Finding]]:
    """Return the differences that the base's tree does not have, and what to say of the others."""
    workspace, env = subject.workspace, f"{subject.environment.script_location}/env.py"
    commit = subject.base.commit
    how = How(project.terms.urls, project.terms.keep, line=project.terms.line)
    try:
        with open_project(workspace, subject.there, how, commit=commit) as base:
            before = base.ask("drift")
    except GitmigError as failed:
        error = at_the_base(failed, commit) if isinstance(failed, WorkerFailed) else failed
        message = f"what is older than this branch cannot be told: {error.message}"
        return list(differences), [Finding("GM303", "note", message, error.hint, env)]
    known = {each["key"] for each in before["drift"]}
    own = [each for each in differences if each["key"] not in known]
    older = [each["message"] for each in differences if each["key"] in known]
    found = []
    unchanged = nothing_changed(subject, before["models"], answer["models"])
    if older:
        message = f"{counted(older)} older than this branch: {listed(older)}"
        if unchanged:
            message += f"; no model and no revision changed here, and it was seen by {by(answer)}"
        hint = f"on the base branch, `{command(subject)}` with nothing staged writes what it can"
        found.append(Finding("GM303", "warning", message, hint, env))
    if own and unchanged:
        message = (
            f"{counted([each['message'] for each in own])} new, although no model and no revision "
            f"changed since {commit[:12]}: it comes from elsewhere (env.py, configuration, what "
            f"the models import, versions: {by(answer)})"
        )
        found.append(Finding("GM304", "note", message, "see what else this branch changes", env))
    return own, found


def counted(messages: Sequence[str]) -> str:
    """Return how many differences there are, with the verb."""
    if len(messages) == 1:
        return "one difference between models and schema is"
    return f"{len(messages)} differences between models and schema are"


def by(answer: Mapping[str, Any]) -> str:
    """Return the versions that decided."""
    return ", ".join(f"{name} {version}" for name, version in answer["versions"].items())


def nothing_changed(subject: Subject, before: Any, now: Any) -> bool:
    """Say whether models and revisions are those of the base."""
    tree = subject.workspace.repository.tree(subject.base.commit)
    same = all(subject.workspace.index.get(path) == tree[path] for path in subject.base.paths)
    return bool(same and not subject.base.new and before == now)


def not_imported(subject: Subject, answer: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each table that is declared where env.py does not look.

    It is an error where this branch declares it, else a warning: it may be meant.
    """
    workspace, environment = subject.workspace, subject.environment
    tables = [key for models in answer["models"] for key in models]
    found = []
    for path, line, table in forgotten(workspace, environment, {}, answer["loaded"], tables):
        message = f"table {table} is declared here, and env.py does not import this file"
        new = subject.base.commit and not declared_before(subject, path, table)
        severity: Severity = "error" if new else "warning"
        hint = import_it(environment).replace(", then commit again", "")
        found.append(Finding("GM305", severity, message, hint, path, line))
    return found


def declared_before(subject: Subject, path: str, table: str) -> bool:
    """Say whether the base declares a table in this file, or in one that is gone (moved)."""
    workspace = subject.workspace
    base = workspace.repository.tree(subject.base.commit)
    gone = [each for each in base if each.endswith(".py") and each not in workspace.index]
    for each in [path, *gone]:
        text = workspace.repository.read(base[each]) if each in base else ""
        with contextlib.suppress(SourceError):
            if table in text and table in sources.tables(text, each):
                return True
    return False
