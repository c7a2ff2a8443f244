"""Records what the revisions that are new on a branch do while they run: see ``gitmig.ran``.

The operations are those that Alembic is asked for, the statements those that SQLAlchemy sends
meanwhile, on any connection; a ``witness`` tells what each did. Nothing is installed before the
first new revision runs, so that a check without one costs nothing. Statements that go round
SQLAlchemy (a cursor of the driver's own) are not seen.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from alembic.operations import batch
from sqlalchemy import event
from sqlalchemy.engine import Engine

from . import aside, invoked, sqltext, stack
from .account import Account
from .compat import connection_info
from .inherited import Inherited
from .project import Project
from .redirect import name_of
from .shapes import Connection, Context, Op, Result, Step
from .witness import SqliteWitness, Witness
from .witness_mysql import MysqlWitness
from .witness_postgres import PostgresWitness

WITNESSES: dict[str, Callable[[], Witness]] = {
    "mariadb": MysqlWitness,
    "mysql": MysqlWitness,
    "postgresql": PostgresWitness,
    "sqlite": SqliteWitness,
}
KEY = "gitmig-witness"
SENT = "_gitmig_sent"

Way = tuple[str, bool, Any]  # a revision, whether up, and the database


class Recorder:
    """Each new revision is recorded the first time it runs up, and the first time down.

    While it ``waits`` for a run that shows more it records nothing.
    """

    def __init__(self, project: Project, new: Collection[str]) -> None:
        self.project = project
        self.new = frozenset(new)
        self.waits = False
        self.accounts: dict[Way, Account] = {}
        self.account: Account | None = None
        self._broken: set[Way] = set()
        self._steps = 0
        self._now = ("", True)  # the revision that is recorded, and whether up
        self._connection: Connection = None  # Alembic's
        self._inherited = Inherited()
        self._numbers: dict[Any, int] = {}
        project.before = self.before_step

    def told(self) -> list[Result]:
        """Return what was recorded, in the order in which it ran."""
        return [made for account in self.accounts.values() for made in account.ran]

    def forget_broken(self) -> None:
        """Have what did not get to its end recorded once more."""
        for key in self._broken:
            self.accounts.pop(key, None)
        self._broken.clear()

    def before_step(self, step: Step, context: Context) -> None:
        """Have a step recorded if it is of a new revision."""
        key = (step.revision.revision, bool(step.is_upgrade), name_of(context.connection))
        if key[0] not in self.new:
            return
        if self.waits or key in self.accounts:
            self.look_first(step, context)
            return
        if not self._steps:
            self.listen()
        self._steps += 1
        run = step.migration_fn

        @functools.wraps(run)
        def recorded(**options: Any) -> None:
            self._broken.add(key)
            self.account = self.accounts[key] = self.open_account(step, context)
            try:
                run(**options)
                self._broken.remove(key)
                if step.is_upgrade:
                    self._inherited.done(key[2], key[0], self.account.witness.tables.old)
            finally:
                self.account = None

        step.migration_fn = recorded

    def look_first(self, step: Step, context: Context) -> None:
        """Have the base's tables known where the first new revision is not recorded."""
        run = step.migration_fn

        @functools.wraps(run)
        def looked(**options: Any) -> None:
            self.look(context.connection)
            run(**options)

        step.migration_fn = looked

    def look(self, connection: Connection) -> None:
        """Know the base's tables: those that are there before the first new revision."""
        database = name_of(connection)
        if not self._inherited.knows(database):
            witness = WITNESSES[connection.dialect.name]()
            self._inherited.begin(database, witness.look(connection))

    def listen(self) -> None:
        """See operations and statements from here on."""
        invoked.surround(self.around_operation)
        owner: Any = batch.BatchOperationsImpl
        flush = owner.flush

        def flushed(impl: Any) -> None:
            with self.account.batch(impl) if self.account else nullcontext():
                flush(impl)

        owner.flush = flushed
        event.listen(Engine, "before_cursor_execute", self.before_statement)
        event.listen(Engine, "after_cursor_execute", self.after_statement)
        event.listen(Engine, "commit", self.end)
        event.listen(Engine, "rollback", self.end)

    def open_account(self, step: Step, context: Context) -> Account:
        """Begin to record a step, in whatever transaction env.py has it run."""
        connection, file = context.connection, str(step.revision.path)
        self._connection = connection
        self.look(connection)
        self._now = (step.revision.revision, bool(step.is_upgrade))
        witness = self.new_witness(connection)
        path = self.project.relative(file)
        common = {"revision": self._now[0], "path": path, "up": self._now[1]}
        return Account(file, connection.dialect, witness, common)

    def new_witness(self, connection: Connection) -> Witness:
        """Return a witness who knows what is there now, for one connection and one step."""
        witness = WITNESSES[connection.dialect.name]()
        witness.begin(connection, self.old(connection))
        connection_info(connection)[KEY] = (self._steps, witness)
        return witness

    def old(self, connection: Connection) -> Collection[str] | None:
        """Return the tables that no new revision has made so far, None where that is not known."""
        return self._inherited.before(name_of(connection), *self._now)

    def witness_of(self, connection: Connection) -> Witness:
        """Return the witness of a connection for the step that runs."""
        step, witness = connection_info(connection).get(KEY, (0, None))
        known = step == self._steps
        return witness if known else self.new_witness(connection)

    def around_operation(self, operations: Any, op: Op) -> AbstractContextManager[Any]:
        """Take in an operation that a revision asks for."""
        return self.account.operation(op, operations.impl) if self.account else nullcontext()

    def before_statement(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        """Take in a statement that a revision sends; one of the library's or of gitmig's is not."""
        if self.account is None or aside.active() or stack.is_library_asking():
            return
        sql = as_sent(statement, connection, context)
        bare = sqltext.bare(sql)
        sent = self.account.sent(sql, bare, sqltext.shown(parameters, executemany))
        if sqltext.ends_transaction(bare):
            self.end(connection)
        if sent is not None and not sqltext.is_control(bare):
            setattr(context, SENT, (sent, bare))
            self.witness_of(connection).before(connection, bare)

    def after_statement(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        """Ask what a statement did; where the database does not answer, that is not known."""
        sent, bare = getattr(context, SENT, (None, ""))
        if sent is None or self.account is None:
            return
        with contextlib.suppress(connection.dialect.dbapi.Error):
            found = self.witness_of(connection).after(connection, bare)
            transaction = found.pop("transaction", None)
            if transaction is not None:
                number = self._numbers.setdefault(transaction, len(self._numbers) + 1)
                found["transaction"] = number
            sent.update(found)

    def call(self, connection: Connection, name: str) -> None:
        """Take in that a line of the revision calls ``commit()`` or ``rollback()``, as SQL.

        Of Alembic's connection only, and not where each statement is committed by itself.
        """
        if self.account is not None and connection is self._connection:
            options = connection.get_execution_options()
            if options.get("isolation_level") != "AUTOCOMMIT":
                self.account.sent(name.upper(), name.upper(), "")

    def end(self, connection: Connection) -> None:
        """Know that a transaction ended."""
        if self.account is not None:
            step, witness = connection_info(connection).get(KEY, (0, None))
            if witness is not None and step == self._steps:
                witness.end()


def as_sent(statement: str, connection: Connection, context: Any) -> str:
    """Return a statement as the server gets it: a driver may want a percent sign doubled."""
    compiled = getattr(context, "compiled", None) is not None
    doubled = compiled and connection.dialect.paramstyle in ("format", "pyformat")
    return statement.replace("%%", "%") if doubled else statement
