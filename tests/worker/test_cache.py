"""Replay from the cache: only what is new runs, and what it depends on is part of the key."""

from __future__ import annotations

from collections import Counter

import pytest
from support import Project

from gitmig.commands.merge_heads import merge_heads
from gitmig.commands.projectside import How, open_project
from gitmig.commands.workspace import Workspace
from gitmig.model import Options

VERSIONS = "migrations/versions"


def replayed(project: Project, keep: bool = True) -> list[str]:
    """Have the worker replay the staged revisions; return the ids of those that ran."""
    project.git("add", "-A")
    ran: list[str] = []

    def note(event: dict[str, str]) -> None:
        if event["event"] == "step":
            ran.append(event["revision"])

    workspace = Workspace.open(project.path)
    try:
        how = How(keep=keep, on_progress=note)
        with open_project(workspace, workspace.environment(None), how) as side:
            side.ask("residue")
    finally:
        workspace.close()
    return ran


def add(project: Project, id: str, parent: str, head: str = "", up: str = "") -> str:
    """Write a revision that makes a table; ``head`` goes before its functions. Return its id."""
    up = up or f"op.create_table('{id}', sa.Column('id', sa.Integer()))"
    path = project.revision(id, parent, up)
    project.write(path, project.read(path).replace("revision = ", f"{head}\nrevision = ", 1))
    return id


def grown(project: Project) -> list[str]:
    """Give the project four revisions and have each of them known to the cache."""
    ids = ["base00000000"]
    for number in "123":
        ids.append(add(project, f"r{number}", ids[-1]))
        replayed(project)
    return ids


def rewrite(project: Project, path: str, old: str, new: str) -> None:
    """Replace text in a file."""
    assert old in project.read(path)
    project.write(path, project.read(path).replace(old, new))


def test_only_what_is_new_runs(project: Project) -> None:
    """What was replayed once is copied; a further revision runs alone."""
    add(project, "r1", "base00000000")
    assert replayed(project) == ["base00000000", "r1"]
    assert replayed(project) == []
    add(project, "r2", "r1")
    assert replayed(project) == ["r2"]


def test_without_the_cache_everything_runs(project: Project) -> None:
    """Without the cache nothing is taken from it and nothing is kept."""
    assert replayed(project, keep=False) == ["base00000000"]
    assert replayed(project) == ["base00000000"]
    assert replayed(project, keep=False) == ["base00000000"]


@pytest.mark.parametrize(
    ("path", "old", "new", "again"),
    [
        (f"{VERSIONS}/r2.py", "'id'", "'key'", ["r2", "r3"]),
        ("migrations/env.py", "config = context.config", "config = (context.config)", None),
        ("alembic.ini", "[alembic]", "[alembic]\noutput_encoding = utf-8", None),
    ],
    ids=["a revision", "env.py", "the configuration"],
)
def test_what_changed_runs_again(
    project: Project, path: str, old: str, new: str, again: list[str] | None
) -> None:
    """From the first revision whose outcome may differ on, everything runs again."""
    ids = grown(project)
    rewrite(project, path, old, new)
    assert replayed(project) == (ids if again is None else again)
    rewrite(project, path, new, old)
    assert replayed(project) == []


def test_a_branch_starts_from_what_both_have(project: Project) -> None:
    """After a switch of branches the common revisions are copied, the other side's run."""
    grown(project)
    project.commit_all("three")
    project.git("switch", "-q", "-c", "other", "HEAD~0")
    (project.path / f"{VERSIONS}/r3.py").unlink()
    add(project, "side", "r2")
    assert replayed(project) == ["side"]


def test_modules_that_a_revision_imports_count(project: Project) -> None:
    """A project module counts from the revision that imports it on, through others too."""
    grown(project)
    project.write("names.py", "from sizes import SIZE\nNAME = 'x' * SIZE\n")
    project.write("sizes.py", "SIZE = 3\n")
    project.write("unused.py", "ANY = 1\n")
    add(
        project,
        "r4",
        "r3",
        "from names import NAME",
        "op.create_table(NAME, sa.Column('id', sa.Integer()))",
    )
    assert replayed(project) == ["r4"]
    assert replayed(project) == []
    rewrite(project, "unused.py", "1", "2")
    assert replayed(project) == []
    rewrite(project, "sizes.py", "3", "4")
    assert replayed(project) == ["r4"]


