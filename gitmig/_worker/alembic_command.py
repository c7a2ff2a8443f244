"""``alembic``: one command of Alembic's own, on the project's real database.

Request besides the common part: ``arguments``, what would follow ``alembic`` on the command line
(global options such as ``-x`` first); ``peek``: only tell where the database stands, with the
global options alone in ``arguments``.

Result: ``output`` (what the command printed), ``database`` (the URLs connected to, passwords
hidden), ``heads`` (with ``peek``), ``files`` (revision files written).
"""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import make_url

from . import progress, redirect
from .compat import url_text
from .project import Project
from .shapes import Context, Dialect, Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    progress.open_to(request.get("progress", -1))
    seen = Seen()
    output = io.StringIO()
    arguments = [*request["arguments"], *(["current"] if request["peek"] else [])]
    project = Project(request, arguments, stdout=output, output_buffer=output)
    result: Result = {"heads": [], "files": []}
    if request["peek"]:
        seen.never_create()
        result["heads"] = where_it_stands(project)
    else:
        run_command(project, result["files"])
    return dict(result, output=output.getvalue(), database=seen.urls)


def where_it_stands(project: Project) -> list[str]:
    """Return the revisions that the database is at; nothing is written to it."""
    found: list[str] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        found.extend(heads)
        return []

    project.run_env(fn, dont_mutate=True)
    return sorted(set(found))


def run_command(project: Project, files: list[str]) -> None:
    """Run the command as Alembic would, telling about each revision; collect files it writes."""
    tell_steps(project)
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


def tell_steps(project: Project) -> None:
    """Make every run of migrations tell about its steps."""
    run_migrations = MigrationContext.run_migrations

    @functools.wraps(run_migrations)
    def told(self: Context, **kwargs: Any) -> None:
        steps = self._migrations_fn
        self._migrations_fn = lambda heads, context: project.tracked(steps(heads, context), self)
        run_migrations(self, **kwargs)

    MigrationContext.run_migrations = told  # type: ignore[method-assign]


class Seen:
    """The databases that were connected to, told as soon as they are."""

    def __init__(self) -> None:
        self.urls: list[str] = []
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
        self, dialect: Dialect, record: Any, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> Any:
        """Tell which database is opened, before it is."""
        url = self._by_dialect.get(id(dialect), dialect.name)
        if url not in self.urls:
            self.urls.append(url)
            progress.emit(event="database", url=url)
        missing = dialect.name == "sqlite" and cargs and not os.path.exists(cargs[0])
        if missing and not self.create:
            args, kwargs = dialect.create_connect_args(make_url("sqlite://"))
            return dialect.connect(*args, **kwargs)
        return None


def hide_password(url: Any) -> str:
    """Return a URL as text that may be shown."""
    return url_text(make_url(url))
