"""gitmig's own settings: ``[tool.gitmig]`` in pyproject.toml, or gitmig.toml."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gitmig.errors import ConfigError
from gitmig.model import RuleSettings, ServerSettings, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SEVERITIES = frozenset({"error", "warning", "note", "off"})
Read = Callable[[str], "str | None"]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_function(value: object) -> bool:
    return _is_text(value) and re.fullmatch(r"[\w.]+:\w+", str(value)) is not None


def _is_function_or_sql(value: object) -> bool:
    return _is_function(value) or (_is_text(value) and str(value).endswith(".sql"))


def _are_urls(value: object) -> bool:
    return _is_text(value) or _are_texts(value)


KINDS = ("postgresql", "mysql", "sqlite")
_KEYS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "base": ("a string", _is_text),
    "python": ("a string", _is_text),
    "stage": ("true or false", lambda value: isinstance(value, bool)),
    "stop-on": ('["doubt"] or []', lambda value: _are_texts(value) and set(value) <= {"doubt"}),
    "head-file": ("a path from the top level", _is_text),
    "head": ('a head that revisions go on, such as "shop@head"', _is_text),
    "lines": ("a list of ids of revisions", _are_texts),
    "merge": ('"merge" or "linear"', lambda value: value in ("merge", "linear")),
    "downgrade": (
        '"required", "optional" or "forbidden"',
        lambda value: value in ("required", "optional", "forbidden"),
    ),
    "baseline": ("a file of SQL", lambda value: _is_text(value) and value.endswith(".sql")),
    "baseline-revision": ("the id of a revision", _is_text),
    "seed": ('"module:function" or "file.sql"', _is_function_or_sql),
    "snapshot-include": ("a list of strings", _are_texts),
    "database": ("the URL of a server, or a list of them", _are_urls),
    "timeout": ("a whole number of seconds", lambda value: type(value) is int and value > 0),
    "memory": ("a whole number of megabytes", lambda value: type(value) is int and value >= 0),
    "cache-size": ("a whole number of megabytes", lambda value: type(value) is int and value >= 0),
    "env": ("a table of strings", _is_text_table),
    "x": ('a list of strings such as "tenant=a"', _are_texts),
    "rules": ("a table", lambda value: isinstance(value, dict)),
    **dict.fromkeys(KINDS, ("a table", lambda value: isinstance(value, dict))),
}
_SERVER_KEYS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "version": ('a string such as "16"', _is_text),
    "binaries": ("a folder", _is_text),
    "docker": ("an image", _is_text),
    "prepare": (
        'a list of SQL statements or "module:function"',
        lambda value: _are_texts(value) or _is_function(value),
    ),
    "character-set": ("a string", _is_text),
    "collation": ("a string", _is_text),
    "sql-mode": ("a string", _is_text),
    "lower-case-table-names": ("0, 1 or 2", lambda value: type(value) is int and 0 <= value <= 2),
}
_RULES_KEYS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "select": ("a list of codes or names", _are_texts),
    "ignore": ("a list of codes or names", _are_texts),
    "severity": (
        'a table of "error", "warning", "note" or "off"',
        lambda value: _is_text_table(value) and set(value.values()) <= SEVERITIES,
    ),
}
_OF_MYSQL = ("character-set", "collation", "sql-mode", "lower-case-table-names")
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
    others = OWN_KEYS if prefix else ("environments",)
    for key, value in accepted(table, _KEYS, others, file, prefix):
        fields[key.replace("-", "_")] = tuple(value) if isinstance(value, list) else value
    if "rules" in fields:
        fields["rules"] = rules(base, fields["rules"], file, prefix)
    if isinstance(fields.get("database"), str):
        fields["database"] = (fields["database"],)
    kinds = {kind: fields.pop(kind) for kind in KINDS if kind in fields}
    if kinds:
        fields["servers"] = {
            **base.servers,
            **{kind: server(base, kind, more, file, prefix) for kind, more in kinds.items()},
        }
    if "env" in fields:
        fields["env"] = {**base.env, **fields["env"]}
    return replace(base, **fields)


def accepted(
    table: Mapping[str, Any],
    keys: Mapping[str, tuple[str, Callable[[Any], bool]]],
    others: Iterable[str],
    file: str,
    prefix: str,
) -> Iterable[tuple[str, Any]]:
    """Give what a table sets; raises ConfigError for an unknown key or a value of another type.

    ``others`` are keys that are known here and were taken out before.
    """
    for key, value in table.items():
        if key not in keys:
            problem = f'{file}: "{prefix}{key}" is not a setting of gitmig.'
            raise ConfigError(problem, nearest(key, (*keys, *others)))
        words, accepts = keys[key]
        if not accepts(value):
            raise ConfigError(f"{file}: {prefix}{key} must be {words}{but_not(key, value)}.")
        yield key, value


def but_not(key: str, value: Any) -> str:
    """Return what is wrong with a value, in words; what may be secret is not told."""
    if key == "env" and isinstance(value, dict):
        wrong = (name for name, each in value.items() if not isinstance(each, str))
        return f", and {', '.join(wrong)} is none: put it in quotes"
    return "" if key == "database" else f", not {value!r}"


def server(
    base: Settings, kind: str, table: Mapping[str, Any], file: str, prefix: str
) -> ServerSettings:
    """Lay the table of one kind of server over what is set for it."""
    known = {key: value for key, value in _SERVER_KEYS.items() if is_of(key, kind)}
    fields: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for key, value in accepted(table, known, (), file, f"{prefix}{kind}.")
    }
    if isinstance(fields.get("prepare"), str):
        fields["prepare_with"] = fields.pop("prepare")
    return replace(base.servers.get(kind, ServerSettings()), **fields)


def is_of(key: str, kind: str) -> bool:
    """Say whether a key is one of a kind of database: SQLite has no server."""
    if kind == "sqlite":
        return key == "prepare"
    return kind == "mysql" or key not in _OF_MYSQL


def rules(base: Settings, table: Mapping[str, Any], file: str, prefix: str) -> RuleSettings:
    """Lay the table about rules over what is set; ``severity`` adds to the one there."""
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in accepted(table, _RULES_KEYS, (), file, f"{prefix}rules.")
    }
    if "severity" in fields:
        fields["severity"] = {**base.rules.severity, **fields["severity"]}
    return replace(base.rules, **fields)


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
