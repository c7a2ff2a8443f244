"""Heads that cannot be joined or compared: one sentence, the exit code, nothing changed, twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import Project
from test_bad_input import state
from test_check_static import cycle, duplicate, markers, two_heads, unknown_parent

LINEAR = ("merge-heads", "--rebase", "--base", "main")
JOIN = ("merge-heads",)
BESIDE = ("check", "--static", "--base", "main")
TEAM = ("check", "--static", "--base", "main", "--against", "main")


def no_parse(project: Project) -> tuple[str, ...]:
    """Write a head that is no Python."""
    path, _ = two_heads(project)
    project.append(path, "def (\n")
    return (path,)


def twice(project: Project, *arguments: str, code: int) -> str:
    """Run gitmig twice; both say the same, and what was there is as it was. Returns stderr."""
    before = state(project)
    first = project.gitmig(*arguments, code=code)
    second = project.gitmig(*arguments, code=code)
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert state(project) == before
    return first.stderr


def one_sentence(told: str) -> None:
    """Assert that an error is a sentence and what to type."""
    first, *rest = told.splitlines()
    assert first.startswith("gitmig: ") and all(line.startswith("  → ") for line in rest), told
    assert len(rest) == 1, told


@pytest.mark.parametrize("arguments", [JOIN, LINEAR], ids=" ".join)
@pytest.mark.parametrize("fault", [no_parse, duplicate, unknown_parent, cycle, markers])
def test_a_graph_that_cannot_be_used(
    project: Project, fault: Callable[[Project], tuple[str, ...]], arguments: tuple[str, ...]
) -> None:
    """Neither way joins heads of a broken graph: exit 2, the file is named (H7)."""
    paths = fault(project)
    project.commit_all()
    told = twice(project, *arguments, code=2)
    one_sentence(told)
    assert any(path in told for path in paths)


@pytest.mark.parametrize("arguments", [JOIN, LINEAR], ids=" ".join)
def test_one_head(project: Project, arguments: tuple[str, ...]) -> None:
    """With one head there is nothing to do; exit 0."""
    assert twice(project, *arguments, code=0) == ""
    assert "one head (base00000000), nothing to merge" in project.gitmig(*arguments).stdout


@pytest.mark.parametrize("arguments", [JOIN, LINEAR], ids=" ".join)
def test_no_heads(project: Project, arguments: tuple[str, ...]) -> None:
    """Without a revision there is nothing to do; exit 0."""
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    project.commit_all()
    assert twice(project, *arguments, code=0) == ""
    assert "no revisions, nothing to merge" in project.gitmig(*arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("merge-heads", "--rebase", "--base", "nowhere"), "git branch --all"),
        (("check", "--static", "--base", "nowhere"), "git branch --all"),
        (("check", "--static", "--against", "nowhere/*"), "git fetch"),
    ],
)
def test_a_base_that_does_not_exist(
    project: Project, arguments: tuple[str, ...], hint: str
) -> None:
    """A branch that is not there is named, with what shows or brings it; exit 2."""
    two_heads(project)
    project.commit_all()
    told = twice(project, *arguments, code=2)
    one_sentence(told)
    assert "nowhere" in told and hint in told


@pytest.mark.parametrize("arguments", [LINEAR, BESIDE, TEAM], ids=" ".join)
def test_a_shallow_clone(project: Project, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Where the history is cut off, what fetches the rest is named; exit 2 (K6)."""
    project.git("switch", "-qc", "feature")
    project.revision("aaaa00000000", "base00000000")
    project.commit_all()
    project.git("switch", "-q", "main")
    project.revision("bbbb00000000", "base00000000")
    project.commit_all()
    project.git("clone", "-q", "--depth=1", "--no-single-branch", "-b", "feature",
                f"file://{project.path}", "../clone")  # fmt: skip
    clone = Project(tmp_path / "clone", project.env)
    clone.revision("bbbb00000000", "base00000000")
    clone.commit_all("as if merged")
    told = twice(clone, *arguments, code=2)
    one_sentence(told)
    assert "git fetch --unshallow" in told and "fetch-depth: 0" in told


@pytest.mark.parametrize("arguments", [JOIN, LINEAR, BESIDE], ids=" ".join)
def test_revisions_in_conflict(project: Project, arguments: tuple[str, ...]) -> None:
    """In a merge that left a revision in conflict its file is named, and how to go on; exit 2."""
    path = "migrations/versions/same.py"
    for side in ("left", "right"):
        project.git("switch", "-qc", side, "main")
        project.revision(side, "base00000000", path=path)
        project.commit_all(side)
    project.git("merge", "left", code=1)
    told = twice(project, *arguments, code=2)
    one_sentence(told)
    assert f"{path} is unmerged" in told and f"`git add {path}`" in told
    assert (project.path / ".git/MERGE_HEAD").exists()
