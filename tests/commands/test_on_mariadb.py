"""The commands for a MariaDB project, with no server running and none given."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from mysqls import query, served
from sqlalchemy.engine import make_url
from support import ASYNC_ENV, Project, column, two_heads, use_url

from gitmig.commands.projectside import How, open_project
from gitmig.commands.workspace import Workspace

URL = "mysql+pymysql://ada:50%25@production.invalid/app"
DRIVERS = ["mysql+pymysql", "mariadb+pymysql", "mysql+mysqldb", "mysql+aiomysql",
           "mysql+mysqlconnector"]  # fmt: skip


@pytest.fixture
def mariadb(project: Project, memory: Path) -> Project:
    """Return the project on MariaDB."""
    use_url(project, URL)
    project.env["TMPDIR"] = str(memory)
    return project


@pytest.fixture
def alone(mariadb: Project, memory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the project, and this process, a folder for servers in which nothing is kept yet."""
    folder = Path(tempfile.mkdtemp(dir=memory))
    mariadb.env["TMPDIR"] = str(folder)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is remembered
    return folder


def running(memory: Path) -> list[str]:
    """Return what runs in or for a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(memory) in command:
            found.append(command)
    return found


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_commit_and_its_check(hooked: Project, memory: Path, driver: str) -> None:
    """A commit generates, proves and adds the revision, and `check` passes, whatever driver (C1).

    Heads are joined (H1). The real URL leads to a socket on this machine, which nobody connects
    to (E14).
    """
    met: list[object] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(60)
        port = listener.getsockname()[1]
        threading.Thread(target=lambda: met.append(accepted(listener)), daemon=True).start()
        url = f"{driver}://ada:50%25@127.0.0.1:{port}/app"
        use_url(hooked, url, ASYNC_ENV if driver.endswith("aiomysql") else "")
        hooked.env["TMPDIR"] = str(memory)
        hooked.append("models.py", column("email", more=", index=True"))
        hooked.git("commit", "-qam", "users have an email")
        (path,) = hooked.new_revisions()
        text = hooked.read(path)
        assert "op.add_column('users', sa.Column('email', sa.String(length=200)" in text
        assert "op.create_index(" in text and "base00000000" in text
        assert hooked.status() == ""
        told = hooked.gitmig("check", "--base", "HEAD~").stdout
        two_heads(hooked)
        assert "written and staged" in hooked.gitmig("merge-heads").stdout
        assert met == []
    assert f"driver {driver.partition('+')[2]}" in told and "deploy    passed" in told
    assert "downgrade passed" in told and "drift     passed" in told
    assert running(memory) == [] and list(memory.glob("*/run-*")) == []


def accepted(listener: socket.socket) -> object:
    """Wait for a connection; return it, or what ended the waiting where it is no connection."""
    try:
        return listener.accept()
    except OSError:
        return None


def test_older_differences_are_left_alone(mariadb: Project) -> None:
    """What the base left over is found on a database of its own, and is not this commit's (E1)."""
    mariadb.append("models.py", column("older"))
    mariadb.commit_all("without its revision")
    mariadb.append("models.py", column("email"))
    mariadb.git("add", "-A")
    result = mariadb.gitmig("autogenerate")
    assert "add users.email\n" in result.stdout and "older" not in result.stdout
    assert "cannot be told" not in result.stderr and "older than this commit" in result.stderr


def heads(project: Project, left: str, right: str) -> None:
    """Give the project two heads, each with one operation, and the models that both lead to."""
    project.revision("view00000000", "base00000000",
                     'op.execute("CREATE VIEW names AS SELECT name FROM users")',
                     'op.execute("DROP VIEW names")')  # fmt: skip
    project.revision("left00000000", "view00000000", left, "pass")
    project.revision("right0000000", "view00000000", right, "pass")
    project.append("models.py", column("a", "Integer") + column("b", "Integer"))
    project.commit_all("two heads")


