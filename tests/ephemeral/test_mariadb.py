"""MariaDB that gitmig starts itself: its settings, what is kept of it, and that nothing stays."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import signal
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mysqls import child, connect, home, installed, keep, query, served, sets
from sqlalchemy.engine import make_url
from throwaway import alive, base, until

from gitmig.ephemeral import address
from gitmig.ephemeral.mariadb import find_installer
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Server, Unavailable
from gitmig.model import ServerSettings

MB = 1 << 20
TABLES = ("one", "two", "aria", "myisam")
SETUP = (
    "CREATE DATABASE d",
    *(
        f"CREATE TABLE d.{name} (id int PRIMARY KEY AUTO_INCREMENT, v varchar(200), KEY (v)) "
        f"ENGINE={name if name in ('aria', 'myisam') else 'innodb'}"
        for name in TABLES
    ),
)


def test_settings_reach_the_server(place: Path) -> None:
    """Character set, collation, sql_mode and lower_case_table_names are what the settings say."""
    asked = (
        "SELECT @@character_set_server, @@collation_server, @@sql_mode, @@lower_case_table_names"
    )
    settings = ServerSettings(
        character_set="latin1",
        collation="latin1_german1_ci",
        sql_mode="ANSI_QUOTES",
        lower_case_table_names=1,
    )
    with served(settings=settings) as server:
        assert query(server, asked) == [("latin1", "latin1_german1_ci", "ANSI_QUOTES", 1)]
        query(server, "CREATE DATABASE d", "CREATE TABLE d.Upper (id int)")
        assert query(server, "SELECT count(*) FROM d.UPPER") == [(0,)]
    with served(settings=ServerSettings(sql_mode="")) as server:
        assert query(server, asked)[0][::2] == ("utf8mb4", "")


@pytest.mark.parametrize("name", ["a b", "per%41cent+x&y", "x" * 90], ids=["space", "url", "long"])
def test_folders_with_odd_names(place: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """TMPDIR may have spaces, what means something in a URL, or no room for a socket's path."""
    folder = place / name
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with served() as server:
        assert query(server, "SELECT 1") == [(1,)]
    assert not Path(str(make_url(server.url).query["unix_socket"])).parent.exists()


