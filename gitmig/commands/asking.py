"""Ask a person which drops and adds are renames, where the worker is not certain."""

from __future__ import annotations

from typing import Any

from gitmig.commands.projectside import ProjectSide
from gitmig.commands.wording import NOT_PROVED
from gitmig.errors import WorkerFailed
from gitmig.model import Confirm, JsonObject

MOST = 20  # questions that a person answers one by one; more are told as without a terminal


def asking(project: ProjectSide, confirm: Confirm | None, **fields: Any) -> JsonObject:
    """Have the worker generate, again where a person says that something is a rename.

    A table that has another name brings its columns with it, so there may be more to ask then.
    """
    answered: list[JsonObject] = []
    asked: list[JsonObject] = []
    while True:
        answer = proved(project, answered=answered, **fields)
        open_questions = [each for each in answer["likely"] if each not in asked]
        if confirm is None or not 0 < len(open_questions) <= MOST:
            return answer
        asked += open_questions
        agreed = agreed_on(open_questions, confirm)
        if not agreed:
            return answer
        answered += agreed


def proved(project: ProjectSide, **fields: Any) -> JsonObject:
    """Have the worker generate; older differences that have no proof are left out, and named.

    Those of the tables that are told; where none is, of all.
    """
    without: list[str] = []
    reasons: list[str] = []
    while True:
        scratch = str(project.scratch())
        try:
            answer = project.ask("generate", scratch=scratch, without=without, **fields)
        except WorkerFailed as error:
            more = set(error.data.get("arrears", ("*",))) - set(without)
            if not (fields["arrears"] and more) or error.kind not in NOT_PROVED:
                raise
            without += sorted(more)
            reasons.append(f"what was tried for them failed: {error.message}")
        else:
            answer["unmended"] += reasons
            return answer


def agreed_on(likely: list[JsonObject], confirm: Confirm) -> list[JsonObject]:
    """Return the renames that a person agreed to; a new name is asked for until it is taken."""
    found: list[JsonObject] = []
    for each in likely:
        taken = [(other["schema"], other["table"], other["new"]) for other in found]
        if (each["schema"], each["table"], each["new"]) not in taken and confirm(question(each)):
            found.append(each)
    return found


def question(likely: JsonObject) -> str:
    """Return what to ask of a drop and an add."""
    table, old, new = likely["table"], likely["old"], likely["new"]
    if table:
        return f"{table}.{old} goes and {table}.{new} comes; is it a rename that keeps the values?"
    return f"table {old} goes and table {new} comes; is it a rename that keeps the rows?"
