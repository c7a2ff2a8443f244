"""What the model sources of a project say, read by ``ast`` and never run.

Names are resolved by spelling and folder, not by importing: enough to know which tables a file
declares and to wire an env.py to the models. A table name that is computed is not seen.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from gitmig.errors import SourceError

Kind = Literal["declarative", "flask", "sqlmodel", "metadata"]

_RANK: tuple[Kind, ...] = ("declarative", "flask", "sqlmodel", "metadata")
_ASIDE = frozenset(
    {"tests", "test", "docs", "doc", "examples", "migrations", "alembic", "versions"}
    | {"site-packages", "node_modules", ".venv", "venv"}
)
_DECLARATIVE = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base"})
_CALLS: Mapping[str, Kind] = {
    "declarative_base": "declarative",
    "generate_base": "declarative",
    "SQLAlchemy": "flask",
    "MetaData": "metadata",
}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])")


@dataclass(frozen=True)
class MetadataCandidate:
    """A place that may hold the project's metadata.

    ``path`` is the file, ``expression`` what ``target_metadata`` is to be (``Base.metadata``),
    ``name`` what is imported for that (``Base``), ``line`` where it stands.
    """

    path: str
    expression: str
    name: str
    kind: Kind
    line: int


@dataclass(frozen=True)
class _Class:
    name: str
    bases: tuple[str, ...]
    table: str
    line: int
    sqlmodel: bool


@dataclass(frozen=True)
class _Table:
    name: str
    function: str
    metadata: str
    line: int


@dataclass
class _Facts:
    """One file: its classes and ``Table`` calls, and the metadata it makes.

    ``given`` is the name of the metadata object that a declarative base was given, ``imports``
    the top-level package each imported name comes from.
    """

    classes: list[_Class] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)
    makes: list[tuple[str, Kind, int]] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


_Project = Mapping[str, _Facts]


def tables(text: str, path: str = "the file") -> dict[str, int]:
    """Give the names of the tables that a file declares, each with its line (1-based).

    Seen are classes with a literal ``__tablename__``, ``Table("name", metadata, …)``, SQLModel
    classes with ``table=True`` and subclasses of Flask-SQLAlchemy's ``db.Model`` (their default
    names are the class name in lower case, and in snake case). The schema is left out. Raises
    SourceError, naming ``path``, where the text is no Python.
    """
    facts = _facts(text, path)
    named = [(item.line, item.table) for item in facts.classes if item.table]
    named += [(item.line, item.name) for item in facts.tables]
    lines: dict[str, int] = {}
    for line, name in sorted(named):
        lines.setdefault(name, line)
    return lines


def module_name(path: str, roots: Sequence[str]) -> str:
    """Give the import name of a file, from the longest of ``roots`` around it.

    ``src/app/models.py`` with the roots ``src`` and the top level (``""``) is ``app.models``; a
    package's ``__init__.py`` is the package.
    """
    around = [root for root in roots if not root or path.startswith(root + "/")]
    root = max(around, key=len, default="")
    parts = path[len(root) :].lstrip("/").removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def metadata_candidates(files: Mapping[str, str]) -> list[MetadataCandidate]:
    """Find where the metadata of a project is; the likeliest first.

    ``files`` is path to text. The one with the most model modules is first; those in folders of
    tests, documentation and migrations come last. Files that are no Python are passed over.
    """
    project = _project(files)
    found: list[MetadataCandidate] = []
    for path, facts in project.items():
        for name, kind, line in facts.makes:
            expression = name if kind == "metadata" else f"{name}.metadata"
            found.append(MetadataCandidate(path, expression, name, kind, line))
    models = {item: len(_modules(project, item)) for item in found}

    def order(item: MetadataCandidate) -> tuple[bool, int, int, int, str, int]:
        depth = item.path.count("/")
        rank = _RANK.index(item.kind)
        return _is_aside(item.path), -models[item], rank, depth, item.path, item.line

    return _one_sqlmodel(sorted(found, key=order), project)


def model_modules(files: Mapping[str, str], candidate: MetadataCandidate) -> list[str]:
    """Give the paths of the files whose models or tables are on ``candidate``, sorted.

    Followed are subclasses of its base through every file. Of several bases with one name, a
    file belongs to the nearest by folder. Tests, documentation and migrations are left out.
    """
    return _modules(_project(files), candidate)


def _one_sqlmodel(found: list[MetadataCandidate], project: _Project) -> list[MetadataCandidate]:
    """Keep one candidate for SQLModel, which every file imports: a file that has models."""
    imports = [item for item in found if item.kind == "sqlmodel"]
    best = next((i for i in imports if any(c.sqlmodel for c in project[i.path].classes)), None)
    kept = best or (imports[0] if imports else None)
    return [item for item in found if item.kind != "sqlmodel" or item == kept]


def _is_aside(path: str) -> bool:
    *folders, name = path.split("/")
    return bool(_ASIDE.intersection(folders)) or name.startswith(("test_", "conftest."))


# --- which file is on which metadata


def _modules(project: _Project, candidate: MetadataCandidate) -> list[str]:
    rivals = [
        path
        for path, facts in project.items()
        if any(name == candidate.name for name, _, _ in facts.makes)
    ]
    mine = {
        path: facts
        for path, facts in project.items()
        if candidate.kind == "sqlmodel" or _nearest(path, rivals) == candidate.path
    }
    given = project[candidate.path].given.get(candidate.name, "")
    found = {path for path, _ in _descendants(mine, candidate)}
    for path, facts in mine.items():
        if any(_is_table_on(table, candidate, given) for table in facts.tables):
            found.add(path)
    return sorted(path for path in found if not _is_aside(path) or _is_aside(candidate.path))


def _nearest(path: str, homes: Sequence[str]) -> str:
    def nearness(home: str) -> tuple[int, bool]:
        shared = 0
        for one, other in zip(path.split("/"), home.split("/"), strict=False):
            if one != other:
                break
            shared += 1
        return shared, not _is_aside(home)

    return max(sorted(homes), key=nearness)


def _descendants(project: _Project, candidate: MetadataCandidate) -> set[tuple[str, str]]:
    """Give the classes, as path and name, that inherit from the candidate's base."""
    found: set[tuple[str, str]] = set()
    known = {part.removesuffix(".py") for path in project for part in path.split("/")}
    size = -1
    while len(found) > size:
        size = len(found)
        for path, facts in project.items():
            local = {item.name for item in facts.classes} - {candidate.name}
            local |= {name for name, package in facts.imports.items() if package not in known}
            elsewhere = {name for _, name in found}
            for item in facts.classes:
                names = {base.rpartition(".")[2] for base in item.bases}
                # A name of the file itself, or of a library, is not that of another file.
                inherits = names & (elsewhere - local) or any(
                    (path, name) in found for name in names & local
                )
                if inherits or _is_direct(item, candidate):
                    found.add((path, item.name))
    return found


