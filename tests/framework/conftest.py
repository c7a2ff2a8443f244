"""A project under the pre-commit framework, gitmig in an environment of pre-commit's making."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from framed import (
    CONFIG,
    ONLY_IN_VENV,
    PRE_COMMIT,
    Framed,
    config_text,
    install_environment,
    make_venv,
    publish,
)
from support import BIN, Project, clean_environment


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this run of the tests have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "framework"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def framework_environment(shared_folder: Path, home: Path) -> dict[str, str]:
    """Return an environment with pre-commit's store, and neither gitmig nor the .venv on PATH."""
    environment = clean_environment(home)
    entries = environment["PATH"].split(os.pathsep)
    environment["PATH"] = os.pathsep.join(entry for entry in entries if Path(entry) != BIN)
    environment["PRE_COMMIT_HOME"] = str(shared_folder / "store")
    return environment


@pytest.fixture(scope="session")
def gitmig_repository(shared_folder: Path, framework_environment: dict[str, str]) -> Path:
    """Return a git repository of this checkout, installed once into pre-commit's store."""
    folder = shared_folder / "gitmig"
    with open(shared_folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = publish(shared_folder / "publishing", framework_environment)
            fresh.rename(folder)
            install_environment(folder, shared_folder / "installing", framework_environment)
    return folder


@pytest.fixture(scope="session")
def _framed_template(
    _template: Path,
    gitmig_repository: Path,
    framework_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("framed") / "repository"
    shutil.copytree(_template, folder)
    make_venv(folder / ".venv")
    project = Project(folder, framework_environment)
    models = project.read("models.py").replace(
        "from sqlalchemy import Column, Integer, String", f"from {ONLY_IN_VENV} import *"
    )
    assert ONLY_IN_VENV in models
    project.write("models.py", models)
    project.append(".gitignore", "/.venv/\n")
    project.write("docs/index.md", "words\n")
    project.write(CONFIG, config_text(gitmig_repository, ["gitmig-autogenerate"]))
    project.commit_all("pre-commit")
    project.run(PRE_COMMIT, "install")
    return folder


@pytest.fixture
def framed(
    _framed_template: Path,
    gitmig_repository: Path,
    framework_environment: dict[str, str],
    tmp_path: Path,
) -> Framed:
    """Return a project at a commit, whose one hook is gitmig-autogenerate."""
    folder = tmp_path / "repository"
    shutil.copytree(_framed_template, folder, symlinks=True)
    return Framed(folder, dict(framework_environment), gitmig_repository)
