"""From a git tree to gitmig's settings and the Alembic environments in it.

Nothing is read from disk: a tree is a collection of tracked paths and a function that gives the
text of one, so the index, ``HEAD`` and any other commit are read alike. The rules for Alembic's
own options are those of ``alembic/config.py`` and ``alembic/script/base.py`` in Alembic 1.20.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any

from gitmig.alembic_options import TREE, Source, read_source
from gitmig.errors import ConfigError, NoEnvironment, SeveralEnvironments
from gitmig.model import Environment, Settings
from gitmig.settings import OWN_KEYS, Read, laid_over, nearest, own_table

_VENDORED = frozenset({"site-packages", "node_modules", ".venv", "venv"})


@dataclass(frozen=True)
class Config:
    """The settings of a repository and its Alembic environments, by name."""

    settings: Settings
    environments: tuple[Environment, ...]


def load(paths: Collection[str], read: Read) -> Config:
    """Read the settings and the environments of a tree.

    ``paths`` are all tracked paths from the top level, ``read`` gives the text of one (None where
    it is absent). Without ``environments`` in the settings, every ``alembic.ini`` with an
    ``[alembic]`` section and every ``pyproject.toml`` with ``[tool.alembic]`` counts; both in one
    folder are one environment. Raises ConfigError for anything that cannot be used.
    """
    tracked = frozenset(paths)
    file, table = own_table(read)
    declared = table.pop("environments", {})
    settings = laid_over(Settings(), table, file)
    if declared:
        chosen = _declared(declared, file, settings, tracked, read)
        return Config(settings, _apart([_environment(*each, tracked) for each in chosen], file))
    found = [_environment("", settings, each, tracked) for each in _discovered(tracked, read)]
    return Config(settings, _apart(_named(found), file))


def _apart(environments: Sequence[Environment], file: str) -> tuple[Environment, ...]:
    """Return environments that have a head file of their own; raises ConfigError for a shared one.

    It could be true for one of them only.
    """
    owners: dict[str, str] = {}
    for each in environments:
        path = each.settings.head_file
        if path and owners.setdefault(path, each.name) != each.name:
            raise ConfigError(
                f"{file}: {path} would be the head-file of both {owners[path]} and {each.name}.",
                hint=f'give each its own, in [tool.gitmig.environments."{each.name}"]',
            )
    return tuple(environments)


def choose(config: Config, name: str | None, directory: str) -> Environment:
    """Give the environment that ``name``, or else ``directory`` (from the top level), means.

    Without a name it is the only one, or the one whose folder is the nearest around
    ``directory``. Raises NoEnvironment, SeveralEnvironments, or ConfigError for an unknown name.
    """
    known = {environment.name: environment for environment in config.environments}
    if not known:
        raise NoEnvironment(
            "No Alembic environment is in this git tree.",
            hint="gitmig init; or `git add` the alembic.ini and env.py that are there",
        )
    if name is not None:
        if name not in known:
            raise ConfigError(f'No environment is called "{name}".', nearest(name, known))
        return known[name]
    if len(known) == 1:
        return config.environments[0]
    around = [item for item in config.environments if _is_inside(directory, item.directory)]
    deepest = max((len(item.directory) for item in around), default=0)
    closest = [item for item in around if len(item.directory) == deepest]
    if len(closest) == 1:
        return closest[0]
    raise SeveralEnvironments(
        f"There are {len(known)} Alembic environments: {', '.join(known)}.",
        hint=f"name one of them, such as `--env {quote(next(iter(known)))}`",
    )


def revision_paths(environment: Environment, paths: Iterable[str]) -> list[str]:
    """Give the tracked files that Alembic would read as revisions of ``environment``, sorted.

    The rule is ``Script._list_py_dir`` and ``_only_source_rev_file`` of Alembic: ``.py``, not
    ``__init__*`` nor an editor's ``.#*``, below the top of a version location only where
    ``recursive_version_locations`` is set.
    """
    return sorted({path for path in paths if _is_revision(path, environment)})


def _is_revision(path: str, environment: Environment) -> bool:
    folder, name = posixpath.split(path)
    if not name.endswith(".py") or name.startswith((".#", "__init__")):
        return False
    if environment.recursive:
        return any(_is_inside(folder, top) for top in environment.version_locations)
    return folder in environment.version_locations


def _is_inside(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")


def _declared(
    declared: Any, file: str, settings: Settings, tracked: frozenset[str], read: Read
) -> Iterator[tuple[str, Settings, Source]]:
    if not isinstance(declared, dict):
        raise ConfigError(f"{file}: environments must be a table of tables.")
    for name, table in declared.items():
        prefix = f"environments.{name}."
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: environments.{name} must be a table.")
        config, section = table.get("config", ""), table.get("section", "alembic")
        if not (isinstance(config, str) and config and isinstance(section, str) and section):
            raise ConfigError(
                f"{file}: {prefix}config and {prefix}section must be strings, config is needed.",
                hint='config = "path/to/alembic.ini"',
            )
        path = posixpath.normpath(config)
        if path not in tracked:
            raise ConfigError(
                f"{file}: {prefix}config: {path} is not in git.", f"git add {quote(path)}"
            )
        own = {key: value for key, value in table.items() if key not in OWN_KEYS}
        source = read_source(path, section, tracked, read)
        if not source.is_there:
            raise ConfigError(f"{path} has no [{section}] section, nor [tool.alembic] beside it.")
        yield name, laid_over(settings, own, file, prefix), source


def _discovered(tracked: frozenset[str], read: Read) -> Iterator[Source]:
    folders = set()
    for path in sorted(tracked):
        folder, name = posixpath.split(path)
        if name not in ("alembic.ini", "pyproject.toml") or folder in folders:
            continue
        if _VENDORED.intersection(folder.split("/")):
            continue
        # An unrelated pyproject.toml need not even be valid.
        mark = "[alembic]" if name == "alembic.ini" else "tool.alembic"
        if mark not in (read(path) or ""):
            continue
        source = read_source(path, "alembic", tracked, read)
        if source.is_there:
            folders.add(folder)
            yield source


def _named(environments: list[Environment]) -> list[Environment]:
    """Name each by the folder it is run in, or by the path of its configuration on a clash."""
    names = [posixpath.basename(item.directory) or "default" for item in environments]
    if len(names) == 1:
        names = ["default"]
    for _ in range(2):  # a path may in turn clash with the name of another
        count = Counter(names)
        for place, item in enumerate(environments):
            if count[names[place]] > 1:
                names[place] = posixpath.dirname(item.ini or item.toml) or "."
    return [replace(item, name=name) for item, name in zip(environments, names, strict=True)]


def _environment(
    name: str, settings: Settings, source: Source, tracked: frozenset[str]
) -> Environment:
    directory, script = _run_from(source, tracked)
    locations = source.locations(
        "version_locations", ("path_separator", "version_path_separator"), ", *| +"
    )
    versions = [_folder(location, directory, source, tracked) for location in locations]
    if None in versions:
        outside = locations[versions.index(None)].removeprefix(TREE + "/")
        raise ConfigError(f"{source.file}: version_locations: {outside} is not in the repository.")
    return Environment(
        name=name,
        directory=directory,
        script_location=script,
        version_locations=tuple(dict.fromkeys(folder for folder in versions if folder is not None))
        or (posixpath.join(script, "versions"),),
        settings=settings,
        ini=source.ini,
        toml=source.toml,
        section=source.section,
        recursive=source.flag("recursive_version_locations"),
    )


def _run_from(source: Source, tracked: frozenset[str]) -> tuple[str, str]:
    """Give the folder Alembic is run from and the folder of env.py.

    A relative ``script_location`` counts from where Alembic is run: the folder of the
    configuration, or, as in ``alembic -c app/alembic.ini``, one above where env.py then is.
    """
    location = source.get("script_location")
    if location is None and posixpath.join(source.folder, "env.py") in tracked:
        return posixpath.dirname(source.folder), source.folder  # Flask-Migrate
    if not isinstance(location, str):
        raise ConfigError(f"{source.file} has no script_location.", "script_location = alembic")
    for directory in _upwards(source.folder):
        script = _folder(location, directory, source, tracked)
        if script is not None and posixpath.join(script, "env.py") in tracked:
            return directory, script
    words = location.removeprefix(TREE + "/")
    if ":" not in location and _within(location, source.folder) is None:
        raise ConfigError(f"{source.file}: script_location {words} is not in the repository.")
    raise ConfigError(
        f"{source.file}: no env.py is in git at script_location {words}.",
        hint="git add the folder of env.py, or name the configuration that counts in "
        "[tool.gitmig.environments.NAME]",
    )


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _folder(location: str, directory: str, source: Source, tracked: frozenset[str]) -> str | None:
    """Give the path of a location from the top level, None where that is not in the repository."""
    if location.startswith("/") or ":" not in location:
        return _within(location, directory)
    package, *rest = location.split(":")
    roots = source.locations("prepend_sys_path", ("path_separator",), ", *| +|:")
    for root in (*roots, ".", "src"):
        path = _within(posixpath.join(root, package.replace(".", "/")), directory)
        if path and any(name.startswith(path + "/") for name in tracked):
            return posixpath.join(path, *rest)
    return None


def _within(location: str, directory: str) -> str | None:
    if location == TREE or location.startswith(TREE + "/"):
        location, directory = location[len(TREE) + 1 :], ""
    path = posixpath.normpath(posixpath.join(directory, location))
    if path.startswith(("/", "../")) or path == "..":
        return None
    return "" if path == "." else path
