"""`gitmig check`: the gates on a database, by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from support import BIN, MODELS, Project, column

from gitmig.commands.check import check
from gitmig.commands.projectside import How

ADD = 'op.add_column("users", sa.Column("email", sa.String(200)))'
DROP = 'op.drop_column("users", "email")'
MEET = """
import os, pathlib, time
meeting = pathlib.Path(os.environ["MEETING"])
(meeting / str(os.getpid())).touch()
while len(list(meeting.iterdir())) < 2:
    time.sleep(0.02)
"""
POST = """

class Post(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
"""


def gates(project: Project, *options: str, code: int = 0) -> dict[str, str]:
    """Run a check and return the status of each gate."""
    result = project.gitmig("check", "--format", "json", *options, code=code)
    return {gate["name"]: gate["status"] for gate in json.loads(result.stdout)["gates"]}


def findings(project: Project, *options: str, code: int = 1) -> list[dict[str, object]]:
    """Run a check and return what it found."""
    result = project.gitmig("check", "--format", "json", *options, code=code)
    found: list[dict[str, object]] = json.loads(result.stdout)["findings"]
    return found


def with_email(project: Project, upgrade: str = ADD, downgrade: str = DROP) -> str:
    """Add a revision by hand that gives users an email, and the column to the model."""
    project.append("models.py", column("email"))
    path = project.revision("more00000000", "base00000000", upgrade, downgrade, "email")
    project.commit_all("email")
    return path


def files(project: Project) -> set[Path]:
    """Return everything in the work tree, ignored files too."""
    found = {path for path in project.path.rglob("*") if ".git" not in path.parts}
    return {path.relative_to(project.path) for path in found}


def test_green(project: Project) -> None:
    """Models and revisions that agree pass every gate, with the versions that decided (K1, K7)."""
    with_email(project)
    result = project.gitmig("check")
    for gate in ("graph", "upgrade", "downgrade", "drift"):
        assert f"✓ {gate:<10}passed" in result.stdout
    assert "2 revisions; python 3." in result.stdout
    assert "alembic 1." in result.stdout and "dialect sqlite" in result.stdout


def test_json(project: Project) -> None:
    """The JSON has the shape that others share."""
    project.append("models.py", column("email"))
    project.commit_all()
    answer = json.loads(project.gitmig("check", "--format", "json", code=1).stdout)
    assert (answer["version"], answer["command"], answer["ok"]) == (1, "check", False)
    assert answer["environment"] == "default"
    assert {"python", "alembic", "sqlalchemy"} < set(answer["versions"])
    assert [gate["name"] for gate in answer["gates"]] == ["graph", "upgrade", "downgrade", "drift"]
    assert all(set(gate) == {"name", "status", "seconds", "reason"} for gate in answer["gates"])
    assert [set(finding) for finding in answer["findings"]] == [
        {"code", "severity", "message", "hint", "path", "line", "revision", "gate"}
    ]


@pytest.mark.parametrize(
    ("upgrade", "told"),
    [
        ('op.execute("INSERT INTO nowhere VALUES (1)")', "no such table: nowhere"),
        ('op.drop_column("users", "never_there")', "never_there"),
        ("undefined_name()", "NameError: name 'undefined_name' is not defined"),
        ('raise SystemExit("enough")', "enough"),
    ],
)
def test_failing_upgrade(project: Project, upgrade: str, told: str) -> None:
    """A revision that fails is named with its file, the line in it and the SQL (K1)."""
    path = with_email(project, upgrade)
    (finding,) = findings(project)
    assert finding["code"] == "GM101" and finding["severity"] == "error"
    assert (finding["path"], finding["line"]) == (path, 12)
    assert finding["revision"] == "more00000000"
    assert told in str(finding["message"])
    assert gates(project, code=1) == {
        "graph": "passed",
        "upgrade": "failed",
        "downgrade": "skipped",
        "drift": "skipped",
    }


def test_failing_sql_is_shown(project: Project) -> None:
    """What was sent to the database is in the report of the failure (K1)."""
    path = with_email(project, 'op.execute("INSERT INTO nowhere VALUES (1)")')
    result = project.gitmig("check", code=1)
    assert f"{path}:12: error GM101" in result.stdout
    assert "INSERT INTO nowhere VALUES (1)" in result.stdout


def test_failing_downgrade(project: Project) -> None:
    """A downgrade that fails is told apart from an upgrade, and drift is still judged (K1)."""
    path = with_email(project, downgrade='op.drop_table("nothing")')
    (finding,) = findings(project)
    assert (finding["code"], finding["path"], finding["line"]) == ("GM201", path, 16)
    assert gates(project, code=1)["drift"] == "passed"


BATCH = "with op.batch_alter_table('users', recreate='always') as users:\n        users."
TRACES = {
    "a forgotten column": (ADD, "pass", "column users.email is left over"),
    "a left-over table": (
        f'{ADD}; op.create_table("extra", sa.Column("id", sa.Integer))',
        DROP,
        "table extra is left over",
    ),
    "a left-over index": (
        f'{ADD}; op.create_index("ix_name", "users", ["name"])',
        DROP,
        "the indexes of table users differ",
    ),
    "another type": (
        ADD,
        f'{BATCH}drop_column("email"); users.alter_column("name", type_=sa.Text())',
        "column users.name has type TEXT instead of VARCHAR(50)",
    ),
    "another nullability": (
        ADD,
        f'{BATCH}drop_column("email"); users.alter_column("name", nullable=False)',
        "column users.name has nullable False instead of True",
    ),
    "a column too many dropped": (
        ADD,
        f'{DROP}; op.drop_column("users", "name")',
        "column users.name is gone",
    ),
}


@pytest.mark.parametrize("trace", TRACES)
def test_downgrade_that_leaves_a_trace(project: Project, trace: str) -> None:
    """A downgrade after which the schema is not as it was is found and named (K2)."""
    upgrade, downgrade, told = TRACES[trace]
    path = with_email(project, upgrade, downgrade)
    found = [each for each in findings(project) if each["code"] == "GM202"]
    assert [each["path"] for each in found] == [path]
    assert found[0]["revision"] == "more00000000" and told in str(found[0]["message"])


def test_first_downgrade_leaves_a_table(project: Project) -> None:
    """After the first revision's downgrade the database must be empty again (K2)."""
    path = "migrations/versions/base00000000.py"
    text = project.read(path).replace('op.drop_table("users")', "pass")
    project.write(path, text)
    project.commit_all()
    (finding,) = findings(project)
    assert (finding["code"], finding["path"]) == ("GM202", path)
    assert "table users is left over" in str(finding["message"])


def test_trace_is_told_once(project: Project) -> None:
    """A trace is told of the revision that left it, not of those below that one (K2)."""
    project.revision("aaaa00000000", "base00000000", ADD, DROP)
    project.revision("bbbb00000000", "aaaa00000000")
    project.append("models.py", column("email"))
    create = 'op.create_table("extra", sa.Column("id", sa.Integer))'
    path = project.revision("cccc00000000", "bbbb00000000", create)
    project.revision("dddd00000000", "cccc00000000")
    project.commit_all()
    found = [each["path"] for each in findings(project) if each["code"] == "GM202"]
    assert found == [path]


def test_table_written_anew(project: Project) -> None:
    """A batch operation writes a SQLite table anew, which is no difference in itself (K2)."""
    add = "add_column(sa.Column('email', sa.String(200)))"
    with_email(project, BATCH + add, BATCH + "drop_column('email')")
    assert set(gates(project).values()) == {"passed"}


def test_drift(project: Project) -> None:
    """What the models have and no revision does is drift, with the command that mends it (K1)."""
    project.append("models.py", column("email"))
    project.commit_all()
    result = project.gitmig("check", code=1)
    assert "✗ drift     failed" in result.stdout and "GM301" in result.stdout
    assert "add users.email" in result.stdout and "`gitmig autogenerate`" in result.stdout
    project.gitmig("autogenerate")
    project.gitmig("check")


def test_table_that_no_model_declares(project: Project) -> None:
    """A table that a revision made by hand is not told to be dropped in the first place."""
    project.revision("logs00000000", "base00000000", "op.execute('CREATE TABLE log (id INTEGER)')",
                     "op.drop_table('log')")  # fmt: skip
    project.commit_all("a log")
    told = project.gitmig("check", code=1).stdout
    assert "no revision does: drop table log" in told
    assert "declare it in a model, or leave it out with include_object in env.py" in told


def test_index_is_what_is_checked(project: Project) -> None:
    """The staged tree decides; neither unstaged edits nor untracked files do (C7)."""
    with_email(project)
    project.write("models.py", "this is not Python")
    project.revision("wip000000000", "base00000000")
    assert set(gates(project).values()) == {"passed"}
    project.write("models.py", MODELS + column("phone"))
    project.git("add", "models.py")
    project.write("models.py", MODELS + column("email"))
    messages = [finding["message"] for finding in findings(project)]
    assert len(messages) == 2
    assert any("add users.phone" in str(message) for message in messages)


@pytest.mark.parametrize("place", ["in place", "private copy"])
def test_tree_is_untouched(project: Project, place: str) -> None:
    """No database, script or compiled file appears, and git sees no change (K9)."""
    project.write(".gitignore", "")
    with_email(project)
    if place == "private copy":
        project.append("models.py", "# unstaged\n")
    for path in project.path.rglob("*.py"):
        os.utime(path, (1e9, 1e9))  # one written just now would not be compiled to a file
    before, status = files(project), project.status()
    project.gitmig("check", PYTHONDONTWRITEBYTECODE="")
    assert files(project) == before
    assert project.status() == status


def test_two_at_once(project: Project, tmp_path: Path) -> None:
    """Two checks of one work tree at the same time each see what was staged for them (K9)."""
    project.write("migrations/env.py", MEET + project.read("migrations/env.py"))
    with_email(project)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    running = []
    for name in ("", "phone"):  # the second begins while the first waits for it in env.py
        project.append("models.py", column(name) if name else "")
        project.git("add", "-A")
        project.append("models.py", "# unstaged, so that both need a private copy\n")
        process = subprocess.Popen(
            [BIN / "gitmig", "check"],
            cwd=project.path,
            env={**project.env, "MEETING": str(meeting)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        while not list(meeting.iterdir()) and process.poll() is None:
            time.sleep(0.02)
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 1], outputs
    assert "add users.phone" in outputs[1]
    assert not list((project.path / ".git/gitmig").glob("snapshot-*"))


def test_branched_and_merged_history(project: Project) -> None:
    """A history that was branched and merged is walked up, down and up again (K1)."""
    project.revision("left00000000", "base00000000", ADD, DROP)
    project.revision(
        "right0000000",
        "base00000000",
        'op.create_table("posts", sa.Column("id", sa.Integer, primary_key=True))',
        'op.drop_table("posts")',
    )
    path = project.revision("join00000000", None)
    text = project.read(path).replace(
        "down_revision = None", 'down_revision = ("left00000000", "right0000000")'
    )
    project.write(path, text)
    project.append("models.py", column("email") + POST)
    project.commit_all()
    assert set(gates(project).values()) == {"passed"}


def test_labelled_heads(project: Project) -> None:
    """Two heads under labels of their own are meant to be two (H5)."""
    for name in ("shop", "blog"):
        path = project.revision(f"{name}00000000", "base00000000")
        text = project.read(path)
        project.write(path, text.replace("branch_labels = None", f'branch_labels = "{name}"'))
    project.commit_all()
    assert set(gates(project).values()) == {"passed"}


def upgrades(project: Project) -> list[str]:
    """Run a check and return the revisions that ran up, in their order."""
    ran: list[str] = []

    def note(event: dict[str, object]) -> None:
        if event["event"] == "step" and event["up"]:
            ran.append(str(event["revision"]))

    check(project.path, how=How(on_progress=note))
    return ran


def test_up_again_from_what_was_left(project: Project) -> None:
    """Where a downgrade leaves a counter, which no schema shows, all goes up again (K2)."""
    counted = "op.execute('CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT)')"
    project.revision("more00000000", "base00000000", counted, "op.drop_table('posts')")
    project.append("models.py", POST)
    project.commit_all()
    assert upgrades(project) == ["base00000000", "more00000000"] * 2


def test_from_nothing_to_nothing(project: Project) -> None:
    """A SQLite database that is empty again is where the first upgrade began: none is made (K2)."""
    with_email(project)
    assert upgrades(project) == ["base00000000", "more00000000"]
