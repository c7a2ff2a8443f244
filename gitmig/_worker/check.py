"""``check``: the gates that need a database.

Request besides the common part: ``gates`` (of upgrade, downgrade, rows, drift); ``seed``, see
``seeds``; ``one_way``, the ids of revisions that are not taken down;
``base``, the common part of a request for the base's tree where the way to its heads is the same,
see ``same_way``; ``deployed``, whether a deployed database goes a way of its own beside;
``published``, the revisions that databases everywhere have: what leads to them may come from the
cache and is not taken down again (none: everything is walked); ``new``, the ids of the revisions
that the base branch does not have (none where there is no base).

Result: ``gates``, each with ``name``, ``status`` (passed, failed, skipped), ``seconds`` and
``problems`` (the failure objects of ``failures``; of drift, see ``drift``), ``models`` (what they
say, where drift was asked for), ``without_models`` (env.py gives none), ``ran``, what the new
revisions did (the fields of ``gitmig.ran.RanOperation``), ``rolling``, what the base's code meets
(see ``rolling``; None where that is not known), ``ends``, the schema of each database at the heads
where a deployed one is to be compared with it (see ``ends``), and the facts of ``Project.facts``.
One walk up, down and up again serves them all: the fingerprint taken at each set of heads on the
way up is what the way down is compared with.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from typing import Any

from . import drift, ends, traces
from .cache import replay
from .copied import Copy
from .databases import Databases
from .ended import Ended
from .failures import Failure
from .gates import Problems, gate, skipped
from .generate import ARGUMENTS
from .models import Models
from .onrows import OnRows
from .project import Project, Targets
from .record import Recorder
from .rolling import Met
from .same_way import SameWay, models
from .seeds import Seed
from .session import open_session
from .shapes import Context, Fingerprint, Request, Result, Step
from .touched import Touched
from .waydown import Heads, WayDown, place_of, runs, to_published
from .writes import watching


def beside(base: Request, closing: int) -> Copy | None:
    """Begin what goes on beside this request: to read what the models of the base say."""
    with contextlib.suppress(OSError):  # no process to be had: it is asked of a worker of its own
        return Copy(base, models, closing)
    return None


def run(request: Request) -> Result:
    """Serve the request."""
    with open_session(request, ARGUMENTS) as (project, databases):
        recorder = Recorder(project, request["new"])
        walk = Walk(project, databases, request, recorder)
        gates = walk.gates(request["gates"])
        writes = watching()
        running = writes.still_running()
        writes.end_processes()
        return dict(
            project.facts(databases),
            gates=gates,
            wrote=writes.undo(),
            running=running,
            models=walk.models,
            without_models=walk.without_models,
            rolling=walk.met,
            ends=list(walk.ends.values()) if walk.met is None else [],
            ran=recorder.told(),
        )


class Walk:
    """The way up, down and up again.

    Each method is a gate: it adds to the problems it is given, and says whether it had anything
    to stand on.
    """

    def __init__(
        self, project: Project, databases: Databases, request: Request, recorder: Recorder
    ) -> None:
        self.project = project
        self.databases = databases
        self.request = request
        self.published: Targets = tuple(request["published"]) or project.baseline
        self.one_way = frozenset(request.get("one_way", ()))
        self.touched = Touched(project, request["new"])
        self.ended = Ended(project, recorder.call)
        self.recorder = recorder
        self.same_way = SameWay(request.get("base") or None)
        self.met: Met | None = None
        recorder.waits = bool("rows" in request["gates"] and self.published)
        self.lacks_rows = recorder.waits
        self.schemas: dict[Heads, Fingerprint] = {}
        self.reached: dict[str, frozenset[str]] = {}
        self.ends: dict[str, ends.End] = {}
        self.without_models = False  # of no database env.py gives any
        self.at_head = False
        self.models: list[Models] = []
        self.upgraded = False
        self.fails_back = self.goes_back = False
        self.broken: set[str] = set()

    def gates(self, wanted: Collection[str]) -> list[Result]:
        """Run the gates that are wanted; return all.

        Drift comes before downgrade: it needs the heads, which a failing downgrade would leave.
        Rows come last: they stay.
        """
        done = {}
        for name in ("upgrade", "drift", "downgrade", "rows"):
            done[name] = gate(name, getattr(self, name)) if name in wanted else skipped(name)
            if name == "drift":
                self.met = self.same_way.problems(self.project, reached=self.at_head)
        self.record_leaving(done["downgrade"]["problems"])
        self.record_rest()
        return [done[name] for name in ("upgrade", "downgrade", "rows", "drift")]

    def upgrade(self, problems: Problems) -> bool:
        """From empty to the heads."""
        if self.published:
            replay(self.project, self.databases, self.published)
            self.databases.mark()
        # to begin with Alembic's table is there by now
        with self.ended.placing():
            self.project.upgrade("heads", after=self.remember, begin=self.begin)
        self.without_models = True
        self.project.run_env(self.verify)
        self.at_head = self.upgraded = True
        return True

    def downgrade(self, problems: Problems) -> bool:
        """Down, one revision at a time, each to the schema that was there before; up again."""
        if not self.at_head:
            return False
        runs = self.runs()
        self.at_head = not runs
        self.fails_back = bool(runs)
        way = self.way_down(problems)
        for target, run in runs:
            if target:  # nothing leads down to here
                replay(self.project, self.databases, target)
            self.recorder.waits = self.lacks_rows and not target  # those come with rows, too
            way.take(run)
            self.recorder.waits = self.lacks_rows
        self.fails_back, self.broken = way.failed, way.broken
        # to go up from nothing would be the same again; on what was left over anything may fail
        is_new_again = bool(way.emptied) and way.emptied == set(self.reached)
        if not problems and not is_new_again:
            self.again()
            self.at_head = True
            self.goes_back = not self.one_way
        return True

    def way_down(self, problems: Problems) -> WayDown:
        """Return what takes revisions down."""
        return WayDown(self.project, self.databases, self.published, self.schemas, problems)

    def runs(self) -> list[tuple[Targets, list[str]]]:
        """Return the runs of revisions to take down, and where each begins."""
        return runs(self.project, self.published, self.one_way)

    def rows(self, problems: Problems) -> bool:
        """Up and down once more, one revision at a time, with rows in the tables."""
        if not (self.upgraded and self.published):
            return False
        walk = OnRows(self.project, self.databases, self.published, self.touched)
        seed = Seed(self.request["seed"], self.request["tree"])
        walk.begin(problems, seed, at_head=self.goes_back)
        self.recorder.waits = False
        try:
            walk.walk([] if self.fails_back else self.last_down())  # that it fails is told once
        except Failure as failure:
            if not self.is_after_broken(failure):
                raise
            self.fails_back = True
        self.lacks_rows = self.fails_back
        return True

    def is_after_broken(self, failure: Failure) -> bool:
        """Say whether a downgrade failed on what one above it left, which is told."""
        last, revision = self.last_down(), failure.data.get("revision")
        if failure.kind != "migration_failed" or failure.data["up"] or revision not in last:
            return False
        return not self.broken.isdisjoint(last[last.index(revision) + 1 :])

    def last_down(self) -> list[str]:
        """Return the revisions that are taken down from the heads, none where that is not asked."""
        last = [run for target, run in self.runs() if not target]
        return last[0] if last and "downgrade" in self.request["gates"] else []

    def record_leaving(self, problems: Problems) -> None:
        """Have the revisions recorded whose downgrade leaves something, where none are: no base."""
        leaving = {each["revision"] for each in problems if each["kind"] == "downgrade_differs"}
        if leaving and not self.recorder.new:
            self.recorder.new = frozenset(leaving)
            self.lacks_rows = True

    def record_rest(self) -> None:
        """Record without rows what the walk with rows did not get to."""
        if not self.lacks_rows:
            return
        self.recorder.waits = True
        with contextlib.suppress(Failure):  # it is told already
            to_published(self.project, self.databases, self.published)
            self.recorder.waits = False
            self.recorder.forget_broken()
            self.project.upgrade("heads")
            self.way_down([]).take(self.last_down())

    def drift(self, problems: Problems) -> bool:
        """Compare the models with the schema at the heads."""
        if self.at_head and not self.without_models:
            found = drift.find(self.project, self.databases)
            self.models = found["models"]
            problems.extend(drift.problems(found))
            return True
        return False

    def verify(self, heads: Any, context: Context) -> Iterable[Step]:
        """Raise ``migration_failed`` where the database does not stand where the steps led to."""
        bind, reached = place_of(context)
        self.without_models &= context.opts["target_metadata"] is None
        if (bind, reached) in self.schemas and reached == self.reached[bind]:
            if self.request.get("deployed"):
                self.ends[bind] = ends.end_of(self.schemas[bind, reached], context)
            return []
        steps = self.project.script._upgrade_revs("heads", heads)
        raise self.ended.not_kept([step.revision for step in steps])

    def begin(self, step: Step, context: Context) -> None:
        """Keep what there is before the first step: what is published, or nothing."""
        self.same_way.note(context)
        self.remember(step, context)

    def remember(self, step: Step, context: Context) -> None:
        """Keep the schema at these heads."""
        bind, reached = place_of(context)
        self.schemas[bind, reached] = traces.take(context.connection, self.databases)
        self.reached[bind] = reached

    def again(self) -> None:
        """Upgrade a second time; a failure says that it was the second."""
        try:
            self.project.upgrade("heads")
        except Failure as failure:
            failure.data["again"] = True
            raise
