"""optuna as released: batch mode, revision ids with dots, models that import the whole package."""

from __future__ import annotations

import shutil
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
    """The models of optuna 3.0.0 get the schema that its own revisions make (C10, C13, E14)."""
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
    """The index of optuna 3.2.0 is in the one commit, without a question (C10, C13)."""
    release = upgrade(OPTUNA, "3.1.1", "3.2.0")
    release.database_in_use()

    told = release.commit().stderr
    assert "2 differences are older than this commit and left out" in told
    assert "trial_heartbeats" not in release.generated()
    assert release.project.status() == ""
    # the release's revision calls it otherwise than its models do
    names = {"trials_study_id_key": "ix_trials_study_id"}
    assert release.by_gitmig() == release.by_the_release(names)


def test_check(upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """Check finds the downgrade in optuna 3.2.0 that fails, at its line (K1)."""
    release = upgrade(OPTUNA, "3.1.1", "3.2.0")
    for path in release.withheld:
        shutil.copyfile(release.new / path, release.project.path / path)
    release.project.git("add", "-A")

    told = release.project.gitmig("check", code=1).stdout
    fault = "type object 'IntermediateValueModel' has no attribute 'FloatTypeEnum'"
    place = f"{OPTUNA.versions}/v3.0.0.c.py:190: "
    assert f"{place}GM201 revision v3.0.0.c fails on downgrade: AttributeError: {fault}" in told
