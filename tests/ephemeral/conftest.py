"""A place of its own for the servers of each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from throwaway import alive

from gitmig.ephemeral.rundir import roomy

# only root runs a server as somebody else
collect_ignore = [] if os.geteuid() == 0 else ["test_account.py"]


@pytest.fixture
def place(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Give an empty folder with a short path that is TMPDIR; nothing may run in it at the end."""
    tmp_path_factory.getbasetemp()  # pytest's own is not to be made in there
    monkeypatch.delenv("TMPDIR", raising=False)
    folder = Path(tempfile.mkdtemp(prefix="g-", dir=roomy()))  # in memory where there is room
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is remembered
    yield folder
    left = alive(folder)
    shutil.rmtree(folder, ignore_errors=True)
    assert left == {}
