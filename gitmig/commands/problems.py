"""What a gate of the worker's `check` found, as findings in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitmig.explain import hint_for_migration, hint_for_rows
from gitmig.model import Finding, Revision, Severity
from gitmig.rules.causes import Deeds, called

Problem = dict[str, Any]
MOST = 5  # things that a sentence can hold
SHORT = 200  # characters of a statement that a sentence can hold
TOOK_ITS_NOTES = (
    "the revision takes away the table in which Alembic notes that it ran, by a DROP of the table, "
    "its schema or the database: drop by name what is to go"
)
HID_ITS_NOTES = (
    "the revision sets search_path, so that the table in which Alembic notes that it ran is not "
    "found: put it back in this file"
)
GONE = re.compile(r"no such table|does not exist|doesn't exist|no database selected", re.IGNORECASE)
LEFT_INDEX = re.compile(r"the indexes of table (\S+) differ: (\S+) is left over")
ONE_WAY = "# gitmig: one-way, REASON"

WAYS = {True: "the upgrade", False: "the downgrade"}
ROWS: Mapping[str, tuple[str, Severity, str, str]] = {
    "rows_lost": (
        "GM502",
        "error",
        "{way} of {revision} loses what nothing in it asks for: ",
        "keep the values in this file, or say there what becomes of them (UPDATE, DELETE)",
    ),
    "rows_emptied": (
        "GM502",
        "error",
        "{way} of {revision} empties a table in a block or function: it loses ",
        "say which rows (WHERE), or in a waiver why all of them may go",
    ),
    "rows_gone": ("GM503", "note", "{way} of {revision} loses ", ""),
    "rows_missing": (
        "GM504",
        "warning",
        "not all is proved on rows: ",
        "give it rows with `seed` in [tool.gitmig]",
    ),
}


def findings_of(
    problem: Problem, found: Sequence[Revision], deeds: Callable[[str], Deeds]
) -> list[Finding]:
    """Return the findings for a problem of a gate: one for each line that it comes from.

    ``deeds`` are what a revision ran.
    """
    path, line = str(problem.get("path", "")), int(problem.get("line", 0))
    revision = str(problem.get("revision", ""))
    if problem["kind"] == "downgrade_differs":
        return of_downgrade(problem, deeds(revision), found)
    if "losses" in problem:
        return of_losses(problem, deeds(revision), found)
    if problem["kind"] == "rows_astray":
        return [of_astray(problem, deeds(revision), found)]
    if problem["kind"] == "rows_missing":
        return of_missing(problem, deeds, found)
    if problem["kind"] == "downgrade_unproved":
        return [unproved(problem, line_of(revision, found, up=False))]
    line = line or line_of(revision, found, up=bool(problem.get("up", True)))
    return [failure(problem, path, line, revision)]


def of_downgrade(problem: Problem, deeds: Deeds, found: Sequence[Revision]) -> list[Finding]:
    """Return the findings for a downgrade that does not restore the schema.

    Where it does nothing at all, and that is several things, it is itself the place.
    """
    revision = problem["revision"]
    itself = line_of(revision, found, up=False)
    places: dict[int, list[str]] = {}
    for each in problem["differences"]:
        line = deeds.behind_difference(each["table"], each["names"]) or itself
        places.setdefault(line, []).append(each["words"])
    if len(places) > 1 and not deeds.down:
        places = {itself: [each["words"] for each in problem["differences"]]}
    hint = f"mend downgrade() in this file, or say why there is no way back: {ONE_WAY}"
    message = f"the downgrade of {revision} does not restore the schema: "
    return [
        Finding("GM202", "error", message + several(words), index_of_key(words, deeds) or hint,
                problem["path"], line, revision)
        for line, words in sorted(places.items())
    ]  # fmt: skip


def index_of_key(words: Sequence[str], deeds: Deeds) -> str:
    """Return how to drop the index that came with a foreign key, empty where none is left over."""
    dropped = {change.name for deed in deeds.down for change in deed.changes
               if change.kind == "drop constraint"}  # fmt: skip
    for found in map(LEFT_INDEX.fullmatch, words):
        if found and found[2] in dropped:
            drop = f'op.drop_index("{found[2]}", "{found[1]}")'
            return f"the index that came with the foreign key stays: {drop} behind its drop"
    return ""


def unproved(problem: Problem, line: int) -> Finding:
    """Return the finding for revisions that were not taken down."""
    revisions = problem["revisions"]
    names = ", ".join(revisions[:MOST]) + (f" and {len(revisions) - MOST} more"
                                           if revisions[MOST:] else "")  # fmt: skip
    message = f"not proved, for they were not taken down: {names}; {problem['message']}"
    hint = "mend the downgrades that are told, and check again"
    return Finding("GM208", "error", message, hint, problem["path"], line, problem["revision"])


def of_losses(problem: Problem, deeds: Deeds, found: Sequence[Revision]) -> list[Finding]:
    """Return the findings for rows and values that are lost on the way up, or down.

    Values in a column of another type are compared when it is back: they went on the way up.
    """
    up, revision = problem["up"], problem["revision"]
    places: dict[tuple[int, str], list[str]] = {}
    for each in problem["losses"]:
        place = each["table"], each["column"]
        way, line = WAYS[up], problem["line"] or deeds.behind_loss(each["kind"], *place, up=up)
        if not up and each["kind"] == "values" and (changed := deeds.new_type(*place)):
            way, line = "the way up and down", changed
        line = line or line_of(revision, found, up=up)
        places.setdefault((line, way), []).append(each["words"])
    return [
        of_rows(problem, several(words), way, problem["path"], line)
        for (line, way), words in sorted(places.items())
    ]


def of_astray(problem: Problem, deeds: Deeds, found: Sequence[Revision]) -> Finding:
    """Return the finding for rows that point to nothing, which SQLite lets stand."""
    up, revision, count = problem["up"], problem["revision"], problem["rows"]
    table, other = problem["table"], problem["other"]
    line = deeds.behind_astray(table, other, up=up) or line_of(revision, found, up=up)
    some = "1 row" if count == 1 else f"{count} rows"
    message = (
        f"{WAYS[up]} of {revision} leaves {some} of {table} with a foreign key to no row of {other}"
        "; SQLite lets that stand while foreign keys are not enforced"
    )
    return Finding(
        "GM501", "error", message, hint_for_rows(message, ""), problem["path"], line, revision
    )


def of_missing(
    problem: Problem, deeds: Callable[[str], Deeds], found: Sequence[Revision]
) -> list[Finding]:
    """Return the findings for a table without rows: an error in each revision that they matter to.

    Else a warning, at the first line that names it.
    """
    table, way = problem["table"], [(each, deeds(each.id)) for each in found]
    every = [deed for _, own in way for deed in own.up]
    names = called({table}, every) if table else set[str]()
    places = [(each, *own.behind_missing(names)) for each, own in way]
    told = [
        Finding(
            "GM504",
            "error",
            f"what this does to rows is not proved: {problem['message']}",
            ROWS["rows_missing"][-1] + ", or say in a waiver why rows fit",
            each.path,
            line,
            each.id,
        )
        for each, line, matter in places
        if matter
    ]
    if told:
        return told
    path, line = next(((each.path, line) for each, line, _ in places if line), ("", 0))
    return [of_rows(problem, problem["message"], "", path, line)]


def several(words: Sequence[str]) -> str:
    """Return a few things in one sentence, and how many more there are."""
    more = f"; and {len(words) - MOST} more" if words[MOST:] else ""
    return "; ".join(words[:MOST]) + more


def failure(problem: Problem, path: str, line: int, revision: str) -> Finding:
    """Return the finding for a revision that failed while it ran."""
    code, way = ("GM101", "upgrade") if problem.get("up", True) else ("GM201", "downgrade")
    if problem.get("again"):
        code, way = "GM203", "upgrade after its downgrade"
    if problem.get("rows"):
        code, way = "GM501", f"{way} where tables have rows"
    told = f"revision {revision} fails on {way}: {problem['message']}"
    message = with_statement(told, str(problem.get("sql") or ""))
    hint = hint_for_migration(problem["message"], bool(problem.get("replayed")))
    if takes_notes_away(problem):
        hint = HID_ITS_NOTES if problem.get("hides") else TOOK_ITS_NOTES
    if code == "GM201":
        hint = f"mend downgrade(), or say above the imports why there is no way back: {ONE_WAY}"
    if problem.get("rows"):
        hint = hint_for_rows(problem["message"], str(problem.get("sql") or ""))
    return Finding(code, "error", message, hint, path, line, revision)


def takes_notes_away(problem: Problem) -> bool:
    """Say whether Alembic could not note that a revision ran, for its table is not there."""
    writes = re.match(
        r"(insert|update|delete)\b.*\bversion_num\b", str(problem.get("sql")), re.I | re.S
    )
    return bool(writes and GONE.search(problem["message"]))


def with_statement(message: str, sql: str) -> str:
    """Return a sentence with the statement it is about: in it, or below it where that is long."""
    line = " ".join(sql.split())
    if len(line) > SHORT:
        return f"{message}\n{sql.strip()}"
    return f"{message} [{line}]" if line else message


def of_rows(problem: Problem, told: str, way: str, path: str, line: int) -> Finding:
    """Return the finding for what happens to rows."""
    code, severity, words, hint = ROWS[problem["kind"]]
    revision = str(problem.get("revision", ""))
    if problem["kind"] == "rows_emptied" and not problem["up"]:
        severity = "warning"  # as of DELETE and TRUNCATE, see GM741
    message = f"{words.format(way=way, revision=revision)}{told}"
    return Finding(code, severity, message, hint, path, line, revision)


def of_files(wrote: Sequence[Problem], found: Sequence[Revision]) -> list[Finding]:
    """Return a finding for each file that a revision writes."""
    findings = []
    for each in wrote:
        revision = next((known for known in found if known.id == each["revision"]), None)
        line = each["line"] or line_of(each["revision"], found, up=True)
        place = (revision.path, line) if revision else ("", 0)
        left = "it is put back as it was" if each["existed"] else "it was removed again"
        if each["left"]:
            left = "it stays away" if each["does"].endswith("removes") else "it is left there"
        if Path(each["file"]).is_absolute():
            left = "it is not the project's, and left there"
        message = f"revision {each['revision']} {each['does']} {each['file']} ({left})"
        hint = "a revision runs wherever the project is deployed: let it change the database alone"
        findings.append(Finding("GM206", "warning", message, hint, *place, each["revision"]))
    return findings


def left_running(each: Problem) -> Finding:
    """Return the finding for a revision whose thread or process did not end with it."""
    message = f"revision {each['revision']} leaves {each['what']} running"
    hint = "wait for it in the revision: what it does later is in no transaction, and fails unseen"
    place = (each["path"], each["line"], each["revision"])
    return Finding("GM207", "warning", message, hint, *place)


def line_of(revision: str, found: Sequence[Revision], *, up: bool) -> int:
    """Return the line of a revision's function, up or down; of its id where it has none."""
    known = next((each for each in found if each.id == revision), None)
    if known is None:
        return 0
    return (known.upgrade_line if up else known.downgrade_line) or known.line
