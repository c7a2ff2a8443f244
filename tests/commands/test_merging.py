"""Merges and rebases with gitmig's hooks: heads that join themselves, or that are told of (H2)."""

from __future__ import annotations

import pytest
from support import Project, column
from test_merge_heads import SIDES, begin, change_sides


@pytest.fixture
def team(project: Project) -> Project:
    """Return a project with hooks and two branches, each with a model change and its revision."""
    begin(project)
    project.gitmig("install", "-q")
    change_sides(project)
    return project


def joined(project: Project) -> str:
    """Return the text of the merge revision that the last commit has."""
    [path] = [path for path in project.new_revisions() if "_merge_" in path]
    return project.read(path)


def test_clean_merge(team: Project) -> None:
    """A clean merge stops once and says `git commit`, which completes it with the file (H2)."""
    head = team.head()
    result = team.git("merge", "--no-edit", "left", code=1)
    assert "type `git commit` to complete it" in result.stdout + result.stderr
    assert team.head() == head and (team.path / ".git/MERGE_HEAD").exists()
    team.git("commit", "-q", "--no-edit")
    parents = team.git("show", "-s", "--format=%P").stdout.split()
    assert len(parents) == 2 and parents[0] == head
    assert "down_revision = (" in joined(team) and team.status() == ""
    team.gitmig("check")


def collide(project: Project) -> None:
    """Give both branches a line that conflicts."""
    for side in SIDES:
        project.git("switch", "-q", side)
        project.write("notes.txt", side)
        project.git("add", "notes.txt")
        project.git("commit", "-qm", "notes")


def test_conflicted_merge(team: Project) -> None:
    """A merge that had conflicts gets its revision in the commit that concludes it (H2)."""
    collide(team)
    team.git("merge", "--no-edit", "left", code=1)
    team.write("notes.txt", "both")
    team.git("add", "notes.txt")
    team.git("commit", "-q", "--no-edit")
    assert len(team.git("show", "-s", "--format=%P").stdout.split()) == 2
    assert "down_revision = (" in joined(team) and team.status() == ""
    team.gitmig("check")


def test_conflicted_merge_with_a_change(team: Project) -> None:
    """A model change made while conflicts are solved gets its revision on top of the joined heads.

    Both are in the one merge commit (H2, C1).
    """
    collide(team)
    team.git("merge", "--no-edit", "left", code=1)
    team.write("notes.txt", "both")
    team.append("models.py", column("more"))
    team.git("add", "notes.txt", "models.py")
    team.git("commit", "-q", "--no-edit")
    # against the first parent: what came with the other side, too
    assert len(team.new_revisions()) == 3 and team.status() == ""
    team.gitmig("check")


def test_pull(team: Project) -> None:
    """`git pull` of a branch that diverged is a merge like any other (H2)."""
    told = team.git("pull", "-q", "--no-rebase", "--no-edit", ".", "left", code=1)
    assert "type `git commit` to complete it" in told.stdout + told.stderr
    team.git("commit", "-q", "--no-edit")
    assert "down_revision = (" in joined(team)


def test_octopus(team: Project) -> None:
    """Three heads of an octopus merge are joined by one revision (H2, H5)."""
    team.git("switch", "-qc", "third", "main")
    team.revision("third", "base00000000")
    team.commit_all("third", GITMIG_SKIP="1")
    told = team.git("merge", "--no-edit", "left", "right", code=1)
    assert "type `git commit` to complete it" in told.stdout + told.stderr
    team.git("commit", "-q", "--no-edit")
    assert len(team.git("show", "-s", "--format=%P").stdout.split()) == 3
    assert joined(team).count("'") >= 6 and "one head" in team.gitmig("merge-heads").stdout


def test_octopus_from_where_they_began(team: Project) -> None:
    """Branches are joined where they began, too: no revision of theirs waits for a commit (H2)."""
    team.git("switch", "-q", "main")
    team.git("merge", "--no-ff", "--no-edit", "left", "right", code=1)
    team.git("commit", "-q", "--no-edit")
    assert joined(team) and team.status() == ""
    assert "one head" in team.gitmig("merge-heads").stdout


def test_merge_of_a_merge(team: Project) -> None:
    """A branch with a merge revision meets another one: one revision more, one head (H2)."""
    team.git("merge", "--no-edit", "left", code=1)
    team.git("commit", "-q", "--no-edit")
    team.git("switch", "-qc", "third", "main")
    team.revision("third", "base00000000")
    team.commit_all("third", GITMIG_SKIP="1")
    team.git("switch", "-q", "right")
    team.git("merge", "--no-edit", "third", code=1)
    team.git("commit", "-q", "--no-edit")
    assert "one head" in team.gitmig("merge-heads").stdout


def test_fast_forward_tells(team: Project) -> None:
    """Two heads that somebody pushed are told of when they come in by a fast-forward (H2)."""
    team.git("merge", "-q", "--no-edit", "left", GITMIG_SKIP="1")
    team.git("switch", "-q", "main")
    told = team.git("merge", "--ff-only", "right")
    assert "There are 2 heads" in told.stderr and "gitmig merge-heads" in told.stderr
    team.git("switch", "-qc", "quiet", "HEAD~")
    assert "heads" not in team.git("merge", "--ff-only", "right", GITMIG_SKIP="1").stderr


def test_rebase_tells(team: Project) -> None:
    """After a rebase the two heads are told of; the linear way mends them (H2, H3, C9)."""
    told = team.git("rebase", "left").stderr
    assert "There are 2 heads" in told
    team.gitmig("merge-heads", "--rebase", "--base", "left")
    team.git("commit", "-q", "--amend", "--no-edit")
    assert "heads" not in team.git("commit", "--amend", "--no-edit", "-q").stderr
    team.gitmig("check", "--base", "left")


def test_nothing_to_tell(team: Project) -> None:
    """A fast-forward with one head says nothing (H2)."""
    team.git("switch", "-q", "main")
    assert "gitmig" not in team.git("merge", "--ff-only", "left").stderr
