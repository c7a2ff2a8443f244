"""mlflow-oidc-auth: 32 columns that drifted long ago, and SQLite without batch mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from releases import Distribution
from support import TEMPLATE
from upgrades import Upgrade

pytestmark = pytest.mark.real

MIGRATIONS = "mlflow_oidc_auth/db/migrations"

# what the revisions of 7.0.0 name, and what its models do
NAMES = {
    "fk_workspace_group_perm_group_id": None,
    "fk_workspace_group_regex_perm_group_id": None,
    "fk_workspace_perm_user_id": None,
    "fk_workspace_regex_perm_user_id": None,
    "pk_workspace_group_permissions": None,
    "pk_workspace_permissions": None,
    "uq_workspace_regex_group": "unique_workspace_group_regex",
    "uq_workspace_regex_user": "unique_workspace_user_regex",
}


def complete(root: Path) -> None:
    """Name the database, as the application does, and add the template that the wheel lacks."""
    ini = root / MIGRATIONS / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    assert "\nsqlalchemy.url =" in text
    named = text.replace("\nsqlalchemy.url =", "\nsqlalchemy.url = sqlite:///auth.db")
    ini.write_text(named, encoding="utf-8")
    (root / MIGRATIONS / "script.py.mako").write_text(TEMPLATE, encoding="utf-8")


MLFLOW_OIDC_AUTH = Distribution(
    name="mlflow-oidc-auth",
    package="mlflow_oidc_auth",
    directory=MIGRATIONS,
    versions=f"{MIGRATIONS}/versions",
    database="auth.db",
    needs=("alembic", "python-dotenv"),
    complete=complete,
)


def test_tables(upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """Two revisions of the release are one of gitmig's; old drift waits to be asked for (C13).

    Plain Alembic's ``revision --autogenerate`` mixes both, and what it writes fails on SQLite.
    """
    release = upgrade(MLFLOW_OIDC_AUTH, "6.7.1", "7.0.0")
    assert len(release.withheld) == 2
    release.database_in_use()

    told = release.commit().stderr
    assert "32 differences are older than this commit and left out" in told
    assert "alter_column" not in release.generated()
    assert release.project.status() == ""
    assert release.by_gitmig() == release.by_the_release(NAMES)

    assert "users.is_admin" in release.project.gitmig("check", code=1).stdout
    asked = release.project.gitmig("autogenerate", code=1).stderr
    assert "becomes NOT NULL" in asked
    assert "and 27 more like these" in asked
    release.commit()
    release.project.gitmig("check")
    release.alembic(release.project.path, "upgrade", "head")
    release.alembic(release.project.path, "check")
