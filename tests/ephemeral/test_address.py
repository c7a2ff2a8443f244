"""Where a server of ours listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gitmig.ephemeral import address


def test_a_socket_in_the_place(place: Path) -> None:
    """A server listens in its own folder where the path is short."""
    assert address.choose(place) == address.Address(str(place))
    (place / "data").mkdir()
    assert address.choose(place, place / "data") == address.Address(str(place / "data"))
    assert [path.name for path in place.iterdir()] == ["data"]


def test_what_a_trial_left(place: Path) -> None:
    """A socket that a run tried, and was killed, does not drive the server from its folder."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place / "try"))
    assert address.choose(place) == address.Address(str(place))
    assert list(place.iterdir()) == []


def test_a_long_path(place: Path) -> None:
    """A path that is too long for a socket gets a short private folder, which goes again."""
    deep = place / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    folder = Path(address.choose(deep).folder)
    assert len(str(folder / address.NAME)) <= address.LONGEST
    assert folder.stat().st_mode & 0o777 == 0o700
    address.clear(deep)
    assert not folder.exists()
    assert list(deep.iterdir()) == []


def test_a_note_that_leads_elsewhere(place: Path) -> None:
    """Only a folder with a name of ours is ever removed for a note."""
    (place / "precious").mkdir()
    (place / "socket").write_text(str(place / "precious"))
    address.clear(place)
    assert (place / "precious").exists()


def test_no_socket_at_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no socket can be made it is a port of this machine alone."""
    monkeypatch.setattr(address, "can_bind", lambda folder: False)
    found = address.choose(place)
    assert found.folder == "" and found.port > 1023


def test_a_folder_that_takes_no_socket(tmp_path: Path) -> None:
    """A folder that cannot be written takes no socket."""
    assert not address.can_bind(tmp_path / "nowhere")


def test_a_password(place: Path) -> None:
    """A password is random, the owner's alone, and the same for as long as the place stays."""
    found = address.password_of(place)
    assert len(found) == 64
    assert (place / "password").stat().st_mode & 0o777 == 0o600
    assert address.password_of(place) == found
