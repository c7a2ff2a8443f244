"""``alembic``: one command of Alembic's own, on the project's real database.

Request besides the common part: ``arguments``, what would follow ``alembic`` on the command line
(global options such as ``-x`` first); ``peek``: only tell where the database stands, with the
global options alone in ``arguments``; ``quiet``: say nothing while it runs.

Result: ``output`` (what the command printed), ``database`` (the URLs connected to, passwords
hidden), ``heads`` (with ``peek``), ``files`` (revision files written).
"""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import make_url

from . import redirect
from .compat import url_text
from .narrate import Narrator
from .project import Project
from .shapes import Context, Dialect, Request, Result


def run(request: Request) -> Result:
    """Serve the request."""
    narrator = Narrator(request["quiet"])
    seen = Seen(narrator)
    output = io.StringIO()
    arguments = [*request["arguments"], *(["current"] if request["peek"] else [])]
    project = Project(request, arguments, stdout=output, output_buffer=output)
    result: Result = {"heads": [], "files": []}
    try:
        if request["peek"]:
            seen.never_create()
            result["heads"] = where_it_stands(project)
        else:
            run_command(project, narrator, result["files"])
    finally:
        narrator.finish()
    return dict(result, output=output.getvalue(), database=seen.urls)


def where_it_stands(project: Project) -> list[str]:
    """Return the revisions that the database is at; nothing is written to it."""
    found: list[str] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        found.extend(heads)
        return []

    project.run_env(fn, dont_mutate=True)
    return sorted(set(found))


def run_command(project: Project, narrator: Narrator, files: list[str]) -> None:
    """Run the command as Alembic would, telling about each revision; collect files it writes."""
    tell_steps(project, narrator)
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


def tell_steps(project: Project, narrator: Narrator) -> None:
    """Make every run of migrations tell about its steps."""
    run_migrations = MigrationContext.run_migrations

    @functools.wraps(run_migrations)
    def told(self: Context, **kwargs: Any) -> None:
        steps = self._migrations_fn
        self._migrations_fn = lambda heads, context: narrator.told(
            project.tracked(steps(heads, context), self)
        )
        run_migrations(self, **kwargs)

    MigrationContext.run_migrations = told  # type: ignore[method-assign]


class Seen:
    """The databases that were connected to, told as soon as they are."""

    def __init__(self, narrator: Narrator) -> None:
        self.narrator = narrator
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
            self.narrator.database(url)
        missing = dialect.name == "sqlite" and cargs and not os.path.exists(sqlite_file(cargs[0]))
        if missing and not self.create:
            args, kwargs = dialect.create_connect_args(make_url("sqlite://"))
            return dialect.connect(*args, **kwargs)
        return None


def sqlite_file(name: Any) -> str:
    """Return the path in the name of a SQLite database, which may be a ``file:`` URI."""
    text = os.fsdecode(name)
    return unquote(urlsplit(text).path) if text.startswith("file:") else text


def hide_password(url: Any) -> str:
    """Return a URL as text that may be shown."""
    return url_text(make_url(url))
