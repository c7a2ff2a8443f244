"""`gitmig sync`: the developer's database follows the branch that is checked out (D2)."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from servers import ask, databases, url_for
from support import ENV, INI, Project, services, use_url

ADD = 'op.add_column("users", sa.Column("{0}", sa.String(20)))'
DROP = 'op.drop_column("users", "{0}")'
BATCH = 'b.drop_column("name")'
CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer(), primary_key=True))'


def add(project: Project, name: str, parent: str = "base00000000", *, commit: bool = True) -> str:
    """Write a revision that adds users.NAME, commit it, return its id."""
    identifier = f"{name}00000000"
    project.revision(identifier, parent, ADD.format(name), DROP.format(name), f"add {name}")
    if commit:
        project.commit_all(name)
    return identifier


def at(project: Project) -> str:
    """Return what the version table says."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        return " ".join(
            row[0] for row in connection.execute("SELECT version_num FROM alembic_version")
        )


def rows(project: Project) -> list[tuple[int, str]]:
    """Return the users that the database holds."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        return connection.execute("SELECT id, name FROM users").fetchall()


@pytest.fixture
def two(project: Project) -> Project:
    """Return a project on `main` (phone), with the database at `feature` (email) and a row."""
    project.git("switch", "-q", "-c", "feature")
    add(project, "email")
    project.gitmig("upgrade", "-q")
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        connection.execute("INSERT INTO users (name) VALUES ('Ada')")
        connection.commit()
    project.git("switch", "-q", "main")
    add(project, "phone")
    return project


def test_switching_branches_and_back(two: Project) -> None:
    """What only the other branch has is taken back with its files, and comes again there (D2)."""
    told = two.gitmig("sync", "--yes")
    assert "gitmig: database sqlite:///app.db" in told.stderr
    assert re.search(r"^↓ email00000000 add email  \d+\.\d\d s\n(.*\n)?↑ phone00000000 add phone",
                     told.stderr, re.MULTILINE), told.stderr  # fmt: skip
    assert told.stdout == (
        "gitmig: 1 taken back with the files of branch feature, 1 applied; "
        "the database is at the heads now\n"
    )
    assert two.tables()["users"] == ["id", "name", "phone"]
    assert rows(two) == [(1, "Ada")]
    two.git("switch", "-q", "feature")
    assert "files of branch main" in two.gitmig("sync", "--yes").stdout
    assert two.tables()["users"] == ["id", "name", "email"]
    assert rows(two) == [(1, "Ada")]
    assert two.status() == ""


def test_second_time_changes_nothing(two: Project) -> None:
    """Synced twice, the second time there is nothing to do."""
    two.gitmig("sync", "--yes")
    before = (two.path / "app.db").read_bytes()
    told = two.gitmig("sync")
    assert told.stdout == "gitmig: nothing to do; the database is at the heads now\n"
    assert (two.path / "app.db").read_bytes() == before


def test_only_behind(project: Project) -> None:
    """A database at a revision that is here, or at none, is upgraded without a question."""
    add(project, "email")
    assert "gitmig: 2 applied" in project.gitmig("sync").stdout
    add(project, "phone", "email00000000")
    assert "gitmig: 1 applied" in project.gitmig("sync").stdout
    assert at(project) == "phone00000000"


def test_stops_before_it_drops(two: Project) -> None:
    """Without a terminal a way back that drops something stops first, with what to type."""
    before = (two.path / "app.db").read_bytes()
    told = two.gitmig("sync", code=1).stderr
    assert "taking back what branch feature has does this to sqlite:///app.db: drop" in told
    assert "gitmig sync --yes" in told and "--dry-run" in told
    assert (two.path / "app.db").read_bytes() == before


def test_nothing_dropped_is_not_asked(project: Project) -> None:
    """A way back that drops nothing needs no consent."""
    project.git("switch", "-q", "-c", "feature")
    project.revision("fill00000000", "base00000000", 'op.execute("UPDATE users SET name = 1")')
    project.commit_all("fill")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    assert "1 taken back" in project.gitmig("sync").stdout
    assert at(project) == "base00000000"


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        ('op.execute("DELETE FROM users")', "DELETE FROM users"),
        ('op.get_bind().exec_driver_sql("drop  table users")', "drop table users"),
        (f'with op.batch_alter_table("users") as b: {BATCH}', "drop users.name"),
    ],
)
def test_other_ways_to_lose(project: Project, statement: str, asked: str) -> None:
    """What drops is known whether it is sent as text, past Alembic, or in batch mode."""
    project.git("switch", "-q", "-c", "feature")
    project.revision("more00000000", "base00000000", downgrade=statement)
    project.commit_all("more")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    assert f"app.db: {asked}" in project.gitmig("sync", code=1).stderr


def test_dry_run(two: Project) -> None:
    """--dry-run shows both ways in words and SQL, and changes nothing."""
    before = (two.path / "app.db").read_bytes()
    told = two.gitmig("sync", "--dry-run").stdout
    down, up = r"downgrade email0.*drop users\.email.*DROP COLUMN email;", "upgrade phone0"
    assert re.search(rf"{down}.*{up}.*add users\.phone", told, re.DOTALL), told
    assert (two.path / "app.db").read_bytes() == before


def test_two_in_a_row(project: Project) -> None:
    """Several unknown revisions are taken back, the newest first."""
    project.git("switch", "-q", "-c", "feature")
    add(project, "late", add(project, "email"))
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    told = project.gitmig("sync", "--yes")
    assert told.stderr.index("↓ late00000000") < told.stderr.index("↓ email00000000")
    assert "gitmig: 2 taken back" in told.stdout
    assert project.tables()["users"] == ["id", "name"]


def test_deleted_branch(two: Project) -> None:
    """A branch that was deleted is found by the reflog."""
    short = two.git("rev-parse", "--short", "feature").stdout.strip()
    two.git("branch", "-q", "-D", "feature")
    told = two.gitmig("sync", "--yes").stdout
    assert f"files of commit {short} (email)" in told
    assert two.tables()["users"] == ["id", "name", "phone"]


@pytest.mark.parametrize("tracked", [True, False], ids=["staged", "untracked"])
def test_stash(project: Project, tracked: bool) -> None:
    """A revision that was put aside is found in the stash, also an older one."""
    add(project, "email", commit=False)
    if tracked:
        project.git("add", "-A")
    project.gitmig("upgrade", "-q")
    project.git("stash", "-q", "-u")
    project.append("models.py", "# later\n")
    project.git("stash", "-q")
    assert "files of stash@{1}" in project.gitmig("sync", "--yes").stdout
    assert at(project) == "base00000000"
    assert project.tables()["users"] == ["id", "name"]


def test_remote_branch(two: Project) -> None:
    """A branch that only the remote has is found, too."""
    two.git("update-ref", "refs/remotes/origin/feature", "feature")
    two.git("branch", "-q", "-D", "feature")
    assert "files of branch origin/feature" in two.gitmig("sync", "--yes").stdout


def test_nowhere(project: Project) -> None:
    """A revision that git never saw is one sentence, and nothing is done."""
    path = project.path / "migrations/versions" / f"{add(project, 'email', commit=False)}.py"
    project.gitmig("upgrade", "-q")
    path.unlink()
    before = (project.path / "app.db").read_bytes()
    told = project.gitmig("sync", code=2).stderr
    assert "at email00000000, which no branch, stash or reflog has" in told
    assert "git fetch --all" in told and "gitmig stamp --purge" in told
    assert (project.path / "app.db").read_bytes() == before


def test_same_revision_in_another_place(project: Project) -> None:
    """A revision that both have stays only where it stands on the same in both."""
    project.git("switch", "-q", "-c", "feature")
    add(project, "email", add(project, "late"))
    add(project, "top", "email00000000")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    add(project, "email")
    told = project.gitmig("sync", "--yes")
    assert "gitmig: 3 taken back with the files of branch feature, 1 applied" in told.stdout
    assert project.tables()["users"] == ["id", "name", "email"]


def test_other_files_of_the_branch(project: Project) -> None:
    """The other branch's revisions run with its own modules, env.py and configuration."""
    project.git("switch", "-q", "-c", "feature")
    project.write("kinds.py", "SIZE = 20\n")
    project.revision("kind00000000", "base00000000", "from kinds import SIZE",
                     'from kinds import SIZE; op.execute("UPDATE users SET id = id")')  # fmt: skip
    project.commit_all("kinds")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    project.write("kinds.py", "raise ImportError\n")
    project.gitmig("sync")
    assert at(project) == "base00000000"


