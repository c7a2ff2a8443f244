"""Gate ``rolling``: the base's code on the new schema, as while a release is rolled out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitmig.commands.subject import Subject, gate_of
from gitmig.graph import Graph
from gitmig.model import Finding, Gate, Revision, Severity
from gitmig.rules.causes import Deeds

NOT_UP = "downgrade"
STAYS = ", and cannot read rows that hold it"
ROWS = ("insert", "update", "delete")
ROWS_SQL = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\s", re.IGNORECASE)
GONE = ("drop_column", "drop_table", "rename_table", "alter_column", "execute")
CAME = ("add_column", "alter_column", "create_table", "execute")
OF_MEMBERS = ("alter_column", "execute", "create_check_constraint", "sync_enum_values")
LATER = "take it out of the code in this release, and out of the schema in the next"
MAY_BREAK: tuple[str, Severity, str, str] = (
    "GM604",
    "warning",
    "the base's code may be refused: ",
    "see that no code before this release breaks it, or release that code first",
)
# problem → code, severity, how its message begins, what to do, operations that do it
KINDS: Mapping[str, tuple[str, Severity, str, str, tuple[str, ...]]] = {
    "gone": ("GM601", "error", "the base's code still reads what is gone: ",
             f"{LATER}; what is renamed, add under its new name and fill from both", GONE),
    "required": ("GM602", "error", "the base's code cannot add rows: ",
                 "give it a server default, or make it nullable now and NOT NULL in the next "
                 "release, when all code writes it", CAME),
    "refused": ("GM603", "error", "the base's code may be refused: ",
                "release code that keeps to it first, and change the schema in the next release",
                ("alter_column", "create_primary_key", "execute")),
    "null": ("GM603", "warning", "the base's code may be refused: ",
             "release code that keeps to it first, and change the schema in the next release",
             ("alter_column", "create_primary_key", "execute")),
    "check": (*MAY_BREAK, ("create_check_constraint", "create_table", "execute")),
    "unique": (*MAY_BREAK, ("create_unique_constraint", "create_index", "execute")),
    "doubtful": (*MAY_BREAK, ("alter_column", "execute")),
    "unknown": (*MAY_BREAK, OF_MEMBERS),
    "stays": (*MAY_BREAK[:3], "give rows that hold it another value in the revision (UPDATE), once "
              "no code before this release writes it", OF_MEMBERS),
    "unread": ("GM605", "warning", "the base's code may fail on new rows: ",
               "release the code that knows it first, and write it from the next release on",
               (*CAME, *OF_MEMBERS)),
}  # fmt: skip
# problem → the kinds of changes that do it, as ``rules.changes`` has them
DID: Mapping[str, tuple[str, ...]] = {
    "gone": ("drop column", "drop table", "rename column", "rename table"),
    "required": ("add column", "set not null", "drop default"),
    "refused": ("set not null", "drop default", "add column"),
    "null": ("set not null", "drop default", "add column"),
    "null by a key": ("add constraint",),  # PRIMARY KEY sets NOT NULL
    "check": ("add constraint",),
    "unique": ("add constraint", "create index"),
    "doubtful": ("change type",),
}


def outcome(
    subject: Subject, met: Mapping[str, Any], deeds: Callable[[str], Deeds]
) -> tuple[Gate, list[Finding]]:
    """Return the gate and what it found; ``met`` is what the worker says, see its ``rolling``."""
    found = findings(subject, met["problems"], deeds)
    found += map(not_judged, met["reasons"] if subject.new else ())
    if met["judged"]:
        return gate_of("rolling", found), found
    return Gate("rolling", "skipped", reason=met["reasons"][0]), found


def not_judged(reason: str) -> Finding:
    """Return the note on a database of which nothing can be said."""
    message = f"the base's code was not held against the new schema: {reason}"
    hint = "what the revisions drop and rename is told by the rules GM721 to GM724 instead"
    return Finding("GM606", "note", message, hint, gate="rolling")


def findings(
    subject: Subject, met: Sequence[Mapping[str, Any]], deeds: Callable[[str], Deeds]
) -> list[Finding]:
    """Return the findings for what the base's code meets, with the place that did it.

    ``deeds`` are what a revision ran. A member that takes the place of another on one line is told
    with that one: it is one deed.
    """
    new = [each for each in Graph(subject.found).order() if each.id in subject.base.new]
    texts = {each: subject.workspace.read(each.path) or "" for each in reversed(new)}
    ran = {each: deeds(each.id) for each in texts} if met else {}
    found: list[Finding] = []
    gone: tuple[Any, ...] = ()  # where a member went
    for each in met:
        kind = kind_of(each, ran.values())
        code, severity, head, hint, _ = KINDS[kind]
        revision, line = did(each, ran) or place_of(each, texts)
        message = head + each["message"] + (STAYS if kind == "stays" else "")
        place = each["table"], each["column"], revision, line
        if each["problem"] == "unread" and place == gone:
            found[-1] = replace(found[-1], message=f"{found[-1].message}; {message}")
            continue
        gone = place if kind in ("unknown", "stays") else ()
        path, id = (revision.path, revision.id) if revision else ("", "")
        found.append(Finding(code, severity, message, hint, path, line, id, gate="rolling"))
    return found


def kind_of(each: Mapping[str, Any], ran: Collection[Deeds]) -> str:
    """Return the kind of a problem; a member does not stay in rows where a revision writes them."""
    place = each["table"], each["column"]
    mended = any(deeds.last_change(("update", "delete"), *place) for deeds in ran)
    return "unknown" if each["problem"] == "stays" and mended else str(each["problem"])


def did(each: Mapping[str, Any], ran: Mapping[Revision, Deeds]) -> tuple[Revision, int] | None:
    """Return the last revision that changed the thing so while it ran, and its line there."""
    name = each["column"] or next(iter(each["members"]), "")
    for problem in (each["problem"], f"{each['problem']} by a key"):
        for revision, deeds in ran.items():
            line = deeds.last_change(DID.get(problem, ()), each["table"], name)
            if line:
                return revision, line
    return None


def place_of(each: Mapping[str, Any], texts: Mapping[Revision, str]) -> tuple[Revision | None, int]:
    """Return the revision that did it by its text, and its line.

    Where only one revision is new it did it, whatever it says; otherwise there may be none.
    ``texts`` begin with the newest revision.
    """
    operations = KINDS[each["problem"]][-1]
    table = each["table"].rpartition(".")[2]
    wanted = [[table, *filter(None, [each["column"]])], *([one] for one in each["members"])]
    found = place(texts, wanted, operations)
    if not found and each["problem"] == "gone":  # it may have gone with its table
        found = place(texts, [[table]], ("drop_table",))
    only = next(iter(texts)) if len(texts) == 1 else None
    return found or (only, only.line if only else 0)


def place(
    texts: Mapping[Revision, str], wanted: Sequence[Sequence[str]], operations: Collection[str]
) -> tuple[Revision, int] | None:
    """Return the last revision that names all ``wanted`` words in one of these operations.

    And the last line that does. Of several groups of words the first that is found counts; one that
    changes rows where no other is found.
    """
    of_rows = []
    for words in wanted:
        for revision, text in texts.items():
            hits = [
                (line, changes_rows(said))
                for line, said in statements(text)
                if all(names(said, word) for word in words) and names_any(said, operations)
            ]
            lines = [line for line, only_rows in hits if not only_rows]
            if lines:
                return revision, lines[-1]
            of_rows += [(revision, line) for line, _ in hits[-1:]]
    return of_rows[0] if of_rows else None


def changes_rows(said: Collection[str]) -> bool:
    """Say whether a statement is SQL that only changes rows, as text or by SQLAlchemy's names."""
    return "execute" in said and any(text in ROWS or ROWS_SQL.match(text) for text in said)


def names(said: Collection[str], word: str) -> bool:
    """Say whether a word is among texts, or a word in one of them."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for text in said)


def names_any(said: Collection[str], words: Collection[str]) -> bool:
    """Say whether any of some words is among texts."""
    return any(word in said for word in words)


def statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of each statement on the way up, and the texts and names it holds.

    What a ``with`` says holds for the statements in it: ``batch_alter_table("users")``.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name != NOT_UP:
            yield from inside(node.body, [])


def inside(body: Sequence[ast.stmt], around: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the statements of a block; ``around`` is what those around it say."""
    for statement in body:
        blocks = [getattr(statement, each, []) for each in ("body", "orelse", "finalbody")]
        if not any(blocks):
            yield statement.lineno, [*around, *said_in(statement)]
            continue
        heads: list[ast.AST] = list(getattr(statement, "items", []))
        heads += [each for each in (getattr(statement, "iter", None),) if each is not None]
        more = [text for head in heads for text in said_in(head)]
        for block in blocks:
            yield from inside(block, [*around, *more])


def said_in(node: ast.AST) -> list[str]:
    """Return the texts in a piece of code, and the names of attributes."""
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.append(each.value)
        elif isinstance(each, ast.Attribute):
            found.append(each.attr)
    return found
