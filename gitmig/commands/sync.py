"""``gitmig sync``: take the developer's database from wherever it is to the work tree's revisions.

What the database has and the work tree has not is taken back with the files of the commit that has
it; then the work tree's revisions are applied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitmig.commands import lost, replaced
from gitmig.commands.everyday import steps_of
from gitmig.commands.lost import Found
from gitmig.commands.projectside import (
    AS_USUAL,
    How,
    ProjectSide,
    open_project,
    open_work_tree,
)
from gitmig.commands.replaced import Verdict
from gitmig.commands.workspace import Workspace
from gitmig.errors import GitmigError, Stopped, WorkerFailed
from gitmig.graph import Graph
from gitmig.model import Confirm, Environment
from gitmig.outcomes import Step, SyncReport

LOSES = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|SCHEMA|MATERIALIZED)\b|\bDELETE\s+FROM\b|\bTRUNCATE\b", re.IGNORECASE
)
DROPS = re.compile(r"drop (table \S+|\S+\.\S+)")
BATCH = "_alembic_tmp_"  # the table that batch mode fills from the one it drops
UP = ("upgrade", "heads")


@dataclass(frozen=True)
class Wanted:
    """What was asked for: ``options`` are Alembic's global ones, for env.py.

    ``source`` is the commit whose files the database was upgraded with, empty where that is to be
    found out.
    """

    options: Sequence[str] = ()
    yes: bool = False
    dry_run: bool = False
    quiet: bool = False
    confirm: Confirm | None = None
    source: str = ""


def sync(directory: Path, name: str | None, wanted: Wanted, how: How = AS_USUAL) -> SyncReport:
    """Take the database of an environment to the heads of the work tree.

    Each revision is told on stderr as it runs. Raises Stopped before something is dropped that
    nobody agreed to, GitmigError where no commit has what the database is at.
    """
    with Workspace.writing(directory) as workspace:
        environment = workspace.environment(name)
        with open_work_tree(workspace, environment, how) as project:
            stands = where_it_stands(project, wanted)
            here = lost.in_work_tree(workspace, environment)
            unknown = [head for head in stands["heads"] if head not in here.by_id]
            verdict = whose_files(project, wanted, how, here, stands)
            back = Back("", stands["heads"])
            if verdict.found is not None:
                back = take_back(workspace, environment, wanted, how, stands, verdict.found)
            back = replace(back, note=verdict.note)
            if wanted.dry_run:
                answer = project.ask("preview", start=back.heads, arguments=[*wanted.options, *UP])
                return back.report(steps=(*back.steps, *steps_of(answer["steps"])))
            if back.told:
                refuse_unmoved(where_it_stands(project, wanted)["heads"], unknown)
            answer = run(project, wanted, UP, only=stands["names"] or None)
            return back.report(up=answer["steps"])


@dataclass(frozen=True)
class Back:
    """What was taken back: ``told`` names the commit whose files did it (empty: nothing)."""

    told: str
    heads: Sequence[str]
    down: int = 0
    steps: tuple[Step, ...] = ()
    note: str = ""

    def report(self, up: int = 0, steps: tuple[Step, ...] = ()) -> SyncReport:
        """Return the report with what was applied after it."""
        return SyncReport(self.told, self.down, up, steps, self.note)


def where_it_stands(
    project: ProjectSide, wanted: Wanted, *, schema: bool = False
) -> dict[str, Any]:
    """Return the revisions that the database is at (``heads``), and its ``names``.

    ``schema``: also that, as text for ``_worker/schema``.
    """
    arguments = list(wanted.options)
    return project.ask(
        "alembic", attached=True, arguments=arguments, peek=True, quiet=True, schema=schema
    )


def whose_files(
    project: ProjectSide, wanted: Wanted, how: How, here: Graph, stands: dict[str, Any]
) -> Verdict:
    """Return the commit whose files are to take something back, none where that is not needed."""
    workspace, environment, heads = project.workspace, project.environment, stands["heads"]
    if wanted.source:
        return Verdict(lost.at(workspace, environment, wanted.source, heads))
    if any(head not in here.by_id for head in heads):
        return Verdict(lost.find(workspace, environment, heads))
    others = replaced.earlier(workspace, environment, here, heads)
    if not others:
        return Verdict()
    seen = where_it_stands(project, wanted, schema=True)["schema"]
    return replaced.judge(project, how, replaced.Seen(heads, seen), here, others)


def run(
    project: ProjectSide, wanted: Wanted, command: Sequence[str], **fields: Any
) -> dict[str, Any]:
    """Run an upgrade or a downgrade on the real database."""
    return project.ask(
        "alembic",
        attached=True,
        arguments=[*wanted.options, *command],
        peek=False,
        quiet=wanted.quiet,
        **fields,
    )


def take_back(
    workspace: Workspace,
    environment: Environment,
    wanted: Wanted,
    how: How,
    stands: dict[str, Any],
    found: Found,
) -> Back:
    """Take back what the work tree does not have, with the files of the commit that has it."""
    heads = stands["heads"]
    stay = lost.staying(found.graph, lost.in_work_tree(workspace, environment), heads)
    command = ["downgrade", stay[0] if stay else "base"]
    with open_project(workspace, environment, how, commit=found.place.tree) as there:
        asked = {"start": heads, "arguments": [*wanted.options, *command], "down_to": list(stay)}
        back = Back(found.place.told, stay)
        if wanted.dry_run:
            return replace(back, steps=tuple(steps_of(there.ask("preview", **asked)["steps"])))
        if not wanted.yes:
            database = " and ".join(stands["database"])
            agree(there, asked, wanted, f"what {found.place.told} has does this to {database}")
        try:
            answer = run(there, wanted, command, down_to=list(stay), only=stands["names"])
        except WorkerFailed as error:
            raise explained(error, found.place.told) from error
    return replace(back, down=answer["steps"])


def agree(there: ProjectSide, asked: dict[str, Any], wanted: Wanted, told: str) -> None:
    """Raise Stopped where something is dropped and nobody says that it may be."""
    try:
        losses = lost_by(steps_of(there.ask("preview", **asked)["steps"]))
    except GitmigError as error:
        losses = [f"what cannot be told beforehand ({error.message.rstrip('.')})"]
    if not losses:
        return
    told = f"taking back {told}: {'; '.join(losses)}"
    if wanted.confirm is None:
        raise Stopped(told, "`gitmig sync --yes` does it, `gitmig sync --dry-run` shows it all")
    if not wanted.confirm(f"{told}. Go on?"):
        raise Stopped("the database was left as it is", "`gitmig sync --dry-run` shows it all")


def lost_by(steps: Sequence[Step]) -> list[str]:
    """Return what steps drop or delete, in words, or as they send it."""
    return [words for step in steps for words in lost_by_one(step)]


def lost_by_one(step: Step) -> list[str]:
    """Return what one step drops; batch mode drops a table only to put another in its place."""
    words = [each for each in step.words if DROPS.fullmatch(each)]
    is_batch = any(BATCH in statement for statement in step.sql)
    sent = [each for each in step.sql if LOSES.search(each)]
    return words or ([] if is_batch else [" ".join(each.split()) for each in sent])


def refuse_unmoved(heads: Sequence[str], unknown: Sequence[str]) -> None:
    """Raise GitmigError where the database is still at what the work tree does not have."""
    still = [head for head in heads if head in unknown]
    if still:
        raise GitmigError(
            f"the database is still at {' and '.join(still)}",
            "see whether env.py of both branches asks for the same database",
        )


def explained(error: WorkerFailed, told: str) -> GitmigError:
    """Return the error for what failed with another commit's files."""
    if error.kind == "other_database":
        return GitmigError(
            f"{told} asks for {error.message}, the work tree for another one; nothing was sent",
            "let both ask for the same one, or check it out and type `gitmig downgrade` there",
        )
    return GitmigError(f"{told}: {error.message}", error.hint, error.detail)
