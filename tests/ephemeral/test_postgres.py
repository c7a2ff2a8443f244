"""PostgreSQL of gitmig's own: its place, its data, and what is wrong with either."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from support import Project, column, use_url
from throwaway import alive, ask, base, installed, kept, of, served

from gitmig.ephemeral import address, cluster, programs
from gitmig.ephemeral.programs import Programs, postgres_wheel
from gitmig.ephemeral.provision import Unavailable
from gitmig.errors import GitmigError

URL = "postgresql+psycopg://production.invalid/app"
DATABASES = "SELECT datname FROM pg_database WHERE datname LIKE 'gitmig%' ORDER BY 1"
SLOW = 'op.execute("SELECT pg_sleep(0.4)")'  # what is quick is not worth a copy
DIES = """
    connection = op.get_bind()
    folder = connection.exec_driver_sql("SHOW data_directory").scalar()
    import os, signal
    os.kill(int(open(folder + "/postmaster.pid").readline()), signal.SIGKILL)
    connection.exec_driver_sql("SELECT pg_sleep(60)")
"""


@pytest.fixture
def cached(project: Project, place: Path) -> Project:
    """Return a PostgreSQL project of which a replayed database is kept in the place."""
    project.env["TMPDIR"] = str(place)
    project.revision("slow00000000", "base00000000", SLOW)
    use_url(project, URL)
    project.append("models.py", column("email"))
    replay(project)
    return project


def replay(project: Project) -> None:
    """Have the revisions that are there replayed, or a database restored."""
    project.git("add", "-A")
    assert "users.email" in project.gitmig("autogenerate", "--dry-run").stdout


def test_it_stays_and_nothing_runs(place: Path) -> None:
    """What is kept is there in the next run, and no process is in between."""
    with served() as server:
        ask(server, "CREATE DATABASE gitmig_t_1")
        assert server.shelf is not None and server.last_words() is None
    assert alive(place) == {} and not list(base(place).glob("run-*"))
    with served() as server:
        assert ask(server, DATABASES) == ["gitmig_t_1"]


def test_two_at_once(place: Path) -> None:
    """A second run at the same time has data of its own, and both work (K9)."""
    with served() as first, served() as second, served(alone=True) as third:
        assert [server.shelf is not None for server in (first, second, third)] == [
            True,
            False,
            False,
        ]
        for server in (first, second, third):
            ask(server, "CREATE ROLE ada", "CREATE DATABASE gitmig_1")
    assert alive(place) == {} and not list(base(place).glob("run-*"))


def test_another_boot(place: Path) -> None:
    """What was kept in another boot of the machine is worth nothing."""
    with served() as server:
        ask(server, "CREATE DATABASE gitmig_t_1")
    (kept(place) / "boot").write_text("another")
    with served() as server:
        assert ask(server, DATABASES) == []


@pytest.mark.parametrize("how", ["overwritten", "missing"])
def test_damaged_data(place: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    """Kept data that is damaged is made anew, which is said with -v."""
    caplog.set_level(logging.INFO)
    for harm in ("global/pg_control", "PG_VERSION", "base/5", "global/1262", "postgresql.conf"):
        with served() as server:
            ask(server, "CREATE DATABASE gitmig_t_1")
        caplog.clear()
        path = kept(place) / "data" / harm
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if how == "overwritten":
            path.write_bytes(b"\0" * 8192)
        with served() as server:
            assert ask(server, DATABASES) == [], harm
        assert "is made anew" in caplog.text, harm


def test_data_of_another_version(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Data that another version left, kept or to be copied, is made anew."""
    caplog.set_level(logging.INFO)
    with served():
        pass
    for folder in (kept(place), kept(place).with_name(f"{kept(place).name}-seed")):
        (folder / "data" / "PG_VERSION").write_text("9\n")
    with served() as server:
        ask(server, "SELECT 1")
    assert caplog.text.count("is made anew") == 2


def test_programs_of_two_versions(place: Path) -> None:
    """An `initdb` of another version than the server is one sentence."""
    wheel = postgres_wheel()
    assert wheel is not None
    mixed = place / "bin"
    mixed.mkdir()
    (mixed / "postgres").symlink_to(wheel.server)
    (mixed / "initdb").symlink_to(installed().folder / "initdb")
    reasons = r"incompatible|not the same version"
    with pytest.raises(Unavailable, match=reasons), served(Programs(mixed / "postgres", "")):
        pass


@pytest.mark.parametrize("lacking", ["initdb", "postgres"])
def test_programs_that_are_not_whole(place: Path, lacking: str) -> None:
    """Programs of which one is missing are one sentence."""
    (place / "bin").mkdir()
    for name in {"initdb", "postgres"} - {lacking}:
        shutil.copy(installed().folder / name, place / "bin")
    assert not programs.is_complete(place / "bin" / "postgres")
    with pytest.raises((Unavailable, OSError)), served(Programs(place / "bin" / "postgres", "")):
        pass


