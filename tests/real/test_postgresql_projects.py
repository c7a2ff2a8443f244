"""Releases that run on PostgreSQL, replayed on the system's server and on the wheel's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import projects
import psycopg
import pytest
import sqlalchemy
from releases import Distribution, Downloads
from schema import Schema, reflected
from sqlalchemy.engine import make_url
from support import Project
from upgrades import install_editable

from gitmig.ephemeral import programs
from gitmig.ephemeral.postgres import open_postgres
from gitmig.ephemeral.programs import Programs
from gitmig.ephemeral.provision import Need

pytestmark = pytest.mark.real

DRIVERS = ("psycopg2-binary",)
OPTUNA = replace(projects.OPTUNA, needs=(*projects.OPTUNA.needs, *DRIVERS))
MLFLOW_OIDC_AUTH = replace(
    projects.MLFLOW_OIDC_AUTH, needs=(*projects.MLFLOW_OIDC_AUTH.needs, *DRIVERS)
)
FIEF = replace(projects.FIEF, needs=(*projects.FIEF.needs, *DRIVERS))
HINDSIGHT = replace(projects.HINDSIGHT, needs=(*projects.HINDSIGHT.needs, *DRIVERS))
DRIVER = "postgresql+psycopg2"


def installed() -> dict[str, Programs]:
    """Return the installation of the system, and that of the wheel."""
    wheel = programs.postgres_wheel()
    assert wheel is not None
    return {"system": next(programs.postgres_installed()), "wheel": wheel}


@pytest.mark.parametrize(
    ("distribution", "version"),
    [
        pytest.param(OPTUNA, "4.5.0", id="optuna"),
        pytest.param(MLFLOW_OIDC_AUTH, "7.0.0", id="mlflow-oidc-auth"),
        pytest.param(FIEF, "0.26.0", id="fief"),
    ],
)
def test_same_on_both(
    distribution: Distribution,
    version: str,
    downloads: Downloads,
    empty: Project,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The chain runs on both servers, from settings alone, and leads to one schema (E9, E14)."""
    begin_with(distribution, version, downloads, empty, request)
    schemas = {}
    for name, found in installed().items():
        empty.write("gitmig.toml", f'[postgresql]\nbinaries = "{found.folder}"\n')
        empty.git("add", "gitmig.toml")
        # a release may have drifted, or have a downgrade that fails: that is not the question here
        checked = empty.gitmig("check", "--format", "json", code=None).stdout
        answer = json.loads(checked)
        assert "gates" in answer, checked
        assert {each["name"]: each["status"] for each in answer["gates"]}["upgrade"] == "passed"
        assert answer["versions"]["database"].split(".")[0] == version_of(found)
        schemas[name] = replayed(empty, distribution, found, tmp_path / name)
    assert len(schemas["system"]) > 3
    assert schemas["system"] == schemas["wheel"]


def test_pgvector_without_a_setting(
    downloads: Downloads, empty: Project, request: pytest.FixtureRequest
) -> None:
    """A project that needs pgvector gets the one installation that has it, the wheel."""
    begin_with(HINDSIGHT, "1.1.0", downloads, empty, request)
    assert programs.extensions_missing(installed()["system"], ["vector"]) == ["vector"]
    answer = json.loads(empty.gitmig("check", "--format", "json", code=None).stdout)
    assert {each["name"]: each["status"] for each in answer["gates"]}["upgrade"] == "passed"
    assert answer["versions"]["database"].split(".")[0] == version_of(installed()["wheel"])


def begin_with(
    distribution: Distribution,
    version: str,
    downloads: Downloads,
    empty: Project,
    request: pytest.FixtureRequest,
) -> None:
    """Commit a release that asks for PostgreSQL."""
    place = tempfile.mkdtemp(prefix="g-")  # a place of its own, and a short path for sockets
    request.addfinalizer(partial(shutil.rmtree, place, ignore_errors=True))
    install_editable(empty.path, downloads.packages(distribution))
    empty.env.update(distribution.variables, TMPDIR=place)
    empty.write(".gitignore", "/.venv/\n__pycache__/\n")
    downloads.unpack(distribution, version, empty.path)
    use(empty, distribution, f"{DRIVER}://nobody@localhost/app")
    empty.commit_all(version)


def use(project: Project, distribution: Distribution, url: str) -> None:
    """Name the database in the configuration of a release."""
    path = str(Path(distribution.directory) / "alembic.ini")
    line = "sqlalchemy.url = " + url.replace("%", "%%")
    text, times = re.subn(r"(?m)^sqlalchemy\.url =.*$", lambda _: line, project.read(path))
    assert times  # fief has a section for each kind of its databases
    project.write(path, text)


def version_of(found: Programs) -> str:
    """Return the major version of an installation, as it says itself."""
    told = subprocess.run([found.server, "-V"], capture_output=True, text=True, check=True).stdout
    return str(re.findall(r"\d+", told)[0])


@contextmanager
def server(found: Programs, run: Path) -> Iterator[str]:
    """Start a server for the test's own use and give its URL."""
    with open_postgres(found, Need("postgresql", run, keep=False)) as running:
        yield running.url


def replayed(project: Project, distribution: Distribution, found: Programs, run: Path) -> Schema:
    """Upgrade an empty database by Alembic alone; return its schema."""
    with server(found, run) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE replay")
        there = make_url(url).set(drivername=DRIVER, database="replay")
        use(project, distribution, there.render_as_string(hide_password=False))
        project.run(
            str(project.path / ".venv/bin/python"), "-m", "alembic", "upgrade", "heads",
            cwd=str(project.path / distribution.directory), PYTHONPATH=str(project.path),
        )  # fmt: skip
        return schema_at(there.set(drivername="postgresql+psycopg"))


def schema_at(url: sqlalchemy.URL) -> Schema:
    """Return table → kind of thing → the things, and the enumerations."""
    engine = sqlalchemy.create_engine(url)
    inspector: Any = sqlalchemy.inspect(engine)
    found = {table: reflected(inspector, table, {}, set()) for table in inspector.get_table_names()}
    enums = {enum["name"]: enum["labels"] for enum in inspector.get_enums()}
    engine.dispose()
    return {**found, "enumerations": enums}
