"""``gitmig init``: Alembic wired to the models that are found, settings, a CI workflow, the hooks.

All that is to be written is known before the first file is; a file that exists is only changed
where the caller agrees.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shlex import quote

from gitmig import client, interpreter, scaffold, sources
from gitmig.commands import hooks
from gitmig.commands.workspace import Workspace
from gitmig.ephemeral.rundir import run_directory
from gitmig.errors import GitmigError, WorkerFailed
from gitmig.explain import explain
from gitmig.model import Environment, Settings

WORKFLOW = ".github/workflows/gitmig.yml"


@dataclass(frozen=True)
class Plan:
    """What the user asked for; ``url`` empty: a SQLite file beside the configuration."""

    folder: str
    template: str
    url: str
    hooks: bool


@dataclass(frozen=True)
class FileStep:
    """One file to write, from the top level; ``told`` says what it is for."""

    path: str
    content: str
    told: str
    changes_existing: bool = False


@dataclass(frozen=True)
class Found:
    """The models of the project: the imports env.py needs, the metadata, the import roots."""

    imports: list[str]
    expression: str
    roots: list[str]
    told: str


def plan(directory: Path, wanted: Plan) -> list[FileStep]:
    """Return the files to write; nothing has been written yet.

    Raises NotARepository, NoInterpreter, GitmigError where a file is in the way.
    """
    workspace = Workspace.open(directory)
    try:
        found = find_models(workspace)
        if workspace.config.environments:
            steps = wire_existing(workspace, found)
        else:
            steps = lay_out(workspace, wanted, found)
        return [*steps, *settings(workspace), *workflow(workspace)]
    finally:
        workspace.repository.close()


def apply(directory: Path, wanted: Plan, steps: Sequence[FileStep]) -> list[str]:
    """Write the files, put the hooks in; return what was done, a line each."""
    root = Workspace.open(directory).repository.root
    created: list[Path] = []
    try:
        for step in steps:
            write(root / step.path, step, created)
    except OSError as error:
        for path in created:
            path.unlink(missing_ok=True)
        raise GitmigError(
            f"{error.filename} cannot be written: {error.strerror}", "mend that, then try again"
        ) from error
    lines = [f"{step.path}: {step.told}" for step in steps]
    if wanted.hooks:
        lines += [f"{change.name} hook {change.action}" for change in hooks.install(directory)]
    return [*lines, "next: git add -A && git commit"]


def write(path: Path, step: FileStep, created: list[Path]) -> None:
    """Write one file: a new one never over an old one, an old one in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if step.changes_existing:
        beside = path.with_name(path.name + ".gitmig-new")
        beside.write_text(step.content, encoding="utf-8")
        beside.replace(path)
        return
    with open(path, "x", encoding="utf-8") as file:
        created.append(path)
        file.write(step.content)


def find_models(workspace: Workspace) -> Found | None:
    """Return where the models are, by reading the sources that git knows or would take."""
    root, below = workspace.repository.root, workspace.directory
    names = workspace.repository.names(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"
    )
    inside = [path for path in names if not below or path.startswith(below + "/")]
    files = {path: (root / path).read_text("utf-8", "replace")
             for path in inside if (root / path).is_file()}  # fmt: skip
    candidates = sources.metadata_candidates(files)
    if not candidates:
        return None
    candidate = candidates[0]
    source_root = str(PurePosixPath(below, "src"))
    roots = [source_root] if candidate.path.startswith(source_root + "/") else [below]
    modules = sources.model_modules(files, candidate)
    return Found(
        scaffold.import_lines(candidate, modules, roots),
        candidate.expression,
        ["src"] if roots == [source_root] else [""],
        f"{candidate.expression} of {candidate.path}; with models: {', '.join(modules)}",
    )


def lay_out(workspace: Workspace, wanted: Plan, found: Found | None) -> list[FileStep]:
    """Return the files of a new Alembic environment, as the project's own Alembic makes them."""
    below = workspace.directory
    texts = ask_alembic(workspace, wanted)
    steps = []
    for name, text in texts.items():
        path, told = str(PurePosixPath(below, name)), "from Alembic's template"
        refuse_existing(workspace, path)
        if name == "alembic.ini":
            text = scaffold.set_url(text, wanted.url or "sqlite:///app.db")
            if found is not None and found.roots != [""]:
                text = scaffold.set_prepend_sys_path(text, ["", *found.roots])
            told = f"the database is {wanted.url or 'sqlite:///app.db'} (sqlalchemy.url)"
        elif name.endswith("/env.py"):
            text, told = wired(text, found)
        steps.append(FileStep(path, text, told))
    if not wanted.url:
        steps += ignore_database(workspace, str(PurePosixPath(below, "app.db")))
    return steps


