"""Revisions that do what none should: named, in bounded time and memory, nothing left behind."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from support import Project

from gitmig.report.formats import FORMATS

ADD = "op.add_column('users', sa.Column('email', sa.String(200)))"
DROP = "op.drop_column('users', 'email')"
UNDER_WAY = "in the upgrade of revision bad000000000 (migrations/versions/bad000000000.py:12)"


def told(
    project: Project, up: str, down: str = "pass", settings: str = "", code: int | None = 1
) -> str:
    """Check a project with such a revision; return all that is said."""
    project.revision("bad000000000", "base00000000", up, down)
    project.write("gitmig.toml", settings)
    project.git("add", "-A")
    before = project.status()
    result = project.gitmig("check", code=code)
    assert project.status() == before
    assert not [*(project.path / ".git/gitmig").glob("snapshot-*")]
    return result.stdout + result.stderr


@pytest.mark.parametrize("way", ["upgrade", "downgrade"])
def test_hangs(project: Project, way: str) -> None:
    """One that hangs is ended when its time is up, and named."""
    hangs = "import time; time.sleep(600)"
    ways = (hangs, "pass") if way == "upgrade" else ("pass", hangs)
    began = time.monotonic()
    for seconds in (6, 20, 80):  # a busy machine may take longer until the revision begins
        said = told(project, *ways, settings=f"timeout = {seconds}\n", code=2)
        if "in the " in said:
            break
    assert time.monotonic() - began < 300
    place = f"migrations/versions/bad000000000.py:{12 if way == 'upgrade' else 16}"
    words = f"did not finish within {seconds} seconds, in the {way} of revision bad000000000"
    assert f"{words} ({place})" in said and "gitmig: GM103 " in said


def test_leaks_memory(project: Project) -> None:
    """One that asks for ever more memory gets no more than is set, and is named with its line."""
    leak = "held = []\n    while True:\n        held.append(bytearray(1 << 24))"
    said = told(project, leak, settings="memory = 600\n")
    assert "migrations/versions/bad000000000.py:14: error GM101" in said and "MemoryError" in said


def test_opens_threads(project: Project) -> None:
    """Threads that never end hold nothing up, and are named; those that it waits for are not."""
    thread = "import threading, time; threading.Thread(target=time.sleep, args=({},)).start()"
    said = told(project, thread.format(600), code=0)
    assert "upgrade   passed" in said
    place = "migrations/versions/bad000000000.py:12: warning GM207 revision bad000000000"
    assert f"{place} leaves a thread running" in said
    waits = thread.format(0.1).replace("threading.Th", "one = threading.Th").replace(".start", "")
    assert "GM207" not in told(project, waits[:-2] + "; one.start(); one.join()", code=0)


def test_leaves_processes(project: Project) -> None:
    """A process that it starts ends with the check."""
    name = project.path.parent / "pid"
    start = (
        f"import subprocess, pathlib; pathlib.Path({str(name)!r})"
        ".write_text(str(subprocess.Popen(['sleep', '600']).pid))"
    )
    said = told(project, start, code=0)
    assert "upgrade   passed" in said
    if sys.platform == "linux":
        assert "bad000000000.py:12: warning GM207" in said and "leaves a process running" in said
    pid = int(name.read_text())
    state = project.run("ps", "-o", "stat=", "-p", str(pid), code=None).stdout.strip()
    assert state[:1] in ("", "Z")  # nobody may have collected it yet


def test_leaves_a_daemon(project: Project) -> None:
    """So does one that it starts as a daemon, whose own parent ends at once."""
    name = project.path.parent / "pid"
    start = f"""import os, time
    if not os.fork():
        os.setsid()
        if not os.fork():
            with open({str(name)!r}, "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.wait()"""
    said = told(project, start, code=0)
    if sys.platform == "linux":
        assert "bad000000000.py:13: warning GM207" in said and "leaves a process running" in said
    state = project.run("ps", "-o", "stat=", "-p", name.read_text(), code=None).stdout.strip()
    assert state[:1] in ("", "Z")


def test_writes_files(project: Project) -> None:
    """A file that it writes in the work tree is told, and is gone afterwards."""
    said = told(project, "pass\n    open('out.txt', 'w').write('x')", code=0)
    place = "migrations/versions/bad000000000.py:13: warning GM206"
    assert f"{place} revision bad000000000 writes out.txt (it was removed again)" in said
    assert not (project.path / "out.txt").exists()


CHANGES = {
    "import os; os.unlink('models.py')": ["removes models.py (it is put back as it was)"],
    "import pathlib; pathlib.Path('models.py').unlink()": ["removes models.py (it is put back"],
    "open('models.py', 'a').write('x = 1')": ["writes models.py (it is put back as it was)"],
    "import os; os.truncate('models.py', 3)": ["writes models.py (it is put back as it was)"],
    "import os; os.rename('models.py', 'other.py')": [
        "moves models.py (it is put back as it was)", "moves other.py (it was removed again)"
    ],
    "import os; os.replace('folder', 'elsewhere')": ["moves folder (it is put back as it was)"],
    "import shutil; shutil.rmtree('folder')": ["removes folder (it is put back"],
    "import os; os.makedirs('up/x'); open('up/x/y', 'w')": [
        "makes the folder up (it was removed again)", "makes the folder up/x (it was removed",
        "writes up/x/y (it was removed again)",
    ],
    "import os; os.symlink('models.py', 'link.py')": ["writes link.py (it was removed again)"],
}  # fmt: skip


@pytest.mark.parametrize("up", CHANGES)
def test_changes_the_work_tree(project: Project, up: str) -> None:
    """What it removes, moves or changes of the project is told, and put back; exactly (K9)."""
    project.write("folder/inner/text", "held\n")
    (project.path / "folder/inner/text").chmod(0o750)
    (project.path / "folder/link").symlink_to("inner/text")
    project.commit_all()
    down = "import os\n    for n, _, _ in os.walk('up', False): os.rmdir(n)"
    said = told(project, up, down, code=None)
    place = "migrations/versions/bad000000000.py:12: warning GM206 revision bad000000000"
    assert all(f"{place} {words}" in said for words in CHANGES[up]), said
    assert (project.path / "folder/inner/text").stat().st_mode & 0o777 == 0o750


def test_changes_a_large_file(project: Project) -> None:
    """A file that is too large to be kept is not said to be as it was."""
    project.append(".gitignore", "/large\n")
    (project.path / "large").touch()
    os.truncate(project.path / "large", 60 << 20)
    project.revision("bad000000000", "base00000000", "open('large', 'a').write('x')")
    project.commit_all()
    assert "writes large (it is left there)" in project.gitmig("check").stdout


@pytest.mark.parametrize("way", ["subprocess.run({!r}, shell=True)", "os.system({!r})"])
def test_runs_a_program_that_writes(project: Project, way: str) -> None:
    """What a program of its writes in the work tree is told, at the line that runs it (K9)."""
    up = f"import os, subprocess; {way.format('echo x > made.txt')}"
    project.revision("bad000000000", "base00000000", up)
    project.commit_all()
    said = project.gitmig("check").stdout
    place = "migrations/versions/bad000000000.py:12: warning GM206 revision bad000000000"
    assert f"{place} runs a program that writes made.txt (it is left there)" in said
    assert "models.py" not in said


@pytest.mark.parametrize(
    "writes",
    ["open({!r}, 'w').write('x')", "import pathlib; pathlib.Path({!r}).write_text('x')"],
)
def test_writes_files_elsewhere(project: Project, tmp_path: Path, writes: str) -> None:
    """One elsewhere that the revision itself opens is told; gitmig leaves it alone."""
    new = tmp_path / "new"
    up = writes.format(str(new)) + "\n    open('/dev/null', 'w').close()"
    said = told(project, up, code=0)
    place = "migrations/versions/bad000000000.py:12: warning GM206 revision bad000000000"
    assert f"{place} writes {new} (it is not the project's, and left there)" in said
    assert said.count("GM206") == 1 and new.read_text() == "x"


def test_what_a_library_writes_elsewhere(project: Project, tmp_path: Path) -> None:
    """What a library opens for the revision, such as a temporary file, is not told."""
    up = f"import tempfile; tempfile.NamedTemporaryFile(dir={str(tmp_path)!r}).write(b'x')"
    assert "GM206" not in told(project, up, code=0)


def test_makes_a_database_of_its_own(project: Project) -> None:
    """A SQLite file that it makes beside its database is told, and is gone afterwards."""
    up = "import pathlib, sqlite3; own = pathlib.Path('own.sqlite'); sqlite3.connect(own)"
    said = told(project, up, code=0)
    assert "bad000000000.py:12: warning GM206" in said and "own.sqlite (it was removed" in said
    assert not (project.path / "own.sqlite").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="children are asked of /proc")
