"""optuna as released: batch mode, revision ids with dots, models that import the whole package."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from releases import Distribution
from upgrades import Upgrade

pytestmark = pytest.mark.real

OPTUNA = Distribution(
    name="optuna",
    package="optuna",
    directory="optuna/storages/_rdb",
    versions="optuna/storages/_rdb/alembic/versions",
    database="alembic.db",
    # scipy and cmaes are for releases before 3.1
    needs=("alembic", "numpy", "colorlog", "packaging", "tqdm", "PyYAML", "scipy", "cmaes"),
)


def test_columns(upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """The models of optuna 3.0.0 get the schema that its own four revisions make (E, real)."""
    release = upgrade(OPTUNA, "2.10.1", "3.0.0")
    assert len(release.withheld) == 4
    in_use = release.database_in_use()

    told = release.commit(code=1).stderr
    for column in ("trial_intermediate_values.intermediate_value_type", "trial_values.value_type"):
        assert f"{column} is NOT NULL and has no server default" in told
    assert "2 differences are older than this commit and left out" in told
    assert release.database(release.project.path).read_bytes() == in_use

    release.commit()
    assert "trial_heartbeats" not in release.generated()  # a table that no revision ever made
    assert "down_revision = 'v2.6.0.a'" in release.generated()
    assert release.project.status() == ""
    assert release.database(release.project.path).read_bytes() == in_use
    assert release.by_gitmig() == release.by_the_release({})


def test_index(upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """The index of optuna 3.2.0 is in the one commit, without a question."""
    release = upgrade(OPTUNA, "3.1.1", "3.2.0")
    release.database_in_use()

    told = release.commit().stderr
    assert "2 differences are older than this commit and left out" in told
    assert "trial_heartbeats" not in release.generated()
    assert release.project.status() == ""
    # the release's revision calls it otherwise than its models do
    names = {"trials_study_id_key": "ix_trials_study_id"}
    assert release.by_gitmig() == release.by_the_release(names)