def test_no_other_database(two: Project) -> None:
    """Where the other branch asks for another database nothing is sent to either."""
    two.git("switch", "-q", "feature")
    two.write("alembic.ini", INI.replace("app.db", "other.db"))
    two.commit_all("another database")
    two.git("switch", "-q", "main")
    before = (two.path / "app.db").read_bytes()
    told = two.gitmig("sync", "--yes", code=2).stderr
    assert "branch feature asks for the database sqlite:///other.db" in told
    assert (two.path / "app.db").read_bytes() == before
    assert not [path for path in two.path.rglob("*.db") if path.name != "app.db"]
    assert len([*two.path.rglob("app.db")]) == 1


@pytest.mark.parametrize("url", ["sqlite:///%(here)s/app.db", "sqlite:///file:app.db?uri=true"])
def test_sqlite_by_other_names(project: Project, url: str) -> None:
    """A SQLite file named from the folder of the configuration is the work tree's."""
    project.write("alembic.ini", INI.replace("sqlite:///app.db", url))
    project.commit_all("another name")
    project.git("switch", "-q", "-c", "feature")
    add(project, "email")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    project.gitmig("sync", "--yes")
    assert at(project) == "base00000000"
    assert len([*project.path.rglob("app.db")]) == 1


def test_failing_way_back(two: Project) -> None:
    """A downgrade that fails says whose it is, and the database stays where it was."""
    two.git("switch", "-q", "feature")
    two.revision("email00000000", "base00000000", ADD.format("email"), "1 / 0", "add email")
    two.commit_all("worse")
    two.git("switch", "-q", "main")
    assert "what cannot be told beforehand" in two.gitmig("sync", code=1).stderr
    told = two.gitmig("sync", "--yes", code=2).stderr
    assert (
        "branch feature: migrations/versions/email00000000.py:16: revision email00000000 " in told
    )
    assert at(two) == "email00000000"


