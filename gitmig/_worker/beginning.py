"""What a new database has before its first revision: the settings ``baseline`` and ``prepare``.

``baseline`` is a schema file that stands for a revision and all before it: a chain that does not
start from an empty database begins there, in every command. ``prepare`` is SQL, or a function of
the project's that is called with a connection. (On a server the SQL is run where the database is
made, see ``lent``.)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import sqlalchemy

from . import depends, scripts
from .callables import call
from .failures import Failure
from .redirect import name_of
from .shapes import Context, Request, Step

KINDS = {"mariadb": "mysql"}


class Beginning:
    """What is done to each new database of a run, once; ``begun`` are those it was done to."""

    def __init__(self, request: Request) -> None:
        self.told = request.get("begin", {})
        self.tree = str(request["tree"])
        self.begun: set[tuple[str, int]] = set()

    @property
    def revision(self) -> str:
        """The revision that the schema file stands for, empty where there is none."""
        return str(self.told.get("revision", ""))

    def is_wanted(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.told)

    def at(self, heads: Any, context: Context, generation: int, script: Any) -> Sequence[Step]:
        """Do it to a database that is new; return the steps that say where it stands then."""
        key = (name_of(context.connection), generation)
        if heads or key in self.begun:
            return []
        self.begun.add(key)
        kind = KINDS.get(context.dialect.name, context.dialect.name)
        for text in self.told.get("statements", {}).get(kind, ()):
            scripts.run("prepare", f"[tool.gitmig.{kind}]", text, context.connection)
        function = self.told.get("functions", {}).get(kind, "")
        if function:
            call("prepare", function, self.tree, context.connection)
        if not self.revision:
            return []
        self.lay(context)
        steps: Sequence[Step] = script._stamp_revs(self.known(script), heads)
        return steps

    def known(self, script: Any) -> str:
        """Return the id of the revision; raises ``setting_failed`` where there is none."""
        try:
            return str(script.get_revision(self.revision).revision)
        except Exception as error:
            problem = f"there is no revision {self.revision}"
            raise Failure("setting_failed", problem, setting="baseline-revision") from error

    def lay(self, context: Context) -> None:
        """Run the schema file. It may make Alembic's own table, too, as dumps do."""
        connection, version = context.connection, context._version
        version.drop(connection, checkfirst=True)
        path = None
        if connection.dialect.name == "postgresql":  # dumps set it to nothing
            path = connection.execute(sqlalchemy.text("SHOW search_path")).scalar()
        scripts.run("baseline", self.told["path"], self.told["text"], connection)
        if path is not None:
            back = sqlalchemy.text("SELECT set_config('search_path', :path, false)")
            connection.execute(back, {"path": path})
        version.create(connection, checkfirst=True)
        connection.execute(version.delete())


def key_of(request: Request) -> tuple[object, ...] | None:
    """Return what a replayed database depends on of this, None where that cannot be known."""
    told = request.get("begin", {})
    texts: list[object] = [told.get("text"), told.get("revision"), told.get("statements")]
    for name in told.get("functions", {}).values():
        module = name.partition(":")[0]
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            spec = None
        found = depends.texts_of(str(spec.origin), request["tree"]) if spec else None
        if found is None:
            return None
        texts += [name, *found]
    return tuple(texts)
