"""The project's Alembic environment: its configuration, its revisions, one run of env.py."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Union

import alembic
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from . import claimed, compat, depends, lacking, line, paths
from .arguments import command_line, parsed
from .databases import Databases
from .failures import (
    Failure,
    first_of,
    missing_argument,
    missing_settings,
    one_line,
    place,
    place_in,
)
from .shapes import AroundStep, Context, Request, Result, Step, StepsFor

NOT_COMMITTED = (
    "env.py begins a transaction before context.configure(), and nobody commits it, so that no "
    "revision stays: have it say connection.commit() before context.configure()"
)
UNREADABLE = "the revisions could not be loaded"

Targets = tuple[str, ...]  # ids of revisions
Target = Union[str, Targets]


class Project:
    """One Alembic environment, loaded once for a request.

    ``arguments`` is the Alembic command line that env.py and the templates shall see as
    ``config.cmd_opts``: many read ``config.cmd_opts.autogenerate``, which is None when Alembic is
    called from Python. ``before`` is called with each step before it runs, ``settled`` after it.
    ``blame`` tells whether a lent server is to blame for a failure.
    """

    def __init__(self, request: Request, arguments: Sequence[str], **config_options: Any) -> None:
        self.request = request
        self.roots = (request["tree"], request["root"])
        self.step: Step = None
        self.before: AroundStep = lambda step, context: None
        self.blame: Callable[[str], Result] = lambda message: {}
        self.settled: Callable[[], None] = lambda: None
        self.contexts = 0
        self.begin: StepsFor | None = None  # what is done to a new database, see ``beginning``
        self.baseline: Targets = ()
        self.within = False  # a transaction that env.py itself began
        options = parsed(command_line(request, arguments))
        self.config = compat.make_config(
            request["ini"], request["toml"], request["section"], cmd_opts=options, **config_options
        )
        self.complete = False
        with self.explained("revision_unreadable", UNREADABLE):
            # Any: Alembic takes several targets where it declares one
            self.script: Any = ScriptDirectory.from_config(self.config)
            compat.let_versions_be_missing(self.script)
            with contextlib.suppress(Exception):
                self.load_revisions()

    def load_revisions(self) -> None:
        """Load the revision files; ``complete`` says that it was done.

        Some need what is only there within env.py, Alembic's ``op`` or an application that it
        makes: where they cannot be loaded before it, they are in its first run, as by Alembic.
        """
        self.script.get_heads()
        if not self.request["attached"]:  # there nothing runs before all steps are known
            lacking.let_them_fail(self.script)
        self.complete = True

    def texts(self) -> list[str]:
        """Return the texts of the revisions and of env.py, as far as they are known."""
        revisions = list(self.script.walk_revisions()) if self.complete else []
        env = os.path.join(str(self.script.dir), "env.py")
        return [depends.read(path) for path in (env, *(str(each.path) for each in revisions))]

    def run_env(self, fn: StepsFor, **options: Any) -> None:
        """Run env.py; ``fn(heads, context)`` gives the steps for each database it configures.

        Raises the failure that says what went wrong, and where in the project.
        """
        if self.begin is not None:
            begin, self.begin = self.begin, None  # it runs env.py itself
            try:
                self.run_env(begin)
            finally:
                self.begin = begin
        self.contexts = 0

        def counted(heads: Any, context: Context) -> Any:
            self.contexts += 1
            self.within = bool(getattr(context, "_in_external_transaction", False))
            if not self.complete:
                with self.explained("revision_unreadable", UNREADABLE):
                    self.load_revisions()
            return fn(heads, context)

        context = EnvironmentContext(self.config, self.script, fn=counted, **options)
        with self.explained("env_failed", "env.py failed"), same_directory(), context:
            self.script.run_env()
        if self.step is not None:
            raise self.migration_failed(RuntimeError("env.py caught what the revision raised"))
        if not self.contexts:
            raise Failure("env_failed", "env.py ended without running any migrations")

    def upgrade(
        self, target: Target, after: AroundStep | None = None, begin: AroundStep | None = None
    ) -> None:
        """Upgrade every database of the project to ``target``; call ``after`` after each step.

        ``begin`` is called with None and the context before the first one.
        """

        def fn(heads: Any, context: Context) -> Iterator[Step]:
            if begin is not None:
                begin(None, context)
            return self.tracked(self.script._upgrade_revs(target, heads), context, after)

        self.run_env(fn, starting_rev=None, destination_rev=target, as_sql=False, tag=None)

    def downgrade(self, target: str, after: AroundStep | None = None) -> None:
        """Downgrade every database of the project to ``target``; ``after`` as in ``upgrade``."""

        def fn(heads: Any, context: Context) -> Iterator[Step]:
            return self.tracked(self.script._downgrade_revs(target, heads), context, after)

        self.run_env(fn, starting_rev=None, destination_rev=target, as_sql=False, tag=None)

    def downgrade_above(self, targets: Targets, after: AroundStep | None = None) -> None:
        """Downgrade every database by what is not needed for ``targets``, to empty for none.

        Alembic's own downgrade takes one target.
        """

        def fn(heads: Any, context: Context) -> Iterator[Step]:
            return self.tracked(self.steps_down(targets, heads), context, after)

        self.run_env(fn, starting_rev=None, destination_rev=None, as_sql=False, tag=None)

    def downgrade_through(self, ids: Sequence[str], after: AroundStep | None = None) -> None:
        """Take revisions back that were applied in this order, and last."""
        down = MigrationStep.downgrade_from_script

        def fn(heads: Any, context: Context) -> Iterator[Step]:
            known = self.script.revision_map
            steps = [down(known, known.get_revision(each)) for each in reversed(ids)]
            return self.tracked(steps, context, after)

        self.run_env(fn, starting_rev=None, destination_rev=None, as_sql=False, tag=None)

    def ends(self, ids: Sequence[str]) -> Targets:
        """Return those of these revisions that no other one of them stands on."""
        known = [self.script.revision_map.get_revision(each) for each in ids]
        below = {parent for each in known for parent in each._all_down_revisions}
        return tuple(each for each in ids if each not in below)

    def steps_down(self, targets: Targets, heads: Any) -> list[Step]:
        """Return the steps from these heads down to ``targets``."""
        if not targets:
            return list(self.script._downgrade_revs("base", heads))
        down = MigrationStep.downgrade_from_script
        above = self.script._upgrade_revs(heads, targets)
        return [down(self.script.revision_map, step.revision) for step in reversed(above)]

    def tracked(
        self, steps: Iterable[Step], context: Context, after: AroundStep | None = None
    ) -> Iterator[Step]:
        """Yield the steps, know which one is running, and tell about each that is done.

        None comes after the one of which ``after`` says True.
        """
        steps = list(steps)
        for number, step in enumerate(steps, 1):
            if not hasattr(step, "revision"):  # `stamp` runs nothing
                yield step
                continue
            self.step = step
            self.before(step, context)
            line.note(
                event="step",
                revision=step.revision.revision,
                path=self.relative(step.revision.path),
                subject=step.revision.doc,
                up=step.is_upgrade,
                number=number,
                total=len(steps),
            )
            yield step
            self.step = None
            self.settled()
            if after is not None and after(step, context):
                break
        line.note(event="steps-done", total=len(steps))

    @contextlib.contextmanager
    def explained(self, kind: str, what: str) -> Iterator[None]:
        """Turn whatever the project's code raises into the failure that explains it."""
        try:
            yield
        except Failure:
            raise
        except CommandError as error:
            if self.step is not None:
                raise self.migration_failed(error) from error
            if self.within and "not up to date" in str(error):
                raise Failure("env_failed", NOT_COMMITTED) from error
            raise Failure("alembic_refused", str(error)) from error
        except BaseException as error:
            if self.step is not None:
                raise self.migration_failed(error) from error
            raise self.code_failed(kind, what, error) from error

    def code_failed(self, kind: str, what: str, error: BaseException) -> Failure:
        """Return the failure for an exception (or an exit) in env.py or a revision's module."""
        path, line = place(error, self.roots)
        if isinstance(error, SystemExit):
            who = "env.py" if kind == "env_failed" else "a revision's file"
            what, error_text = f"{who} ended the process", f"sys.exit({error.code!r})"
        else:
            error_text = one_line(error)
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        twice = claimed.told(error)
        return Failure(
            kind, twice or f"{what}: {error_text}", path=path, line=line,
            missing_module=missing or "", missing_settings=missing_settings(error),
            missing_argument=missing_argument(error), claimed=bool(twice),
        )  # fmt: skip

    def migration_failed(self, error: BaseException) -> Failure:
        """Return the failure for an exception in the revision that is running."""
        step, self.step = self.step, None
        self.settled()
        path = self.relative(step.revision.path)
        line = place_in(error, str(step.revision.path))
        error = first_of(error)
        message = one_line(getattr(error, "orig", None) or error)
        blame = self.blame(message)
        return Failure(
            "unfit_server" if blame else "migration_failed",
            message,
            **blame,
            revision=step.revision.revision,
            up=step.is_upgrade,
            path=path,
            line=line,
            replayed=self.is_replayed(step),
            sql=str(getattr(error, "statement", "") or ""),
        )

    def is_replayed(self, step: Step) -> bool:
        """Say whether an upgrade ran only to get from an empty database to where others start.

        A base does so, even alone; another head is what somebody is writing.
        """
        revision = step.revision
        upwards = bool(step.is_upgrade) and not self.request["attached"]
        return upwards and (not revision.is_head or not revision.down_revision)

    def relative(self, path: Any) -> str:
        """Return a path of the tree as git writes it."""
        return relative(str(path), self.request["tree"])

    def facts(self, databases: Databases) -> Result:
        """Return what every answer carries: the files imported, the versions, the dialect."""
        dialect = databases.dialect
        return {
            "loaded": paths.loaded_sources(self.request),
            "versions": compat.versions(dialect),
            "dialect": dialect.name if dialect is not None else "",
            "site": os.path.dirname(os.path.dirname(alembic.__file__)),
        }


@functools.cache  # asked at each step, up and down
def relative(path: str, tree: str) -> str:
    """Return a path of a tree as git writes it."""
    return os.path.relpath(path, tree).replace(os.sep, "/")


@contextlib.contextmanager
def same_directory() -> Iterator[None]:
    """Undo a change of directory: Alembic runs an env.py once, gitmig several times."""
    directory = os.getcwd()
    try:
        yield
    finally:
        os.chdir(directory)