def test_heads_that_commute(mariadb: Project) -> None:
    """Two heads that commute are joined; a view, which names its database, is no difference."""
    add = 'op.add_column("users", sa.Column("{}", sa.Integer()))'
    heads(mariadb, add.format("a"), add.format("b"))
    assert "written and staged" in mariadb.gitmig("merge-heads").stdout
    assert "upgrade   passed" in mariadb.gitmig("check", code=None).stdout


def test_heads_that_do_not_commute(mariadb: Project) -> None:
    """Two heads whose order decides are not joined."""
    alter = 'op.alter_column("users", "name", existing_type=sa.String(50), type_=sa.String({}))'
    heads(mariadb, alter.format(60), alter.format(70))
    told = mariadb.gitmig("merge-heads", code=1).stderr
    assert "the heads do not commute" in told and "varchar(60) instead of varchar(70)" in told
    assert mariadb.status() == ""


def test_doctor_names_the_server(mariadb: Project) -> None:
    """`doctor` says which server is used."""
    told = mariadb.gitmig("doctor", code=None).stdout
    assert "mysql: MariaDB 1" in told and "mariadbd" in told


def test_upgrade_of_the_real_database(mariadb: Project, alone: Path) -> None:
    """`upgrade --dry-run` shows what would be sent, and sends nothing; `upgrade` sends it."""
    with served() as real:
        query(real, "CREATE DATABASE app")
        folder = make_url(real.url).query["unix_socket"]
        use_url(mariadb, f"mysql+pymysql://root@localhost/app?unix_socket={folder}")
        told = mariadb.gitmig("upgrade", "--dry-run").stdout
        assert "CREATE TABLE users" in told
        assert query(real, "SHOW TABLES IN app") == []
        mariadb.gitmig("upgrade")
        assert ("users",) in query(real, "SHOW TABLES IN app")
        assert "CREATE TABLE" not in mariadb.gitmig("upgrade", "--dry-run").stdout


def test_a_key_too_long(mariadb: Project) -> None:
    """The character set decides whether a long key fits: utf8mb4 is the default (E14)."""
    long = 'op.create_table("t", sa.Column("k", sa.String(1000), primary_key=True))'
    mariadb.revision("long00000000", "base00000000", long, 'op.drop_table("t")')
    mariadb.append("models.py", '\n\nclass T(Base):\n    __tablename__ = "t"\n'
                   + column("k", "String(1000)", ", primary_key=True"))  # fmt: skip
    mariadb.git("add", "-A")
    assert "key was too long" in mariadb.gitmig("check", code=1).stdout
    mariadb.write("gitmig.toml", '[mysql]\ncharacter-set = "latin1"\n')
    mariadb.git("add", "-A")
    assert "drift     passed" in mariadb.gitmig("check").stdout


def test_what_is_prepared(mariadb: Project) -> None:
    """`prepare` is run in each new database before the first revision."""
    mariadb.revision("uses00000000", "base00000000", 'op.execute("INSERT given VALUES (1)")')
    mariadb.write("gitmig.toml", '[mysql]\nprepare = ["CREATE TABLE given (n int)"]\n')
    mariadb.git("add", "-A")
    told = mariadb.gitmig("check", code=1).stdout
    assert (
        "upgrade   passed" in told and "drop table given" in told
    )  # the models know nothing of it


def test_another_version_in_production(mariadb: Project) -> None:
    """Where production runs another version, `check` and `autogenerate` say so."""
    mariadb.write("gitmig.toml", '[mysql]\nversion = "5.5"\n')
    mariadb.append("models.py", column("email"))
    mariadb.git("add", "-A")
    assert "production has 5.5" in mariadb.gitmig("autogenerate").stderr
    told = mariadb.gitmig("check").stdout
    assert "GM401" in told and "production has 5.5" in told


def test_configured_programs(mariadb: Project, tmp_path: Path) -> None:
    """The configured folder is the only one that is looked into."""
    mariadb.write("gitmig.toml", f'[mysql]\nbinaries = "{tmp_path}"\n')
    mariadb.git("add", "-A")
    told = mariadb.gitmig("check", code=2).stderr
    assert f"there is no mariadbd or mysqld in {tmp_path}" in told
    assert "mend `binaries` in [tool.gitmig.mysql], or take it out" in told
    assert "mariadb-server-core" in told and "mariadb-client-core" in told
    found = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
    assert found
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin" / "mariadbd").symlink_to(found)
    assert "upgrade   passed" in mariadb.gitmig("check").stdout
    assert f"{tmp_path}/sbin (configured)" in mariadb.gitmig("doctor", code=None).stdout


