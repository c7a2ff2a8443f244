"""Machines with too little room, and places that cannot be written: in mount namespaces."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from machines import NAMESPACE
from support import Project, column, use_url

from gitmig.ephemeral.programs import postgres_installed

URLS = {"sqlite": "", "postgresql": "postgresql+psycopg://ada@production.invalid/app",
        "mysql": "mysql+pymysql://ada@production.invalid/app"}  # fmt: skip
# more than any place of these tests has room for
MUCH = {
    "sqlite": "op.execute('CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
    "i + 1 FROM n WHERE i < 400000) SELECT hex(randomblob(400)) AS t FROM n')",
    "postgresql": "op.execute('CREATE TABLE big AS SELECT repeat(md5(n::text), 30) AS t "
    "FROM generate_series(1, 400000) AS n')",
    "mysql": "op.execute('CREATE TABLE big (t VARCHAR(2000))')\n"
    "    for _ in range(20):\n"
    "        op.execute('INSERT INTO big SELECT REPEAT(MD5(seq), 30) FROM seq_1_to_20000')",
}
SMALL = 'mount -t tmpfs -o size="$SIZE" tmpfs "$PLACE" && exec "$@"'
READ_ONLY = 'mount --bind "$PLACE" "$PLACE" && mount -o remount,bind,ro "$PLACE" && exec "$@"'
NONE = 'for folder in $PLACE; do mount -t tmpfs tmpfs "$folder" || exit; done; exec "$@"'
SHM = 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$@"'


def within(
    project: Project, script: str, *command: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on a machine that a script of the shell has changed; none else sees it."""
    return subprocess.run(
        [*NAMESPACE, "sh", "-c", script, "sh", *command], cwd=project.path,
        env={**project.env, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def check(project: Project, script: str, place: Path, **env: str) -> tuple[int, str]:
    """Run `gitmig check` on such a machine; return its exit code and what it printed."""
    found = within(project, script, "gitmig", "check", PLACE=str(place), **env)
    return found.returncode, found.stdout + found.stderr


@pytest.fixture
def little(tmp_path: Path) -> Path:
    """Give the folder that will have little room."""
    (tmp_path / "little").mkdir()
    return tmp_path / "little"


def uses(project: Project, kind: str) -> None:
    """Let the project ask for a kind of database."""
    if URLS[kind]:
        use_url(project, URLS[kind])
        project.git("add", "-A")


@pytest.mark.parametrize("command", ["check", "autogenerate", "merge-heads"])
def test_no_postgresql_at_all(project: Project, wheel: str, command: str) -> None:
    """Where nothing of it is installed each way is told with what to type, never green (K5)."""
    uses(project, "postgresql")
    project.append("models.py", column("email"))
    for name in ("left00000000", "right0000000") if command == "merge-heads" else ():
        project.revision(name, "base00000000")
    project.git("add", "-A")
    folders = [str(each.folder) for each in postgres_installed()] + [str(Path(wheel).parents[1])]
    found = within(project, NONE, "gitmig", command, PLACE=" ".join(folders))
    assert found.returncode == 2 and "passed" not in found.stdout
    assert "the project asks for PostgreSQL, and there is none to be had" in found.stderr
    for way in ("pip install 'gitmig[postgres]'", "the package `postgresql`", "--database-url"):
        assert way in found.stderr


def test_memory_of_a_container(project: Project) -> None:
    """A /dev/shm of 64 MB, which containers have, is not used: it would be full in mid-replay."""
    ask = "from gitmig.ephemeral.rundir import roomy; print(roomy())"
    project.env.pop("TMPDIR", None)
    assert within(project, SHM, "python", "-c", ask).stdout == "/tmp\n"  # noqa: S108


@pytest.mark.parametrize(("kind", "size"), [("postgresql", "64m"), ("mysql", "24m")])
def test_too_little_room_to_start(project: Project, little: Path, kind: str, size: str) -> None:
    """A place that a server does not fit in is one sentence with what to set: exit 2."""
    uses(project, kind)
    code, told = check(project, SMALL, little, SIZE=size, TMPDIR=str(little))
    assert code == 2 and "MB are free in" in told and "set TMPDIR to" in told
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize("kind", MUCH)
def test_full_in_mid_migration(project: Project, little: Path, kind: str) -> None:
    """A place that is full in the middle of a revision is no fault of the revision: exit 2."""
    uses(project, kind)
    project.revision("much00000000", "base00000000", MUCH[kind])
    project.git("add", "-A")
    code, told = check(project, SMALL, little, SIZE="200m", TMPDIR=str(little))
    assert code == 2 and "there is no room for the throw-away database" in told
    assert "set TMPDIR to" in told and len(told.splitlines()) == 2


def test_a_cache_that_cannot_be_written(project: Project, little: Path) -> None:
    """Where .git/gitmig may only be read, nothing is kept, and nothing else is different (R2)."""
    project.gitmig("check")
    folder = project.path / ".git/gitmig"
    before = sorted(folder.rglob("*"))
    project.revision("more00000000", "base00000000")
    project.git("add", "-A")
    code, told = check(project, READ_ONLY, folder)
    assert code == 0 and "✓ upgrade   passed" in told
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("kind", URLS)
def test_a_place_that_cannot_be_written(project: Project, little: Path, kind: str) -> None:
    """Where no temporary directory can be made, that is one sentence with what to set: exit 2."""
    uses(project, kind)
    (little / "gitmig-0").mkdir(mode=0o700)
    code, told = check(project, READ_ONLY, little / "gitmig-0", TMPDIR=str(little))
    assert code == 2 and "no temporary directory can be made at" in told
    assert "set TMPDIR to" in told and len(told.splitlines()) == 2
