"""Gate ``rows``: the new revisions on tables that hold rows, up and down.

The database is taken to where the base branch is. Each table that the new revisions name, and what
those point to, gets rows: the project's own (``seed``), and made-up ones where it gave none. Then
one revision at a time goes up, and down again. One that fails fails here and not in production.
What is lost and no statement of the revision asked for is a problem; the rest is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy

from . import contents, rows, searchpath, variety
from .bookkeeping import heads_of
from .cache import replay
from .contents import Contents, Loss, Renames
from .databases import Databases
from .failures import Failure
from .invoked import watch
from .lineage import Lineage
from .pointing import Pair, astray
from .project import Project, Targets
from .redirect import name_of
from .reflected import foreign_keys
from .seeds import Seed
from .shapes import Connection, Context, Op, Step
from .touched import Touched

Problems = list[dict[str, Any]]
MOST = 400  # tables that get rows; about 5 ms each, and as much for each new revision
PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition"


class Database:
    """The rows of one database: what it holds now, and held at each set of heads.

    ``lost`` are the tables and columns of which something is known to be lost by now, in their
    names of now. ``astray`` are the rows that point to nothing, see ``pointing``.
    """

    def __init__(self, now: Contents, astray: Counter[Pair]) -> None:
        self.now = now
        self.astray = astray
        self.astray_at: dict[frozenset[str], Counter[Pair]] = {}
        self.seen: dict[frozenset[str], Contents] = {}
        self.by_revision: dict[str, tuple[Renames, list[Loss]]] = {}
        self.lost: set[tuple[contents.Name, str]] = set()


class OnRows:
    """The walk with rows, which begins at ``published``; ``touched``: what new revisions touch."""

    def __init__(
        self, project: Project, databases: Databases, published: Targets, touched: Touched
    ) -> None:
        self.project = project
        self.databases = databases
        self.published = published
        self.touched = touched
        self.found: dict[tuple[str, str], Database] = {}  # by name, and by search path
        self.problems: Problems = []
        self.missing: dict[contents.Name, str] = {}  # tables without a row, and why
        self.others: set[contents.Name] = set()  # that may be touched, or not
        self.lineage = Lineage()
        watch(self.note)

    def note(self, op: Op) -> None:
        """Take an operation of the revision that runs into account."""
        self.lineage.note(op)

    def begin(self, problems: Problems, seed: Seed, *, at_head: bool) -> None:
        """Take the databases to where the base is, and give their tables rows.

        ``at_head``: they are proved to go back.
        """
        self.problems = problems
        if not self.databases.rewind():
            if at_head and self.touched.takes_nothing():
                self.project.downgrade_above(self.published)
            else:
                replay(self.project, self.databases, self.published)
        self.project.run_env(lambda heads, context: self.fill(context, seed))

    def walk(self, down: Sequence[str]) -> None:
        """Walk up, and back through ``down``."""
        self.lineage = Lineage()
        try:
            with_rows(lambda: self.project.upgrade("heads", after=self.after_up))
            if down:
                self.lineage = Lineage()
                with_rows(lambda: self.project.downgrade_through(down, after=self.after_down))
        finally:
            self.tell_missing()

    def fill(self, context: Context, seed: Seed) -> list[Step]:
        """Give rows to the tables of one database."""
        path = searchpath.path_of(context.connection)
        with rows.transaction(context.connection.engine) as connection:
            searchpath.follow(connection, path)
            names = self.concerned(connection, context)
            own = seeded(connection, names, seed) if seed.setting else set()
            for name, why in variety.insert_where_possible(connection, names, own).items():
                self.missing[name] = f"{contents.told(name)} has no row in the proof: {why}"
            found = Database(contents.read(connection, names), astray(connection))
        found.seen[heads_of(context)] = found.now
        found.astray_at[heads_of(context)] = found.astray
        database = name_of(context.connection)
        self.found[database, path] = self.found[database, ""] = found
        return []

    def database(self, context: Context) -> Database:
        """Return the rows of the database, and of the tenant in it, that a context is in."""
        name, path = name_of(context.connection), searchpath.path_of(context.connection)
        return self.found.get((name, path)) or self.found[name, ""]

    def concerned(self, connection: Connection, context: Context) -> list[contents.Name]:
        """Return the tables that get rows.

        Those that the new revisions name, and those that point to them; where others may be
        touched, too, all, as far as there are not very many.
        """
        inspector: Any = sqlalchemy.inspect(connection)
        words, own = self.touched.words(), context._version.name
        found: list[contents.Name] = []
        others: list[contents.Name] = []
        left, path = partitions(connection), searchpath.schemas_on(connection)
        seen = set[str]()  # without a schema
        for schema in searchpath.schemas(inspector, connection):
            names = set(inspector.get_table_names(schema=schema)) - {own} - left
            names -= seen if schema in path else set()
            seen = seen if schema else names
            wanted = {name for name in names if name.lower() in words}
            if wanted:
                keys = foreign_keys(inspector, schema, names)
                wanted |= pointing(keys, wanted, deep=self.touched.deletes())
            found += [(schema, name) for name in sorted(wanted)]
            others += [(schema, name) for name in sorted(names - wanted)]
        if not self.touched.may_be_any():
            return found
        room = max(MOST - len(found), 0)
        if others[room:]:
            told = f"{len(others[room:])} tables ({contents.told(others[room])} …) have no row"
            self.missing[None, ""] = f"{told} in the proof, in which only {MOST} get some"
        self.others |= {*others[:room]}
        return found + others[:room]

    def after_up(self, step: Step, context: Context) -> None:
        """Compare what is there after a revision with what was there before it."""
        found = self.database(context)
        renames, self.lineage = renames_of(self.lineage), Lineage()
        after = contents.read(context.connection, {renames.after(name)[0] for name in found.now})
        losses = contents.losses(found.now, after, renames)
        found.by_revision[step.revision.revision] = (renames, losses)
        found.now = found.seen[heads_of(context)] = after
        self.tell(step, losses, renames)
        self.tell_astray(step, context, renames)

    def after_down(self, step: Step, context: Context) -> None:
        """Compare what is there after a downgrade with what was there at these heads."""
        found = self.database(context)
        before = found.seen.get(heads_of(context))
        if before is None:
            return
        renames, lost = found.by_revision[step.revision.revision]
        back = renames.back
        found.lost = {back.after(table, column) for table, column in found.lost}
        found.lost |= {(loss.table, loss.column) for loss in lost}
        now = contents.read(context.connection, before)
        there = {name: table for name, table in before.items() if name in now}  # else: downgrade
        losses = [loss for loss in contents.losses(there, now, Renames())
                  if not self.is_known(found, loss)]  # fmt: skip
        found.lost |= {(loss.table, loss.column) for loss in losses}
        self.lineage = Lineage()
        self.tell(step, losses, renames)
        self.tell_astray(step, context, back)

    def tell_astray(self, step: Step, context: Context, renames: Renames) -> None:
        """Add the problem of rows that point to nothing since a step, whose renames these are.

        Those that did before are not told, nor those that a downgrade brings back.
        """
        found, heads = self.database(context), heads_of(context)
        known = Counter[Pair]()
        for (table, other), count in found.astray.items():
            known[renames.after((None, table))[0][1], renames.after((None, other))[0][1]] = count
        known |= found.astray_at.get(heads, Counter())
        found.astray = found.astray_at[heads] = astray(context.connection)
        for (table, other), count in sorted((found.astray - known).items()):
            self.problems.append({
                "kind": "rows_astray",
                "table": table,
                "other": other,
                "rows": count,
                **self.of(step),
            })  # fmt: skip

    def of(self, step: Step) -> dict[str, Any]:
        """Return what each problem of a step says."""
        path = self.project.relative(step.revision.path)
        return {"revision": step.revision.revision, "up": step.is_upgrade, "path": path}

    def tell_missing(self) -> None:
        """Add the problem of each table without a row; not of others that were never named."""
        words = self.touched.words()
        for name, why in self.missing.items():
            if name not in self.others or name[1].lower() in words:
                table = contents.told(name) if name[1] else ""
                self.problems.append({"kind": "rows_missing", "message": why, "table": table})

    def is_known(self, found: Database, loss: Loss) -> bool:
        """Say whether it was told already: of the table as a whole, or of the column."""
        known = {column for table, column in found.lost if table == loss.table}
        return "" in known or loss.column in known or (not loss.column and bool(known))

    def tell(self, step: Step, losses: Collection[Loss], renames: Renames) -> None:
        """Add the problems of a step that loses something, and of what it was asked to.

        ``renames`` are those of the way up.
        """
        told: dict[tuple[str, int], list[Loss]] = {}
        for loss in losses:
            names = {loss.table[1], renames.after(loss.table)[0][1]}
            told.setdefault(self.kind_of(step, loss, names), []).append(loss)
        for (kind, line), those in sorted(told.items(), key=lambda item: item[0], reverse=True):
            self.problems.append({
                "kind": kind,
                "losses": [loss.fields for loss in those],
                "line": line,
                **self.of(step),
            })  # fmt: skip

    def kind_of(self, step: Step, loss: Loss, names: Collection[str]) -> tuple[str, int]:
        """Return the kind of a loss's problem, and the line where it is known.

        ``names`` are the table's, before and after. What a block or a function does is as bad as
        the statement that it stands for: one that leaves no row is told as DELETE without WHERE.
        """
        if loss.kind in ("table", "column"):
            return "rows_gone", 0
        if not any(self.touched.asks_for(step.revision.revision, name) for name in names):
            return "rows_lost", 0
        line = self.touched.emptied_in(step, loss.table[1]) if loss.kind == "all rows" else 0
        return ("rows_emptied", line) if line else ("rows_gone", 0)


def with_rows(walk: Any) -> None:
    """Run a walk; a failure says that there were rows."""
    try:
        walk()
    except Failure as failure:
        failure.data["rows"] = True
        raise


def partitions(connection: Connection) -> set[str]:
    """Return the tables that get their rows through another one."""
    if connection.dialect.name != "postgresql":
        return set()
    return {row[0] for row in connection.execute(sqlalchemy.text(PARTITIONS))}


def seeded(connection: Connection, names: Sequence[contents.Name], seed: Seed) -> set[Any]:
    """Give the project's own rows; return the tables that got some."""
    held = contents.read(connection, names)
    seed.give(connection)
    after = contents.read(connection, names)
    return {name for name in names if len(after[name].rows) > len(held[name].rows)}


def pointing(keys: Mapping[str, Sequence[Any]], wanted: Collection[str], *, deep: bool) -> set[str]:
    """Return the tables with a foreign key to those that are wanted, and (``deep``) so on."""
    found, new = set[str](), set(wanted)
    while new:
        to_new = {name for name, own in keys.items()
                  if any(key["referred_table"] in new for key in own)}  # fmt: skip
        new = to_new - found
        found |= new
        if not deep:
            break
    return found


def renames_of(lineage: Lineage) -> Renames:
    """Return what a step renamed."""
    told = lineage.renames()
    tables = {(schema, old): (schema, new) for schema, old, new in told["tables"]}
    columns = {((schema, table), old): new for schema, table, old, new in told["columns"]}
    return Renames(tables, columns)
