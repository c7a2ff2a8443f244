"""Revision files through the project's own machinery, into a scratch directory.

Alembic renders template, file name and post-write hooks as the project configured them; only the
place differs. The scratch directory mirrors the tree and links its configuration files, so that
formatters find theirs.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from alembic.script import write_hooks
from alembic.util import CommandError

from .failures import one_line
from .project import Project


class Scratch:
    """Where revisions are rendered. ``notes`` is what a person should be told about them.

    ``created``: their date in seconds since 1970, None for now. It is told in the configured
    ``timezone``, in UTC where there is none: the same on every machine.
    """

    def __init__(self, project: Project, directory: str, created: int | None = None) -> None:
        self.project = project
        self.created = created
        self.tree: str = project.request["tree"]
        self.directory = directory
        self.paths: list[str] = []
        self.notes: list[str] = []

    @contextlib.contextmanager
    def rendering(self) -> Iterator[None]:
        """Send the revisions that are generated inside to the scratch directory."""
        script: Any = self.project.script
        rev_path, generate = script._rev_path, script._generate_template
        now = script._generate_create_date
        run_hooks = write_hooks._run_hooks

        def twin_path(*args: Any, **kwargs: Any) -> Any:
            return self.twin(rev_path(*args, **kwargs))

        def generate_template(source: Any, target: Any, **variables: Any) -> None:
            variables["message"] = in_docstring(variables.get("message") or "")
            generate(source, target, **variables)
            add_missing_imports(target)
            self.paths.append(str(target))

        def create_date() -> datetime:
            if self.created is None:
                return now()  # type: ignore[no-any-return]
            zone = now().tzinfo or timezone.utc
            return datetime.fromtimestamp(self.created, timezone.utc).astimezone(zone)

        def tolerant_hooks(*args: Any, **kwargs: Any) -> None:
            try:
                run_hooks(*args, **kwargs)
            except (CommandError, OSError) as error:
                self.notes.append(f"post-write hook not run: {one_line(error)}")

        script._rev_path, script._generate_template = twin_path, generate_template
        script._generate_create_date = create_date
        write_hooks._run_hooks = tolerant_hooks
        try:
            yield
        finally:
            del script._rev_path, script._generate_template, script._generate_create_date
            write_hooks._run_hooks = run_hooks

    def twin(self, path: Any) -> Any:
        """Return the place in the scratch directory for a path of the tree, made ready."""
        there = os.path.join(self.directory, os.path.relpath(str(path), self.tree))
        os.makedirs(os.path.dirname(there), exist_ok=True)
        self.link_configuration(os.path.dirname(os.path.relpath(str(path), self.tree)))
        return type(path)(there)

    def link_configuration(self, folder: str) -> None:
        """Link the configuration files of a folder and all above it: formatters look upwards."""
        while True:
            source = os.path.join(self.tree, folder)
            for name in os.listdir(source) if os.path.isdir(source) else []:
                target = os.path.join(self.directory, folder, name)
                if name.endswith((".toml", ".cfg", ".ini")) and not os.path.lexists(target):
                    os.symlink(os.path.join(source, name), target)
            if not folder:
                return
            folder = os.path.dirname(folder)

    def files(self) -> list[dict[str, str]]:
        """Return what was rendered: the path in the tree and the text of each file."""
        found = []
        for path in self.paths:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
            relative = os.path.relpath(path, self.directory).replace(os.sep, "/")
            found.append({"path": relative, "content": text})
        return found


def in_docstring(message: str) -> str:
    """Return a message as it may stand in the docstring of every template, whatever is in it."""
    text = message.replace("\\", "\\\\").replace('"""', "'''")
    return text + " " if text.endswith('"') else text


def add_missing_imports(path: Any) -> None:
    """Import the modules that rendered types name but the template does not import.

    ``sqlmodel.sql.sqltypes.AutoString()`` is the usual one. Only modules that the project has
    already imported are added.
    """
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    tree = ast.parse(text)
    missing = missing_modules(tree)
    if not missing:
        return
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    lines = text.splitlines(keepends=True)
    after = imports[-1].end_lineno if imports else 0
    lines[after:after] = [f"import {name}\n" for name in missing]
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("".join(lines))


def missing_modules(tree: ast.AST) -> list[str]:
    """Return the modules in ``package.module.name`` expressions that nothing in the code binds."""
    bound = bound_names(tree)
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    unbound = [name for name in used if name and name.split(".")[0] not in bound]
    modules = {module_in(name) for name in unbound} - {""}
    # importing a module imports the packages above it
    return sorted(m for m in modules if not any(each.startswith(m + ".") for each in modules))


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for that expression, empty for any other."""
    if isinstance(node, ast.Name):
        return node.id
    inner = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if inner and isinstance(node, ast.Attribute) else ""


def module_in(name: str) -> str:
    """Return the longest beginning of a dotted name that is an imported module."""
    while name and name not in sys.modules:
        name = name.rpartition(".")[0]
    return name


def bound_names(tree: ast.AST) -> set[str]:
    """Return the names that code binds, and those of Python itself."""
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return bound
