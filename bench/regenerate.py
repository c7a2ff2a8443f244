"""Regenerate the revisions of a project's history and compare: ``python -m bench.regenerate REPO``.

Every commit that changed models and added one revision is made again without that revision: by a
real ``git commit`` with gitmig's hooks, typed twice where the first stops for a doubt, and by plain
``alembic revision --autogenerate``. Both schemas are compared with the one of the commit itself.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

if __package__ in (None, ""):  # python bench/regenerate.py
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.history import Change, History
from bench.regenerate_case import Case, Outcome
from bench.regenerate_recipe import Recipe, completed, read
from bench.regenerate_table import FORMATS, line_of
from bench.schemas import databases
from gitmig.errors import COULD_NOT_RUN, OK, ConfigError, GitmigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 where it could not be made."""
    options = parser().parse_args(arguments)
    try:
        recipe = read(options.recipe) if options.recipe else Recipe()
        history = History(options.repository)
        try:
            found = chosen(history, recipe, options)
            outcomes = []
            for outcome in judged(history, recipe, found, interpreter(options)):
                print(line_of(outcome), file=sys.stderr, flush=True)
                outcomes.append(outcome)
        finally:
            history.close()
    except GitmigError as error:
        told = (f"regenerate: {error.message}", error.detail, error.hint and f"  → {error.hint}")
        print(*filter(None, told), sep="\n", file=sys.stderr)
        return COULD_NOT_RUN
    print(FORMATS[options.format](outcomes))
    return OK


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(prog="regenerate", description=(__doc__ or "").split("\n\n")[1])
    found.add_argument("repository", type=Path, metavar="REPO", help="a clone, bare or not")
    found.add_argument("--python", type=Path, help="the project's interpreter")
    found.add_argument("--recipe", type=Path, help="what the project needs: TOML or JSON")
    found.add_argument("--since", default="", metavar="REV", help="only commits after this one")
    found.add_argument("--limit", type=int, metavar="N", help="only the newest N")
    found.add_argument("--commit", nargs="+", default=[], metavar="SHA", help="only these")
    found.add_argument("--format", choices=sorted(FORMATS), default="text")
    return found


def interpreter(options: argparse.Namespace) -> Path:
    """Return the project's interpreter: as it is given, its ``.venv``, or the one that runs.

    Raises ConfigError for one that is not there.
    """
    given: Path | None = options.python
    if given is None:
        beside = options.repository / ".venv/bin/python"
        given = beside if beside.exists() else Path(sys.executable)
    if not given.exists():
        raise ConfigError(f"There is no interpreter at {given}.")
    return given.absolute()  # not resolved: the link is what makes a virtual environment


def chosen(history: History, recipe: Recipe, options: argparse.Namespace) -> list[Change]:
    """Return the commits to take, the oldest first: as they are named, or found; GitmigError."""
    named = options.commit or ([] if options.since or options.limit else recipe.commits)
    if named:
        return list(history.named(named))
    found = (
        change
        for change in history.changes(options.since)
        if change.revision.path.startswith(recipe.versions)
    )
    return list(itertools.islice(found, options.limit))[::-1]


def judged(
    history: History, recipe: Recipe, changes: Sequence[Change], python: Path
) -> Iterator[Outcome]:
    """Judge one commit after the other; raises GitmigError where none could be."""
    if not changes:
        return
    drivers = {change: complete(history, recipe, change) for change in changes}
    with databases(drivers[changes[-1]].database, recipe.extensions) as made:
        for change, own in drivers.items():
            folder = Path(tempfile.mkdtemp(prefix="regenerate-"))
            try:
                yield Case(history, change, own, made, python, folder).judge()
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                made.clear()


def complete(history: History, recipe: Recipe, change: Change) -> Recipe:
    """Return the recipe for one commit: with what its own Alembic configuration says."""

    def text(path: str) -> str | None:
        return history.read(change.commit, path)

    return completed(recipe, history.paths(change.commit), text, change.revision.path)


if __name__ == "__main__":
    sys.exit(main())
