"""What the outcome of a revision depends on besides the database: the project's files it uses.

Modules that it imports are found in its text, and in theirs. Files that it reads are noted while
it runs (by the interpreter's audit events, which name the file, and the stack, which names the
reader) and count from then on; until it has run once, nothing is known of them.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from . import notes, paths
from .failures import is_below

# names for what the text of a module does not tell: the environment, code made at run time
LOOKS_AROUND = frozenset(
    {"__import__", "exec", "eval", "getenv", "environ", "BaseSettings", "dotenv", "create_all"}
    | {"listdir", "scandir", "iterdir", "glob", "walk", "get_x_argument", "import_module"}
    | {"exists", "isfile", "isdir", "is_file", "is_dir", "stat", "system", "popen", "getcwd"}
    | {"uname", "argv", "decouple", "environs", "dynaconf", "read_csv", "read_json", "gethostname"}
    | {"subprocess", "urlopen", "urlretrieve", "build_opener", "requests"}
)
WORTH_A_LOOK = re.compile(rf"\b(?:{'|'.join(LOOKS_AROUND)})\b")
CREATES_ALL = "create_all"
READS = re.compile(r"__file__|\b(?:open|read_text|read_bytes)\b")
# of the standard library: what computes from its arguments alone, or is caught by its use above
PURE = frozenset(
    {"__future__", "abc", "ast", "asyncio", "base64", "binascii", "bisect", "calendar"}
    | {"collections", "concurrent", "contextlib", "contextvars", "copy", "csv", "dataclasses"}
    | {"datetime", "decimal", "enum", "errno", "fractions", "functools", "hashlib", "heapq"}
    | {"hmac", "html", "inspect", "io", "ipaddress", "itertools", "json", "logging", "math"}
    | {
        "numbers",
        "operator",
        "os",
        "pathlib",
        "pprint",
        "queue",
        "random",
        "re",
        "secrets",
        "statistics",
        "string",
    }
    | {"statistics", "string", "struct", "sys", "textwrap", "threading", "time", "tomllib"}
    | {"traceback", "types", "typing", "unicodedata", "urllib", "uuid", "warnings", "weakref"}
    | {"zlib", "zoneinfo"}
)
WHOLE_IMPORT = re.compile(r"(?:import\s+[\w.]+|from\s+[\w.]+\s+import\s+[\w, ]+)(?:\s+as\s+\w+)?$")

_texts: dict[str, str] = {}


def note_reads(tree: str, ran: Sequence[str]) -> bool:
    """Keep which files the project's own code had read so far; say whether any of it is news.

    ``ran`` are the revisions that ran: those that read nothing are known for that.
    """
    found = {
        relative(reader, tree): {relative(path, tree) for path in read_there}
        for reader, read_there in paths.readers(tree).items()
    }
    for path in ran:
        found.setdefault(relative(path, tree), set())
    return notes.add_reads(found)


def texts_of(path: str, tree: str) -> list[str] | None:
    """Return the texts of a revision and of all it uses, None where that cannot be known."""
    modules = closure(path, tree)
    if modules is None:
        return None
    texts = [read(module) for module in modules]
    if any(looks_around(text) for text in texts):
        return None
    read_by_itself = notes.reads(relative(path, tree))
    if read_by_itself is None and any(READS.search(text) for text in texts):
        return None
    files = set(read_by_itself or ()).union(
        *(notes.reads(relative(module, tree)) or () for module in modules[1:])
    )
    return texts + [read(os.path.join(tree, each)) for each in sorted(files)]


def closure(path: str, tree: str) -> list[str] | None:
    """Return a module's file and those of the project's modules that it imports, in turn."""
    found: list[str] = []
    waiting = [path]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.append(module)
        for name in names_imported(read(module), module, tree):
            imported = own_file(name, tree)
            if imported is None:
                return None
            if imported:
                waiting.append(imported)
    return found


def looks_around(text: str) -> bool:
    """Say whether a module's code looks around; its comments, strings and docstring do not."""
    if not WORTH_A_LOOK.search(text):
        return False
    found: set[str] = set()
    for node in nodes_of(text):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found.update((node.module or "").split("."))
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
    return not LOOKS_AROUND.isdisjoint(found)


def nodes_of(text: str) -> list[ast.AST]:
    """Return all nodes of a source, none of one that is no Python."""
    try:
        return list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return []


def names_imported(text: str, module: str, tree: str) -> Iterator[str]:
    """Yield the full names of the modules that a module's text imports, or may import."""
    for base, level, members in imports_of(only_imports(text)):
        name = f"{package_of(module, level)}.{base}".strip(".") if level else base
        parts = name.split(".")
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))
        yield from (f"{name}.{member}" for member in members if is_own(name, tree))


def only_imports(text: str) -> str:
    """Return the lines of a text that import, where each says it all by itself; the text if not.

    Most revisions begin with the same ones: they are parsed once.
    """
    lines = [line.strip() for line in text.splitlines() if "import" in line]
    whole = "\\\n" not in text and all(WHOLE_IMPORT.match(line) for line in lines)
    return "\n".join(lines) if whole else text


@functools.cache
def imports_of(text: str) -> Sequence[tuple[str, int, Sequence[str]]]:
    """Return name, level and members of each import in a text; nothing for what is no Python."""
    try:
        nodes = list(statements(ast.parse(text)))
    except SyntaxError:
        return ()
    found: list[tuple[str, int, Sequence[str]]] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [(alias.name, 0, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", node.level, [alias.name for alias in node.names]))
    return found


def statements(node: Any) -> Iterator[Any]:
    """Yield all statements below a node; no expression holds an import."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for child in getattr(node, field, ()):
            yield child
            yield from statements(child)


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


@functools.cache  # asked for each revision
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
    except Exception:  # of a package that needs what env.py makes first
        return None
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


ENVIRONMENT = re.compile(r"\b(?:environ|getenv)\b")
NAMED = re.compile(r"""\b(?:environ(?:\.get\s*\(|\s*\[)|getenv\s*\()\s*["'](\w+)["']""")


def environment_of(text: str) -> list[str] | None:
    """Return what a source gets from the environment, None where it does not name it."""
    code = "\n".join(line for line in text.splitlines() if "import" not in line)
    names = NAMED.findall(code)
    if len(ENVIRONMENT.findall(code)) > len(names):
        return None
    return [f"{name}={os.environ.get(name)}" for name in sorted(set(names))]
