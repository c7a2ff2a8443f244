"""The working directory and ``sys.path`` of a request: the snapshot in place of the work tree."""

from __future__ import annotations

import os
import sys

from .failures import Failure, is_below
from .shapes import Request


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
    # set after Alembic and SQLAlchemy are in: theirs stay beside them, the project's go here
    if request.get("pycache"):
        sys.pycache_prefix = request["pycache"]
    else:
        sys.dont_write_bytecode = True


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


def loaded_sources(request: Request) -> list[str]:
    """Return the project's own files that were imported, relative to the tree.

    Raises ``wrong_source`` where one of them came from the work tree although a snapshot is used:
    what was compared would then not be what is committed.
    """
    tree, root = request["tree"], request["root"]
    found = set()
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
