"""Projects from PyPI as git repositories: one release committed, the next one staged."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from schema import Schema, schema_of
from support import Project

IGNORED = "/.venv/\n__pycache__/\n*.db\n"


@dataclass(frozen=True)
class Distribution:
    """A project on PyPI.

    ``package`` is what of its wheel is the project, ``directory`` where in it Alembic is run,
    ``versions`` the folder of its revisions, ``database`` the SQLite file that its ini names.
    ``needs`` is what it imports; ``complete`` puts in what a checkout has and the wheel lacks.
    """

    name: str
    package: str
    directory: str
    versions: str
    database: str
    needs: tuple[str, ...]
    complete: Callable[[Path], None] = lambda root: None

    def revisions(self, root: Path) -> set[str]:
        """Return the paths of the revision files in a release."""
        files = (root / self.versions).glob("*.py")
        return {f"{self.versions}/{file.name}" for file in files if file.name != "__init__.py"}


@dataclass(frozen=True)
class Shared:
    """A folder for what is downloaded, shared by all tests and all processes of a run."""

    folder: Path

    def packages(self, distribution: Distribution) -> Path:
        """Return the site-packages of an environment with what the project needs, not itself."""
        environment = self.folder / f"environment-{distribution.name}"
        with self.made_once(environment.name) as missing:
            if missing:
                venv.create(environment, with_pip=True)
                pip("install", *distribution.needs, python=environment / "bin/python")
        return next(environment.glob("lib/python*/site-packages"))

    def wheel(self, distribution: Distribution, version: str) -> Path:
        """Return the wheel of a release."""
        folder = self.folder / f"{distribution.name}-{version}"
        python = self.folder / f"environment-{distribution.name}/bin/python"
        with self.made_once(folder.name) as missing:
            if missing:
                options = ("--no-deps", "--only-binary", ":all:", "--dest", str(folder))
                pip("download", *options, f"{distribution.name}=={version}", python=python)
        return next(folder.glob("*.whl"))

    @contextmanager
    def made_once(self, name: str) -> Iterator[bool]:
        """Say whether the thing of this name is still to be made; the others wait meanwhile."""
        done = self.folder / f"{name}.done"
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()

    def unpack(self, distribution: Distribution, version: str, root: Path) -> None:
        """Put a release in place of the one in ``root``."""
        shutil.rmtree(root / distribution.package, ignore_errors=True)
        with zipfile.ZipFile(self.wheel(distribution, version)) as archive:
            prefix = f"{distribution.package}/"
            archive.extractall(root, [name for name in archive.namelist() if name.startswith(prefix)])
        distribution.complete(root)


def pip(*arguments: str, python: Path) -> None:
    """Run pip; skip the test where it reaches no index at all."""
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return
    probe = [*command, "download", "--no-deps", "--retries", "0", "--dest", python.parent, "pip"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("pip reaches no package index")
    pytest.fail(f"pip {' '.join(arguments)}\n{result.stderr}")


@dataclass
class Upgrade:
    """A repository with ``old`` committed and ``new`` staged, but for the revisions of ``new``.

    The hooks are installed. ``withheld`` are the paths of those revisions, ``before`` the
    database of somebody who used the old release.
    """

    project: Project
    distribution: Distribution
    own: Path
    withheld: list[str]
    before: Path

    def commit(self, code: int) -> subprocess.CompletedProcess[str]:
        """Commit what is staged, through the hooks."""
        return self.project.git("commit", "-m", "next release", code=code)

    def generated(self) -> str:
        """Return the text of the one revision in the last commit, made by gitmig."""
        new = self.project.git("show", "--name-only", "--diff-filter=A", "--format=").stdout
        added = [path for path in new.splitlines() if path.startswith(self.distribution.versions)]
        assert len(added) == 1, added
        return self.project.read(added[0])

    def by_the_release(self) -> Schema:
        """Return the schema that the release's own revisions make of the old database."""
        return schema_of(migrate(self.project, self.distribution, self.own, self.before))

    def by_gitmig(self) -> Schema:
        """Return the schema that the revision in the repository makes of the old database."""
        return schema_of(migrate(self.project, self.distribution, self.project.path, self.before))


def migrate(
    project: Project, distribution: Distribution, root: Path, before: Path | None = None
) -> Path:
    """Upgrade a copy of a database with the revisions in ``root``, with Alembic alone."""
    folder = root / distribution.directory
    database = folder / distribution.database
    if before is not None:
        shutil.copyfile(before, database)
    python = project.path / ".venv/bin/python"
    project.run(
        str(python), "-m", "alembic", "upgrade", "head", cwd=str(folder), PYTHONPATH=str(root)
    )
    return database


def upgrade_of(
    shared: Shared, project: Project, distribution: Distribution, old: str, new: str
) -> Upgrade:
    """Make the repository out of two releases."""
    root, beside = project.path, project.path.parent
    packages = shared.packages(distribution)
    install_editable(root, packages)
    project.write(".gitignore", IGNORED)
    shared.unpack(distribution, old, root)
    known = distribution.revisions(root)
    project.commit_all(f"{distribution.name} {old}")
    project.gitmig("install", "-q")
    before = migrate(project, distribution, root).rename(beside / "before.db")

    own = beside / "own"
    shared.unpack(distribution, new, own)
    shared.unpack(distribution, new, root)
    withheld = sorted(distribution.revisions(root) - known)
    for path in withheld:
        (root / path).unlink()
    project.git("add", "-A")
    return Upgrade(project, distribution, own, withheld, before)


def install_editable(root: Path, packages: Path) -> None:
    """Give a project its own ``.venv``: with the packages, and the project as an editable."""
    venv.create(root / ".venv", symlinks=True)
    own = next((root / ".venv").glob("lib/python*/site-packages"))
    (own / "project.pth").write_text(f"{packages}\n{root}\n", encoding="utf-8")
