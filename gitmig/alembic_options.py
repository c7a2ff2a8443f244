"""Alembic's own options for one environment, from ``alembic.ini`` and ``pyproject.toml``.

The rules are those of ``alembic/config.py`` in Alembic 1.20.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from configparser import ConfigParser, InterpolationError
from configparser import Error as IniError
from dataclasses import dataclass
from typing import Any

from gitmig.errors import ConfigError
from gitmig.settings import Read, read_toml, tool_table

TREE = "/<tree>"  # stands for the top level where %(here)s asks for an absolute path
SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


@dataclass(frozen=True)
class Source:
    """Alembic's options for one environment: of the ini section, else of ``[tool.alembic]``."""

    ini: str
    toml: str
    section: str
    parser: ConfigParser
    table: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The file to name to a person."""
        return self.ini or self.toml

    @property
    def is_there(self) -> bool:
        """True where either file says something for this environment."""
        return bool(self.table) or self.parser.has_section(self.section)

    @property
    def folder(self) -> str:
        """The folder of the configuration, from the top level."""
        return posixpath.dirname(self.file)

    def get(self, name: str) -> Any:
        """Give an option with ``%(here)s`` filled in; None where neither file has it."""
        try:
            if self.parser.has_option(self.section, name):
                return self.parser.get(self.section, name)
            value, known = self.table.get(name), {"here": here(self.folder)}
            if isinstance(value, list):
                return [item % known for item in value]
            return value % known if isinstance(value, str) else value
        except (InterpolationError, KeyError, TypeError, ValueError) as error:
            problem = f"{self.file}: {name} cannot be read: {' '.join(str(error).split())}"
            raise ConfigError(problem, hint="write a plain % as %%") from error

    def flag(self, name: str) -> bool:
        """Say whether an option is switched on."""
        return self.get(name) in (True, "true")

    def locations(self, name: str, separators: Iterable[str], legacy: str) -> list[str]:
        """Split a list of folders as Alembic does; ``legacy`` where no separator is set."""
        value = self.get(name) or []
        if isinstance(value, list):
            return value
        given = [word for word in map(self._own, separators) if word is not None]
        if given and given[0] not in SEPARATORS:
            known = ", ".join(SEPARATORS)
            raise ConfigError(f'{self.file}: "{given[0]}" is no path separator.', f"one of {known}")
        parts = value.split(SEPARATORS[given[0]]) if given else re.split(legacy, value)
        return [part.strip() for part in parts if part.strip()]

    def _own(self, name: str) -> str | None:
        return self.get(name) if self.parser.has_option(self.section, name) else None


def read_source(path: str, section: str, tracked: frozenset[str], read: Read) -> Source:
    """Read the configuration at ``path`` and, as Alembic does, its neighbour of the other kind."""
    folder, is_toml = posixpath.dirname(path), posixpath.basename(path) == "pyproject.toml"
    ini = posixpath.join(folder, "alembic.ini") if is_toml else path
    ini, toml = ini if ini in tracked else "", posixpath.join(folder, "pyproject.toml")
    parser = ConfigParser({"here": here(folder)})
    try:
        parser.read_string((read(ini) or "") if ini else "", source=ini)
    except IniError as error:  # its words name file and line
        raise ConfigError(f"{ini} is no ini file: {' '.join(str(error).split())}.") from error
    neighbour = is_toml or "tool.alembic" in (read(toml) or "")
    table = tool_table(read_toml(read, toml), "alembic", toml) if neighbour else {}
    return Source(ini, toml if table else "", section, parser, table)


def here(folder: str) -> str:
    """Return what ``%(here)s`` stands for in a folder."""
    return f"{TREE}/{folder}" if folder else TREE
