"""An Alembic environment as an earlier commit has it: its folders may have been moved since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitmig import config
from gitmig.commands.projectside import find_interpreter
from gitmig.commands.workspace import Workspace, places, reader
from gitmig.errors import ConfigError
from gitmig.model import Environment, Revision


def at(
    workspace: Workspace, environment: Environment, commit: str, found: Sequence[Revision]
) -> Environment:
    """Return an environment as a commit has it, with the settings of today.

    It is the one of that commit's environments that has most of the revisions ``found`` here, or
    else the same name; where there is none the folders are those of today. Raises ConfigError where
    what the commit has cannot be told.
    """
    tree = workspace.repository.tree(commit)
    files = [path for path in (environment.ini, environment.toml) if path]
    unmoved = all(tree.get(path) == workspace.index.get(path) for path in files)
    if unmoved and config.revision_paths(environment, tree):
        return environment
    try:
        known = config.load(tree.keys(), reader(workspace.repository, tree)).environments
    except ConfigError as error:
        if config.revision_paths(environment, tree):
            return environment
        raise ConfigError(f"at the base ({commit[:12]}): {error.message}", error.hint) from error
    ids = {revision.id for revision in found}

    def likeness(other: Environment) -> tuple[int, bool]:
        revisions, _ = workspace.read_revisions(places(other, tree))
        shared = len(ids.intersection(each.id for each in revisions))
        return shared, other.name == environment.name

    best = max(known, key=likeness, default=environment)
    if best is environment or likeness(best) == (0, False):
        return environment
    settings = environment.settings
    if best.directory != environment.directory:  # its virtual environment has moved along
        settings = replace(settings, python=str(find_interpreter(workspace, environment).path))
    return replace(best, name=environment.name, settings=settings)
