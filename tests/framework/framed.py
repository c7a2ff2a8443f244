"""A project whose hooks the pre-commit framework runs, and what it is made of.

What gitmig and the project have in common is nothing: pre-commit installs gitmig from a git
repository, the project's packages are only in the project's ``.venv``, and neither is on PATH.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from support import BIN, Project

CHECKOUT = Path(__file__).parents[2]
SHIPPED = ("gitmig", "hooks", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
TAG = "v0.0.1"
CONFIG = ".pre-commit-config.yaml"
PRE_COMMIT = str(BIN / "pre-commit")

# all that Alembic with SQLAlchemy on SQLite needs; gitmig's own packages are not among them
PACKAGES = ("alembic", "sqlalchemy", "mako", "markupsafe", "typing_extensions", "tomli")
ONLY_IN_VENV = "acme_columns"


def config_text(repository: Path, hooks: Sequence[str], more: str = "") -> str:
    """Return a ``.pre-commit-config.yaml`` with hooks of gitmig, and what else is given."""
    ids = "".join(f"      - id: {hook}\n" for hook in hooks)
    return f"repos:\n  - repo: {repository}\n    rev: {TAG}\n    hooks:\n{ids}{more}"


@dataclass
class Framed(Project):
    """A project under the framework; ``gitmig_repository`` is what its configuration names."""

    gitmig_repository: Path

    def pre_commit(self, *arguments: str, code: int = 0, **env: str) -> str:
        """Run pre-commit by hand, as CI does; return everything it printed."""
        result = self.run(PRE_COMMIT, *arguments, code=code, **env)
        return result.stdout + result.stderr

    def use(self, *hooks: str, types: Sequence[str] = (), more: str = "") -> None:
        """Commit a configuration with these hooks and install further hook types."""
        self.write(CONFIG, config_text(self.gitmig_repository, hooks, more))
        self.commit_all("hooks")
        for each in types:
            self.pre_commit("install", "--hook-type", each)

    def versions(self) -> list[str]:
        """Return the paths of the revision files in the work tree, tracked or not."""
        found = sorted((self.path / "migrations/versions").glob("*.py"))
        return [path.relative_to(self.path).as_posix() for path in found]

    def commit(self, *arguments: str, code: int = 0, cwd: str = ".", **env: str) -> str:
        """Run ``git commit``; return everything it printed, hooks included."""
        result = self.git("commit", *arguments, code=code, cwd=cwd, **env)
        return result.stdout + result.stderr

    def python(self, *arguments: str) -> str:
        """Run the project's own Python, as its developer would; return its stdout."""
        return self.run(str(self.path / ".venv" / "bin" / "python"), *arguments).stdout


def publish(folder: Path, environment: dict[str, str]) -> Path:
    """Make a git repository of the checkout's files, with a tag."""
    folder.mkdir()
    for name in SHIPPED:
        source = CHECKOUT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    repository = Project(folder, environment)
    repository.git("init", "-q", "-b", "main")
    repository.commit_all("release")
    repository.git("tag", TAG)
    return folder


def install_environment(repository: Path, folder: Path, environment: dict[str, str]) -> None:
    """Have pre-commit install gitmig, with the user's own pip cache where there is one."""
    folder.mkdir()
    project = Project(folder, environment)
    project.git("init", "-q")
    project.write(CONFIG, config_text(repository, ["gitmig-autogenerate"]))
    project.run(PRE_COMMIT, "install-hooks", HOME=str(Path.home()), PIP_NO_COMPILE="1")


def make_venv(folder: Path) -> None:
    """Make a virtual environment that holds the project's packages, linked from ours."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in PACKAGES:
        found = find_spec(name)
        if found is not None and found.origin is not None:
            origin = Path(found.origin)
            origin = origin.parent if origin.name == "__init__.py" else origin
            (packages / origin.name).symlink_to(origin)
    module = packages / f"{ONLY_IN_VENV}.py"
    module.write_text("from sqlalchemy import Column, Integer, String\n", encoding="utf-8")
