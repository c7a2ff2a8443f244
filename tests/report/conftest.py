"""A real repository with findings of several kinds, and what one check says of it everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import Project, clean_environment

from gitmig.report.formats import FORMATS

LONG = "more" + "0" * 33
HOSTILE = "we|ird`` <img src=x onerror=alert(1)> @ada\n::error::mine\n| a | b | %0A</details>"
BAD = "migrations/versions/a,b;c 100%: é.py"
TABLE = f"""

class Weird(Base):
    __tablename__ = {HOSTILE!r}
    id = Column(Integer, primary_key=True)
"""


@dataclass(frozen=True)
class Checked:
    """A project, and what one run of a check wrote: format → text."""

    project: Project
    written: Mapping[str, str]


@pytest.fixture(scope="session")
def checked(_template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path) -> Checked:
    """Return a branch with errors, a warning, names that hurt, and its reports."""
    folder = tmp_path_factory.mktemp("checked") / "repository"
    shutil.copytree(_template, folder)
    project = Project(folder, clean_environment(home))
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", TABLE)
    add = 'op.add_column("users", sa.Column("email", sa.String(200)))'
    project.revision(LONG, "base00000000", add, "pass", "email", BAD)
    project.commit_all("email")
    return Checked(project, reports_of(project, "--base", "main", code=1))


def reports_of(project: Project, *options: str, code: int) -> dict[str, str]:
    """Run a check that writes every format, and return what is written."""
    folder = project.path.parent / "reports"
    folder.mkdir(exist_ok=True)
    files = {name: folder / f"report.{name}" for name in FORMATS}
    outputs = [f"--output={name}:{path}" for name, path in files.items()]
    project.gitmig("check", *options, *outputs, code=code)
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


@pytest.fixture(scope="session")
def failed(_template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path) -> Checked:
    """Return a project that cannot be checked, and its reports."""
    folder = tmp_path_factory.mktemp("failed") / "repository"
    shutil.copytree(_template, folder)
    project = Project(folder, clean_environment(home))
    project.write("migrations/env.py", "import never_there\n")
    project.commit_all("broken")
    return Checked(project, reports_of(project, code=2))


@pytest.fixture(scope="session")
def green(_template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path) -> Checked:
    """Return a project with nothing wrong, and its reports."""
    folder = tmp_path_factory.mktemp("green") / "repository"
    shutil.copytree(_template, folder)
    project = Project(folder, clean_environment(home))
    return Checked(project, reports_of(project, code=0))
