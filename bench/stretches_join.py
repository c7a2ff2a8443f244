"""`gitmig merge-heads` at a commit of a history that had several heads, with a project's recipe."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from bench.history import History
from bench.merges_case import remove
from bench.project import BIN, environment, run
from bench.regenerate_recipe import Place, Recipe, completed, equip
from bench.schemas import NOWHERE, Databases


def joined(repository: Path, recipe: Recipe, python: Path, commit: str, revision: str) -> str:
    """Return the last line that `gitmig merge-heads` says at a commit; nothing of it stays.

    ``revision`` is the path of a revision of the environment that is meant. Raises GitmigError.
    """
    history = History(repository)
    folder = Path(tempfile.mkdtemp(prefix="stretch-"))
    try:
        whole = completed(
            recipe,
            history.paths(commit),
            lambda path: history.read(commit, path),
            revision,
        )
        database = Databases(whole.database, NOWHERE).nowhere(folder / whole.file)
        place = Place(folder / "tree", folder, database, python)
        history.lay_out(commit, place.tree, whole.paths)
        equip(place, whole)
        run(place.tree, "git", "init", "-q", "-b", "main")
        run(place.tree, "git", "add", "-A", "-f")
        run(place.tree, "git", "commit", "-q", "-m", "as it was")
        return told(place, whole)
    finally:
        history.close()
        remove(folder)


def told(place: Place, recipe: Recipe) -> str:
    """Run `gitmig merge-heads` and return what it says first."""
    env = {**environment(), "GITMIG_PYTHON": str(place.python)}
    env["PATH"] = f"{place.python.parent}{os.pathsep}{env['PATH']}"
    env.update({name: place.fill(text) for name, text in recipe.variables.items()})
    found = subprocess.run(
        [str(BIN / "gitmig"), "merge-heads"], cwd=place.tree, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = (found.stderr if found.returncode else found.stdout).splitlines()
    return lines[0] if lines else f"exit code {found.returncode}"
