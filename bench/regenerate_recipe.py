"""What a project needs to be run, where its Alembic configuration alone does not say it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from bench.schemas import Database
from gitmig import config
from gitmig.errors import ConfigError
from gitmig.settings import Read, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHAPES = {"str": (str, str), "tuple[str, ...]": (list, str), "Mapping[str, str]": (dict, str)}
URL_LINE = re.compile(r"(?m)^sqlalchemy\.url\s*[=:]\s*([\w+]*).*$")


@dataclass(frozen=True)
class Edit:
    """Lines that are put before the line ``before`` of a file."""

    file: str
    before: str
    insert: str


@dataclass(frozen=True)
class Recipe:
    """A recipe; every key may be left out.

    ``repository``, ``python`` and ``requirements`` tell a person what to clone and install.
    ``paths`` are pathspecs of what is needed of a tree, ``commits`` which to take, ``versions``
    the folder of revisions (any, where it is empty). ``database`` is a driver as in a URL of
    SQLAlchemy, ``extensions`` are what PostgreSQL must have, ``file`` is the name of a SQLite
    file. ``ini`` is the Alembic configuration, ``folder`` where Alembic is run, by the command
    ``alembic``, with ``variables``.
    ``files`` are laid over each tree, and then the ``edits`` made.

    In ``alembic``, ``variables`` and ``files`` stand ``{tree}``, ``{folder}`` (a scratch folder of
    each tree), ``{file}`` (in it), ``{python}``, ``{database}`` (a URL), and ``{host}``,
    ``{port}``, ``{user}``, ``{password}``, ``{name}`` of it.
    """

    repository: str = ""
    python: str = ""
    requirements: str = ""
    paths: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    versions: str = ""
    database: str = ""
    extensions: tuple[str, ...] = ()
    file: str = "db.sqlite"
    ini: str = ""
    folder: str = ""
    alembic: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()


def read(path: Path) -> Recipe:
    """Read a recipe in TOML or JSON; raises ConfigError for what it cannot mean."""
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    known = {each.name: str(each.type) for each in fields(Recipe)}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f'{path}: there is no key "{key}".', nearest(key, known))
        if key != "edits" and not has_shape(value, known[key]):
            raise ConfigError(f"{path}: {key} must be {known[key]}.")
    try:
        edits = tuple(Edit(**each) for each in table.pop("edits", ()))
    except TypeError as error:
        raise ConfigError(f"{path}: each of edits has file, before and insert.") from error
    held: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return Recipe(**held, edits=edits)


def has_shape(value: Any, kind: str) -> bool:
    """Whether a value is what a key of this kind takes."""
    outer, inner = SHAPES[kind]
    if not isinstance(value, outer):
        return False
    items = value.values() if isinstance(value, dict) else value
    return all(isinstance(item, inner) for item in items)


def completed(recipe: Recipe, paths: Collection[str], read: Read, revision: str) -> Recipe:
    """Fill in what the Alembic configuration of a tree says, which ``config.load`` finds.

    ``revision`` is the path of a revision of the environment that is meant. Raises ConfigError
    where nothing says which database it is.
    """
    staged = {**dict.fromkeys(paths), **recipe.files}
    found = config.load(staged, lambda path: recipe.files.get(path) or read(path))
    fits = [each for each in found.environments if config.revision_paths(each, [revision])]
    directory, ini = (fits[0].directory, fits[0].ini) if fits else ("", "")
    ini = recipe.ini or ini
    line = URL_LINE.search(recipe.files.get(ini) or read(ini) or "") if ini else None
    driver = recipe.database or (line.group(1) if line else "")
    if not driver or driver == "driver":
        raise ConfigError(
            "The Alembic configuration does not name a database.",
            hint='--recipe FILE with `database = "postgresql+psycopg"`, and `variables` for it',
        )
    command = ("{python}", "-m", "alembic", *(("-c", f"{{tree}}/{ini}") if ini else ()))
    return replace(
        recipe,
        ini=ini,
        folder=recipe.folder or directory,
        alembic=recipe.alembic or command,
        database=driver,
    )


@dataclass(frozen=True)
class Place:
    """A tree, the scratch folder and the database that go with it, and who runs it."""

    tree: Path
    folder: Path
    database: Database
    python: Path

    def fill(self, text: str) -> str:
        """Put the values into a text."""
        url = self.database.url
        values = {
            "tree": self.tree, "folder": self.folder, "file": self.database.file,
            "python": self.python, "database": self.database.text, "host": url.host,
            "port": url.port, "user": url.username, "password": url.password or "",
            "name": url.database,
        }  # fmt: skip
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def equip(place: Place, recipe: Recipe) -> None:
    """Lay the files of a recipe over a tree and edit it; raises ConfigError."""
    for name, text in recipe.files.items():
        path = place.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place.fill(text), encoding="utf-8")
    for edit in recipe.edits:
        path = place.tree / edit.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(edit.before) != 1:
            raise ConfigError(f"{edit.file} does not have exactly one {edit.before!r}.")
        path.write_text(text.replace(edit.before, edit.insert + edit.before), encoding="utf-8")


def point(place: Place, recipe: Recipe) -> None:
    """Write the database of a place into the Alembic configuration of its tree."""
    path = place.tree / recipe.ini
    if path.is_file():
        url = place.database.text.replace("%", "%%")
        text = path.read_text(encoding="utf-8")
        path.write_text(URL_LINE.sub(lambda _: f"sqlalchemy.url = {url}", text), encoding="utf-8")
