"""``gitmig init``: Alembic wired to the models that are found, settings, a CI workflow, the hooks.

All that is to be written is known before the first file is; a file that exists is only changed
where the caller agrees.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from shlex import quote

from gitmig import scaffold, sources
from gitmig.commands import hooks
from gitmig.commands.template import alembic_files, inside
from gitmig.commands.workspace import Workspace
from gitmig.errors import GitmigError
from gitmig.git import Repository
from gitmig.model import Environment

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
    """One file to write, from the top level; ``told`` says what it is for.

    ``content`` may hold bytes that are no UTF-8 as surrogates, as file names do.
    """

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

    Raises NotARepository, NoInterpreter, GitmigError where a file or a hook is in the way.
    """
    workspace = Workspace.open(directory)
    try:
        wanted = replace(wanted, folder=inside(workspace, wanted.folder))
        if wanted.hooks:
            refuse_hooks(directory)
        found = find_models(workspace)
        if environments_here(workspace):
            steps = wire_existing(workspace, found)
        else:
            steps = lay_out(workspace, wanted, found)
        return [*steps, *settings(workspace), *workflow(workspace)]
    finally:
        workspace.close()


def environments_here(workspace: Workspace) -> list[Environment]:
    """Return the environments in or below the current directory; other services have theirs."""
    below = workspace.directory
    return [
        each
        for each in workspace.config.environments
        if not below or each.directory == below or each.directory.startswith(below + "/")
    ]


def refuse_hooks(directory: Path) -> None:
    """Raise GitmigError where the hooks could not be put in after the files are written."""
    try:
        hooks.check(directory)
    except GitmigError as error:
        hint = f"{error.hint} `gitmig init --no-hooks` sets up all the rest."
        raise GitmigError(error.message, hint) from error


def apply(directory: Path, wanted: Plan, steps: Sequence[FileStep]) -> list[str]:
    """Write the files, put the hooks in; return what was done, a line each."""
    root = Repository.open(directory).root
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
    content = step.content.encode("utf-8", "surrogateescape")
    if step.changes_existing:
        path = path.resolve()  # a link stays one
        beside = path.with_name(path.name + ".gitmig-new")
        beside.write_bytes(content)
        shutil.copymode(path, beside)
        beside.replace(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as file:
        created.append(path)
        file.write(content)


def content_of(path: Path) -> bytes | None:
    """Return what a file of the work tree holds, None where it cannot be read as one."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def find_models(workspace: Workspace) -> Found | None:
    """Return where the models are, by reading the sources that git knows or would take."""
    root, below = workspace.repository.root, workspace.directory
    names = workspace.repository.names(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"
    )
    paths = [path for path in names if not below or path.startswith(below + "/")]
    read = {path: content_of(root / path) for path in paths}
    files = {path: raw.decode("utf-8", "replace") for path, raw in read.items() if raw is not None}
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
    steps = []
    for name, text in alembic_files(workspace, wanted.folder, wanted.template).items():
        path, told = str(PurePosixPath(below, name)), "from Alembic's template"
        if name == "alembic.ini":
            url = wanted.url or default_url(wanted.template)
            text = scaffold.set_url(text, url)
            if found is not None and found.roots != [""]:
                text = scaffold.set_prepend_sys_path(text, ["", *found.roots])
            told = f"the database is {url} (sqlalchemy.url)"
        elif name.endswith("/env.py"):
            text, told = wired(text, found)
        steps.append(FileStep(path, text, told))
    steps = not_there_yet(workspace, steps)
    if not wanted.url:
        steps += ignore_database(workspace, str(PurePosixPath(below, "app.db")))
    return steps


def default_url(template: str) -> str:
    """Return the URL of a SQLite file, with the driver that the template needs."""
    return f"sqlite{'+aiosqlite' if 'async' in template else ''}:///app.db"


def wired(text: str, found: Found | None) -> tuple[str, str]:
    """Return env.py with the metadata in it, and what to say of it."""
    if found is None:
        return text, "no models were found: set target_metadata there by hand"
    changed = scaffold.wire_env(text, found.imports, found.expression)
    if changed is None:
        return text, f"set target_metadata to {found.expression} there by hand"
    return changed, f"target_metadata is {found.told}"


def wire_existing(workspace: Workspace, found: Found | None) -> list[FileStep]:
    """Return the change that gives an existing env.py its metadata, if it has none.

    It is made in the work tree's text, which may be ahead of what is staged.
    """
    steps = []
    for environment in environments_here(workspace):
        path = posixpath.join(environment.script_location, "env.py")
        raw = content_of(workspace.repository.root / path)
        if raw is None or found is None:
            continue
        text = raw.decode("utf-8", "replace")
        changed = scaffold.wire_env(text, found.imports, found.expression)
        if changed is None:
            continue
        if text.encode() != raw:
            raise GitmigError(
                f"{path} is not UTF-8", f"set target_metadata to {found.expression} there by hand"
            )
        told = f"target_metadata is {found.told}"
        steps.append(FileStep(path, changed, told, changes_existing=True))
    return steps


def not_there_yet(workspace: Workspace, steps: Sequence[FileStep]) -> list[FileStep]:
    """Return the steps that an earlier run has not taken.

    Raises GitmigError where another file is in the way of one.
    """
    root = workspace.repository.root
    there = [step for step in steps if os.path.lexists(root / step.path)]
    for step in there:
        if content_of(root / step.path) == step.content.encode():
            continue
        if step.path in workspace.index:
            raise GitmigError(
                f"{step.path} is in the way of what Alembic would write",
                "choose another --folder or --template, or move it away",
            )
        every = " ".join(quote(each.path) for each in there if each.path not in workspace.index)
        raise GitmigError(
            f"{step.path} exists but git does not track it",
            f"`git add {every}` to use it, or move it away, then run `gitmig init` again",
        )
    return [step for step in steps if step not in there]


def ignore_database(workspace: Workspace, database: str) -> list[FileStep]:
    """Return the change that keeps the developer's database out of git."""
    path = workspace.repository.root / ".gitignore"
    raw = content_of(path)
    text = (raw or b"").decode("utf-8", "surrogateescape")
    changed = scaffold.gitignore_with(text, f"/{database}")
    if changed is None:
        return []
    return [FileStep(".gitignore", changed, f"{database} stays out of git", raw is not None)]


def settings(workspace: Workspace) -> list[FileStep]:
    """Return the settings file, where the project has no settings yet."""
    root = workspace.repository.root
    declared = "[tool.gitmig" in (workspace.read("pyproject.toml") or "")
    if declared or (root / "gitmig.toml").exists():
        return []
    return [FileStep("gitmig.toml", scaffold.SETTINGS, "gitmig's settings")]


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
    branch = workspace.repository.branch() or "main"
    text = scaffold.github_workflow(below, install, branch)
    return [FileStep(WORKFLOW, text, "`gitmig check` for every pull request")]
