"""Whether the way from empty to the base's heads is the one that a deployed database has gone.

It is where the base's revisions, env.py and configuration are the staged ones, and no revision of
the base has use for any other file of the project. Then nothing that was changed can tell the two
ways apart, but for what env.py takes from the models: the worker compares that, see
``_worker/same_way``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gitmig.commands.shard import WALK
from gitmig.commands.subject import Subject
from gitmig.commands.workspace import places

IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\b|import\s+([^#;\n]+))", re.MULTILINE)
# a revision that has one of these may read a file, find a module in another way, or do what env.py
# or a module that it imports has told it
READS = re.compile(
    r"__file__|__import__|\b(?:open|read_\w+|importlib|import_module|exec|eval|runpy|listdir|glob|Path"
    r"|environ|getenv|attributes|get_(?:main_option|section|x_argument)|metadata|target_metadata"
    r"|create_all|drop_all)\b|;\s*(?:from|import)\s|\bimport\b.*\\\n"
)
# every project has a folder of one of these names, and means the packages
PACKAGES = frozenset({"alembic", "sqlalchemy"})
CREATES_ALL = "create_all"  # what env.py makes then is in the models


def is_the_same(subject: Subject) -> bool:
    """Say whether the walk of this check is the way of a deployed database, too."""
    base, workspace, environment = subject.base, subject.workspace, subject.environment
    if not base.heads or WALK not in subject.parts:
        return False
    before, now = workspace.repository.tree(base.commit), workspace.index
    env = f"{environment.script_location}/env.py"
    decides = (*base.paths, env, environment.ini, environment.toml)
    if any(before.get(path) != now.get(path) for path in decides if path):
        return False
    texts = workspace.repository.read_all({blob for _, blob in places(environment, before)})
    names = own_names(subject)
    return CREATES_ALL not in (workspace.read(env) or "") and all(
        stands_alone(text, names) for text in texts.values()
    )


def own_names(subject: Subject) -> set[str]:
    """Return what a module of the project may be called, at the base or here; empty: a relative."""
    before = subject.workspace.repository.tree(subject.base.commit)
    return {"", *names_in(before), *names_in(subject.workspace.index)} - PACKAGES


def stands_alone(text: str, names: set[str]) -> bool:
    """Say whether a revision has use for no file of the project, ``names`` being its modules."""
    return not reading_line(text, names)


def reading_line(text: str, names: set[str]) -> int:
    """Return the first line where a revision has use for a file of the project, 0 for none."""
    found = [each.end() for each in READS.finditer(text)]
    found += [each.end() for each in IMPORT.finditer(text) if names & set(packages(each))]
    return text.count("\n", 0, min(found)) + 1 if found else 0


def packages(imported: re.Match[str]) -> Iterator[str]:
    """Yield the packages that an import names, and an empty name for the one that it is in."""
    package, modules = imported.groups()
    for name in [package] if package else modules.split(","):
        yield name.split(".")[0].strip().partition(" ")[0]


def names_in(paths: Iterable[str]) -> Iterator[str]:
    """Yield what a module or package may be called: Python files and the folders around them."""
    for path in paths:
        if path.endswith(".py"):
            yield from path[:-3].split("/")
