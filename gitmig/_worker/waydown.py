"""The way down: each revision by itself, to the schema that was there before it came.

Below one that fails, or leaves something, the way begins anew in databases that were taken up to
there: no other revision is blamed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import fingerprint, traces
from .bookkeeping import heads_of
from .cache import replay
from .compat import url_text
from .databases import Databases
from .ends import OF_SERVER
from .failures import Failure
from .gates import Problems
from .project import Project, Targets
from .schemadiff import Difference
from .shapes import Context, Fingerprint, Step

Heads = tuple[str, frozenset[str]]  # of one database: its URL and where it stands
MOST = 10  # times that the way begins anew: each costs the way up to there


class WayDown:
    """Takes revisions down, and adds to ``problems`` what they do not restore.

    ``published`` is where the databases are before the first of them; ``schemas`` are the
    fingerprints at all heads on the way up. ``failed`` says that one could not be taken down,
    ``broken`` are those and the ones that left something, ``emptied`` the databases in which
    nothing was left.
    """

    def __init__(
        self,
        project: Project,
        databases: Databases,
        published: Targets,
        schemas: dict[Heads, Fingerprint],
        problems: Problems,
    ) -> None:
        self.project = project
        self.databases = databases
        self.published = published
        self.schemas = schemas
        self.problems = problems
        self.failed = False
        self.broken: set[str] = set()
        self.emptied: set[str] = set()
        self.known: set[Difference] = set()
        self.left: list[str] = []  # the revisions that left something in these databases
        self.times = MOST

    def take(self, run: Sequence[str]) -> None:
        """Take a run of revisions down from where the databases are, the last one first."""
        while run:
            broken = self.go(run)
            if broken is None:
                return
            run = run[: run.index(broken)]
            if run and not self.times:
                self.add_unproved(run, f"{len(self.broken)} above fail or leave something")
                return
            if run:
                self.times -= 1
                self.stand_at(self.project.ends([*self.published, *run]))

    def go(self, run: Sequence[str]) -> str | None:
        """Take a run down; return the revision below which the way has to begin anew."""
        self.left = []
        self.known = {each for each in self.known if each.startswith(OF_SERVER)}
        try:
            self.project.downgrade_through(run, after=self.compare)
        except Failure as failure:
            broken = str(failure.data.get("revision"))
            if failure.kind != "migration_failed" or broken not in run:
                raise
            self.failed = True
            if self.left and not self.times:
                why = f"{broken} fails on what {self.left[-1]} left: {failure.message}"
                self.add_unproved(run[: run.index(broken) + 1], why)
                return None
            self.add(failure.answer())
            self.note(broken)
        else:
            if not self.times:
                return None
        return max(self.left, key=run.index, default=None)

    def compare(self, step: Step, context: Context) -> bool:
        """Add the problem of a downgrade after which the schema is not as before.

        Say whether to stop there. What an earlier step left is not told again.
        """
        bind, heads = place_of(context)
        before = self.schemas.get((bind, heads))
        if before is None:
            return False
        now = traces.take(context.connection, self.databases)
        if not heads and fingerprint.is_of_nothing(now):
            self.emptied.add(bind)
        found = [each for each in traces.differences(before, now) if each not in self.known]
        if not found:
            return False
        self.known.update(found)
        self.note(step.revision.revision)
        self.add(
            {
                "kind": "downgrade_differs",
                "differences": [each.fields for each in found],
                "revision": step.revision.revision,
                "path": self.project.relative(step.revision.path),
            }
        )
        return bool(self.times)

    def note(self, revision: str) -> None:
        """Note that a revision did not leave what was there before."""
        self.left.append(revision)
        self.broken.add(revision)

    def add(self, problem: dict[str, Any]) -> None:
        """Add a problem; where there are several databases it may be known."""
        if problem not in self.problems:
            self.problems.append(problem)

    def add_unproved(self, run: Sequence[str], why: str) -> None:
        """Add that revisions were not taken down."""
        last = self.project.script.get_revision(run[-1])
        self.add(
            {
                "kind": "downgrade_unproved",
                "revisions": list(reversed(run)),
                "message": why,
                "revision": last.revision,
                "path": self.project.relative(last.path),
            }
        )

    def stand_at(self, target: Targets) -> None:
        """Take new databases up to some revisions, and keep what is there at each."""
        to_published(self.project, self.databases, self.published)
        self.project.upgrade(target, after=self.remember, begin=self.remember)

    def remember(self, step: Step, context: Context) -> None:
        """Keep the schema at these heads."""
        self.schemas[place_of(context)] = traces.take(context.connection, self.databases)


def to_published(project: Project, databases: Databases, published: Targets) -> None:
    """Give new databases that are where the published ones are: empty, where nothing is."""
    if not published:
        databases.fresh(())
    elif not databases.rewind():
        replay(project, databases, published)


def runs(
    project: Project, published: Targets, one_way: frozenset[str]
) -> list[tuple[Targets, list[str]]]:
    """Return the revisions to take down, the last run of them first, and where each begins.

    They are cut where one has no way back. A run that begins at the heads has nowhere to be
    taken to.
    """
    steps = project.script._upgrade_revs("heads", published)
    ids = [step.revision.revision for step in steps]
    found: list[tuple[Targets, list[str]]] = []
    end = len(ids)
    while end:
        begin = end
        while begin and ids[begin - 1] not in one_way:
            begin -= 1
        if begin < end:
            done = [*published, *ids[:end]] if end < len(ids) else []
            found.append((project.ends(done), ids[begin:end]))
        end = max(begin - 1, 0)
    return found


def place_of(context: Context) -> Heads:
    """Return where a database stands, as the key of its schema there."""
    return url_text(context.connection.engine.url), heads_of(context)
