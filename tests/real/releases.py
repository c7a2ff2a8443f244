"""Releases of a project on PyPI as trees: its wheels, unpacked, and what they import."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Distribution:
    """A project on PyPI.

    ``package`` is the folder in its wheel, ``directory`` where Alembic is run, ``versions`` the
    folder of its revisions, ``database`` the SQLite file that its configuration names. ``needs``
    is what it imports; ``complete`` puts into a tree what a checkout has and the wheel lacks, and
    ``variables`` are those that its settings insist on.
    """

    name: str
    package: str
    directory: str
    versions: str
    database: str
    needs: tuple[str, ...]
    complete: Callable[[Path], None] = lambda root: None
    variables: Mapping[str, str] = field(default_factory=dict)

    def revisions(self, root: Path) -> set[str]:
        """Return the paths of the revision files in a tree."""
        files = (root / self.versions).glob("*.py")
        return {f"{self.versions}/{file.name}" for file in files if file.name != "__init__.py"}


@dataclass(frozen=True)
class Downloads:
    """A folder for what comes from PyPI, shared by all processes of one run of the tests."""

    folder: Path

    def environment(self, distribution: Distribution) -> Path:
        """Return the folder for what a project needs; tests that need more have another."""
        needs = hashlib.sha256(" ".join(distribution.needs).encode()).hexdigest()[:8]
        return self.folder / f"{distribution.name}-needs-{needs}"

    def packages(self, distribution: Distribution) -> Path:
        """Return the site-packages of an environment with what the project needs, not itself."""
        environment = self.environment(distribution)
        python = environment / "bin/python"
        with self.once(environment.name) as missing:
            if missing:
                venv.create(environment, with_pip=True)
                pip("install", "--no-compile", *distribution.needs, python=python)
        return next(environment.glob("lib/python*/site-packages"))

    def wheel(self, distribution: Distribution, version: str) -> Path:
        """Return the wheel of a release, downloaded with the pip of that environment."""
        self.packages(distribution)
        python = self.environment(distribution) / "bin/python"
        folder = self.folder / f"{distribution.name}-{version}"
        options = ("--no-deps", "--only-binary", ":all:", "--dest", str(folder))
        with self.once(folder.name) as missing:
            if missing:
                pip("download", *options, f"{distribution.name}=={version}", python=python)
        return next(folder.glob("*.whl"))

    def unpack(self, distribution: Distribution, version: str, root: Path) -> None:
        """Put a release in place of the one in ``root``."""
        shutil.rmtree(root / distribution.package, ignore_errors=True)
        with zipfile.ZipFile(self.wheel(distribution, version)) as archive:
            names = [name for name in archive.namelist() if name.startswith(distribution.package)]
            archive.extractall(root, [name for name in names if ".dist-info/" not in name])
        distribution.complete(root)

    @contextmanager
    def once(self, name: str) -> Iterator[bool]:
        """Say whether a thing is still to be made; other processes wait meanwhile."""
        done = self.folder / f"{name}.done"
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()


def pip(*arguments: str, python: Path) -> None:
    """Run pip; skip the test where it reaches no index at all."""
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return
    probe = [
        *command,
        "download",
        "--no-deps",
        "--retries",
        "0",
        "--dest",
        str(python.parent),
        "pip",
    ]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("pip reaches no package index")
    pytest.fail(f"pip {' '.join(arguments)}\n{result.stderr}")
