"""A release as a git repository, and its merge revisions taken out and made again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.merges_projects import Release
from bench.project import BIN, environment, run
from gitmig import revisions
from gitmig.commands.merge_heads import head_groups
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError
from gitmig.graph import Graph
from gitmig.model import Revision


@dataclass(frozen=True)
class Outcome:
    """What became of one merge revision.

    ``heads`` is what gitmig would join by reading alone, ``joined`` the parents of the one that it
    proved and rendered (empty: none), ``refused`` why not, ``seconds`` what that took.
    """

    merge: Revision
    heads: tuple[str, ...]
    joined: tuple[str, ...] = ()
    refused: str = ""
    seconds: float = 0.0

    @property
    def same_heads(self) -> bool:
        """Whether the heads are the parents that the authors named."""
        return set(self.heads) == set(self.merge.parents)

    @property
    def needless(self) -> bool:
        """Whether one of the parents stands on all others: there was only one head."""
        return not self.heads

    @property
    def same_parents(self) -> bool:
        """Whether the proved revision has the parents that the authors named."""
        return set(self.joined) == set(self.merge.parents)


def unpack(release: Release, wheel: Path, root: Path) -> None:
    """Make a repository of a wheel, without a commit: its packages, and their configuration."""
    with zipfile.ZipFile(wheel) as archive:
        kept = [name for name in archive.namelist() if name.split("/")[0] in release.packages]
        archive.extractall(root, kept)
    for path, text in release.files().items():
        (root / path).write_text(text, encoding="utf-8")
    (root / ".gitignore").write_text("__pycache__/\n*.db\n", encoding="utf-8")
    run(root, "git", "init", "-q", "-b", "main")


def read(release: Release, root: Path) -> Graph:
    """Return the revisions of a tree."""
    found = []
    for folder in release.folders:
        for file in sorted((root / folder).glob("*.py")):
            path = f"{folder}/{file.name}"
            try:
                revision = revisions.parse(file.read_text(encoding="utf-8"), path)
            except SourceError:  # Alembic could not load it either
                continue
            found += [revision] if revision else []
    return Graph(found)


class Case:
    """The repository of a release, at one state of its revisions after the other."""

    def __init__(self, release: Release, wheel: Path, root: Path) -> None:
        self.root = root
        self.release = release
        unpack(release, wheel, root)
        self.graph = read(release, root)
        self.merges = [each for each in self.graph.order() if len(each.parents) > 1]
        self.texts = {each.path: (root / each.path).read_bytes() for each in self.graph.revisions}

    def use(self, python: Path) -> None:
        """Run the project with this interpreter from now on."""
        path = self.root / "gitmig.toml"
        path.write_text(f'python = "{python}"\n' + path.read_text("utf-8"), encoding="utf-8")

    def at(self, merge: Revision) -> None:
        """Commit the state before a merge revision: what its parents stand on, and no more."""
        below = self.graph.ancestors(merge.parents)
        for each in self.graph.revisions:
            file = self.root / each.path
            if each.id in below:
                file.write_bytes(self.texts[each.path])
            else:
                file.unlink(missing_ok=True)
        run(self.root, "git", "add", "-A")
        run(self.root, "git", "commit", "-q", "--allow-empty", "-m", f"before {merge.id}")

    def heads(self) -> tuple[str, ...]:
        """Return the heads that gitmig would join, by reading what is committed."""
        workspace = Workspace.open(self.root)
        try:
            groups = head_groups(workspace, workspace.environment("release"))
        finally:
            workspace.close()
        # intended heads stay apart, and one head is none to join
        several = [group for group in groups if len(group) > 1]
        return tuple(head.id for group in several for head in group)

    def read_alone(self) -> Iterator[Outcome]:
        """Yield what each state's heads are."""
        for merge in self.merges:
            self.at(merge)
            yield Outcome(merge, self.heads())

    def proved(self) -> Iterator[Outcome]:
        """Yield what `gitmig merge-heads` makes of each state."""
        for outcome in self.read_alone():
            yield self.joined(outcome) if outcome.heads else outcome

    def joined(self, outcome: Outcome) -> Outcome:
        """Have `gitmig merge-heads` join the heads, and read what it staged."""
        started = time.perf_counter()
        command = [str(BIN / "gitmig"), "merge-heads", "--env", "release", "--format", "json"]
        result = subprocess.run(
            command, cwd=self.root, env=environment(), capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if result.returncode:
            error = json.loads(result.stdout)["error"]["message"] if result.stdout else ""
            told = error or (result.stderr.strip().splitlines() or ["?"])[-1]
            return replace(outcome, refused=told, seconds=seconds)
        written = json.loads(result.stdout)["written"]
        made = revisions.parse(run(self.root, "git", "show", f":{written['path']}"), "made.py")
        run(self.root, "git", "rm", "-qf", written["path"])
        return replace(outcome, joined=made.parents if made else (), seconds=seconds)


def install(release: Release, folder: Path) -> Path:
    """Return an interpreter with what a release needs, and of itself nothing but its metadata.

    Where pip does not get to the end in half an hour, by uv, which must be there then.
    """
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = {
            "pip": [str(python), "-m", "pip", "install", "--no-compile"],
            "uv": ["uv", "pip", "install", "--python", str(python)],
        }
        subprocess.run([*install[release.installer], "-q", *release.needs], check=True)
        remove_itself(release, next(folder.glob("lib/python*/site-packages")))
    return python


def remove_itself(release: Release, packages: Path) -> None:
    """Remove a release's own files, and not what others put into the same folders."""
    name = f"{release.name.replace('-', '_')}-{release.version}.dist-info"
    for line in (packages / name / "RECORD").read_text(encoding="utf-8").splitlines():
        path = line.split(",")[0]
        if path.split("/")[0] in release.packages:
            (packages / path).unlink(missing_ok=True)


def download(release: Release, folder: Path) -> Path:
    """Return the wheel of a release."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{release.name.replace('-', '_')}-{release.version}-*.whl"
    if not list(folder.glob(name)):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary"]
        command += [":all:", "--dest", str(folder), release.requirement]
        subprocess.run(command, check=True)
    return next(folder.glob(name))


def remove(root: Path) -> None:
    """Remove a folder."""
    shutil.rmtree(root, ignore_errors=True)
