"""gitmig's own settings: ``[tool.gitmig]`` in pyproject.toml, or gitmig.toml."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gitmig.errors import ConfigError
from gitmig.model import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Read = Callable[[str], "str | None"]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


_KEYS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "base": ("a string", _is_text),
    "python": ("a string", _is_text),
    "stage": ("true or false", lambda value: isinstance(value, bool)),
    "stop-on": ('["doubt"] or []', lambda value: _are_texts(value) and set(value) <= {"doubt"}),
    "merge": ('"merge" or "linear"', lambda value: value in ("merge", "linear")),
    "downgrade": (
        '"required", "optional" or "forbidden"',
        lambda value: value in ("required", "optional", "forbidden"),
    ),
    "snapshot-include": ("a list of strings", _are_texts),
    "database": ("a string", _is_text),
    "timeout": ("a whole number of seconds", lambda value: type(value) is int and value > 0),
    "env": ("a table of strings", _is_text_table),
    "rules": ("a table", lambda value: isinstance(value, dict)),
}
OWN_KEYS = ("config", "section")  # of an environment only


def own_table(read: Read) -> tuple[str, dict[str, Any]]:
    """Give the file that holds gitmig's settings and a copy of the table there."""
    project, own = read_toml(read, "pyproject.toml"), read_toml(read, "gitmig.toml")
    found = [
        ("pyproject.toml", tool_table(project, "gitmig", "pyproject.toml")),
        ("gitmig.toml", tool_table(own, "gitmig", "gitmig.toml")),
        ("gitmig.toml", {key: value for key, value in own.items() if key != "tool"}),
    ]
    used = [(file, dict(table)) for file, table in found if table]
    if len(used) > 1:
        raise ConfigError(
            f"gitmig is set in two places: {used[0][0]} and {used[1][0]}.",
            hint="keep all settings in one of them, in one table",
        )
    return used[0] if used else ("pyproject.toml", {})


def laid_over(base: Settings, table: Mapping[str, Any], file: str, prefix: str = "") -> Settings:
    """Lay the settings of ``table`` over ``base``; an ``env`` table adds to the one there."""
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            known = (*_KEYS, *(OWN_KEYS if prefix else ("environments",)))
            problem = f'{file}: "{prefix}{key}" is not a setting of gitmig.'
            raise ConfigError(problem, nearest(key, known))
        words, accepts = _KEYS[key]
        if not accepts(value):
            raise ConfigError(f"{file}: {prefix}{key} must be {words}, not {value!r}.")
        fields[key.replace("-", "_")] = tuple(value) if isinstance(value, list) else value
    fields.pop("rules", None)
    if "env" in fields:
        fields["env"] = {**base.env, **fields["env"]}
    return replace(base, **fields)


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the hint for a word that is not known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known are: {', '.join(names)}"


def read_toml(read: Read, path: str) -> dict[str, Any]:
    """Give the document at a path, an empty one where there is none; raises ConfigError."""
    try:
        return tomllib.loads(read(path) or "")
    except tomllib.TOMLDecodeError as error:  # its words end with line and column
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def tool_table(document: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    """Give ``[tool.NAME]`` of a document, an empty table where there is none."""
    tools = document.get("tool", {})
    table = tools.get(name, {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.{name} must be a table.")
    return table
