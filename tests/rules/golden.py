"""A branch of one revision a case, run on a real database, and what the rules find in each."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support import Project, each_alone, use_url

from gitmig.model import Finding, RuleSettings
from gitmig.ran import Lock, RanOperation, Statement
from gitmig.rules.choice import choose
from gitmig.rules.judge import judge
from gitmig.rules.way import Context

BODY = 12  # the line of a revision on which upgrade() begins to do something
COLUMNS = "name varchar(20), n int, ref int, c int CHECK (c IS NOT NULL)"
TABLES = (
    f"CREATE TABLE {{t}} (id integer PRIMARY KEY, {COLUMNS}, CONSTRAINT {{t}}_ck CHECK (n > 0))",
    "CREATE TABLE {o} (id integer PRIMARY KEY)",
)
MODELS = {"models": frozenset({"Base", "User"})}


@dataclass(frozen=True)
class Case:
    """What a revision does, which rule it is about, and what is found: codes, and their lines.

    ``{t}`` and ``{o}`` are two tables that were there before; lines count from 0.
    """

    about: str
    up: str
    found: Mapping[str, Sequence[int]] = field(default_factory=dict)
    down: str = "pass"


def branch(
    project: Project, cases: Mapping[str, Case], url: str, more: Sequence[str] = ()
) -> dict[str, list[Finding]]:
    """Check a branch with a revision for each case; return what is found in each."""
    if url:
        use_url(project, url)
    made = [
        f"op.execute({statement.format(**names(number))!r})"
        for number in range(len(cases))
        for statement in (*TABLES, *more)
    ]
    each_alone(project)  # a case is one revision
    project.revision("base00000000", None, "\n    ".join(made), "pass", "tables")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")
    paths = write(project, cases)
    project.git("add", "-A")
    answer = project.gitmig("check", "--base", "main", "--format", "json", code=1).stdout
    told = json.loads(answer)
    upgrade = next(gate for gate in told["gates"] if gate["name"] == "upgrade")
    assert upgrade["status"] == "passed", told["findings"]
    found = findings(told, {path: project.read(path) for path in paths.values()}, cases, paths)
    return {name: [each for each in found if each.path == paths[name]] for name in cases}


def write(project: Project, cases: Mapping[str, Case]) -> dict[str, str]:
    """Write a chain of revisions; return the path of each."""
    parent, paths = "base00000000", {}
    for number, (name, case) in enumerate(cases.items()):
        texts = (textwrap.dedent(text).strip() for text in (case.up, case.down))
        up, down = (textwrap.indent(text, "    ").strip() for text in texts)
        for key, table in names(number).items():
            up, down = (text.replace(f"{{{key}}}", table) for text in (up, down))
        paths[name] = project.revision(f"case{number:08}", parent, up, down, name)
        parent = f"case{number:08}"
    return paths


def names(number: int) -> dict[str, str]:
    """Return the names of a case's tables."""
    return {"t": f"t{number}", "o": f"o{number}"}


def findings(
    told: dict[str, object], texts: dict[str, str], cases: Mapping[str, Case], paths: dict[str, str]
) -> list[Finding]:
    """Judge what was recorded, by the rules alone: no other gate has told anything."""
    versions = told["versions"]
    assert isinstance(versions, dict)
    dialect = str(versions["dialect"]).replace("mariadb", "mysql")
    context = Context(dialect, (), MODELS)
    asked = {paths[name] for name, case in cases.items() if case.about == "GM703"}
    found = judge(recorded(told), texts, context, choose(RuleSettings()))
    off = judge(recorded(told), texts, context, choose(RuleSettings(select=("GM703",))))
    return [*found, *(each for each in off if each.path in asked)]


def recorded(told: dict[str, object]) -> list[RanOperation]:
    """Return what the report says that ran."""
    ran = told["ran"]
    assert isinstance(ran, list)
    return [
        RanOperation(**{**each, "statements": tuple(map(statement, each["statements"]))})
        for each in ran
    ]


def statement(told: dict[str, object]) -> Statement:
    """Return one statement of the report."""
    locks = told["locks"]
    assert isinstance(locks, list)
    lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
    return Statement(**{**told, **lists, "locks": tuple(Lock(**lock) for lock in locks)})  # type: ignore[arg-type]


def shown(found: Sequence[Finding], up: bool = True) -> dict[str, list[int]]:
    """Return findings as cases state them."""
    lines: dict[str, list[int]] = {}
    for each in found:
        if each.message.startswith("on the way down") is not up:
            lines.setdefault(each.code, []).append(each.line - BODY if each.code != "GM761" else 0)
    return lines


def text_of(project: Project, path: str) -> str:
    """Return the text of a file of a project."""
    return Path(project.path / path).read_text(encoding="utf-8")


# on every database
DELETED = {
    "all rows are deleted": Case("GM741", 'op.execute("DELETE FROM {t}")', {"GM741": [0]}),
    "all rows are deleted, with a WHERE": Case(
        "GM741",
        """
        op.execute("DELETE FROM {t} WHERE id > 0")
        op.execute("DELETE FROM {t} WHERE name = 'a' OR 1=1")
        op.execute("DELETE FROM {t} WHERE ({t}.id IS NOT NULL AND NOT false)")
        """,
        {"GM741": [0, 1, 2]},
    ),
    "some rows are deleted": Case(
        "GM741",
        """
        op.execute("DELETE FROM {t} WHERE n = 1")
        op.execute("DELETE FROM {t} WHERE n > 0 OR name = 'a OR 1=1'")
        op.execute("DELETE FROM {t} WHERE id > 100 AND 1 = 1")
        op.execute("DELETE FROM {t} WHERE id IN (SELECT id FROM {o} WHERE id > 0)")
        """,
    ),
}
