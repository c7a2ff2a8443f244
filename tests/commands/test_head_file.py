"""The file that names the head: two branches conflict there, but not for who has the hooks."""

from __future__ import annotations

import pytest
from support import Project
from test_merge_heads import begin, change_sides

PATH = "migrations/HEAD"


@pytest.fixture
def team(project: Project) -> Project:
    """Return a project with a head file and two branches, each with a model change."""
    begin(project)
    project.write("gitmig.toml", f'head-file = "{PATH}"\n')
    project.git("add", ".")
    project.gitmig("install", "-q")
    project.gitmig("autogenerate", "-q")
    project.git("commit", "-qm", "head file")
    assert project.read(PATH) == "base00000000\n"
    change_sides(project)
    return project


def head(project: Project) -> str:
    """Return the head as Alembic says it."""
    return project.gitmig("heads").stdout.split()[0]


def test_follows_each_commit(team: Project) -> None:
    """The commit that brings a revision brings the line; the tree is clean."""
    assert team.read(PATH) == f"{head(team)}\n" and team.status() == ""
    assert PATH in team.files_in()
    team.gitmig("check", "--static")


def test_conflict_without_the_driver(team: Project) -> None:
    """Where git knows no driver, as on a hosting site, the merge conflicts in this one file."""
    team.git("config", "--remove-section", "merge.gitmig-head")
    (team.path / ".git/info/attributes").unlink()
    told = team.git("merge", "--no-edit", "left", code=1).stdout
    assert f"Merge conflict in {PATH}" in told and told.count("CONFLICT") == 1


def test_no_conflict_with_it(team: Project) -> None:
    """With the driver the heads join themselves, and the file names the one that is left (H2)."""
    team.git("merge", "--no-edit", "left", code=1)
    team.git("commit", "-q", "--no-edit")
    assert team.read(PATH) == f"{head(team)}\n" and team.status() == ""
    team.gitmig("check", "--static")


def test_untrue_is_found(team: Project) -> None:
    """A file that names another head fails the check; merge-heads mends it."""
    team.write(PATH, "another\n")
    team.git("add", PATH)
    told = team.gitmig("check", "--static", code=1).stdout
    assert f"{PATH}:1: GM020 {PATH} does not name the head" in told
    team.gitmig("merge-heads")
    assert team.status() == ""


def test_uninstall(team: Project) -> None:
    """Uninstall takes the driver out of git's configuration and attributes again."""
    team.write(".git/info/attributes", "*.bin binary\n" + team.read(".git/info/attributes"))
    team.gitmig("uninstall", "-q")
    assert team.read(".git/info/attributes") == "*.bin binary\n"
    assert "gitmig" not in team.git("config", "--local", "--list").stdout
