"""What the model sources of a project say, read by ``ast`` and never run.

Names are resolved by spelling and folder, not by importing: enough to know which tables a file
declares and to wire an env.py to the models. A table name that is computed is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitmig.declarations import Class, Kind, Project, Table, ends_with, read_facts, read_project

_RANK: tuple[Kind, ...] = ("declarative", "flask", "sqlmodel", "metadata")
_ASIDE = frozenset(
    {"tests", "test", "docs", "doc", "examples", "migrations", "alembic", "versions"}
    | {"site-packages", "node_modules", ".venv", "venv"}
)


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


def tables(text: str, path: str = "the file") -> dict[str, int]:
    """Give the names of the tables that a file declares, each with its line (1-based).

    Seen are classes with a literal ``__tablename__``, ``Table("name", metadata, …)``, SQLModel
    classes with ``table=True`` and subclasses of Flask-SQLAlchemy's ``db.Model`` (their default
    names are the class name in lower case, and in snake case). The schema is left out. Raises
    SourceError, naming ``path``, where the text is no Python.
    """
    facts = read_facts(text, path)
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
    project = read_project(files)
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
    return _modules(read_project(files), candidate)


def _one_sqlmodel(found: list[MetadataCandidate], project: Project) -> list[MetadataCandidate]:
    """Keep one candidate for SQLModel, which every file imports: a file that has models."""
    imports = [item for item in found if item.kind == "sqlmodel"]
    best = next((i for i in imports if any(c.sqlmodel for c in project[i.path].classes)), None)
    kept = best or (imports[0] if imports else None)
    return [item for item in found if item.kind != "sqlmodel" or item == kept]


def _is_aside(path: str) -> bool:
    *folders, name = path.split("/")
    return bool(_ASIDE.intersection(folders)) or name.startswith(("test_", "conftest."))


# --- which file is on which metadata


def _modules(project: Project, candidate: MetadataCandidate) -> list[str]:
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


def _descendants(project: Project, candidate: MetadataCandidate) -> set[tuple[str, str]]:
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


def _is_direct(item: Class, candidate: MetadataCandidate) -> bool:
    if candidate.kind == "sqlmodel":
        return item.sqlmodel
    if candidate.kind == "metadata":
        return False
    wanted = candidate.name + (".Model" if candidate.kind == "flask" else "")
    return any(ends_with(base, wanted) for base in item.bases)


def _is_table_on(table: Table, candidate: MetadataCandidate, given: str) -> bool:
    if candidate.kind == "flask" and ends_with(table.function, f"{candidate.name}.Table"):
        return True
    if candidate.kind != "metadata" and ends_with(table.metadata, candidate.expression):
        return True
    bare = candidate.name if candidate.kind == "metadata" else given
    owner, _, name = table.metadata.rpartition(".")
    # models.metadata is a module's, Base.metadata a class's
    return bool(bare) and name == bare and not owner.rpartition(".")[2][:1].isupper()
