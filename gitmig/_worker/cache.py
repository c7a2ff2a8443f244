"""Replayed SQLite databases by content: what is old is copied, what is new is replayed.

The key of a database at a revision is a hash over all that its replay depends on: the text of the
revisions up to it, in order, env.py, the configuration, the versions. A chain whose revisions use
code or files of the project besides their own text is not cached: their content would have to be
part of the key.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator

import alembic

from . import compat
from .databases import Databases
from .project import Project

KEPT = 8  # databases; each is some megabytes at most
# what reads more than its own text: files, the environment, arguments, modules named at run time
LOOKS_AROUND = re.compile(
    r"__file__|__import__|\b(?:exec|open|eval|getenv|environ|create_all|read_text|read_bytes)\b"
    r"|get_x_argument|import_module"
)
IMPORTS = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import|import\s+(.+))", re.MULTILINE)
# of the standard library: what computes from its arguments alone
PURE = frozenset(
    {"__future__", "collections", "contextlib", "dataclasses", "datetime", "decimal", "enum"}
    | {"functools", "hashlib", "itertools", "json", "logging", "math", "operator", "re"}
    | {"string", "textwrap", "time", "typing", "uuid", "warnings"}
)


def replay(project: Project, databases: Databases, folder: str) -> None:
    """Upgrade to the heads, beginning with the longest prefix that is in the cache.

    ``folder`` is the cache, empty for none.
    """
    keys = list(chain(project)) if folder and project.complete else []
    if not keys:
        project.upgrade("heads")
        return
    databases.seed = lambda asked, path: restore(folder, keys, asked, path)
    project.upgrade("heads")
    databases.seed = None
    for asked, path in databases.files().items():
        save(folder, keys[-1], asked, path)


def chain(project: Project) -> Iterator[str]:
    """Yield the key at each revision, from the base on; nothing where caching would not be safe."""
    texts = [read(str(revision.path)) for revision in project.script.walk_revisions()][::-1]
    env = read(os.path.join(str(project.script.dir), "env.py"))
    known: dict[str, bool] = {}
    if any(depends_on_more(text, known) for text in texts) or "create_all" in env:
        return
    request = project.request
    packages = os.stat(os.path.dirname(os.path.dirname(alembic.__file__))).st_mtime_ns
    digest = hashlib.sha256(repr((sorted(compat.versions().items()), packages, env)).encode())
    for name in (request["ini"], request["toml"]):
        digest.update(read(name).encode() if name else b"")
    for text in texts:
        digest.update(text.encode() + b"\0")
        yield digest.hexdigest()[:32]


def depends_on_more(text: str, known: dict[str, bool]) -> bool:
    """Say whether a revision uses more than its own text and installed packages."""
    if LOOKS_AROUND.search(text):
        return True
    for origin, names in IMPORTS.findall(text):
        for name in [origin] if origin else names.split(","):
            package = name.strip().partition(".")[0].partition(" ")[0]
            if package not in known:
                known[package] = package in PURE or is_installed(package)
            if not known[package]:
                return True
    return False


def is_installed(package: str) -> bool:
    """Say whether a module is an installed package: not the project's, not the library's."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    return spec is not None and "site-packages" in str(spec.origin)


def read(path: str) -> str:
    """Return a file's text, empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def restore(folder: str, keys: list[str], asked: str, path: str) -> None:
    """Put the database of the longest known prefix at a path, if there is one."""
    for key in reversed(keys):
        known = os.path.join(folder, f"{key}-{asked}.sqlite")
        with contextlib.suppress(OSError):
            shutil.copyfile(known, path)
            os.utime(known)
            return


def save(folder: str, key: str, asked: str, path: str) -> None:
    """Keep a database; one that is being written (it has a journal) is left alone."""
    known = os.path.join(folder, f"{key}-{asked}.sqlite")
    journal = any(os.path.exists(path + end) for end in ("-journal", "-wal"))
    if journal or os.path.exists(known):
        return
    with contextlib.suppress(OSError):  # a full disk only costs the next run time
        os.makedirs(folder, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=folder)
        os.close(descriptor)
        shutil.copyfile(path, beside)
        os.replace(beside, known)
        prune(folder)


def prune(folder: str) -> None:
    """Remove the databases that were not used for the longest time."""
    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    for path in sorted(paths, key=os.path.getmtime, reverse=True)[KEPT:]:
        os.unlink(path)
