"""What is to be typed where there are several heads: as the settings and git ask for it (H3)."""

from __future__ import annotations

import json

import pytest
from support import Project
from test_merge_heads import begin, branch

LINEAR = 'merge = "linear"\n'


@pytest.fixture
def sides(project: Project) -> Project:
    """Return a project at the branch `right`; `main` has gained the revision `left`."""
    begin(project)
    branch(project)
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--ff-only", "left")
    project.git("switch", "-q", "right")
    return project


def hints(project: Project, *options: str) -> dict[str, str]:
    """Return code → hint of what `check --static` finds."""
    told = project.gitmig("check", "--static", "--format", "json", *options, code=1).stdout
    return {each["code"]: each["hint"] for each in json.loads(told)["findings"]}


def settings(project: Project, text: str) -> None:
    """Commit settings."""
    project.write("gitmig.toml", text)
    project.commit_all("settings")


def publish(project: Project) -> None:
    """Let a remote have what is checked out."""
    project.git("update-ref", "refs/remotes/origin/right", "HEAD")


def test_before_the_merge(sides: Project) -> None:
    """Joining is by a merge of the base, and `gitmig merge-heads`."""
    told = hints(sides, "--base", "main")["GM014"]
    assert told == "build on left: type `git merge main`, then `gitmig merge-heads`"


@pytest.mark.parametrize(
    ("text", "published", "way"),
    [
        (LINEAR, False, "`git rebase main`, then `gitmig merge-heads --base main`"),
        (LINEAR, True, "`git merge main`, then `gitmig merge-heads --base main`"),
        (f'{LINEAR}base = "main"\n', False, "`git rebase main`, then `gitmig merge-heads`"),
        (f'{LINEAR}base = "main"\n', True, "`git merge main`, then `gitmig merge-heads`"),
    ],
)
def test_before_the_merge_in_one_line(sides: Project, text: str, published: bool, way: str) -> None:
    """What nobody else has is rebased; the base is named where the settings do not."""
    settings(sides, text)
    if published:
        publish(sides)
    assert hints(sides, "--base", "main")["GM014"] == f"build on left: type {way}"


def test_what_is_named_comes_true(sides: Project) -> None:
    """Typed as it stands, the way to one line leads there."""
    settings(sides, LINEAR)
    assert hints(sides, "--base", "main")["GM014"].endswith("`gitmig merge-heads --base main`")
    sides.git("rebase", "-q", "main")
    told = hints(sides, "--base", "main")["GM001"]
    assert told == "Join them: gitmig merge-heads --base main"
    sides.gitmig("merge-heads", "--base", "main")
    sides.gitmig("check", "--static", "--base", "main")


def test_where_one_side_is_published(sides: Project) -> None:
    """After a rebase both ways are named, and the line says after what; it leads there."""
    sides.git("rebase", "-q", "main")
    assert hints(sides)["GM001"] == "Join them: gitmig merge-heads"
    told = hints(sides, "--base", "main")["GM001"]
    assert told == (
        "Join them: gitmig merge-heads; or, after left of main: "
        "gitmig merge-heads --rebase --base main"
    )
    settings(sides, 'base = "main"\n')
    assert hints(sides)["GM001"].endswith("after left of main: gitmig merge-heads --rebase")
    sides.gitmig("merge-heads", "--rebase")
    sides.gitmig("check", "--static")


def test_after_a_rebase(sides: Project) -> None:
    """The hook that tells of what a rebase left names both ways, too."""
    settings(sides, 'base = "main"\n')
    sides.gitmig("install", "-q")
    assert "gitmig merge-heads --rebase" in sides.git("rebase", "main").stderr


def test_who_is_about_to_commit(sides: Project) -> None:
    """A head that is staged and in no commit yet counts as of who is to commit it (H1)."""
    sides.git("switch", "-q", "main")
    sides.revision("third", "base00000000", subject="third")
    sides.git("add", "-A")
    sides.git("config", "user.name", "Grace")
    del sides.env["GIT_AUTHOR_NAME"]
    told = sides.gitmig("merge-heads", "--dry-run").stdout
    assert "left (add users.email, Ada) and third (third, Grace)" in told


def test_both_are_published(sides: Project) -> None:
    """In one line, too, what is published is joined: `--no-rebase` is named, and works (H3)."""
    settings(sides, f'{LINEAR}base = "main"\n')
    sides.git("switch", "-q", "main")
    sides.git("merge", "-q", "--no-edit", "right")
    assert hints(sides)["GM001"] == "Join them: gitmig merge-heads --no-rebase"
    sides.gitmig("merge-heads", code=1)
    sides.gitmig("merge-heads", "--no-rebase")
    sides.git("commit", "-qm", "joined")
    sides.gitmig("check", "--static")