def test_without_sockets(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no socket can be made, it listens on 127.0.0.1, and only with the password."""
    monkeypatch.setattr(address, "can_bind", lambda folder: False)
    with served() as server:
        assert query(server, "SELECT 1, @@bind_address") == [(1, "127.0.0.1")]
        for user in ("gitmig", "root"):
            without = replace(server, url=f"mysql://{user}@{server.url.partition('@')[2]}")
            with pytest.raises(Exception, match="Access denied"):
                query(without, "SELECT 1")
        query(server, "CREATE DATABASE d")
        keep(server, "entry")
    with served(entries=("entry",)) as server:  # another port, another password
        assert server.restored == {"asked": "d"}
        assert ("d",) in query(server, "SHOW DATABASES")


def write(server: Server, done: list[int], stop: threading.Event) -> None:
    """Write to every table, all in one transaction, again and again; change the schema, too."""
    with connect(server, "d") as connection, connection.cursor() as cursor:
        connection.autocommit(False)
        while not stop.is_set():
            for table in TABLES:
                cursor.execute(f"INSERT {table} (v) VALUES (repeat(rand(), 8))")  # noqa: S608
            connection.commit()
            done[0] += 1
            if done[0] % 50 == 0:
                cursor.execute(f"CREATE TABLE t{done[0]} (id int PRIMARY KEY, v text)")
                cursor.execute(f"CREATE PROCEDURE p{done[0]}() SELECT 1")


def count(server: Server, table: str) -> int:
    """Return how many rows a table has."""
    return int(query(server, f"SELECT count(*) FROM d.{table}")[0][0])  # noqa: S608


@pytest.mark.parametrize("round", range(3))
def test_kept_while_it_writes(place: Path, round: int) -> None:
    """What was committed is in a set that was kept in the middle of writing, whole and sound."""
    done, stop = [0], threading.Event()
    with served() as server:
        query(server, *SETUP)
        thread = threading.Thread(target=write, args=(server, done, stop))
        thread.start()
        until(lambda: done[0] >= 100 * round + 75)
        before = done[0]
        keep(server, "entry")
        after = done[0]
        stop.set()
        thread.join()
    with served(entries=("other", "entry")) as server:
        assert server.restored == {"asked": "d"}
        tables = [row[0] for row in query(server, "SHOW TABLES IN d")]
        checked = query(server, f"CHECK TABLE {', '.join(f'd.{each}' for each in tables)}")
        assert [row for row in checked if row[2] == "error"] == []
        assert len(tables) - len(TABLES) >= (before - 1) // 50
        rows = [count(server, each) for each in TABLES]
        assert before <= rows[0] <= after + 1 and rows[1] == rows[0] and min(rows) >= before


def test_what_was_committed_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is in a set that is kept right after its commit: on a disk, too, the log is written.

    In /dev/shm MariaDB maps its log into memory, and writes it always.
    """
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with served() as server:
        query(server, "CREATE DATABASE d", "CREATE TABLE d.t (id int)")
        for number in range(4):
            query(server, "INSERT d.t VALUES (1)")
            keep(server, f"entry{number}")
    for number in range(4):
        with served(entries=(f"entry{number}",)) as server:
            assert count(server, "t") == number + 1


def test_what_is_kept_stays_as_it_is(place: Path) -> None:
    """A second run that comes to the same revision does not put its names on the first one's."""
    with served() as one, served() as two:
        query(one, "CREATE DATABASE d", "CREATE TABLE d.mine (id int)")
        keep(one, "entry")
        query(two, "CREATE DATABASE other")
        assert two.freeze is not None
        two.freeze("entry", {"asked": "other"}, "")
    with served(entries=("entry",)) as server:
        assert server.restored == {"asked": "d"}
        assert query(server, "SHOW TABLES IN d") == [("mine",)]


def cut_short(folder: Path) -> None:
    """Cut a file of a set short."""
    os.truncate(folder / "ibdata1", MB)


def take_away(folder: Path) -> None:
    """Remove a table of a set."""
    (folder / "d" / "t.ibd").unlink()


def overwrite(folder: Path) -> None:
    """Overwrite the pages that the server begins with."""
    with open(folder / "ibdata1", "r+b") as file:
        file.write(os.urandom(4 * MB))


@pytest.mark.parametrize("damage", [cut_short, take_away, overwrite])
def test_a_damaged_set(place: Path, caplog: pytest.LogCaptureFixture, damage: object) -> None:
    """A set that is no longer whole is given up, and the next shorter one is used."""
    with served() as server:
        query(server, "CREATE DATABASE d")
        keep(server, "short")
        query(server, "CREATE TABLE d.t (id int)")
        keep(server, "long")
    assert callable(damage)
    damage(home(place) / "sets" / "long")
    with caplog.at_level(logging.INFO), served(entries=("long", "short")) as server:
        assert server.restored == {"asked": "d"}
        assert query(server, "SHOW TABLES IN d") == []
    assert "a kept set of databases is no good" in caplog.text
    with served(entries=("long",)) as server:
        assert server.restored == {}
        assert query(server, "SELECT 1") == [(1,)]


def test_no_more_than_the_bound(place: Path) -> None:
    """What was not used for the longest time goes with its folder, when there is too much."""
    with served(bound=60 * MB) as server:
        query(server, "CREATE DATABASE d")
        for entry in ("first", "second"):
            keep(server, entry)
    assert sets(place) == {"first", "second"}
    with served(bound=60 * MB, entries=("first",)) as server:
        keep(server, "third")
    assert sets(place) == {"first", "third"}


def test_what_a_killed_run_left_of_a_set(place: Path) -> None:
    """A copy that was not finished, or is in no list, goes when the next set is kept."""
    with served() as server:
        query(server, "CREATE DATABASE d")
        keep(server, "one")
        for name in ("new-abc", "unknown"):
            (home(place) / "sets" / name).mkdir()
        keep(server, "two")
    assert sets(place) == {"one", "two"}


def test_no_cache(place: Path) -> None:
    """Without the cache nothing is kept, and nothing that is kept is used."""
    with served() as server:
        query(server, "CREATE DATABASE d")
        keep(server, "one")
    with served(entries=("one",), keep=False) as server:
        assert server.restored == {} and server.freeze is None


def test_a_server_that_ends(place: Path) -> None:
    """While a server lives it has no last words; one that was told to shut down has."""
    with served() as server:
        assert server.last_words() is None
        with connect(server) as connection, connection.cursor() as cursor:
            cursor.execute("SHUTDOWN")
            until(lambda: server.last_words() is not None)
        assert str(server.last_words()).endswith("Shutdown complete")


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Return an installation in a folder of its own, of what is installed here."""
    server = tmp_path / "mariadbd"
    server.symlink_to(installed().server)
    return Programs(server, "here")


def test_an_installer_that_lacks_a_part(place: Path, programs: Programs) -> None:
    """An installer without `my_print_defaults`, which is in another package, says so."""
    script = Path(find_installer(installed())).read_text()
    installer = programs.folder / "mariadb-install-db"
    installer.write_text(script.replace("/usr/bin/my_print_defaults", "/nowhere/my_print_defaults"))
    installer.chmod(0o755)
    with pytest.raises(Unavailable, match=r"data cannot be made: .*my_print_defaults"):
        served(programs).__enter__()
    assert not [each for each in home(place).iterdir() if each.is_dir()]


def test_no_installer(
    place: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without mariadb-install-db the server cannot be used, and the reason is told."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(Unavailable, match="there is no mariadb-install-db"):
        served(programs).__enter__()


@pytest.mark.parametrize(
    ("text", "told"),
    [("#!/bin/sh\nexit 1\n", "does not tell its version"), ("\0no program", "cannot be started")],
    ids=["another program", "no program"],
)
def test_no_server_at_all(place: Path, tmp_path: Path, text: str, told: str) -> None:
    """A file of the right name that is no server is told from one."""
    server = tmp_path / "mariadbd"
    server.write_text(text)
    server.chmod(0o755)
    with pytest.raises(Unavailable, match=told):
        served(Programs(server, "here")).__enter__()


def strike(place: Path, who: str) -> None:
    """Kill what runs in a place and has that part."""
    for pid, command in alive(place).items():
        if who == "all" or ("watchdog" if "gitmig-watchdog" in command else "server") in who:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("who", ["front", "watchdog", "server", "front and watchdog", "all"])
def test_killed_at_any_moment(place: Path, who: str) -> None:
    """Whoever is killed, and when: nothing runs a second later, and the next run clears up (R1)."""
    process = child(place)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(random.random() / 2)  # noqa: S311
    strike(place, who)
    if who in ("all", "front", "front and watchdog"):
        process.kill()
    while process.poll() is None:  # between two servers of its own it does not notice
        time.sleep(1)
        strike(place, who)
    process.communicate()
    time.sleep(1)
    assert alive(place) == {}
    with served(entries=("entry1",)) as server:
        query(server, "CREATE DATABASE IF NOT EXISTS d")
        keep(server, "last")
    assert list(base(place).glob("run-*")) == []
    listed = {path.stem for path in (home(place) / "entries").iterdir()}
    assert sets(place) == listed
