"""The place of a server that stays between two runs, and the list of what it keeps."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from throwaway import base

from gitmig.ephemeral import store
from gitmig.ephemeral.rundir import run_directory
from gitmig.ephemeral.store import Shelf, take
from gitmig.errors import GitmigError

MB = 1 << 20


def test_a_place_is_one_runs_alone(tmp_path: Path) -> None:
    """A second run does not get a place that is taken, and gets it afterwards."""
    with take(tmp_path / "place") as first, take(tmp_path / "place") as second:
        assert first is not None and second is None
    with take(tmp_path / "place") as third:
        assert third is not None


def test_a_place_that_was_removed_is_not_taken(tmp_path: Path) -> None:
    """The lock of a folder that `gitmig cache clear` removes meanwhile is worth nothing."""
    folder = tmp_path / "place"
    with take(folder) as first:
        assert first is not None
        held = store.open_lock(folder)  # the next run has opened it, and waits its turn
        shutil.rmtree(folder)
        with take(folder) as second:
            assert second is not None and (folder / "lock").exists()
    held.close()


@pytest.mark.parametrize("way", ["a file", "a folder without a way in"])
def test_a_place_that_cannot_be_made(tmp_path: Path, way: str) -> None:
    """Where a place cannot be made, a run goes on without it."""
    folder = tmp_path / "place"
    if way == "a file":
        folder.write_text("")
    else:
        (folder / "lock").mkdir(parents=True)
    with take(folder) as taken:
        assert taken is None


def test_only_the_owner_can_lock(tmp_path: Path) -> None:
    """Nobody else can open the lock, and hold a run up."""
    with take(tmp_path / "place"):
        assert (tmp_path / "place" / "lock").stat().st_mode & 0o077 == 0


def test_another_boot(tmp_path: Path) -> None:
    """What was written in an earlier boot is known, and a place that was emptied is of this one."""
    with take(tmp_path) as place:
        assert place is not None and not place.is_of_this_boot()
        (tmp_path / "data").mkdir()
        place.empty()
        assert place.is_of_this_boot()
        assert {path.name for path in tmp_path.iterdir()} == {"lock", "boot"}
        (tmp_path / "boot").write_bytes(b"\xff")
        assert not place.is_of_this_boot()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[1, 2]", "null", '["a", "much", ""]', '["a", 1e999, ""]', "\udcff"]
)
def test_garbage_among_the_entries(tmp_path: Path, text: str) -> None:
    """An entry that cannot be read is not known, and does no harm."""
    shelf = Shelf(tmp_path)
    assert shelf.put("good", "gitmig_t_good", 1, "") == []
    (tmp_path / "entries" / "bad.json").write_text(text, errors="surrogateescape")
    assert shelf.find(("bad", "good")) == ("good", "gitmig_t_good")
    assert shelf.known() == ["gitmig_t_good"]
    assert shelf.put("bad", "gitmig_t_bad", 1, "") == []
    assert sorted(shelf.known()) == ["gitmig_t_bad", "gitmig_t_good"]


def test_what_was_not_used_longest_goes(tmp_path: Path) -> None:
    """Over the bound the databases go that were not used for the longest time, never the newest."""
    shelf = Shelf(tmp_path, 30 * MB)
    for number in range(3):
        assert shelf.put(f"e{number}", f"d{number}", 10 * MB, "") == []
    assert shelf.find(("e0",)) == ("e0", "d0")
    assert [entry.database for entry in shelf.put("e3", "d3", 10 * MB, "")] == ["d1"]
    assert {entry.database for entry in shelf.put("e4", "d4", 90 * MB, "")} == {"d0", "d2", "d3"}
    assert shelf.known() == ["d4"]


def test_a_shelf_that_cannot_be_written(tmp_path: Path) -> None:
    """What cannot be noted is not kept, which is no error."""
    (tmp_path / "entries").write_text("in the way")
    shelf = Shelf(tmp_path)
    assert shelf.put("e", "d", 1, "") == []
    assert shelf.find(("e",)) is None


def test_directories_of_runs_that_were_killed(place: Path) -> None:
    """A run removes those of runs that have ended, whatever state they are in; no others."""
    with run_directory() as running:
        ended = [base(place) / name for name in ("run-locked", "run-bare", "run-deep")]
        for folder in ended:
            (folder / "1" / "data").mkdir(parents=True)
        (ended[0] / "lock").write_text("")
        (ended[2] / "pid").write_text("no number")
        with run_directory():
            assert running.exists()
            assert not any(folder.exists() for folder in ended)
    assert [path.name for path in base(place).iterdir()] == ["lock"]


def test_what_an_earlier_boot_left_goes(place: Path) -> None:
    """A run removes what was kept in an earlier boot, by whatever server."""
    with run_directory():
        for name, boot in (("postgresql-old", "another"), ("mysql-new", store.boot())):
            (base(place) / name).mkdir()
            (base(place) / name / "boot").write_text(boot)
    with run_directory():
        assert not (base(place) / "postgresql-old").exists()
        assert (base(place) / "mysql-new").exists()


@pytest.mark.parametrize("way", ["a file", "a link", "open to all"])
def test_a_base_that_is_not_ours(place: Path, way: str) -> None:
    """A folder for runs that is not the user's alone is refused in a sentence."""
    if way == "a file":
        base(place).write_text("")
    elif way == "a link":
        base(place).symlink_to(place)
    else:
        base(place).mkdir()
        base(place).chmod(0o755)
    with pytest.raises(GitmigError, match="not a directory of yours alone"), run_directory():
        pass


def test_many_runs_at_once(place: Path) -> None:
    """Runs that begin and end at the same time never take each other's directories (K9)."""
    script = """\
from gitmig.ephemeral.rundir import run_directory
for number in range(40):
    with run_directory() as run:
        (run / "mine").write_text("")
        with run_directory():
            assert (run / "lock").exists() and (run / "mine").exists()
"""
    runs = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [run.wait() for run in runs] == [0, 0, 0, 0]
    assert [path.name for path in base(place).iterdir()] == ["lock"]
