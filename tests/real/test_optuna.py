"""optuna: batch mode, revision ids with dots, drift as old as the project."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from releases import Distribution, Upgrade

pytestmark = pytest.mark.real

OPTUNA = Distribution(
    name="optuna",
    package="optuna",
    directory="optuna/storages/_rdb",
    versions="optuna/storages/_rdb/alembic/versions",
    database="alembic.db",
    needs=("alembic", "numpy", "colorlog", "packaging", "tqdm", "PyYAML", "scipy", "cmaes"),
)


@pytest.mark.parametrize(("old", "new"), [("2.10.1", "3.0.0"), ("3.1.1", "3.2.0")])
def test_try(release: Callable[[Distribution, str, str], Upgrade], old: str, new: str) -> None:
    """Look."""
    upgrade = release(OPTUNA, old, new)
    print(upgrade.project.gitmig("doctor", code=None).stdout)
    for i in range(2):
        r = upgrade.project.git("commit", "-m", "next", code=None)
        print(r.returncode, r.stdout, r.stderr)
    print(upgrade.generated())
    print(upgrade.project.status())
    own, gen = upgrade.by_the_release(), upgrade.by_gitmig()
    for t in own:
        for k in own[t]:
            if own[t][k] != gen[t][k]:
                print("DIFF", t, k, own[t][k], gen[t][k])
    assert own == gen