def test_an_account_that_may_not_create_databases(mariadb: Project, memory: Path) -> None:
    """A given server's refusal is one sentence, and nothing is noted or left (bad input)."""
    with served() as given:
        query(given, "CREATE USER poor@localhost IDENTIFIED BY 'secret'")
        before = query(given, "SHOW DATABASES")
        poor = make_url(given.url).set(username="poor", password="secret")  # noqa: S106
        url = poor.render_as_string(hide_password=False)
        told = mariadb.gitmig("check", "--database-url", url, code=2).stderr
        assert query(given, "SHOW DATABASES") == before
    assert "Access denied for user 'poor'@'localhost' to database" in told
    assert "its user may create databases" in told
    assert "secret" not in told and len(told.splitlines()) == 2
    assert list((mariadb.path / ".git/gitmig/databases").iterdir()) == []


@pytest.mark.parametrize("command", ["check", "autogenerate"])
def test_a_server_that_dies(mariadb: Project, command: str) -> None:
    """A migration that shuts the server down proves nothing: the server ended, exit code 2."""
    mariadb.revision("shut00000000", "base00000000", 'op.execute("SHUTDOWN")')
    mariadb.append("models.py", column("email"))
    mariadb.git("add", "-A")
    told = mariadb.gitmig(command, code=2).stderr
    assert "the throw-away MariaDB" in told and "ended: [Note]" in told
    assert len(told.strip().splitlines()) == 2


def replayed(project: Project) -> tuple[list[str], str]:
    """Have the worker replay the staged revisions; return those that ran, and what went wrong."""
    project.git("add", "-A")
    ran: list[str] = []
    workspace = Workspace.open(project.path)
    how = How(on_progress=lambda event: ran.append(event.get("revision", "")))
    problem = ""
    try:
        with open_project(workspace, workspace.environment(None), how) as side:
            side.ask("residue")
    except Exception as error:
        problem = str(error)
    finally:
        workspace.close()
    return [each for each in ran if each], problem


def test_only_what_is_new_runs(mariadb: Project, alone: Path) -> None:
    """Nine revisions that ran once are restored with their rows; after `cache clear` they run."""
    ids = ["base00000000", *(f"row{number}" for number in range(8))]
    for number, each in enumerate(ids[1:]):
        mariadb.revision(each, ids[number], 'op.execute("INSERT users (name) VALUES (UUID())")')
    assert replayed(mariadb) == (ids, "")
    assert replayed(mariadb) == ([], "")
    rows = "op.get_bind().execute(sa.text('SELECT min(name), count(*) FROM users')).one()"
    mariadb.revision("look", ids[-1], f"raise ValueError({rows})")
    ran, first = replayed(mariadb)
    assert ran == ["look"] and "8)" in first
    assert replayed(mariadb) == (["look"], first)
    assert "mysql" in mariadb.gitmig("cache").stdout
    mariadb.gitmig("cache", "clear")
    assert list(alone.glob("*/mysql-*")) == []
    ran, other = replayed(mariadb)
    assert ran == [*ids, "look"] and other != first


def test_prune(mariadb: Project, alone: Path) -> None:
    """`cache prune` removes the data of what was not used for the longest time."""
    ids = ["base00000000", *(f"table{number}" for number in range(18))]
    for number, each in enumerate(ids[1:]):
        mariadb.revision(each, ids[number], f'op.execute("CREATE TABLE t{number} (id int)")')
        if number in (8, 17):
            replayed(mariadb)
    assert len(list(alone.glob("*/mysql-*/sets/*"))) == 2
    mariadb.gitmig("cache", "prune")
    assert len(list(alone.glob("*/mysql-*/sets/*"))) == 1
    assert replayed(mariadb) == ([], "")
