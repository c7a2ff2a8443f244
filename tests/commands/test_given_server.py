"""On a PostgreSQL server that somebody gave: what is made, signed, left and dropped."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

from servers import ask, databases
from sqlalchemy.engine import make_url
from support import Project

MADE_BY = """
    told = op.get_bind().execute(sa.text("SELECT shobj_description(oid, 'pg_database') "
        "FROM pg_database WHERE datname = current_database()")).scalar()
    assert str(told).startswith("made by gitmig on "), told
"""


def test_its_databases_are_signed(pg: Project, server: str) -> None:
    """Each database has a comment with host, process and time, and goes at the end."""
    before = databases(server)
    pg.revision("more00000000", "base00000000", MADE_BY)
    pg.git("add", "-A")
    pg.gitmig("check", "--database-url", server)
    assert databases(server) == before
    assert list((pg.path / ".git/gitmig/databases").iterdir()) == []


def test_an_account_that_may_not_create_databases(pg: Project, server: str) -> None:
    """One sentence says so, and nothing is noted or left (bad input)."""
    ask(server, "DROP ROLE IF EXISTS poor")
    ask(server, "CREATE ROLE poor LOGIN")
    poor = make_url(server).set(username="poor").render_as_string()
    told = pg.gitmig("check", "--database-url", poor, code=2).stderr
    assert "permission denied to create database" in told and len(told.splitlines()) == 2
    assert list((pg.path / ".git/gitmig/databases").iterdir()) == []


def note(project: Project, name: str, server: str, process: int) -> Path:
    """Note a database as a run of that process would have."""
    folder = project.path / ".git/gitmig/databases"
    folder.mkdir(parents=True, exist_ok=True)
    url = make_url(server).set(drivername="postgresql+psycopg").render_as_string()
    told = {"pid": process, "host": platform.node(), "server": url}
    (folder / name).write_text(json.dumps(told))
    return folder / name


def ended() -> int:
    """Return the id of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_a_killed_run_left(pg: Project, server: str) -> None:
    """Of what is noted, only what has our name and no other's comment is dropped (R1)."""
    names = [f"gitmig_{digit * 12}" for digit in "abcd"]
    signed, others, running = names[1:]
    for name in names:
        ask(server, f"CREATE DATABASE {name}")
        note(pg, name, server, 1 if name == running else ended())
    ask(server, f"COMMENT ON DATABASE {signed} IS 'made by gitmig on h by process 1 at noon'")
    ask(server, f"COMMENT ON DATABASE {others} IS 'payroll'")
    note(pg, "postgres", server, ended())
    gone = note(pg, "gitmig_eeeeeeeeeeee", server, ended())
    pg.gitmig("check", "--database-url", server)
    assert databases(server) & {*names, "postgres"} == {others, running, "postgres"}
    assert not gone.exists()
    for name in (others, running):
        ask(server, f"DROP DATABASE {name}")


def test_roles_stay_on_a_given_server(pg: Project, server: str) -> None:
    """That a role stays on a given server is said, and again where it is in the way."""
    pg.revision("more00000000", "base00000000", 'op.execute("CREATE ROLE stays")')
    pg.git("add", "-A")
    told = pg.gitmig("check", "--database-url", server, code=1).stdout
    assert "GM401 roles and the like that the revisions make stay on the given server" in told
    assert "drop what an earlier run left on that server" in told  # up, down, and up again
    ask(server, "DROP ROLE stays")
