"""Which revision the text of a file is, read with ``ast`` and never imported."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gitmig import shape
from gitmig.errors import SourceError
from gitmig.listing import UNDECODED
from gitmig.model import Revision

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
_LEGACY_NAME = re.compile(r"([a-f0-9]+)\.py")
_CODING = re.compile(r"(?:[ \t\f]*(?:#.*)?\n)?[ \t\f]*#.*?coding[:=]")  # PEP 263
_CONFLICT = re.compile(r"^<{7} .*?^>{7} ", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class _Assigned:
    """What a module-level name was last given; ``value`` is None where only running could tell."""

    value: ast.expr | None
    line: int


def is_revision_file(name: str) -> bool:
    """Whether Alembic loads a file of this name (no folder) from a folder of revisions.

    The rule is Alembic's own (``_only_source_rev_file`` in ``alembic/script/base.py``): every
    ``.py`` but those that begin with ``.#`` or ``__init__``. Compiled files (``sourceless``) have
    no text and are not read.
    """
    return name.endswith(".py") and not name.startswith((".#", "__init__")) and "\n" not in name


def parse(text: str, path: str) -> Revision | None:
    """Read a revision from a file's text; None for a file that Alembic would not load.

    ``path`` is where the text is from, with ``/``. As in Alembic, a file without ``revision`` is
    named by its file name where that is all hexadecimal (the form before Alembic 0.2).

    Raises SourceError, with path and line, for what Alembic could not load (bad syntax, conflict
    markers, no ``revision``) and for what only running the file could tell.
    """
    name = path.rpartition("/")[2]
    if not is_revision_file(name):
        return None
    tree = _read_tree(text, path)
    found = _assignments(tree)
    identifier = _identifier(found, name, path)
    parents = _required(found, "down_revision", path)
    return Revision(
        id=identifier,
        parents=_texts(found, "down_revision", path),
        path=path,
        subject=_subject(tree),
        line=found["revision"].line if "revision" in found else 1,
        parents_line=parents.line,
        labels=_texts(found, "branch_labels", path),
        depends_on=_texts(found, "depends_on", path),
        upgrade_line=_defined(tree, "upgrade"),
        downgrade_line=_defined(tree, "downgrade"),
    )


def _read_tree(text: str, path: str) -> ast.Module:
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        what = "conflict markers (<<<<<<<) of an unfinished merge."
        raise _refusal(path, line, what, f"Keep one side, then: git add {shlex.quote(path)}")
    if UNDECODED in text and not _CODING.match(text):
        line = text.count("\n", 0, text.index(UNDECODED)) + 1
        hint = f"Save it as UTF-8, then: git add {shlex.quote(path)}"
        raise _refusal(path, line, "not UTF-8, and it does not say what else.", hint)
    try:
        return shape.tree(text)
    except SyntaxError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        what = f"not valid Python {version} ({error.msg})."
        hint = f"Mend it; this shows the place: python -m py_compile {shlex.quote(path)}"
        raise _refusal(path, error.lineno or 1, what, hint) from error


def _defined(tree: ast.Module, name: str) -> int:
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    return next((each.lineno for each in reversed(functions) if each.name == name), 0)


def _assignments(tree: ast.Module) -> dict[str, _Assigned]:
    return {
        name: _Assigned(value, statement.lineno)
        for statement in tree.body
        for name, value in _bindings(statement)
        if name in _NAMES
    }


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Name what a module-level statement binds, with the value where it is plain to see."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name, None
        return
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign):
        targets, value = [statement.target], statement.value
        if value is None:
            return
    for node in _binders(statement, (*targets, value)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, value if node in targets else None
        elif isinstance(node, ast.alias):
            yield node.asname or node.name, None


def _binders(statement: ast.stmt, parts: Sequence[ast.expr | None]) -> Iterable[ast.AST]:
    """Give the nodes of a statement that may bind a name; walking costs, and few need it."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return statement.names
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return ()  # a docstring
    if all(isinstance(part, (ast.Constant, ast.Name)) for part in parts):
        return [part for part in parts if part is not None]
    return ast.walk(statement)


def _identifier(found: dict[str, _Assigned], name: str, path: str) -> str:
    legacy = _LEGACY_NAME.match(name)
    if "revision" not in found and legacy:
        return legacy.group(1)
    value = _required(found, "revision", path).value
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        return value.value
    raise _computed("revision", path, found["revision"].line)


def _required(found: dict[str, _Assigned], name: str, path: str) -> _Assigned:
    if name in found:
        return found[name]
    what = f"no `{name}` is assigned; Alembic takes every .py file in here for a revision."
    hint = "Move the file to another folder, or give it `revision` and `down_revision`."
    raise _refusal(path, 1, what, hint)


def _texts(found: dict[str, _Assigned], name: str, path: str) -> tuple[str, ...]:
    """Read None, a string or a display of strings; repetitions are dropped."""
    if name not in found:
        return ()
    value = found[name].value
    if isinstance(value, ast.Constant) and value.value is None:
        return ()
    items = value.elts if isinstance(value, (ast.Tuple, ast.List, ast.Set)) else [value]
    texts = [item.value if isinstance(item, ast.Constant) else None for item in items]
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(items):
        raise _computed(name, path, found[name].line)
    return tuple(dict.fromkeys(strings))


def _computed(name: str, path: str, line: int) -> SourceError:
    what = f"`{name}` is computed; gitmig reads revisions without running them."
    return _refusal(path, line, what, f"Write it out as a plain string: {name} = '...'")


def _refusal(path: str, line: int, what: str, hint: str) -> SourceError:
    return SourceError(f"{path}, line {line}: {what}", hint, path=path, line=line)


def _subject(tree: ast.Module) -> str:
    lines = (ast.get_docstring(tree, clean=False) or "").strip().splitlines()
    return lines[0].strip() if lines else ""
