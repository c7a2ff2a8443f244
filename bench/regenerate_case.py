"""One commit: what gitmig and plain Alembic make of it without its revision."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.history import Change, History, git
from bench.regenerate_recipe import Place, Recipe, equip, point
from bench.schemas import BESIDE, Databases, Schema, differences, schema_of
from gitmig.errors import GitmigError

Verdict = Literal["same", "different", "failed", "stopped"]

GITMIG = str(Path(sys.executable).with_name("gitmig"))
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LD_LIBRARY_PATH", "SYSTEMROOT")
WHO = {
    f"GIT_{role}_{what}": told
    for role in ("AUTHOR", "COMMITTER")
    for what, told in (("NAME", "bench"), ("EMAIL", "bench@example.com"))
}
AGAIN = "committing again"
BUG = "this is a bug in gitmig"
ERROR = re.compile(r"[\w.]+(Error|Exception|[a-z]Violation)\b.*:|FAILED:|gitmig: ")


@dataclass(frozen=True)
class Result:
    """What came out, in one word, and why; ``doubt`` is why a first commit stopped."""

    verdict: Verdict
    why: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class Outcome:
    """A commit and both results; ``left_out`` says why there are none."""

    change: Change
    gitmig: Result | None = None
    plain: Result | None = None
    left_out: str = ""


class Failed(Exception):
    """A command of the project's failed; its text is the end of what it said."""


