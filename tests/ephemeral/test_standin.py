"""The stand-ins for extensions that a build of PostgreSQL lacks."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from throwaway import ask, served

from gitmig.ephemeral import standin
from gitmig.ephemeral.programs import Programs, postgres_wheel
from gitmig.ephemeral.provision import Unavailable


@pytest.fixture
def wheel() -> Programs:
    """Return the wheel's PostgreSQL."""
    found = postgres_wheel()
    assert found is not None
    return found


def test_functions(place: Path, wheel: Programs) -> None:
    """The functions that defaults name give UUIDs, the named ones always the same."""
    with served(wheel, extensions=("uuid-ossp",)) as server:
        ask(server, 'CREATE EXTENSION "uuid-ossp"')
        for made in standin.GENERATORS:
            twice = ask(server, f"VALUES ({made}), ({made})")
            assert len(set(twice)) == 2 and all(isinstance(each, uuid.UUID) for each in twice)
        (dns,) = ask(server, "SELECT uuid_ns_dns()")
        assert dns == uuid.NAMESPACE_DNS
        named = "SELECT uuid_generate_v5(uuid_ns_url(), 'a')"
        assert ask(server, named) == ask(server, named)


def test_it_can_be_put_into_a_schema_and_dropped(place: Path, wheel: Programs) -> None:
    """`WITH SCHEMA` and DROP work, and the stand-in says what it is."""
    with served(wheel, extensions=("pgcrypto",)) as server:
        told = ask(server, "CREATE SCHEMA x", "CREATE EXTENSION pgcrypto WITH SCHEMA x",
                   "SELECT comment FROM pg_available_extensions WHERE name = 'pgcrypto'",
                   )  # fmt: skip
        assert told == ["stand-in by gitmig"]
        ask(server, "DROP EXTENSION pgcrypto")
        assert server.notes == (
            "a stand-in is used for the extension pgcrypto: "
            "it has gen_random_uuid() and nothing else",
        )


def test_not_where_the_real_one_is(place: Path) -> None:
    """The system's own `uuid-ossp` is used where it is there."""
    with served(extensions=("uuid-ossp",)) as server:
        assert server.notes == ()
        ask(server, 'CREATE EXTENSION "uuid-ossp"')
        assert ask(server, "SELECT uuid_generate_v5(uuid_ns_dns(), 'python.org')") == [
            uuid.uuid5(uuid.NAMESPACE_DNS, "python.org")
        ]


def test_none_for_the_rest(place: Path, wheel: Programs) -> None:
    """Beside an extension that has no stand-in, none is used."""
    assert standin.can_stand_in(wheel, ["uuid-ossp"])
    assert not standin.can_stand_in(wheel, ["uuid-ossp", "postgis"])
    assert not standin.can_stand_in(wheel, [])
    with pytest.raises(Unavailable, match="no extension"), served(wheel, extensions=("postgis",)):
        pass