def test_deploy_leaves_nothing(project: Project) -> None:
    """What it writes and starts in the way of a deployed database is gone afterwards, too."""
    project.git("commit", "-q", "-m", "base", "--allow-empty")
    project.git("branch", "base")
    names = project.path.parent / "pids"
    up = (
        f"open('out.txt', 'w').write('x'); import subprocess; open({str(names)!r}, 'a').write("
        "f\"{subprocess.Popen(['sleep', '600'], start_new_session=True).pid} \")"
    )
    project.revision("bad000000000", "base00000000", up)
    project.git("add", "-A")
    before = project.status()
    result = project.gitmig("check", "--base", "base")
    assert "out.txt (it was removed again)" in result.stdout
    assert "leaves a process running" in result.stdout
    assert project.status() == before
    pids = names.read_text().split()
    assert len(pids) > 2  # the way up from empty, on rows, and where the base is
    for pid in pids:
        state = project.run("ps", "-o", "stat=", "-p", pid, code=None).stdout.strip()
        assert state[:1] in ("", "Z")


@pytest.mark.parametrize(
    ("ends", "code", "words"),
    [
        ("import sys; sys.exit(3)", 1, "bad000000000 fails on upgrade: SystemExit: 3"),
        ("import os; os._exit(3)", 2, f"(exit code 3), {UNDER_WAY}"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 2,
         f"(exit code -9), {UNDER_WAY}\n  → that line may have ended it"),
        ("import ctypes; ctypes.string_at(0)", 2, f"(exit code -11), {UNDER_WAY}"),
    ],
)  # fmt: skip
def test_ends_the_process(project: Project, ends: str, code: int, words: str) -> None:
    """One that ends the process, in whatever way, is named with its line and never green."""
    assert words in told(project, ends, code=code)


