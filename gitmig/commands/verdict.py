"""The last word of `gitmig check`: the rules, what is ignored, and what a waiver allows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitmig.commands import squawk
from gitmig.commands.recorded import operations
from gitmig.commands.subject import Subject, is_bad
from gitmig.declarations import read_facts
from gitmig.errors import SourceError
from gitmig.model import Finding, Gate
from gitmig.rules import causes, codes, waivers
from gitmig.rules.judge import applies, folded, judge
from gitmig.rules.registry import RULES
from gitmig.rules.source import imported_modules
from gitmig.rules.way import Context

DIALECTS = {"mariadb": "mysql"}  # one kind of database to the rules
GATE, UNUSED = "rules", "GM792"


def rules(
    subject: Subject, answer: Mapping[str, Any], gates: Sequence[Gate], told: Sequence[Finding]
) -> list[Finding]:
    """Return what the rules find in what ran; ``gates`` and ``told`` are what came before."""
    texts = new_texts(subject)
    context = context_of(answer["versions"], left_to(subject, gates))
    context = replace(context, models=declared(subject, texts))
    done = operations(answer)
    found = judge(done, texts, context, subject.choice, told)
    if context.dialect == "postgresql":
        root = subject.workspace.repository.root
        found += squawk.findings(done, subject.choice, context.version, root, [*told, *found])
    return folded(found)


def context_of(versions: Mapping[str, str], gates: Collection[str] = ()) -> Context:
    """Return what the rules know of the database, and of the gates that answer for some of them."""
    dialect = versions.get("dialect", "")
    numbers = re.findall(r"\d+", versions.get("database", ""))
    return Context(DIALECTS.get(dialect, dialect), tuple(map(int, numbers)), gates=frozenset(gates))


def left_to(subject: Subject, gates: Sequence[Gate]) -> set[str]:
    """Return the gates that some rules leave their question to, in whatever shard these are.

    Where there are no models the rules have it themselves.
    """
    no_models = any(gate.reason for gate in gates)
    return {"rolling"} if subject.base.paths and not no_models else set()


def ran(gates: Sequence[Gate]) -> set[str]:
    """Return the gates that ran here."""
    return {gate.name for gate in gates if gate.status != "skipped"}


def deeds(answer: Mapping[str, Any], revision: str) -> causes.Deeds:
    """Return what a revision ran, as far as that was recorded."""
    dialect = context_of(answer["versions"]).dialect
    own = {"ran": [each for each in answer["ran"] if each["revision"] == revision]}
    return causes.read(operations(own), revision, dialect)


def new_texts(subject: Subject) -> dict[str, str]:
    """Return the text of each file of a revision that is new on the branch, by its path."""
    new = set(subject.base.new)
    paths = [revision.path for revision in subject.found if revision.id in new]
    return {path: subject.workspace.read(path) or "" for path in paths}


def declared(subject: Subject, texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the models in each module that a revision imports: their classes, and their base.

    A package has what is declared anywhere below it: it gives that on.
    """
    found: dict[str, frozenset[str]] = {}
    for module in {name for text in texts.values() for name in imported_modules(text)}:
        place = module.replace(".", "/")
        ends = re.compile(rf"(?:^|/){re.escape(place)}(?:\.py|/(?:.*/)?[^/]+\.py)$")
        paths = [path for path in subject.workspace.index if ends.search(path)]
        names = {name for path in paths for name in models_in(subject, path)}
        if names:
            found[module] = frozenset(names)
    return found


def models_in(subject: Subject, path: str) -> set[str]:
    """Return the classes with a table and the bases that a file declares."""
    try:
        facts = read_facts(subject.workspace.read(path) or "", path)
    except SourceError:
        return set()
    return {each.name for each in facts.classes if each.table} | {name for name, *_ in facts.makes}


def settled(
    subject: Subject, gates: Sequence[Gate], found: Sequence[Finding], versions: Mapping[str, str]
) -> tuple[list[Gate], list[Finding], list[Finding]]:
    """Return the gates and findings as they are wanted, and apart what a waiver allows.

    A gate that failed of nothing else has passed then. ``versions`` are the worker's.
    """
    wanted = [each for finding in found if (each := subject.choice.of_gate(finding))]
    paths = {finding.path for finding in wanted} | set(new_texts(subject))
    own = paths & {revision.path for revision in subject.found}
    read = [
        waiver
        for path in sorted(own)
        for waiver in waivers.read(subject.workspace.read(path) or "", path)
    ]
    left, used = waivers.apply(wanted, read)
    waived = [
        replace(each, reason=waivers.reason(each, used)) for each in wanted if each not in left
    ]
    new = [waiver for waiver in read if waiver.path in new_texts(subject)]
    problems = list(waivers.problems(new, used, looked_for(subject, gates, versions)))
    if GATE in ran(gates):
        left += problems
    elif all(gate.name != GATE for gate in gates):  # another shard has it, and not these gates
        left += [each for each in problems if each.code == UNUSED]
    return [as_left(gate, found, left) for gate in gates], left, waived


def looked_for(
    subject: Subject, gates: Sequence[Gate], versions: Mapping[str, str]
) -> frozenset[str]:
    """Return the codes that were looked for here, so that a waiver of one can be unused."""
    wants, here = subject.choice.severity, ran(gates)
    context = context_of(versions, left_to(subject, gates))
    rules = {
        rule.code
        for rule in RULES
        if applies(rule, context) and wants(rule.code, rule.severity) is not None
    }
    others = {each.code for each in codes.CODES if each.gate in here - {GATE}}
    return frozenset(others | (rules if GATE in here else set()))


def as_left(gate: Gate, found: Sequence[Finding], left: Sequence[Finding]) -> Gate:
    """Return a gate with the status that what is left of its findings gives it."""
    if gate.status == "skipped":
        return gate
    had = [finding for finding in found if finding.gate == gate.name]
    has = [finding for finding in left if finding.gate == gate.name]
    if is_bad(had) and not is_bad(has):
        return replace(gate, status="passed")
    return replace(gate, status="failed") if is_bad(has) else gate