def test_files_that_a_revision_reads_count(project: Project) -> None:
    """A file beside a revision counts, once a run has shown that it is read (E11)."""
    grown(project)
    project.write(f"{VERSIONS}/r4.sql", "CREATE TABLE fours (id INTEGER)")
    read = "import pathlib\nSQL = pathlib.Path(__file__).with_suffix('.sql').read_text()"
    add(project, "r4", "r3", read, "op.execute(SQL)")
    assert replayed(project) == ["r4"]
    assert replayed(project) == []
    rewrite(project, f"{VERSIONS}/r4.sql", "fours", "others")
    assert replayed(project) == ["r4"]


def test_files_read_through_a_helper_count(project: Project) -> None:
    """A file that a helper reads for a revision counts for it: a stale one is never taken."""
    project.write("helper.py", "def text(name):\n    return open('sql/' + name).read()\n")
    parent = "base00000000"
    for id in ("r1", "r2"):
        project.write(f"sql/{id}.sql", f"CREATE TABLE {id}_old (id INTEGER)")
        up = f"op.execute(text('{id}.sql'))"
        parent = add(project, id, parent, "from helper import text", up)
        replayed(project)
    assert replayed(project) == []
    rewrite(project, "sql/r2.sql", "r2_old", "r2_new")
    assert replayed(project)[-1] == "r2"  # r1 has the same helper and may run, too


def test_what_env_py_configures_counts(project: Project) -> None:
    """Another naming convention of the models' metadata names the constraints of old revisions."""
    up = "op.create_table('t', sa.Column('code', sa.Integer, unique=True))"
    add(project, "r1", "base00000000", up=up)
    replayed(project)
    assert replayed(project) == []
    convention = "metadata=sa.MetaData(naming_convention={'uq': 'uq_%(table_name)s'})"
    models = project.read("models.py").replace(
        "declarative_base()", f"declarative_base({convention})"
    )
    project.write("models.py", "import sqlalchemy as sa\n" + models)
    assert replayed(project) == ["base00000000", "r1"]
    assert replayed(project) == []


def test_the_environment_of_the_settings_counts(project: Project) -> None:
    """Another value in the settings' ``env`` is another outcome."""
    project.write("gitmig.toml", 'env = {PREFIX = "a"}\n')
    replayed(project)
    assert replayed(project) == []
    project.write("gitmig.toml", 'env = {PREFIX = "b"}\n')
    assert replayed(project) == ["base00000000"]


@pytest.mark.parametrize(
    "head",
    [
        "import os\nSIZE = int(os.environ.get('SIZE', 3))",
        "from importlib import import_module",
        "from networked import x",
        "import shutil",
    ],
)
def test_what_cannot_be_known_runs_always(project: Project, head: str) -> None:
    """A revision that looks around runs each time, and those before it do not."""
    grown(project)
    project.write("networked.py", "import socket\nx = 1\n")
    add(project, "r4", "r3", head)
    add(project, "r5", "r4")
    assert replayed(project) == ["r4", "r5"]
    assert replayed(project) == ["r4", "r5"]


def test_what_leads_there_is_kept(project: Project) -> None:
    """The first replay keeps a database where the keys end, however short the way was."""
    add(project, "r1", "base00000000")
    add(project, "r2", "r1", "import shutil")
    assert replayed(project) == ["base00000000", "r1", "r2"]
    assert replayed(project) == ["r2"]


def test_words_are_no_deeds(project: Project) -> None:
    """A comment or a text that names what looks around, or a harmless module, ends no chain."""
    grown(project)
    head = "import abc, copy, sys, urllib.parse\n# os.environ\nTABLE = 'requests, glob'"
    add(project, "r4", "r3", head)
    assert replayed(project) == ["r4"]
    assert replayed(project) == []


