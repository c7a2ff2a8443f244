"""What is wrong with a graph of revisions, by their text alone, as findings (GM001 to GM010)."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from gitmig.errors import SourceError
from gitmig.graph import Graph
from gitmig.model import Finding, Revision, Severity

# Alembic's own: VARCHAR(32) in alembic/runtime/migration.py, _revision_illegal_chars in
# alembic/script/revision.py
ID_LENGTH = 32
FORBIDDEN = "@-+:"
MEANT = ("base", "head", "heads")  # what Alembic means other revisions by

_SUGGESTIONS = 3  # each one looks at every id
_LINKS = 10  # of a cycle, that a message shows


def problems(revisions: Iterable[Revision]) -> tuple[Finding, ...]:
    """Find what is wrong with a set of revisions, by their text alone.

    GM001 several heads, GM002 unknown parent, GM003 cycle, GM004 one id twice, GM005 id too long
    for the version table, GM007 id that Alembic refuses, GM008 unknown ``depends_on``, GM010 one
    branch label twice. (GM006 is `unreadable`.) No revisions at all is no problem.
    """
    graph = Graph(revisions)
    broken = [*_twice(graph), *_unknown(graph), *_cycles(graph)]
    # a hole in the graph makes heads of what is below it: judged again when it is mended
    heads = [] if any(item.code != "GM008" for item in broken) else _several_heads(graph)
    return (*broken, *heads, *_ids(graph), *_labels_twice(graph))


def unreadable(error: SourceError, path: str) -> Finding:
    """Word a revision file that could not be read as a finding (GM006)."""
    return Finding("GM006", "error", error.message, error.hint, error.path or path, error.line)


def _several_heads(graph: Graph) -> Iterator[Finding]:
    for group in graph.head_groups:
        if len(group) > 1:
            labels = ", ".join(sorted(graph.labels(group[0].id)))
            place = f"The branch {labels} has" if labels else "There are"
            message = f"{place} {len(group)} heads: {'; '.join(map(_told, group))}."
            yield _finding("GM001", group[-1], message, "Join them: gitmig merge-heads")


def _unknown(graph: Graph) -> Iterator[Finding]:
    parents = [
        (item, name) for item in graph.revisions for name in item.parents if name not in graph.by_id
    ]
    for place, (item, name) in enumerate(parents):
        if not name:
            yield _unnamed(item)
            continue
        nearest = graph.nearest(name) if place < _SUGGESTIONS else ""
        message = f"The parent {name} of {_told(item)} does not exist."
        yield _finding("GM002", item, message, _restore(item, name, nearest), item.parents_line)
    for item in graph.revisions:
        for name in item.depends_on:
            if name not in graph.by_id and name not in graph.by_label:
                message = f"{_told(item)} depends on {name}, which is no revision and no label."
                yield _finding("GM008", item, message, _restore(item, name))


def _unnamed(item: Revision) -> Finding:
    message = f"The parent of {_told(item)} is an empty string, which Alembic takes for a name."
    hint = "Write None for a revision that is the first, else the id of its parent."
    return _finding("GM002", item, message, hint, item.parents_line)


def _restore(item: Revision, name: str, nearest: str = "") -> str:
    folder = item.path.rpartition("/")[0] or "."
    meant = f"Did you mean {nearest}? Otherwise restore" if nearest else "Restore"
    search = f"git log --all --stat -S{shlex.quote(name)} -- {shlex.quote(folder)}"
    return f"{meant} the file of {name}; this finds it: {search}"


def _cycles(graph: Graph) -> Iterator[Finding]:
    """Follow one tangled requirement of each tangled revision: every such walk ends in a cycle."""
    tangled = {item.id: item for item in graph.tangled}
    walked: dict[str, str] = {}
    for start in tangled:
        trail: list[str] = []
        name = start
        while name not in walked:
            walked[name] = start
            trail.append(name)
            name = next(need for need in graph.requirements(name) if need in tangled)
        if trail and walked[name] == start:
            yield _cycle([tangled[link] for link in trail[trail.index(name) :]])


def _cycle(links: Sequence[Revision]) -> Finding:
    first = links[0]
    hint = f"Give one of them another parent: {first.path}, line {first.parents_line}"
    if len(links) == 1:
        message = f"{_told(first)} builds on itself."
    else:
        chain = [_told(link) for link in links[:_LINKS]]
        if len(links) > _LINKS:
            chain.append(f"{len(links) - _LINKS} more")
        message = f"Revisions build on each other: {' -> '.join([*chain, first.id])}."
    return _finding("GM003", first, message, hint, first.parents_line)


def _twice(graph: Graph) -> Iterator[Finding]:
    """Find ids that several files claim. Alembic only warns, and forgets all but one of them."""
    claims: dict[str, list[Revision]] = defaultdict(list)
    for item in graph.revisions:
        claims[item.id].append(item)
    for name, items in claims.items():
        if len(items) > 1:
            places = " and ".join(f"{item.path}, line {item.line}" for item in items)
            message = f"{len(items)} files have the revision id {name}: {places}."
            rid = "If they do the same, delete one (git rm); else give one of them a new id, "
            hint = f"{rid}and name that in the revisions that follow it."
            yield _finding("GM004", items[-1], message, hint)


def _ids(graph: Graph) -> Iterator[Finding]:
    for item in graph.revisions:
        if len(item.id) > ID_LENGTH:
            message = (
                f"The id of {_told(item)} has {len(item.id)} characters; Alembic's table holds"
            )
            message += f" {ID_LENGTH}, and only SQLite takes more."
            hint = "Shorten it here and in what follows it, or widen alembic_version.version_num."
            yield _finding("GM005", item, message, hint)
        wrong = sorted(set(item.id) & set(FORBIDDEN))
        if wrong:
            message = f"The id of {_told(item)} has {' and '.join(wrong)}, which Alembic refuses."
            hint = "Replace it here and in the revisions that follow, for instance by _."
            yield _finding("GM007", item, message, hint)
        if item.id in MEANT:
            message = f"The id of {_told(item)} is a word by which Alembic means other revisions."
            hint = "Give it another id, here and in the revisions that follow."
            yield _finding("GM007", item, message, hint)


def _labels_twice(graph: Graph) -> Iterator[Finding]:
    """Find labels that stand for two revisions. Alembic then loads none at all."""
    carriers: dict[str, Revision] = {}
    for item in graph.by_id.values():
        for label in item.labels:
            other = graph.by_id.get(label) or carriers.setdefault(label, item)
            if other is not item or label == item.id:
                message = f"The branch label {label} of {_told(item)} is taken by {_told(other)}."
                yield _finding("GM010", item, message, "Give one of them another label.")


def _told(item: Revision) -> str:
    """Name a revision for a sentence: id, subject, file and line."""
    subject = f"{item.subject}, " if item.subject else ""
    return f"{item.id} ({subject}{item.path}:{item.line})"


def _finding(code: str, item: Revision, message: str, hint: str, line: int = 0) -> Finding:
    # a widened version table takes a long id, so does SQLite: only running it can tell
    severity: Severity = "warning" if code == "GM005" else "error"
    return Finding(code, severity, message, hint, item.path, line or item.line, item.id)
