"""Repositories made of releases on PyPI."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from releases import Distribution, Shared, Upgrade, upgrade_of
from support import Project


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Return where downloads are kept; with pytest-xdist its workers share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pypi"
    folder.mkdir(exist_ok=True)
    return Shared(folder)


@pytest.fixture
def release(shared: Shared, empty: Project) -> Callable[[Distribution, str, str], Upgrade]:
    """Return the function that makes a repository of two releases."""

    def make(distribution: Distribution, old: str, new: str) -> Upgrade:
        return upgrade_of(shared, empty, distribution, old, new)

    return make
