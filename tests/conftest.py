"""Real repositories for the tests."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from support import ENV, INI, MODELS, TEMPLATE, Project, clean_environment

from gitmig.ephemeral.rundir import roomy


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure in CI, which has all that the tests need."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty home directory."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with a short path, in memory where there is room, for a module's servers."""
    tmp_path_factory.getbasetemp()  # pytest's own is not to be made in there
    folder = Path(tempfile.mkdtemp(prefix="g-", dir=roomy()))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty(tmp_path: Path, home: Path) -> Project:
    """Return a repository without a commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    project = Project(folder, clean_environment(home))
    project.git("init", "-q", "-b", "main")
    return project


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    folder = tmp_path_factory.mktemp("template") / "repository"
    folder.mkdir()
    project = Project(folder, clean_environment(home))
    project.git("init", "-q", "-b", "main")
    project.write("models.py", MODELS)
    project.write("alembic.ini", INI)
    project.write("migrations/env.py", ENV)
    project.write("migrations/script.py.mako", TEMPLATE)
    project.write(".gitignore", "/app.db\n__pycache__/\n")
    project.revision(
        "base00000000",
        None,
        'op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), '
        'sa.Column("name", sa.String(50)))',
        'op.drop_table("users")',
        "users",
    )
    project.commit_all("first")
    return folder


@pytest.fixture
def project(_template: Path, tmp_path: Path, home: Path) -> Project:
    """Return a project at its first commit: models, Alembic environment, one revision."""
    folder = tmp_path / "repository"
    shutil.copytree(_template, folder)
    return Project(folder, clean_environment(home))


@pytest.fixture
def hooked(project: Project) -> Project:
    """Return the project with gitmig's native hooks installed."""
    project.gitmig("install", "-q")
    return project


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the URL of a PostgreSQL server of the tests' own."""
    if servers.binaries() is None:
        pytest.skip("no PostgreSQL server programs (initdb) are installed")
    with servers.postgres() as url:
        yield url


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """Give a port on this machine, and the connections that were tried there."""
    tried: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, address = listening.accept()
                except OSError:
                    return
                tried.append(address)
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], tried
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def unwired(project: Project) -> Project:
    """Return a project whose env.py has no metadata yet."""
    env = project.read("migrations/env.py")
    env = env.replace("from models import Base\n", "")
    project.write("migrations/env.py", env.replace("= Base.metadata", "= None"))
    project.commit_all("not wired")
    return project
