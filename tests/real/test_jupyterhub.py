"""jupyterhub: a chain whose first revision is empty, and a configuration that is a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from releases import Distribution, Downloads
from support import Project
from upgrades import Upgrade

pytestmark = pytest.mark.real

AS_RELEASED = Distribution(
    name="jupyterhub",
    package="jupyterhub",
    directory="",
    versions="jupyterhub/alembic/versions",
    database="hub.db",
    needs=(
        "alembic",
        "async_generator",
        "jinja2",
        "jupyter_telemetry",
        "oauthlib",
        "packaging",
        "prometheus_client",
        "python-dateutil",
        "tornado",
        "traitlets",
    ),
)
SENTENCE = "revision eeb276e51423 fails on upgrade: OperationalError: no such table: users"
PLACE = "jupyterhub/alembic/versions/eeb276e51423_auth_state.py:22: "
HINT = "the chain of revisions does not start from an empty database"


def complete(root: Path) -> None:
    """Fill in the template, as the application does, and say that it is this one that counts."""
    template = (root / "jupyterhub/alembic.ini").read_text(encoding="utf-8")
    ini = template.replace("{alembic_dir}", "jupyterhub/alembic")
    ini = ini.replace("{db_url}", "sqlite:///hub.db")
    (root / "alembic.ini").write_text(ini, encoding="utf-8")
    (root / "gitmig.toml").write_text('[environments.hub]\nconfig = "alembic.ini"\n')


def test_chain_without_a_base(upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """Commit and check stop with one sentence: which revision, where, what the database said (E13).

    Nothing is written, nothing else is staged, and the commit can be made without gitmig.
    """
    release = upgrade(replace(AS_RELEASED, complete=complete), "3.1.1", "4.0.0")
    project = release.project
    before = state(project)

    for _ in range(2):
        told = release.commit(code=1).stderr.splitlines()
        assert told[0] == f"gitmig: {PLACE}{SENTENCE}"
        assert told[1].startswith(f"  → {HINT}")
        assert len(told) == 2
        assert state(project) == before

    checked = project.gitmig("check", code=1).stdout
    statement = "[ALTER TABLE users ADD COLUMN auth_state TEXT]"
    assert f"{PLACE}error GM101 {SENTENCE} {statement}" in checked
    assert HINT in checked
    assert state(project) == before

    project.git("commit", "-q", "-m", "next release", GITMIG_SKIP="1")
    assert project.status() == ""


def test_template(downloads: Downloads, empty: Project) -> None:
    """As released it has no configuration to use: that is said, and no hook is installed."""
    downloads.unpack(AS_RELEASED, "4.0.0", empty.path)
    empty.git("add", "-A")
    for command in ("install", "check"):
        told = empty.gitmig(command, code=2).stderr
        assert (
            "jupyterhub/alembic.ini: no env.py is in git at script_location {alembic_dir}" in told
        )
        assert "[tool.gitmig.environments.NAME]" in told
    assert not (empty.path / ".git/hooks/pre-commit").exists()


def state(project: Project) -> tuple[str, str, str]:
    """Return the commit, the index and what differs from them in the work tree."""
    return project.head(), project.git("ls-files", "-s").stdout, project.status()