@pytest.mark.parametrize("removes", ["shutil.rmtree('.git')", "os.rename('.git', 'old')"])
def test_removes_the_repository(project: Project, removes: str) -> None:
    """One that would remove or move the repository fails at its line, and it stays."""
    said = told(project, f"import os, shutil; {removes}")
    assert "bad000000000.py:12: error GM101" in said and "the repository itself" in said


def test_commits(project: Project) -> None:
    """One that has git commit is named: the branch is where it left it."""
    up = "import os; os.system('git commit --quiet --no-verify --allow-empty -m so')"
    project.revision("bad000000000", "base00000000", up)
    project.git("add", "-A")
    said = project.gitmig("check").stdout
    assert "bad000000000.py:12: warning GM206 revision bad000000000 runs a program" in said
    assert "that commits or switches: .git/HEAD (it is left there)" in said


def test_copies_of_the_process_end(project: Project) -> None:
    """What a revision's own copy of the process does is no end of it."""
    fork = "import os\n    if not os.fork():\n        os._exit(3)\n    os.wait()\n    os._exit(4)"
    assert f"(exit code 4), {UNDER_WAY}".replace(":12", ":16") in told(project, fork, code=2)


@pytest.mark.parametrize(("name", "code"), [("upgrade", "GM101"), ("downgrade", "GM201")])
def test_lacks_a_function(project: Project, name: str, code: str) -> None:
    """One without `def upgrade` or `def downgrade` fails at its file, and env.py is not blamed."""
    path = project.revision("bad000000000", "base00000000")
    project.write(path, project.read(path).replace(f"def {name}()", "def other()"))
    project.git("add", "-A")
    said = project.gitmig("check", code=1).stdout
    assert f"{path}:5: error {code} revision bad000000000 fails on {name}: " in said
    assert f"the file has no function {name}()" in said and "env.py" not in said


