"""The declarations in one model source: classes, ``Table`` calls, metadata objects, by ``ast``."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from gitmig.errors import SourceError

Kind = Literal["declarative", "flask", "sqlmodel", "metadata"]

_DECLARATIVE = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base"})
_CALLS: Mapping[str, Kind] = {
    "declarative_base": "declarative",
    "generate_base": "declarative",
    "SQLAlchemy": "flask",
    "MetaData": "metadata",
}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Class:
    """A class: its bases as they are spelt, the table it declares (empty: none)."""

    name: str
    bases: tuple[str, ...]
    table: str
    line: int
    sqlmodel: bool


@dataclass(frozen=True)
class Table:
    """A ``Table`` call: how the function is spelt, and the metadata it is given."""

    name: str
    function: str
    metadata: str
    line: int


@dataclass
class Facts:
    """One file: its classes and ``Table`` calls, and the metadata it makes.

    ``given`` is the name of the metadata object that a declarative base was given, ``imports``
    the top-level package each imported name comes from.
    """

    classes: list[Class] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    makes: list[tuple[str, Kind, int]] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


Project = Mapping[str, Facts]


def read_project(files: Mapping[str, str]) -> Project:
    """Read every file that is Python."""
    project = {}
    for path, text in sorted(files.items()):
        try:
            project[path] = read_facts(text, path)
        except SourceError:
            continue  # a template, or Python 2: no models that could be imported
    return project


def read_facts(text: str, path: str) -> Facts:
    """Read one file; raises SourceError, naming ``path``, where it is no Python."""
    facts = Facts()
    tree = _parse(text, path)
    for statement in tree.body:
        _note_metadata(statement, facts)
    flask = {"db.Model", *(f"{name}.Model" for name, kind, _ in facts.makes if kind == "flask")}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            facts.classes.append(_class(node, flask))
        elif isinstance(node, ast.Call) and (table := _table(node)):
            facts.tables.append(table)
    return facts


def _parse(text: str, path: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes: the project's affair
            return ast.parse(text)
    except SyntaxError as error:
        problem = f"{path}, line {error.lineno or 1}: {error.msg}."
        raise SourceError(problem, hint="mend the file and stage it again") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} cannot be read as Python: {error}.") from error


def _class(node: ast.ClassDef, flask: Set[str]) -> Class:
    bases = tuple(name for base in node.bases if (name := _dotted(base)))
    values = {name: value for statement in node.body for name, value in _assigned(statement)}
    sqlmodel = any(word.arg == "table" and _literal(word.value) is True for word in node.keywords)
    default = ""
    if sqlmodel:
        default = node.name.lower()
    elif any(ends_with(base, end) for base in bases for end in flask):
        default = _WORD_START.sub("_", node.name).lower().lstrip("_")
    return Class(node.name, bases, _table_name(values, default), node.lineno, sqlmodel)


def _table_name(values: Mapping[str, ast.expr], default: str) -> str:
    if "__abstract__" in values and _literal(values["__abstract__"]) is True:
        return ""
    if "__tablename__" in values:
        name = _literal(values["__tablename__"])
        return name if isinstance(name, str) else ""
    return "" if "__table__" in values else default


def _table(call: ast.Call) -> Table | None:
    function = _dotted(call.func)
    name = _literal(call.args[0]) if call.args else None
    if not (ends_with(function, "Table") and isinstance(name, str)):
        return None
    metadata = next((word.value for word in call.keywords if word.arg == "metadata"), None)
    second = call.args[1] if len(call.args) > 1 else metadata
    # The Table of rich takes strings only.
    if second is None or isinstance(second, ast.Constant):
        return None
    return Table(name, function, _dotted(second), call.lineno)


def _note_metadata(statement: ast.stmt, facts: Facts) -> None:
    if isinstance(statement, ast.ImportFrom) and statement.module == "sqlmodel":
        if any(alias.name == "SQLModel" and not alias.asname for alias in statement.names):
            facts.makes.append(("SQLModel", "sqlmodel", statement.lineno))
    elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        package = statement.module.partition(".")[0]
        facts.imports.update({alias.asname or alias.name: package for alias in statement.names})
    elif isinstance(statement, ast.ClassDef):
        _note_base(statement, facts)
    for name, value in _assigned(statement):
        kind = (
            _CALLS.get(_dotted(value).rpartition(".")[2]) if isinstance(value, ast.Call) else None
        )
        if kind and isinstance(value, ast.Call):
            facts.makes.append((name, kind, statement.lineno))
            for word in value.keywords:
                if word.arg == "metadata":
                    facts.given[name] = _dotted(word.value)


def _note_base(node: ast.ClassDef, facts: Facts) -> None:
    above = [*node.bases, *node.decorator_list]
    names = {_dotted(item).rpartition(".")[2] for item in above}
    if not names & (_DECLARATIVE | {"as_declarative"}):
        return
    facts.makes.append((node.name, "declarative", node.lineno))
    for statement in node.body:
        for name, value in _assigned(statement):
            if name == "metadata":
                facts.given[node.name] = _dotted(value)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    for target in targets:
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value


def _literal(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _dotted(node: ast.expr) -> str:
    """Spell a name: ``a.b`` for ``a.b``, ``a.b[C]`` and ``a.b()``; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return _dotted(node.value)
    return _dotted(node.func) if isinstance(node, ast.Call) else ""


def ends_with(dotted: str, end: str) -> bool:
    """Say whether a dotted name is, or ends in, another: ``sa.Table`` in ``Table``."""
    return dotted == end or dotted.endswith("." + end)
