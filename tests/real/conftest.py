"""Repositories made of releases on PyPI."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from releases import Distribution, Downloads
from support import Project
from upgrades import Upgrade, upgrade_of


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Downloads:
    """Return where downloads are kept; the workers of pytest-xdist share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pypi"
    folder.mkdir(exist_ok=True)
    return Downloads(folder)


@pytest.fixture
def upgrade(downloads: Downloads, empty: Project) -> Callable[[Distribution, str, str], Upgrade]:
    """Return the function that makes a repository of two releases: the old and the new one."""

    def make(distribution: Distribution, old: str, new: str) -> Upgrade:
        return upgrade_of(downloads, empty, distribution, old, new)

    return make