@pytest.mark.parametrize(
    ("ends", "words"),
    [("import time; time.sleep(600)", " did not finish within 8 seconds, at {path}:3\n"),
     ("import sys; sys.exit(0)", ": {path}:3: a revision's file ended the process: sys.exit(0)\n"),
     ("import os; os._exit(3)", " (exit code 3), at {path}:3\n  → that line may have ended it\n")],
)  # fmt: skip
def test_does_it_when_loaded(project: Project, ends: str, words: str) -> None:
    """What a file's own lines do, outside its functions, is told at them; not of env.py."""
    path = project.revision("bad000000000", "base00000000")
    project.write(path, project.read(path).replace("import sqlalchemy as sa", ends))
    project.write("gitmig.toml", "timeout = 8\n")
    project.git("add", "-A")
    said = project.gitmig("check", code=2).stderr
    assert words.format(path=path) in said and "env.py" not in said


def test_error_without_words(project: Project) -> None:
    """An error whose text cannot be made is a finding like any other."""
    lines = ("class Mute(Exception):", "    def __str__(self): raise ValueError", "raise Mute")
    said = told(project, "\n    ".join(lines))
    assert "bad000000000.py:14: error GM101 revision bad000000000 fails on upgrade: Mute" in said


def test_commits_in_the_middle(project: Project) -> None:
    """One that commits in the middle, so that Alembic's note of it is lost, is named for that."""
    commit = "\n    op.get_bind().commit()\n    op.execute('UPDATE users SET name = 1')"
    said = told(project, ADD + commit, DROP)
    place = "migrations/versions/bad000000000.py:13: error GM101"
    words = "it ends Alembic's transaction, so that Alembic's note that it ran is not kept"
    assert f"{place} revision bad000000000 fails on upgrade: {words}" in said
    assert "goes into `with op.get_context().autocommit_block():`" in said


def test_empties_the_schema(project: Project) -> None:
    """One that empties sqlite_master is told at its line, not the revisions that it undoes."""
    said = told(
        project,
        "op.execute('PRAGMA writable_schema=1')\n    op.execute('DELETE FROM sqlite_master')",
    )
    assert "bad000000000.py:12: error GM101 revision bad000000000 fails on upgrade: Alembic" in said


def test_sqlite_has_no_transaction_to_end(project: Project) -> None:
    """COMMIT on SQLite fails where its driver began none, and the way to do it is told."""
    assert "goes into `with op.get_context()" in told(project, ADD + "; op.execute('COMMIT')", DROP)


def test_autocommit_block_is_no_commit(project: Project) -> None:
    """Of Alembic's own way to end its transaction nothing is told, only of what follows it."""
    block = "with op.get_context().autocommit_block():\n        op.execute('SELECT 1')\n    "
    assert "✓ upgrade   passed" in told(project, block + ADD, DROP)
    said = told(project, block + "op.get_bind().rollback()")
    assert "bad000000000.py:14: error GM101" in said


def test_drops_everything(project: Project) -> None:
    """One that drops Alembic's own table is named."""
    said = told(project, "pass\n    op.execute('DROP TABLE alembic_version')\n    " + ADD)
    assert "bad000000000.py:13: error GM101 revision bad000000000 fails" in said
    assert "takes away the table in which Alembic notes that it ran" in said


POSTGRESQL = {
    "drops the database": (
        "op.execute('COMMIT'); op.execute('DROP DATABASE ' + op.get_bind().engine.url.database)",
        "GM101 revision bad000000000 fails on upgrade",
    ),
    "drops the schema": (
        "op.execute('DROP SCHEMA public CASCADE')",
        "GM101 revision bad000000000 fails on upgrade",
    ),
    "creates a role": (
        "op.execute('CREATE ROLE ada_of_bad')",
        "GM202 the downgrade of bad000000000 does not restore the schema: role ada_of_bad is left",
    ),
    "autocommit": (
        "with op.get_context().autocommit_block():\n"
        "        op.execute('CREATE INDEX CONCURRENTLY ix ON users (name)')",
        "GM202 the downgrade of bad000000000 does not restore the schema: the indexes",
    ),
    "hides Alembic's table": (
        "pass\n    op.execute('SET search_path TO pg_catalog')",
        "the revision sets search_path, so that the table in which Alembic notes that it ran",
    ),
    "runs in no transaction": (
        "op.execute('ALTER SYSTEM SET work_mem = 1234')",
        "ALTER SYSTEM cannot run inside a transaction block",
    ),
    "creates a role where it is missing": (
        'op.execute("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles "\n'
        "        \"WHERE rolname = 'ada') THEN \"\n"
        '        "CREATE ROLE ada; END IF; END $$")',
        "GM202 the downgrade of bad000000000 does not restore the schema: role ada is left over",
    ),
}
GUARDED = POSTGRESQL["creates a role where it is missing"][0]