def test_a_long_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TMPDIR whose path is too long for a socket works all the same, and leaves nothing."""
    deep = place / ("x" * 80) / ("y" * 80)
    deep.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", None)
    for keep in (True, False):
        with served(keep=keep) as server:
            folder = Path(server.url.partition("host=")[2].partition("&")[0])
            assert ask(server, "SELECT 1") == [1] and str(place) not in str(folder)
        assert not folder.exists()


def test_no_unix_socket(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sockets it is this machine's loopback, with a random password that is asked for."""
    monkeypatch.setattr(address, "can_bind", lambda folder: False)
    with served() as server:
        assert ask(server, "SELECT host(inet_server_addr())") == ["127.0.0.1"]
        password = server.url.partition("postgres:")[2].partition("@")[0]
        assert len(password) == 64
        assert ask(server, "SELECT left(rolpassword, 6) FROM pg_authid WHERE oid = 10") == [
            "SCRAM-"
        ]
        wrong = server.url.replace(password, "0" * 64)
        with pytest.raises(Exception, match="password authentication failed"):
            ask(type(server)(wrong, ""), "SELECT 1")


def test_no_room(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for the data, that is said at once, with what to do."""
    monkeypatch.setattr(cluster, "LEAST", 1 << 60)
    with pytest.raises(GitmigError, match=r"MB are free in .*, and") as told, served():
        pass
    assert "TMPDIR" in told.value.hint
    assert not list(base(place).glob("run-*"))


def test_a_place_in_the_way(place: Path) -> None:
    """Where what is kept cannot be written, a run has data of its own."""
    with served():
        pass
    found = kept(place)
    shutil.rmtree(found)
    found.write_text("in the way")
    with served() as server:
        assert server.shelf is None and ask(server, "SELECT 1") == [1]


def test_its_environment(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server and what makes its data see nothing of the user's PG settings."""
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    with served() as server:
        pid = min(of(place, "server"))  # its children bear its name for a moment
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        names = {entry.partition(b"=")[0].decode() for entry in environment if entry}
        assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "LC_ALL"}
        assert server.last_words() is None
        assert kept(place).stat().st_mode & 0o077 == 0


def test_a_server_that_dies(project: Project, place: Path) -> None:
    """A server that is killed in mid-migration is said to have ended: could not run (exit 2)."""
    project.env["TMPDIR"] = str(place)
    use_url(project, URL)
    path = project.revision("dies00000000", "base00000000")
    project.write(path, project.read(path).replace("    pass\n", DIES.lstrip("\n"), 1))
    project.git("add", "-A")
    result = project.gitmig("check", code=2)
    assert "the throw-away PostgreSQL" in result.stderr and " ended: " in result.stderr
    project.git("reset", "-q", "--hard")
    project.gitmig("check")
    assert not list(base(place).glob("run-*"))


def test_kept_databases_that_do_not_fit_their_list(cached: Project, place: Path) -> None:
    """A database without an entry is dropped, an entry without its database is made anew."""
    with served() as server:
        (template,) = ask(server, DATABASES)
        ask(server, f"ALTER DATABASE {template} RENAME TO gitmig_t_stray")
        assert server.shelf is not None and server.shelf.known() == [template]
    (kept(place) / "entries" / "garbage.json").write_text('{"a": 1}')
    replay(cached)
    with served() as server:
        assert ask(server, DATABASES) == [template]
        ask(server, f"DROP DATABASE {template}", "CREATE DATABASE gitmig_0123456789ab")
    for entry in (kept(place) / "entries").iterdir():
        entry.unlink()
    replay(cached)
    with served() as server:
        assert ask(server, DATABASES) == [template]


def test_a_small_cache(cached: Project, place: Path) -> None:
    """Over `cache-size` a database goes for good, and `gitmig cache list` tells what is left."""
    with served() as server:
        before = ask(server, DATABASES)
    cached.write("gitmig.toml", "cache-size = 1\n")
    cached.revision("more00000000", "slow00000000", SLOW)
    replay(cached)
    with served() as server:
        assert server.shelf is not None
        after = ask(server, DATABASES)
        assert len(after) == 1 and after != before and after == server.shelf.known()
    assert str(kept(place)) in cached.gitmig("cache", "list").stdout
    assert int(cached.gitmig("cache", "size").stdout) > 1 << 20


def test_clearing_what_is_in_use(cached: Project, place: Path) -> None:
    """`gitmig cache` leaves a server alone that a run is using, and removes it afterwards."""
    with served() as server:
        told = cached.gitmig("cache", "clear").stderr
        assert f"{kept(place)} is in use and was left" in told
        assert len(ask(server, DATABASES)) == 1
        cached.gitmig("cache", "prune")
        assert server.shelf is not None and len(server.shelf.known()) == 1
    assert alive(place) == {}
    told = cached.gitmig("cache", "clear").stderr
    assert told == "" and not list(base(place).glob("postgresql-*"))
    replay(cached)
    assert (kept(place) / "data").is_dir()