def test_one_of_several_environments(project: Project) -> None:
    """Of several environments the named one alone is synced."""
    services(project, "one", "two", env=ENV)
    project.write(".gitignore", "app.db\n__pycache__/\n")
    project.commit_all("ignored")
    project.git("switch", "-q", "-c", "feature")
    for name in ("one", "two"):
        path = f"{name}/migrations/versions/more.py"
        create, drop = CREATE.format("more"), 'op.drop_table("more")'
        project.revision(f"{name}more0000", f"{name}00000000", create, drop, path=path)
        project.gitmig("upgrade", "-q", cwd=name)
    project.commit_all("more")
    project.git("switch", "-q", "main")
    assert "--env" in project.gitmig("sync", "--yes", code=2).stderr
    other = (project.path / "two/app.db").read_bytes()
    assert "1 taken back" in project.gitmig("sync", "--yes", "--env", "one").stdout
    assert "more" not in project.tables("one/app.db")
    assert (project.path / "two/app.db").read_bytes() == other


def put_in_line(project: Project) -> None:
    """Give the database a revision of a branch, and that another parent after a rebase."""
    project.git("switch", "-q", "-c", "feature")
    add(project, "email")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    add(project, "phone")
    project.git("switch", "-q", "feature")
    project.git("rebase", "-q", "main")
    told = project.gitmig("merge-heads", "--rebase", "--base", "main").stderr
    assert "a database that has email00000000 lacks what comes before it now" in told
    assert "there type `gitmig sync`" in told


@pytest.mark.parametrize("amended", [False, True])
def test_put_in_line_after_it_was_applied(project: Project, amended: bool) -> None:
    """A revision that got another parent after it was applied goes down there and up here (H3)."""
    put_in_line(project)
    if amended:  # only the reflog has the old place
        project.git("commit", "-qa", "--amend", "-m", "in line")
    else:
        project.commit_all("in line")
    assert project.tables()["users"] == ["id", "name", "email"]
    stopped = project.gitmig("sync", code=1).stderr
    assert "drop users.email" in stopped and "gitmig sync --yes" in stopped
    shown = project.gitmig("sync", "--dry-run").stdout
    assert shown.index("downgrade email0") < shown.index("upgrade phone0")
    told = project.gitmig("sync", "--yes").stdout
    assert re.search(r"1 taken back with the files of commit \w{12} \(email\), 2 applied", told)
    assert project.tables()["users"] == ["id", "name", "phone", "email"]
    assert at(project) == "email00000000"
    again = project.gitmig("sync")
    assert again.stdout.startswith("gitmig: nothing to do") and "gitmig:" not in again.stderr[25:]


def test_upgraded_in_the_new_place(project: Project) -> None:
    """A database that was upgraded after the move is left alone, though git knows the old place."""
    put_in_line(project)
    project.commit_all("in line")
    (project.path / "app.db").unlink()
    project.gitmig("upgrade", "-q")
    before = (project.path / "app.db").read_bytes()
    told = project.gitmig("sync")
    assert told.stdout.startswith("gitmig: nothing to do") and "--from" not in told.stderr
    assert (project.path / "app.db").read_bytes() == before


def test_tables_of_the_developers_own(project: Project) -> None:
    """What else the database holds is no reason not to know the place."""
    put_in_line(project)
    with closing(sqlite3.connect(project.path / "app.db")) as connection:
        connection.execute("CREATE TABLE mine (id INTEGER)")
    assert "1 taken back" in project.gitmig("sync", "--yes").stdout
    assert "mine" in project.tables()