def wired(text: str, found: Found | None) -> tuple[str, str]:
    """Return env.py with the metadata in it, and what to say of it."""
    if found is None:
        return text, "no models were found: set target_metadata there by hand"
    changed = scaffold.wire_env(text, found.imports, found.expression)
    if changed is None:
        return text, f"set target_metadata to {found.expression} there by hand"
    return changed, f"target_metadata is {found.told}"


def ask_alembic(workspace: Workspace, wanted: Plan) -> dict[str, str]:
    """Return the files of ``alembic init``, by path from the project's folder."""
    repository = workspace.repository
    environment = Environment("default", workspace.directory, wanted.folder, (), Settings())
    place = interpreter.Place(
        root=repository.root,
        directory=repository.root / workspace.directory,
        configured=workspace.config.settings.python,
        main_root=repository.main_root,
    )
    python = interpreter.find(place).path
    with run_directory() as run:
        scratch = Path(run, "project")
        scratch.mkdir()
        request = {
            "operation": "init",
            "tree": str(scratch),
            "root": str(scratch),
            "directory": "",
            "ini": "alembic.ini",
            "folder": wanted.folder,
            "template": wanted.template,
        }
        try:
            answer = client.ask(python, request, env={}, timeout=60)
        except WorkerFailed as error:
            raise explain(error, environment, str(python)) from error
        return {
            path: (scratch / path).read_text(encoding="utf-8").replace(str(scratch) + os.sep, "")
            for path in answer["files"]
        }


def wire_existing(workspace: Workspace, found: Found | None) -> list[FileStep]:
    """Return the change that gives an existing env.py its metadata, if it has none."""
    steps = []
    for environment in workspace.config.environments:
        path = f"{environment.script_location}/env.py"
        text = workspace.read(path)
        if text is None or found is None:
            continue
        changed = scaffold.wire_env(text, found.imports, found.expression)
        if changed is not None:
            told = f"target_metadata is {found.told}"
            steps.append(FileStep(path, changed, told, changes_existing=True))
    return steps


def refuse_existing(workspace: Workspace, path: str) -> None:
    """Raise GitmigError where a file is in the way of a new environment."""
    if (workspace.repository.root / path).exists():
        raise GitmigError(
            f"{path} exists but git does not track it",
            f"`git add {quote(path)}` to use it, or move it away, then run `gitmig init` again",
        )


def ignore_database(workspace: Workspace, database: str) -> list[FileStep]:
    """Return the change that keeps the developer's database out of git."""
    path = workspace.repository.root / ".gitignore"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = scaffold.gitignore_with(text, f"/{database}")
    if changed is None:
        return []
    return [FileStep(".gitignore", changed, f"{database} stays out of git", path.exists())]


def settings(workspace: Workspace) -> list[FileStep]:
    """Return the settings file, where the project has no settings yet."""
    root = workspace.repository.root
    declared = "[tool.gitmig" in (workspace.read("pyproject.toml") or "")
    if declared or (root / "gitmig.toml").exists():
        return []
    base = workspace.repository.branch()
    return [FileStep("gitmig.toml", scaffold.settings_text(base, ""), "gitmig's settings")]


def workflow(workspace: Workspace) -> list[FileStep]:
    """Return the CI workflow, where there is none."""
    root, below = workspace.repository.root, workspace.directory
    if (root / WORKFLOW).exists():
        return []
    folder = root / below
    if (folder / "requirements.txt").exists():
        install = "-r requirements.txt"
    elif (folder / "pyproject.toml").exists() or (folder / "setup.py").exists():
        install = "-e ."
    else:
        install = "alembic sqlalchemy"
    text = scaffold.github_workflow(below, install)
    return [FileStep(WORKFLOW, text, "`gitmig check` for every pull request")]