@pytest.mark.parametrize("case", POSTGRESQL)
def test_on_postgresql(pg: Project, case: str) -> None:
    """On a server each is named, and no server or database stays."""
    up, words = POSTGRESQL[case]
    assert words in told(pg, up)


def test_wants_an_extension(pg: Project) -> None:
    """One that creates an extension which no server has is named, with its line."""
    said = told(pg, "op.execute('CREATE EXTENSION nowhere_to_be_had')", code=2)
    assert "gitmig: migrations/versions/bad000000000.py:12: the project asks for PostgreSQL" in said


def test_drops_a_database_of_the_server(pg: Project) -> None:
    """One that drops the database from which the others are made is named, with its line."""
    block = "with op.get_context().autocommit_block():\n        "
    said = told(pg, f"{block}op.execute('DROP DATABASE postgres')", code=2)
    assert "bad000000000.py:13: the throw-away server misses a database" in said
    assert "take the DROP DATABASE out" in said


def test_role_under_a_guard(pg: Project) -> None:
    """Of a role made where it is missing both are told: that it is, and that it stays."""
    pg.revision("bad000000000", "base00000000", GUARDED)
    pg.git("add", "-A")
    said = pg.gitmig("check", "--base", "HEAD", code=1).stdout
    assert "bad000000000.py:12: error GM751 CREATE ROLE ada concerns the whole server" in said
    assert "role ada is left over" in said
    pg.revision("bad000000000", "base00000000", GUARDED, "op.execute('DROP ROLE ada')")
    pg.git("add", "-A")
    assert "GM202" not in pg.gitmig("check", "--base", "HEAD", code=1).stdout


def test_needs_a_superuser(pg: Project) -> None:
    """One that needs a superuser is named for that, at its line."""
    alters = "op.execute('ALTER SYSTEM SET work_mem = 1234')"
    resets = "op.execute('ALTER SYSTEM RESET work_mem')"
    block = "with op.get_context().autocommit_block():\n        {}"
    pg.revision("bad000000000", "base00000000", block.format(alters), block.format(resets))
    pg.git("add", "-A")
    said = pg.gitmig("check", "--base", "HEAD", code=None).stdout
    place = "bad000000000.py:13: warning GM104 revision bad000000000 needs a superuser"
    assert place in said and "ALTER SYSTEM" in said


@pytest.mark.parametrize(
    ("ends", "words", "line"),
    [("import time; time.sleep(600)", "did not finish within ", 13),
     ("import os; os._exit(3)", "ended without an answer (exit code 3)", 13)],
)  # fmt: skip
def test_at_its_line_in_every_format(
    project: Project, tmp_path: Path, ends: str, words: str, line: int
) -> None:
    """One that never comes to its end is at its line in every format (K8)."""
    path = project.revision("bad000000000", "base00000000", f"pass\n    {ends}")
    files = {name: tmp_path / f"report.{name}" for name in FORMATS}
    outputs = [f"--output={name}:{file}" for name, file in files.items()]
    for seconds in (5, 20, 80):  # a busy machine may take longer until the revision begins
        project.write("gitmig.toml", f"timeout = {seconds}\n")
        project.git("add", "-A")
        answer = json.loads(project.gitmig("check", "--format", "json", *outputs, code=2).stdout)
        if "revision" in answer["error"]:
            break
    said = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    assert all(words in each for each in said.values())
    place = {"code": "GM103", "path": path, "line": line, "revision": "bad000000000"}
    assert not answer["ok"] and place.items() <= answer["error"].items()
    assert json.loads(said["json"]) == answer
    (run,) = json.loads(said["sarif"])["runs"]
    (result,) = run["results"]
    assert not run["invocations"][0]["executionSuccessful"] and result["ruleId"] == "GM103"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": line}
    assert (
        f"::error file={path},line={line},title=gitmig GM103%3A could not check" in said["github"]
    )
    (issue,) = json.loads(said["gitlab"])
    assert issue["check_name"] == "GM103" and issue["location"]["lines"] == {"begin": line}
    assert f"{path}:{line}: error GM103" in said["junit"] and "<error " in said["junit"]
    assert f"**GM103** `{path}:{line}`" in said["markdown"]
