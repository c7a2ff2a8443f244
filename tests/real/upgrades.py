"""A repository with one release committed and the next one staged, and the judgement over both."""

from __future__ import annotations

import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

from releases import Distribution, Downloads
from schema import Names, Schema, schema_of
from support import Project

IGNORED = "/.venv/\n__pycache__/\n*.db\n"


@dataclass(frozen=True)
class Upgrade:
    """A repository with an old release committed and a new one staged, without its new revisions.

    gitmig's hooks are installed. ``old`` and ``new`` are the whole releases, beside the
    repository; ``withheld`` the paths of the revisions that were not staged; ``program`` is the
    project's own Alembic.
    """

    project: Project
    distribution: Distribution
    old: Path
    new: Path
    withheld: list[str]
    program: Path

    def commit(self, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Commit what is staged, through the hooks."""
        return self.project.git("commit", "-q", "-m", "next release", code=code)

    def generated(self) -> str:
        """Return the text of the one revision that the last commit added."""
        shown = self.project.git("show", "--name-only", "--diff-filter=A", "--format=").stdout
        added = [path for path in shown.split() if path.startswith(self.distribution.versions)]
        assert len(added) == 1, added
        return self.project.read(added[0])

    def alembic(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Alembic alone in a tree, with that tree as the home: some databases are there."""
        folder = str(root / self.distribution.directory)
        tree = str(root)
        return self.project.run(
            str(self.program), *arguments, cwd=folder, PYTHONPATH=tree, HOME=tree
        )

    def database(self, root: Path) -> Path:
        """Return the path of the database that is used with a tree."""
        return root / self.distribution.directory / self.distribution.database

    def database_in_use(self) -> bytes:
        """Make a database with the old release where the repository's configuration names it."""
        self.alembic(self.old, "upgrade", "head")
        return self.copy_database(self.project.path)

    def copy_database(self, root: Path) -> bytes:
        """Put a copy of the old release's database into another tree; return its content."""
        target = self.database(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.database(self.old), target)
        return target.read_bytes()

    def by_gitmig(self) -> Schema:
        """Upgrade the database in use with the revisions of the repository; return its schema."""
        self.alembic(self.project.path, "upgrade", "head")
        return schema_of(self.database(self.project.path), {})

    def by_the_release(self, names: Names) -> Schema:
        """Upgrade a copy of the old database with the release's own revisions, likewise."""
        self.copy_database(self.new)
        self.alembic(self.new, "upgrade", "head")
        return schema_of(self.database(self.new), names)


def upgrade_of(
    downloads: Downloads, project: Project, distribution: Distribution, old: str, new: str
) -> Upgrade:
    """Make the repository out of two releases."""
    root, beside = project.path, project.path.parent
    project.env.update(distribution.variables)
    install_editable(root, downloads.packages(distribution))
    project.write(".gitignore", IGNORED)
    downloads.unpack(distribution, old, root)
    project.commit_all(f"{distribution.name} {old}")
    project.gitmig("install", "-q")
    trees = beside / "old", beside / "new"
    for version, tree in zip((old, new), trees, strict=True):
        downloads.unpack(distribution, version, tree)
    downloads.unpack(distribution, new, root)
    known = distribution.revisions(trees[0])
    withheld = sorted(distribution.revisions(trees[1]) - known)
    for path in withheld:
        (root / path).unlink()
    project.git("add", "-A")
    program = downloads.environment(distribution) / "bin/alembic"
    return Upgrade(project, distribution, *trees, withheld, program)


def install_editable(root: Path, packages: Path) -> None:
    """Give a project a ``.venv`` of its own: the packages, and itself as ``pip -e`` installs it."""
    venv.create(root / ".venv", symlinks=True)
    own = next((root / ".venv").glob("lib/python*/site-packages"))
    (own / "project.pth").write_text(f"{packages}\n{root}\n", encoding="utf-8")