def test_a_long_history_is_kept_on_the_way(project: Project) -> None:
    """Of a long chain databases on the way are kept, so that an edit near the end costs little."""
    parent = "base00000000"
    for number in range(140):
        parent = add(project, f"n{number:03d}", parent, up="pass")
    assert len(replayed(project)) == 141
    rewrite(project, f"{VERSIONS}/n130.py", "pass", "op.execute('SELECT 1')")
    assert replayed(project)[0] == "n127"


def test_a_damaged_copy_is_replayed(project: Project) -> None:
    """A damaged database of the cache is removed and its revisions run; -v says so (R2)."""
    grown(project)
    cache = project.path / ".git" / "gitmig" / "cache"
    newest = max(cache.glob("*.sqlite"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-4096])
    assert "was damaged" in project.gitmig("autogenerate", "--dry-run", "-v").stderr
    assert replayed(project) == []


STILL_WRITING = """

from sqlalchemy import create_engine

if not context.is_offline_mode() and not hasattr(context, "held"):  # an env.py runs several times
    context.held = create_engine(config.get_main_option("sqlalchemy.url")).connect()
    context.held.exec_driver_sql("BEGIN IMMEDIATE")
"""


def test_what_is_being_written_is_not_kept(project: Project) -> None:
    """A database to which a connection still writes is no state to begin with (R2)."""
    env = project.read("migrations/env.py")
    project.write("migrations/env.py", env + STILL_WRITING)
    assert replayed(project) == replayed(project) == ["base00000000"]
    project.write("migrations/env.py", env)
    assert replayed(project) == ["base00000000"]
    assert replayed(project) == []


def test_the_cache_is_bounded(project: Project) -> None:
    """What was not used for the longest time goes first; what was used last stays."""
    project.write("gitmig.toml", "cache-size = 1\n")
    add(project, "big", "base00000000", up="op.execute('CREATE TABLE big AS SELECT zeroblob(4e5)')")
    for number in range(4):
        add(project, f"r{number}", f"r{number - 1}" if number else "big")
        replayed(project)
    cache = project.path / ".git" / "gitmig" / "cache"
    assert len(list(cache.glob("*.sqlite"))) == len(list(cache.glob("*.sum"))) == 2
    assert replayed(project) == []


def test_no_cache_at_all(project: Project) -> None:
    """With ``cache-size = 0``, or where the cache cannot be written, everything runs (R2)."""
    project.write("gitmig.toml", "cache-size = 0\n")
    assert replayed(project) == replayed(project) == ["base00000000"]
    project.write("gitmig.toml", "")
    cache = project.path / ".git" / "gitmig" / "cache"
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file in the way")
    assert replayed(project) == replayed(project) == ["base00000000"]


COMMON = 300


def joined(project: Project) -> list[str]:
    """Have the heads joined, as `gitmig merge-heads --dry-run`; return the ids of what ran."""
    ran: list[str] = []

    def note(event: dict[str, str]) -> None:
        if event["event"] == "step":
            ran.append(event["revision"])

    merge_heads(project.path, options=Options(dry_run=True), on_progress=note)
    return ran


@pytest.mark.parametrize("known", ["what is common", "one side", "nothing"])
def test_joining_replays_nothing_in_common(project: Project, known: str) -> None:
    """Two heads over 300 revisions: what they stand on is replayed once at most, and kept (H1)."""
    ids = ["base00000000"]
    for number in range(1, COMMON):
        ids.append(f"r{number:03}")
        project.revision(ids[-1], ids[-2])
    if known == "what is common":
        replayed(project)
    add(project, "left", ids[-1])
    if known == "one side":
        replayed(project)
    add(project, "right", ids[-1])
    project.commit_all()
    times = Counter(joined(project))
    again = {"what is common": 0, "one side": COMMON % 64, "nothing": COMMON}[known]
    assert sum(times[each] for each in ids) == again
    merge = (set(times) - {*ids, "left", "right"}).pop()
    # both orders, the merge revision from each side and from empty
    assert times["left"] <= 5 and times["right"] <= 5 and times[merge] <= 3
    assert not set(ids) & set(joined(project))
