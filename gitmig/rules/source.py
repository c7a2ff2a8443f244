"""GM76: what the text of a revision leans on."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gitmig.rules.rule import ANY, Rule, Told, rule
from gitmig.rules.way import Way


@rule("GM761", "models-imported", "warning", ANY)
def models_imported(way: Way) -> Iterator[Told]:
    """A revision uses the application's models.

    Why: it runs with the models of whatever day it is run. A column that the models get later is in
    its SELECT and not in the table yet; a class that moves breaks every new database. Custom
    types may be imported: what is told are classes and tables that the models declare.

    Example:

        from app.models import User
        ...
        session.query(User).update({"state": "active"})

    Instead: state in the revision what it needs of the table:

        users = sa.table("users", sa.column("state"))
        op.execute(users.update().values(state="active"))
    """
    if not way.up or not way.text:
        return
    told: set[str] = set()
    for name, line in _used(ast.parse(way.text), way.context.models):
        if name not in told:
            told.add(name)
            message = f"{name} is imported from the models, which change after this revision"
            yield Told(message, "state the columns it needs: sa.table(…, sa.column(…))", line)


FAMILY: tuple[Rule, ...] = (models_imported,)


def _used(tree: ast.Module, models: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, int]]:
    """Yield the classes of the models that are imported, or used by way of their module."""
    modules: dict[str, str] = {}
    for name, source, line in _imported(tree):
        modules[name] = source
        module, _, last = source.rpartition(".")
        if last in models.get(module, ()) or (last == "*" and module in models):
            yield source, line
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            module = modules.get(ast.unparse(node.value), "")
            if node.attr in models.get(module, ()):
                yield f"{module}.{node.attr}", node.lineno


def _imported(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Yield each imported name as it is used, what it is in full, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}", node.lineno


def imported_modules(text: str) -> set[str]:
    """Return the modules that a text imports, or imports from; none where it is no Python."""
    try:
        found = {source for _, source, _ in _imported(ast.parse(text))}
    except (SyntaxError, ValueError):
        return set()
    return found | {source.rpartition(".")[0] for source in found} - {""}
