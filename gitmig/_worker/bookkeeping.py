"""Alembic's notes of where a database stands, made and read with less work.

Alembic composes a statement anew for each step, and looks through all ancestors of a revision that
is taken down; over a long chain that is more work than the revisions themselves. What is noted is
the same. A version of Alembic that has not what is replaced here works as it did.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from typing import Any

import sqlalchemy
from alembic.runtime import migration
from alembic.util import CommandError

from .shapes import Context, Step


def install() -> None:
    """Let SQLAlchemy keep the statement that notes a step, and Alembic look up one parent only.

    Its log of the steps is silent: what is under way is in gitmig's own, see ``line``.
    """
    logging.getLogger(migration.__name__).disabled = True
    maintainer: Any = migration.HeadMaintainer
    note = getattr(maintainer, "_update_version", None)
    if note is not None:

        @functools.wraps(note)
        def noted(self: Any, from_: str, to_: str) -> None:
            if self.context.as_sql:
                note(self, from_, to_)
            else:
                update_version(self, from_, to_)

        maintainer._update_version = noted
    step: Any = migration.RevisionStep
    look_up = getattr(step, "_unmerge_to_revisions", None)
    if look_up is not None:

        @functools.wraps(look_up)
        def of_one(self: Step, heads: Any) -> Any:
            alone = len(self.to_revisions) == 1 and not set(heads) - {self.revision.revision}
            return self.to_revisions if alone else look_up(self, heads)

        step._unmerge_to_revisions = of_one


def heads_of(context: Context) -> frozenset[str]:
    """Return the revisions at which a database stands; SQLite's driver is asked for them."""
    connection = context.connection
    if connection.dialect.name != "sqlite":
        return frozenset(context.get_current_heads())
    table = connection.dialect.identifier_preparer.format_table(context._version)
    cursor: Any = connection.connection.cursor()
    with contextlib.suppress(connection.dialect.dbapi.Error):  # a revision dropped the table
        cursor.execute(f"SELECT version_num FROM {table}")  # noqa: S608 - a quoted name
        return frozenset(row[0] for row in cursor.fetchall())
    return frozenset()


def update_version(maintainer: Any, from_: str, to_: str) -> None:
    """Note that a database went from a revision to another; raises where it was not there."""
    context = maintainer.context
    maintainer.heads.remove(from_)
    maintainer.heads.add(to_)
    found = send_update(maintainer, {"gone": from_, "come": to_}).rowcount
    if context.dialect.supports_sane_rowcount and found != 1:
        raise CommandError(
            f"Online migration expected to match one row when updating '{from_}' to '{to_}' in "
            f"'{context.version_table}'; {found} found"
        )


def send_update(maintainer: Any, values: dict[str, str]) -> Any:
    """Send the statement, composed once for one way up or down; return its result."""
    context = maintainer.context
    if not hasattr(maintainer, "gitmig_statement"):
        table = context._version
        here = table.c.version_num == sqlalchemy.bindparam("gone")
        come: Any = sqlalchemy.bindparam("come")
        maintainer.gitmig_statement = table.update().where(here).values(version_num=come)
        if context.dialect.name == "sqlite":
            compiled = maintainer.gitmig_statement.compile(dialect=context.dialect)
            maintainer.gitmig_text = str(compiled), compiled.positiontup
    connection, (text, names) = context.connection, getattr(maintainer, "gitmig_text", ("", ()))
    if names and hasattr(connection, "exec_driver_sql"):
        return connection.exec_driver_sql(text, tuple(values[name] for name in names))
    return connection.execute(maintainer.gitmig_statement, values)