def _is_direct(item: _Class, candidate: MetadataCandidate) -> bool:
    if candidate.kind == "sqlmodel":
        return item.sqlmodel
    if candidate.kind == "metadata":
        return False
    wanted = candidate.name + (".Model" if candidate.kind == "flask" else "")
    return any(_ends_with(base, wanted) for base in item.bases)


def _is_table_on(table: _Table, candidate: MetadataCandidate, given: str) -> bool:
    if candidate.kind == "flask" and _ends_with(table.function, f"{candidate.name}.Table"):
        return True
    if candidate.kind != "metadata" and _ends_with(table.metadata, candidate.expression):
        return True
    bare = candidate.name if candidate.kind == "metadata" else given
    owner, _, name = table.metadata.rpartition(".")
    # models.metadata is a module's, Base.metadata a class's
    return bool(bare) and name == bare and not owner.rpartition(".")[2][:1].isupper()


def _ends_with(dotted: str, end: str) -> bool:
    return dotted == end or dotted.endswith("." + end)


# --- reading one file


def _project(files: Mapping[str, str]) -> _Project:
    project = {}
    for path, text in sorted(files.items()):
        try:
            project[path] = _facts(text, path)
        except SourceError:
            continue  # a template, or Python 2: no models that could be imported
    return project


def _facts(text: str, path: str) -> _Facts:
    facts = _Facts()
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


def _class(node: ast.ClassDef, flask: Set[str]) -> _Class:
    bases = tuple(name for base in node.bases if (name := _dotted(base)))
    values = {name: value for statement in node.body for name, value in _assigned(statement)}
    sqlmodel = any(word.arg == "table" and _literal(word.value) is True for word in node.keywords)
    default = ""
    if sqlmodel:
        default = node.name.lower()
    elif any(_ends_with(base, end) for base in bases for end in flask):
        default = _WORD_START.sub("_", node.name).lower().lstrip("_")
    return _Class(node.name, bases, _table_name(values, default), node.lineno, sqlmodel)


def _table_name(values: Mapping[str, ast.expr], default: str) -> str:
    if "__abstract__" in values and _literal(values["__abstract__"]) is True:
        return ""
    if "__tablename__" in values:
        name = _literal(values["__tablename__"])
        return name if isinstance(name, str) else ""
    return "" if "__table__" in values else default


def _table(call: ast.Call) -> _Table | None:
    function = _dotted(call.func)
    name = _literal(call.args[0]) if call.args else None
    if not (_ends_with(function, "Table") and isinstance(name, str)):
        return None
    metadata = next((word.value for word in call.keywords if word.arg == "metadata"), None)
    second = call.args[1] if len(call.args) > 1 else metadata
    # The Table of rich takes strings only.
    if second is None or isinstance(second, ast.Constant):
        return None
    return _Table(name, function, _dotted(second), call.lineno)


def _note_metadata(statement: ast.stmt, facts: _Facts) -> None:
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


def _note_base(node: ast.ClassDef, facts: _Facts) -> None:
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
