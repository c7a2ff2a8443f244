"""The graph of revisions: heads, bases, order, ancestors.

Everything here is linear in the number of revisions and without recursion (projects have chains of
thousands), and survives graphs that Alembic refuses to load: duplicates, cycles, unknown parents.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from gitmig.errors import GitmigError
from gitmig.model import Revision


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
