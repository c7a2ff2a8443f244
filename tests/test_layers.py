"""The architecture, held by ast: imports point down, and each library has one home."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "gitmig"
SOURCES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
WORKER = "gitmig._worker"

# a part is a module or a package right below gitmig; a new one is given its layer here
BASE = {"errors", "gate", "model", "outcomes", "ran"}
CORE = {
    "alembic_options",
    "collisions",
    "config",
    "declarations",
    "explain",
    "graph",
    "graph_problems",
    "listing",
    "reparent",
    "revisions",
    "scaffold",
    "settings",
    "shape",
    "sources",
    "wayback",
}
ADAPTERS = {
    "branches",
    "client",
    "elsewhere",
    "ephemeral",
    "git",
    "git_index",
    "history",
    "hookfiles",
    "interpreter",
    "invocation",
    "memo",
    "placement",
    "probe",
    "snapshot",
}
MAY_IMPORT = {
    **{module: set[str]() for module in BASE},
    "outcomes": {"model", "ran"},
    **dict.fromkeys(CORE, BASE | CORE),
    **dict.fromkeys(ADAPTERS, BASE | CORE | {"git", "git_index", "history"}),
    "interpreter": BASE | CORE | {"probe"},
    "underway": BASE,
    "restored": BASE,
    "client": BASE | CORE | {"underway", "restored"},
    "rules": BASE | CORE,
    "report": BASE | CORE | {"rules"},
    "commands": BASE | CORE | ADAPTERS | {"rules"},
    "cli": BASE | CORE | ADAPTERS | {"rules", "report", "commands"},
    "__main__": {"gate", "cli"},
    "_worker": set[str](),
}
# the model is the worker's to know, the terminal the report's
HOMES = {
    "click": "cli",
    "rich": "report",
    "git": "git",
    "alembic": "_worker",
    "sqlalchemy": "_worker",
}


@cache
def tree(module: str) -> ast.Module:
    """Return what a module of gitmig parses to."""
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


def part(module: str) -> str:
    """Return the part of gitmig that a module belongs to, empty for ``gitmig`` itself."""
    return [*module.split("."), ""][1]


def package(module: str) -> str:
    """Return the package that a module's relative imports start from."""
    is_package = SOURCES[module].name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


@cache
def imported(module: str) -> frozenset[str]:
    """Return the full names of what a module imports, at the top or inside a function."""
    return frozenset(name for node in ast.walk(tree(module)) for name in names(node, module))


def names(node: ast.AST, module: str) -> Iterator[str]:
    """Yield the modules that a statement imports: ``from a import b`` is a.b where that is one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = package(module).split(".")[: 1 - node.level or None]
            base = ".".join([*above, base]).rstrip(".")
        for alias in node.names:
            name = f"{base}.{alias.name}"
            yield name if name in SOURCES else base


def own(module: str) -> set[str]:
    """Return the modules of gitmig that a module imports."""
    return {name for name in imported(module) if name.split(".")[0] == "gitmig"}


@pytest.mark.parametrize("module", [name for name in SOURCES if name != "gitmig"])
def test_imports_point_down(module: str) -> None:
    """A module imports only its own part of gitmig and what lies below it."""
    assert part(module) in MAY_IMPORT, f"give gitmig/{part(module)} its layer in this test"
    allowed = {"", part(module)} | MAY_IMPORT[part(module)]
    assert {name for name in own(module) if part(name) not in allowed} == set()


@pytest.mark.parametrize(("library", "home"), HOMES.items())
def test_libraries_have_one_home(library: str, home: str) -> None:
    """Only one part of gitmig knows click, rich, GitPython, Alembic and SQLAlchemy."""
    users = {
        module
        for module in SOURCES
        if library in {name.split(".")[0] for name in imported(module)} and part(module) != home
    }
    assert users == set()


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith(WORKER)])
def test_worker_stands_alone(module: str) -> None:
    """The worker's files parse on Python 3.9 and import nothing that a project may lack."""
    source = SOURCES[module].read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 9))
    allowed = {"alembic", "sqlalchemy", *sys.stdlib_module_names}
    outside = {name for name in imported(module) if not name.startswith(WORKER)}
    assert {name for name in outside if name.split(".")[0] not in allowed} == set()
    assert "import gitmig" not in source and "from gitmig" not in source  # its name is private


def test_gate_is_standard_library_only() -> None:
    """The gate runs at every commit and imports nothing but the standard library."""
    assert {name.split(".")[0] for name in imported("gitmig.gate")} <= sys.stdlib_module_names


def test_no_import_for_types_alone() -> None:
    """No module hides an import from run time, or a circle, behind TYPE_CHECKING."""
    assert [name for name in SOURCES if "TYPE_CHECKING" in ast.dump(tree(name))] == []


def test_no_circles() -> None:
    """No module imports itself by way of others: raises CycleError with the circle otherwise."""
    TopologicalSorter({module: own(module) - {module} for module in SOURCES}).prepare()
