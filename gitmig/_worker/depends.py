"""What the outcome of a revision depends on besides the database: the project's files it uses.

Modules that it imports are found in its text, and in theirs. Files that it reads are noted while
it runs (by the interpreter's audit events, which name the file, and the stack, which names the
reader) and count from then on; until it has run once, nothing is known of them.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from . import paths
from .failures import is_below

# what the text of a module does not tell: the environment, arguments, code made at run time
LOOKS_AROUND = re.compile(
    r"__import__|\b(?:exec|eval|getenv|environ|BaseSettings|dotenv|create_all|listdir|scandir)\b"
    r"|\b(?:get_x_argument|import_module|iterdir|glob|walk|subprocess|urlopen|requests)\b"
)
CREATES_ALL = "create_all"
READS = re.compile(r"__file__|\b(?:open|read_text|read_bytes)\b")
# of the standard library: what computes from its arguments alone, or is caught by its use above
PURE = frozenset(
    {"__future__", "collections", "contextlib", "csv", "dataclasses", "datetime", "decimal"}
    | {"enum", "functools", "hashlib", "io", "itertools", "json", "logging", "math", "operator"}
    | {"os", "pathlib", "re", "string", "textwrap", "time", "typing", "uuid", "warnings"}
)
READ_BY = "reads.json"

_texts: dict[str, str] = {}
_noted: dict[str, list[str]] = {}
_folder = ""


def open_notes(folder: str) -> None:
    """Use a folder for the notes of which file read what; empty for none."""
    global _folder
    _folder = folder
    if folder:
        try:
            _noted.update(json.loads(read(os.path.join(folder, READ_BY)) or "{}"))
        except ValueError:
            _noted.clear()


def note_reads(tree: str) -> None:
    """Keep which files the project's own code read so far, for the next process."""
    found = {
        relative(reader, tree): sorted(relative(path, tree) for path in read_there)
        for reader, read_there in paths.readers(tree).items()
    }
    if not found or all(_noted.get(reader) == files for reader, files in found.items()):
        return
    _noted.update(found)
    if _folder:
        with contextlib.suppress(OSError):  # it only costs the next run time
            os.makedirs(_folder, exist_ok=True)
            beside = os.path.join(_folder, f"{READ_BY}.{os.getpid()}")
            with open(beside, "w", encoding="utf-8") as file:
                json.dump(_noted, file)
            os.replace(beside, os.path.join(_folder, READ_BY))


def texts_of(path: str, tree: str) -> list[str] | None:
    """Return the texts of a revision and of all it uses, None where that cannot be known."""
    found: list[str] = []
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        text = read(module)
        files = files_read(text, relative(module, tree), tree)
        if LOOKS_AROUND.search(text) or files is None:
            return None
        found += [text, *files]
        for name in names_imported(text, module, tree):
            imported = own_file(name, tree)
            if imported is None:
                return None
            if imported:
                waiting.append(imported)
    return found


def files_read(text: str, module: str, tree: str) -> list[str] | None:
    """Return the texts of the files that a module read when it ran; None if it never did."""
    if not READS.search(text):
        return []
    if module not in _noted:
        return None
    return [read(os.path.join(tree, path)) for path in _noted[module]]


def names_imported(text: str, module: str, tree: str) -> Iterator[str]:
    """Yield the full names of the modules that a module's text imports, or may import."""
    try:
        nodes = list(ast.walk(ast.parse(text))) if "import" in text else []
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package_of(module, node.level)
                base = f"{above}.{base}".strip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if is_own(base, tree))


def package_of(module: str, level: int) -> str:
    """Return the package that a relative import in a loaded module's file starts from."""
    for name, loaded in list(sys.modules.items()):
        if getattr(loaded, "__file__", None) == module:
            parts = name.split(".") if module.endswith("__init__.py") else name.split(".")[:-1]
            return ".".join(parts[: len(parts) - level + 1])
    return ""


def is_own(name: str, tree: str) -> bool:
    """Say whether a module is one of the project's files."""
    return bool(own_file(name, tree))


def own_file(name: str, tree: str) -> str | None:
    """Return the project's file of a module, empty for another's; None if it cannot be known."""
    first = name.partition(".")[0]
    if first in PURE:
        return ""
    try:
        loaded = sys.modules.get(name)
        spec: Any = loaded.__spec__ if loaded is not None else importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return "" if first in sys.modules else None  # a name in a module, no module
    if spec is None:
        return "" if "." in name else None
    origin = str(spec.origin)
    if origin.endswith(".py") and is_below(origin, tree):
        return origin
    return "" if "site-packages" in origin or "dist-packages" in origin else None


def relative(path: str, tree: str) -> str:
    """Return a path relative to the tree: the same in another copy of it."""
    return os.path.relpath(path, tree)


def read(path: str) -> str:
    """Return a file's text, empty where there is none."""
    if path not in _texts:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                _texts[path] = file.read()
        except OSError:
            _texts[path] = ""
    return _texts[path]
