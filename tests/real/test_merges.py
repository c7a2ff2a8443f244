"""Merge revisions that a project's authors wrote, taken out and made again (H1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from releases import Distribution, Downloads

from bench.merges_case import Case
from bench.merges_projects import LANGFLOW, QUETZ, Release

pytestmark = pytest.mark.real


def case_of(
    release: Release, downloads: Downloads, root: Path, needs: tuple[str, ...]
) -> tuple[Case, Path]:
    """Return a release as a repository, and an interpreter with these packages."""
    distribution = Distribution(
        name=release.name,
        package=release.packages[0],
        directory="",
        versions=release.folders[0],
        database="app.db",
        needs=needs,
    )
    packages = downloads.packages(distribution)
    root.mkdir()
    case = Case(release, downloads.wheel(distribution, release.version), root)
    return case, packages.parents[2] / "bin/python"


def test_one_that_runs(downloads: Downloads, tmp_path: Path) -> None:
    """Quetz's merge revision comes out with the same parents, proved on SQLite."""
    case, python = case_of(QUETZ, downloads, tmp_path / "quetz", QUETZ.needs)
    case.use(python)
    [outcome] = case.proved()
    assert outcome.same_parents, outcome


def test_thirty_that_are_read(downloads: Downloads, tmp_path: Path) -> None:
    """Of langflow's 30 the heads are the parents, but for two that joined nothing."""
    case, _ = case_of(LANGFLOW, downloads, tmp_path / "langflow", ("alembic",))
    outcomes = list(case.read_alone())
    assert len(outcomes) == 30
    needless = [each.merge.id for each in outcomes if each.needless]
    assert needless == ["3162e83e485f", "c187c3b9bb94"]
    assert all(each.same_heads for each in outcomes if not each.needless)
    assert max(len(each.heads) for each in outcomes) == 3
