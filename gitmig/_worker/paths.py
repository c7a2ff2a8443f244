"""The working directory and ``sys.path`` of a request: the snapshot in place of the work tree."""

from __future__ import annotations

import os
import sys
import time
from importlib.machinery import SourceFileLoader
from typing import Any

from .failures import Failure, is_below
from .shapes import Request

SETTLED = 2  # seconds since a source was written


def enter(request: Request) -> None:
    """Go to the directory in which Alembic is run, and import the project from the snapshot.

    ``-c`` put the current directory on ``sys.path``, which ``alembic`` does not: it goes, and
    ``prepend_sys_path`` of the configuration puts it back where the project wants it.
    """
    if sys.path and sys.path[0] == "":
        del sys.path[0]
    tree, root = request["tree"], request["root"]
    if tree != root:
        redirect_imports(root, tree)
    os.chdir(os.path.join(tree, request["directory"]))
    watch_reads()
    if request.get("pycache"):
        keep_bytecode(request["pycache"])
    else:
        sys.dont_write_bytecode = True


def keep_bytecode(folder: str) -> None:
    """Keep the compiled project modules in a folder of our own, never beside the sources.

    Called when Alembic and SQLAlchemy are in: theirs stay beside them. Python takes a source of
    the same size and second for unchanged, so one that was written just now is not kept.
    """
    sys.pycache_prefix = folder
    sys.dont_write_bytecode = False
    keep: Any = SourceFileLoader._cache_bytecode  # type: ignore[attr-defined]

    def keep_settled(self: Any, source_path: str, *arguments: Any) -> Any:
        if time.time() - os.stat(source_path).st_mtime > SETTLED:
            return keep(self, source_path, *arguments)
        return None

    SourceFileLoader._cache_bytecode = keep_settled  # type: ignore[attr-defined]


def redirect_imports(root: str, tree: str) -> None:
    """Map what leads into the work tree (``.pth`` entries, editable finders) to the snapshot."""
    sys.path[:] = [twin(entry, root, tree) for entry in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            for package, path in mapping.items():
                mapping[package] = twin(path, root, tree)


def twin(path: str, root: str, tree: str) -> str:
    """Return the snapshot's copy of a path below the work tree, the path itself otherwise.

    The snapshot lies inside the repository, and so may a virtual environment: neither moves.
    """
    absolute = os.path.abspath(path)
    if not (absolute == root or absolute.startswith(root + os.sep)):
        return path
    if absolute == tree or absolute.startswith(tree + os.sep) or "site-packages" in absolute:
        return path
    if absolute.startswith(os.path.abspath(sys.prefix) + os.sep):
        return path
    there = os.path.join(tree, os.path.relpath(absolute, root))
    return there if os.path.exists(there) else path


_read: set[str] = set()
_readers: dict[str, set[str]] = {}  # files by the source that had them read


def watch_reads() -> None:
    """Note every file that is opened from here on: what is read decides, too."""

    def note(event: str, arguments: Any) -> None:
        if event != "open" or not isinstance(arguments[0], str):
            return
        path = os.path.abspath(arguments[0])
        _read.add(path)
        if not path.endswith((".py", ".pyc")):
            frame = sys._getframe(1)
            while frame is not None:
                _readers.setdefault(frame.f_code.co_filename, set()).add(path)
                frame = frame.f_back  # type: ignore[assignment]

    sys.addaudithook(note)


def readers(tree: str) -> dict[str, set[str]]:
    """Return which files below the tree each source there read, or had others read for it."""
    found = {
        source: {path for path in files if is_below(path, tree)}
        for source, files in _readers.items()
        if is_below(source, tree)
    }
    return {source: files for source, files in found.items() if files}


def loaded_sources(request: Request) -> list[str]:
    """Return the project's own files that were imported or read, relative to the tree.

    Raises ``wrong_source`` where one of them came from the work tree although a snapshot is used:
    what was compared would then not be what is committed.
    """
    tree, root = request["tree"], request["root"]
    found = {
        os.path.relpath(path, tree)
        for path in _read
        if path.startswith(tree + os.sep) and is_below(path, tree)
    }
    for name, module in list(sys.modules.items()):
        filename = getattr(module, "__file__", None)
        if not filename or not filename.endswith(".py") or name.startswith("_gitmig_worker"):
            continue
        if is_below(filename, tree):
            found.add(os.path.relpath(os.path.realpath(filename), os.path.realpath(tree)))
        elif tree != root and is_below(filename, root):
            raise Failure(
                "wrong_source",
                f"module {name} was imported from {os.path.relpath(filename, root)} in the "
                "work tree, not from the staged files",
                module=name,
            )
    return sorted(path.replace(os.sep, "/") for path in found)