def test_a_place_that_the_schema_does_not_tell(project: Project) -> None:
    """Where both places give one schema it is said, with --from and the commit; nothing is run."""
    project.git("switch", "-q", "-c", "feature")
    add(project, "email")
    project.gitmig("upgrade", "-q")
    project.git("switch", "-q", "main")
    project.revision("fill00000000", "base00000000", 'op.execute("UPDATE users SET name = 1")')
    project.commit_all("fill")
    project.git("switch", "-q", "feature")
    project.git("rebase", "-q", "main")
    old = project.git("rev-parse", "--short=12", "HEAD").stdout.strip()
    project.gitmig("merge-heads", "--rebase", "--base", "main")
    before = (project.path / "app.db").read_bytes()
    told = project.gitmig("sync")
    assert "email00000000 came after base00000000 in commit " in told.stderr
    assert "comes after fill00000000 now" in told.stderr
    assert f"type `gitmig sync --from {old}`" in told.stderr and "nothing to do" in told.stdout
    assert (project.path / "app.db").read_bytes() == before
    assert "1 taken back" in project.gitmig("sync", "--from", old, "--yes").stdout


@pytest.mark.parametrize(
    ("ref", "told"),
    [("main", "main does not have all that"), ("nobody", "there is no commit called nobody")],
)
def test_from_a_commit_that_will_not_do(two: Project, ref: str, told: str) -> None:
    """--from with a commit that lacks what the database is at, or none, is one sentence."""
    assert told in two.gitmig("sync", "--from", ref, code=2).stderr
    assert at(two) == "email00000000"


@pytest.mark.parametrize(
    "command", [["upgrade"], ["current"], ["history", "-r:current"], ["upgrade", "--dry-run"]]
)
def test_everyday_commands_name_it(two: Project, command: list[str]) -> None:
    """Where Alembic cannot locate a revision the answer says who has it, and what to type."""
    told = two.gitmig(*command, code=2).stderr
    assert "Can't locate revision identified by 'email00000000'" in told
    path = "migrations/versions/email00000000.py"
    assert f"→ branch feature has it ({path}); `gitmig sync` takes" in told


def test_a_slip_is_no_place(two: Project) -> None:
    """A revision that only the user names is looked up among those that are here."""
    two.gitmig("sync", "--yes")
    assert "`gitmig history` lists" in two.gitmig("upgrade", "email00000000", code=2).stderr


def test_on_postgresql(project: Project, server: str) -> None:
    """On a server by URL the rows of tables that stay are kept, its other databases untouched."""
    ask(server, "CREATE DATABASE synced")
    ask(server, "CREATE DATABASE beside")
    try:
        use_url(project, url_for(server, "psycopg", "synced", "secret"))
        project.git("switch", "-q", "-c", "feature")
        add(project, "late", add(project, "email"))
        project.gitmig("upgrade", "-q")
        ask(server, "INSERT INTO users (name) VALUES ('Ada')", "synced")
        project.git("switch", "-q", "main")
        add(project, "phone")
        there = databases(server)
        told = project.gitmig("sync", "--database-url", server, code=1).stderr
        assert ": drop users.late; drop users.email" in told
        told = project.gitmig("sync", "--yes").stderr
        assert "database postgresql+psycopg://ada:***@/synced" in told and "secret" not in told
        assert ask(server, "SELECT id, name, phone FROM users", "synced") == [(1, "Ada", None)]
        assert ask(server, "SELECT * FROM alembic_version", "synced") == [("phone00000000",)]
        assert ask(server, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
                   "beside") == [(0,)]  # fmt: skip
        assert databases(server) == there
    finally:
        ask(server, "DROP DATABASE synced")
        ask(server, "DROP DATABASE beside")


def test_another_parent_on_postgresql(project: Project, server: str) -> None:
    """On a server, too, the schema tells that a database has a revision in its old place (H3)."""
    ask(server, "CREATE DATABASE moved")
    try:
        use_url(project, url_for(server, "psycopg", "moved", "secret"))
        put_in_line(project)
        project.commit_all("in line")
        there = databases(server)
        told = project.gitmig("sync", "--yes", "--database-url", server).stdout
        assert "1 taken back with the files of commit " in told and "2 applied" in told
        assert ask(server, "SELECT name, phone, email FROM users", "moved") == []
        assert "nothing to do" in project.gitmig("sync", "--database-url", server).stdout
        assert databases(server) == there
    finally:
        ask(server, "DROP DATABASE moved")
