"""Statements of the new revisions that need a superuser, tried on PostgreSQL.

The user of a throw-away server is a superuser, that of production mostly is none. So each statement
of a new revision is first sent as a role that is no superuser and is a member of all other roles:
it may do what the owner of the database and of all in it may, and make roles and databases. What
it is refused (SQLSTATE 42501) is noted and sent again as it was meant. Statements on rows are not
tried: with the rights of an owner they are never refused. On a server that somebody gave no role is
made, and nothing is tried.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from . import aside, sqltext, stack
from .databases import Databases
from .failures import one_line
from .project import Project
from .shapes import Context, Result, Step

ROLE = "gitmig_plain"
MAKE = f"""
DO $$ DECLARE each text; BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} CREATEDB CREATEROLE;
    END IF;
    FOR each IN SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> '{ROLE}'
            AND NOT pg_has_role('{ROLE}', oid, 'MEMBER') LOOP
        EXECUTE format('GRANT %I TO {ROLE}', each);
    END LOOP;
END $$"""  # noqa: S608 - it is all written here
REFUSED = "42501"  # insufficient_privilege
ON_ROWS = re.compile(r"(?:select|insert|update|delete|with|values|merge|explain)\b", re.IGNORECASE)
# these say themselves who is to do what follows, or begin and end what the attempt needs
APART = re.compile(
    r"(?:set\s+(?:local\s+|session\s+)?(?:role|session\s+authorization)|reset\s+(?:role|all|session)"
    r"|discard|begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b",
    re.IGNORECASE,
)
# which the savepoint would not outlive
ENDS = re.compile(r"\b(?:commit|rollback)\b", re.IGNORECASE)


class Plain:
    """Tries what the steps of a project send; ``refused`` are those that need a superuser."""

    def __init__(self, project: Project, databases: Databases) -> None:
        self.project = project
        self.databases = databases
        self.refused: list[Result] = []
        self.made = self.tries = False
        project.before = self.before_step
        event.listen(Engine, "do_execute", self.attempt)

    def before_step(self, step: Step, context: Context) -> None:
        """Say whether the statements of a step are tried: on a server of gitmig's own.

        Where env.py sets a role that role's rights are what counts.
        """
        connection = context.connection
        self.tries = False
        if connection.dialect.name != "postgresql":
            return
        if not self.made:
            self.made = self.databases.run_on_own("postgresql", MAKE)
        if self.made:
            role = connection.execute(text("SELECT current_setting('role')")).scalar()
            self.tries = role == "none"

    def attempt(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        """Send a statement as the plain role, and say whether that is all there is to do."""
        if self.project.step is None or not self.tries or aside.active():
            return False
        bare = sqltext.bare(statement)
        if APART.match(bare):
            self.tries = not re.match(r"set|reset|discard", bare, re.IGNORECASE)
            return False
        path = str(self.project.step.revision.path)
        line = stack.line_in(path)
        on_rows = ON_ROWS.match(bare) or ENDS.search(bare)
        if not line or on_rows or stack.is_library_asking():
            return False
        error = self.sent_plainly(cursor, statement, parameters, context)
        if error is None:
            return True
        if state_of(error) == REFUSED:
            place = {"path": self.project.relative(path), "line": line, "sql": bare}
            self.refused.append({**place, "revision": self.project.step.revision.revision,
                                 "message": one_line(error)})  # fmt: skip
        return False

    def sent_plainly(self, cursor: Any, statement: str, parameters: Any, context: Any) -> Any:
        """Send a statement as the plain role; return the error, after which nothing is done."""
        inside = done(cursor, "SAVEPOINT gitmig_plain") is None
        local = "LOCAL " if inside else ""
        error = done(cursor, f"SET {local}ROLE {ROLE}")
        if error is None:
            try:
                context.dialect.do_execute(cursor, statement, parameters, context)
            except context.dialect.dbapi.Error as refusal:
                error = refusal
        after = context.root_connection.connection.cursor()  # what the first found is still to read
        if inside and error is not None:
            after.execute("ROLLBACK TO SAVEPOINT gitmig_plain")
        after.execute(f"SET {local}ROLE NONE")
        if inside:
            after.execute("RELEASE SAVEPOINT gitmig_plain")
        after.close()
        return error


def done(cursor: Any, statement: str) -> Any:
    """Execute a statement; return the driver's error, None for none."""
    try:
        cursor.execute(statement)
    except Exception as error:  # the driver's own
        return error
    return None


def state_of(error: Any) -> str:
    """Return the SQLSTATE of a driver's error: psycopg and asyncpg, psycopg2, pg8000."""
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    found = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or told.get("C")
    return str(found or "")
