"""``alembic``: one command of Alembic's own, on the project's real database.

Request besides the common part: ``arguments``, what would follow ``alembic`` on the command line
(global options such as ``-x`` first); ``peek``: only tell where the database stands, with the
global options alone in ``arguments``; ``schema`` (may be missing): with it, tell the schema,
too; ``quiet``: say nothing while it runs; ``down_to`` (may be
missing): instead of the command, take back what these revisions do not need, all for none of them;
``only`` (may be missing): the databases that may be opened, by ``Seen.names``.

Result: ``output`` (what the command printed), ``database`` (the URLs connected to, passwords
hidden), ``names`` (of the same), ``heads`` (with ``peek``), ``schema`` (as
``fingerprint.text_of`` has it), ``files`` (revision files written),
``steps`` (how many revisions ran).
"""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import make_url

from . import fingerprint, redirect
from .compat import url_text
from .failures import Failure
from .narrate import Narrator
from .project import Project, Targets
from .shapes import Context, Dialect, Fingerprint, Request, Result, Step


def run(request: Request) -> Result:
    """Serve the request."""
    narrator = Narrator(request["quiet"])
    seen = Seen(narrator, request)
    output = io.StringIO()
    arguments = [*request["arguments"], *(["current"] if request["peek"] else [])]
    project = Project(request, arguments, stdout=output, output_buffer=output)
    result: Result = {"heads": [], "files": [], "steps": 0}
    try:
        if request["peek"]:
            seen.never_create()
            result["heads"] = where_it_stands(project)
            if request.get("schema"):
                result["schema"] = fingerprint.text_of(look_at_schemas(project))
        else:
            tell_steps(project, narrator, result)
            take_back = request.get("down_to")
            if take_back is None:
                run_command(project, result["files"])
            else:
                go_down(project, tuple(take_back))
    finally:
        narrator.finish()
    return dict(result, output=output.getvalue(), database=seen.urls, names=seen.names)


def where_it_stands(project: Project) -> list[str]:
    """Return the revisions that the database is at; nothing is written to it."""
    found: list[str] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        found.extend(heads)
        return []

    project.run_env(fn, dont_mutate=True)
    return sorted(set(found))


def look_at_schemas(project: Project) -> list[Fingerprint]:
    """Return the fingerprint of each database; nothing is written to it."""
    found: list[Fingerprint] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        found.append(fingerprint.take(context.connection))
        return []

    project.run_env(fn, dont_mutate=True)
    return found


def go_down(project: Project, targets: Targets) -> None:
    """Take every database back to these revisions; one that is not above them stays."""

    def fn(heads: Any, context: Context) -> list[Step]:
        return project.steps_down(targets, heads)

    project.run_env(fn, starting_rev=None, destination_rev=None, as_sql=False, tag=None)


def run_command(project: Project, files: list[str]) -> None:
    """Run the command as Alembic would; collect the files it writes."""
    directory: Any = ScriptDirectory
    generate = directory._generate_template

    def noted(self: Any, source: Any, target: Any, **variables: Any) -> None:
        generate(self, source, target, **variables)
        files.append(os.path.relpath(str(target), project.request["tree"]).replace(os.sep, "/"))

    directory._generate_template = noted
    options: Any = project.config.cmd_opts
    command, positional, keywords = options.cmd
    with project.explained("env_failed", "env.py failed"):
        command(
            project.config,
            *[getattr(options, name, None) for name in positional],
            **{name: getattr(options, name, None) for name in keywords},
        )


def tell_steps(project: Project, narrator: Narrator, result: Result) -> None:
    """Make every run of migrations tell about its steps, and count them."""
    run_migrations = MigrationContext.run_migrations

    @functools.wraps(run_migrations)
    def told(self: Context, **kwargs: Any) -> None:
        steps = self._migrations_fn
        count = functools.partial(count_step, result)
        self._migrations_fn = lambda heads, context: narrator.told(
            project.tracked(steps(heads, context), self, count)
        )
        run_migrations(self, **kwargs)

    MigrationContext.run_migrations = told  # type: ignore[method-assign]


def count_step(result: Result, _step: Step, _context: Context) -> None:
    """Count a revision that ran."""
    result["steps"] += 1


class Seen:
    """The databases that were connected to, told as soon as they are.

    ``names`` tell them apart: a URL, or the path of a SQLite file. One that lies in the laid-out
    tree of a commit is the work tree's.
    """

    def __init__(self, narrator: Narrator, request: Request) -> None:
        self.narrator = narrator
        self.tree, self.root = request["tree"], request["root"]
        self.only: list[str] | None = request.get("only")
        self.urls: list[str] = []
        self.names: list[str] = []
        self.create = True
        event.listen(Engine, "do_connect", self.connecting)
        redirect.wrap_create_engine(self.remembering)
        self._by_dialect: dict[int, str] = {}

    def never_create(self) -> None:
        """Give an empty database in memory where a SQLite file does not exist yet."""
        self.create = False

    def remembering(self, create_engine: redirect.MakesEngines) -> redirect.MakesEngines:
        """Wrap ``create_engine`` so that an engine's URL is known when it connects."""

        @functools.wraps(create_engine)
        def create(url: Any, *args: Any, **kwargs: Any) -> Any:
            engine = create_engine(url, *args, **kwargs)
            self._by_dialect[id(engine.dialect)] = hide_password(url)
            return engine

        return create

    def connecting(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: Mapping[str, Any]
    ) -> Any:
        """Tell which database is opened, before it is; raises where it may not be."""
        url = self._by_dialect.get(id(dialect), dialect.name)
        name = url
        if dialect.name == "sqlite" and cargs:
            cargs[0] = in_work_tree(cargs[0], self.tree, self.root)
            name = os.path.realpath(sqlite_file(cargs[0]))
        if self.only is not None and name not in self.only:
            raise Failure("other_database", f"the database {url}")
        if name not in self.names:
            self.names.append(name)
        if url not in self.urls:
            self.urls.append(url)
            self.narrator.database(url)
        missing = dialect.name == "sqlite" and cargs and not os.path.exists(sqlite_file(cargs[0]))
        if missing and not self.create:
            args, kwargs = dialect.create_connect_args(make_url("sqlite://"))
            return dialect.connect(*args, **kwargs)
        return None


def in_work_tree(name: Any, tree: str, root: str) -> Any:
    """Return the name of a SQLite database in a laid-out tree as that in the work tree."""
    path = os.path.realpath(sqlite_file(name))
    inside = os.path.realpath(tree) + os.sep
    if tree == root or not path.startswith(inside) or ":memory:" in path:
        return name
    there = os.path.join(root, path[len(inside) :])
    text = os.fsdecode(name)
    if text.startswith("file:"):
        return urlsplit(text)._replace(netloc="", path=quote(there)).geturl()
    return there


def sqlite_file(name: Any) -> str:
    """Return the path in the name of a SQLite database, which may be a ``file:`` URI."""
    text = os.fsdecode(name)
    return unquote(urlsplit(text).path) if text.startswith("file:") else text


def hide_password(url: Any) -> str:
    """Return a URL as text that may be shown."""
    return url_text(make_url(url))
