"""The optional file that names an environment's head (``head-file`` in the settings).

Two branches that both add revisions both change its one line, so that hosting sites refuse to
merge them unseen. Locally a merge driver keeps our side's line, and what joins the heads then
makes it true.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gitmig import git_index
from gitmig.commands.workspace import Workspace
from gitmig.errors import SourceError
from gitmig.git import Repository
from gitmig.graph import Graph
from gitmig.model import AS_ASKED, Environment, Finding, Options

DRIVER = "gitmig-head"  # in git's configuration and attributes


def keep(workspace: Workspace, options: Options = AS_ASKED) -> None:
    """Make every head file say what the revisions say that are staged by now."""
    named = [each for each in workspace.config.environments if each.settings.head_file]
    if named and not options.dry_run:
        now = replace(workspace, index=workspace.repository.index())
        for environment in named:
            make_true(now, environment, stage=options.stage and environment.settings.stage)


def make_true(workspace: Workspace, environment: Environment, *, stage: bool) -> None:
    """Write one environment's head file where it says something else."""
    wanted = text_of(workspace, environment)
    path = environment.settings.head_file
    if wanted is None or workspace.read(path) == wanted:
        return
    file = workspace.repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(wanted, encoding="utf-8")
    if stage:
        git_index.add(workspace.repository, [path])


def text_of(workspace: Workspace, environment: Environment) -> str | None:
    """Return what the head file has to say, None where the revisions cannot be read."""
    try:
        found = workspace.usable_revisions(environment)
    except SourceError:
        return None
    return "".join(f"{head.id}\n" for head in sorted(Graph(found).heads, key=lambda each: each.id))


def untrue(workspace: Workspace, environment: Environment) -> list[Finding]:
    """Return a finding where the staged head file says something else than the revisions."""
    path = environment.settings.head_file
    wanted = text_of(workspace, environment) if path else None
    if wanted is None or workspace.read(path) == wanted:
        return []
    heads = ", ".join(wanted.split()) or "no revision"
    message = f"{path} does not name the head ({heads})"
    return [Finding("GM020", "error", message, "gitmig merge-heads", path, 1)]


def install_driver(directory: Path) -> None:
    """Tell git how to merge the head files, in this clone alone; nothing where there are none."""
    workspace = Workspace.open(directory)
    try:
        repository = workspace.repository
        paths = {each.settings.head_file for each in workspace.config.environments} - {""}
        if paths:
            repository.set_config(f"merge.{DRIVER}.driver", "true")
        write_attributes(repository, sorted(paths))
    finally:
        workspace.close()


def write_attributes(repository: Repository, paths: list[str]) -> None:
    """Put a line for each path into the clone's own attributes, in place of those before."""
    file = repository.common_dir / "info/attributes"
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    kept = [line for line in before.splitlines() if not line.endswith(f" merge={DRIVER}")]
    text = "".join(f"{line}\n" for line in (*kept, *(f"/{each} merge={DRIVER}" for each in paths)))
    if text != before:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def remove_driver(repository: Repository) -> None:
    """Take out what ``install_driver`` told git."""
    write_attributes(repository, [])
    if repository.config(f"merge.{DRIVER}.driver"):
        repository.run("config", "--local", "--remove-section", f"merge.{DRIVER}")
