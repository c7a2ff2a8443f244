"""The graph of revisions: heads, bases, order, ancestors, and what is wrong with it.

Everything here is linear in the number of revisions and without recursion (projects have chains of
thousands), and survives graphs that Alembic refuses to load: duplicates, cycles, unknown parents.
"""

from __future__ import annotations

import difflib
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from gitmig.errors import GitmigError, SourceError
from gitmig.model import Finding, Revision, Severity

# Alembic's own: VARCHAR(32) in alembic/runtime/migration.py, _revision_illegal_chars in
# alembic/script/revision.py
ID_LENGTH = 32
FORBIDDEN = "@-+:"

_SUGGESTIONS = 3  # each one looks at every id
_LINKS = 10  # of a cycle, that a message shows


class Graph:
    """Revisions and how they stand to each other.

    The revisions are held sorted by path, as Alembic loads them, so that every answer is the same
    on every machine. Where two have one id, the last counts, as in Alembic.
    """

    def __init__(self, revisions: Iterable[Revision]) -> None:
        distinct = dict.fromkeys(revisions)
        self.revisions = tuple(sorted(distinct, key=lambda item: (item.path, item.id)))
        self.by_id: Mapping[str, Revision] = {item.id: item for item in self.revisions}
        self.by_label: Mapping[str, Revision] = {
            label: item for item in self.by_id.values() for label in item.labels
        }
        self._children: dict[str, list[Revision]] = defaultdict(list)
        for item in self.by_id.values():
            for parent in dict.fromkeys(item.parents):
                self._children[parent].append(item)

    @property
    def heads(self) -> tuple[Revision, ...]:
        """The revisions that no other names as its parent; ``depends_on`` does not count."""
        return tuple(item for item in self.by_id.values() if item.id not in self._children)

    @property
    def bases(self) -> tuple[Revision, ...]:
        """The revisions without a parent."""
        return tuple(item for item in self.by_id.values() if not item.parents)

    @property
    def head_groups(self) -> tuple[tuple[Revision, ...], ...]:
        """The heads, those with the same branch labels together.

        A label holds for all that descends from the revision that carries it. Heads in different
        groups are kept apart on purpose; a group of more than one should be merged.
        """
        groups: dict[frozenset[str], list[Revision]] = defaultdict(list)
        for head in self.heads:
            groups[self.labels(head.id)].append(head)
        return tuple(tuple(group) for group in groups.values())

    @property
    def tangled(self) -> tuple[Revision, ...]:
        """The revisions in a cycle, and those that stand on one."""
        return self._sorted[1]

    def children(self, identifier: str) -> tuple[Revision, ...]:
        """Return the revisions whose parent this is."""
        return tuple(self._children.get(identifier, ()))

    def requirements(self, identifier: str) -> tuple[str, ...]:
        """Return the ids that must be applied just before: parents, and what it depends on.

        ``depends_on`` may name a branch label, which stands for the revision that carries it.
        Unknown ids are left out.
        """
        return self._requirements[identifier]

    def ancestors(self, identifiers: Iterable[str]) -> frozenset[str]:
        """Return these ids and all that must be applied before them, ``depends_on`` included.

        Unknown ids are left out.
        """
        found: set[str] = set()
        pending = [name for name in identifiers if name in self.by_id]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.requirements(name))
        return frozenset(found)

    def common(self, one: str, other: str) -> frozenset[str]:
        """Return the ids of all that two revisions both stand on, themselves included."""
        return self.ancestors([one]) & self.ancestors([other])

    def order(self) -> tuple[Revision, ...]:
        """Return all revisions, each after its requirements, a line of descent kept together.

        Those in a cycle come last.
        """
        return self._sorted[0] + self.tangled

    def labels(self, identifier: str) -> frozenset[str]:
        """Return the branch labels of a revision, its own and those of its ancestors.

        The id of one that begins a line is such a label, too: ``id@head`` is Alembic's for it.
        """
        return self._labels[identifier]

    def resolve(self, name: str) -> Revision:
        """Find a revision by its id, the beginning of its id, or the branch label it carries.

        Raises GitmigError where none or several fit.
        """
        exact = self.by_id.get(name) or self.by_label.get(name)
        if exact:
            return exact
        fits = [item for item in self.by_id.values() if name and item.id.startswith(name)]
        if len(fits) == 1:
            return fits[0]
        if fits:
            ids = ", ".join(item.id for item in fits[:5]) + (", …" if len(fits) > 5 else "")
            message = f"{len(fits)} revisions begin with `{name}`: {ids}."
            raise GitmigError(message, "Give more of the id.")
        nearest = self.nearest(name)
        hint = f"Did you mean {nearest}?" if nearest else "List them: gitmig history"
        raise GitmigError(f"There is no revision `{name}`.", hint)

    def nearest(self, name: str) -> str:
        """Return the known id that is most like a name, empty where none is like it."""
        # hexadecimal ids of 12 digits are alike by chance up to about 0.7
        close = difflib.get_close_matches(name, self.by_id, n=1, cutoff=0.8)
        return close[0] if close else ""

    @cached_property
    def _requirements(self) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(self._required(item)) for name, item in self.by_id.items()}

    def _required(self, item: Revision) -> Iterator[str]:
        labelled = (self.by_label.get(name) for name in item.depends_on if name not in self.by_id)
        names = (*item.parents, *item.depends_on, *(found.id for found in labelled if found))
        yield from (name for name in dict.fromkeys(names) if name in self.by_id)

    @cached_property
    def _sorted(self) -> tuple[tuple[Revision, ...], tuple[Revision, ...]]:
        """Kahn's algorithm with a stack: what could be ordered, and the rest."""
        missing = {name: len(self.requirements(name)) for name in self.by_id}
        followers: dict[str, list[str]] = defaultdict(list)
        for name in self.by_id:
            for requirement in self.requirements(name):
                followers[requirement].append(name)
        ready = [name for name in reversed([*self.by_id]) if not missing[name]]
        done: dict[str, Revision] = {}
        while ready:
            name = ready.pop()
            done[name] = self.by_id[name]
            for follower in reversed(followers[name]):
                missing[follower] -= 1
                if not missing[follower]:
                    ready.append(follower)
        tangled = (item for item in self.by_id.values() if item.id not in done)
        return tuple(done.values()), tuple(tangled)

    @cached_property
    def _labels(self) -> dict[str, frozenset[str]]:
        labels: dict[str, frozenset[str]] = {}
        none: frozenset[str] = frozenset()
        for item in self.order():
            inherited = (labels.get(parent, none) for parent in item.parents)
            own = (*item.labels, item.id) if item.begins_line else item.labels
            labels[item.id] = none.union(own, *inherited)
        return labels


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