@dataclass(frozen=True)
class Case:
    """A commit to be made again, in a folder of its own."""

    history: History
    change: Change
    recipe: Recipe
    databases: Databases
    python: Path
    folder: Path

    def judge(self) -> Outcome:
        """Compare gitmig's and plain Alembic's schema with the true one."""
        try:
            true = self._true()
        except (Failed, GitmigError) as error:
            return Outcome(self.change, left_out=f"its own revisions do not run: {error}")
        if true is None:
            return Outcome(self.change, left_out="its revision leaves the schema as it is")
        return Outcome(self.change, self._by_gitmig(true), self._by_alembic(true))

    def _true(self) -> Schema | None:
        """Return the schema that the commit leads to, None where its revision changes nothing."""
        place = self._tree("true")
        before: Schema = {}
        if self.change.revision.parents:
            self._alembic(place, "upgrade", self.change.revision.parents[0])
            before = schema_of(place.database)
        self._alembic(place, "upgrade", "heads")
        after = schema_of(place.database)
        if set(after) == {BESIDE}:
            raise Failed("the database is empty afterwards: which variable names it? (a recipe)")
        return None if before and not differences(before, after) else after

    def _by_alembic(self, true: Schema) -> Result:
        """Let Alembic generate alone, on a database at the parent's revisions."""
        place = self._tree("alembic", without=self.change.revision.path)
        try:
            self._alembic(place, "upgrade", "heads")
            there = set(place.tree.rglob("*.py"))
            try:
                self._alembic(place, "revision", "--autogenerate", "-m", "generated")
            except Failed:
                if there == set(place.tree.rglob("*.py")):  # else: a post-write hook is missing
                    raise
        except Failed as error:
            return Result("failed", (str(error),))
        return self._compared(place, true)

    def _by_gitmig(self, true: Schema) -> Result:
        """Let a commit generate through gitmig's hooks."""
        try:
            place = self._repository()
        except (Failed, GitmigError) as error:
            return Result("failed", (str(error),))
        staged = git(place.tree, "write-tree").strip()
        done, doubt = self._commit(place), ""
        if done.returncode and AGAIN in done.stderr:
            doubt = told_by_gitmig(done.stderr)
            done = self._commit(place)
        if done.returncode:
            verdict: Verdict = "failed" if BUG in done.stderr else "stopped"
            return Result(verdict, (told_by_gitmig(done.stderr),))
        ours = self._tree("gitmig", without=self.change.revision.path)
        for path in git(place.tree, "diff", "--name-only", "-z", staged, "HEAD").split("\0")[:-1]:
            shutil.copyfile(place.tree / path, ours.tree / path)
        return replace(self._compared(ours, true), doubt=doubt)

    def _compared(self, place: Place, true: Schema) -> Result:
        """Upgrade the database of a place and compare its schema with the true one."""
        try:
            self._alembic(place, "upgrade", "heads")
        except Failed as error:
            return Result("failed", (f"the revision does not upgrade: {error}",))
        told = tuple(differences(true, schema_of(place.database)))
        return Result("different" if told else "same", told)

    def _tree(self, name: str, without: str = "") -> Place:
        """Lay out the commit's tree, beside a new database."""
        folder = self.folder / name / "data"
        folder.mkdir(parents=True)
        database = self.databases.make(folder / self.recipe.file)
        place = Place(self.folder / name / "tree", folder, database, self.python)
        self._lay_out(place, self.change.commit, without)
        point(place, self.recipe)
        return place

    def _repository(self) -> Place:
        """Make a repository of the parent's tree with the hooks, and the commit's tree staged."""
        folder = self.folder / "commit"
        (folder / "data").mkdir(parents=True)
        database = self.databases.nowhere(folder / "data" / self.recipe.file)
        place = Place(folder / "tree", folder / "data", database, self.python)
        self._lay_out(place, self.history.parent(self.change.commit))
        self._run(place, "git", "init", "-q", "-b", "main")
        self._run(place, "git", "add", "-A", "-f")
        self._run(place, "git", "commit", "-q", "-m", "the parent")
        self._run(place, GITMIG, "install")
        self._run(place, "git", "rm", "-r", "-q", "-f", ".")
        self._lay_out(place, self.change.commit, self.change.revision.path)
        self._run(place, "git", "add", "-A", "-f")
        return place

    def _lay_out(self, place: Place, commit: str, without: str = "") -> None:
        """Write the files of a commit, without one of them, and what the recipe adds."""
        self.history.lay_out(commit, place.tree, self.recipe.paths)
        if without:
            (place.tree / without).unlink()
        equip(place, self.recipe)

    def _commit(self, place: Place) -> subprocess.CompletedProcess[str]:
        return self._started(place, "git", "commit", "-q", "-m", "the change")

    def _alembic(self, place: Place, *arguments: str) -> None:
        """Run plain Alembic; raises Failed with the last line that it said."""
        command = [place.fill(word) for word in self.recipe.alembic]
        self._run(place, *command, *arguments, folder=self.recipe.folder)

    def _run(self, place: Place, *command: str, folder: str = "") -> None:
        try:
            done = self._started(place, *command, folder=folder)
        except OSError as error:  # a command or a folder of the recipe that is not there
            raise Failed(str(error)) from error
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise Failed(reason(lines) or f"{command[0]} ended with {done.returncode}")

    def _started(
        self, place: Place, *command: str, folder: str = ""
    ) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if name in KEPT}
        env["PATH"] = f"{self.python.parent}{os.pathsep}{env.get('PATH', '')}"
        env.update(WHO, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        env.update(PYTHONDONTWRITEBYTECODE="1", GITMIG_PYTHON=str(self.python))
        env.update({name: place.fill(text) for name, text in self.recipe.variables.items()})
        return subprocess.run(
            command, cwd=place.tree / folder, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip


def reason(lines: list[str]) -> str:
    """Choose the line that says most: the error's own, not SQLAlchemy's links and parameters."""
    errors = [line for line in lines if ERROR.match(line)]
    return (errors or lines or [""])[-1][:300]


def told_by_gitmig(said: str) -> str:
    """Return why gitmig stopped, on one line: its last words and the remedy."""
    lines = said.strip().splitlines()
    begins = [number for number, line in enumerate(lines) if line.startswith("gitmig: ")]
    told = lines[begins[-1] :][:3] if begins else lines[-1:]
    return " ".join(line.strip() for line in told).removeprefix("gitmig: ")
