"""Several heads that are meant to be several, and the one that revisions go on (H5, C17)."""

from __future__ import annotations

import json

import pytest
from support import Project, column
from test_merge_groups import parents_of, staged
from test_merge_heads import label

LINES = '[tool.gitmig]\nlines = ["shop00000000", "blog00000000"]\n'


@pytest.fixture
def two(project: Project) -> Project:
    """Give a project with two heads, each with a revision below it, published without labels."""
    for name in ("shop", "blog"):
        project.revision(f"{name}00000000", "base00000000")
        project.revision(f"{name}00000001", f"{name}00000000")
    project.commit_all()
    return project


def labelled(project: Project) -> None:
    """Give both lines a branch label."""
    for name in ("shop", "blog"):
        label(project, f"migrations/versions/{name}00000000.py", name)
    project.commit_all("labels")


def codes(project: Project, code: int) -> set[str]:
    """Return the codes of what `check --static` finds."""
    found = project.gitmig("check", "--static", "--format", "json", code=code).stdout
    return {finding["code"] for finding in json.loads(found)["findings"]}


def test_lines_without_labels(two: Project) -> None:
    """Two lines that the settings name stay apart, where they were two heads to join (H5)."""
    assert codes(two, 1) == {"GM001"}
    two.write("pyproject.toml", LINES)
    two.commit_all("lines")
    assert codes(two, 0) == set()
    assert "kept apart" in two.gitmig("merge-heads").stdout
    assert two.status() == ""


def test_two_heads_of_one_line(two: Project) -> None:
    """Two heads of one such line are joined, the other one is left (H5)."""
    two.write("pyproject.toml", LINES)
    two.revision("shop00000002", "shop00000000")
    two.commit_all("lines")
    two.gitmig("merge-heads")
    [merge] = staged(two)
    assert parents_of(two, merge) == "down_revision = ('shop00000001', 'shop00000002')"


def test_line_that_is_no_revision(two: Project) -> None:
    """A line that no revision begins is one sentence, and nothing is done (H5)."""
    two.write("pyproject.toml", LINES.replace("blog00000000", "blog"))
    two.commit_all("lines")
    for command in (("check", "--static"), ("merge-heads",)):
        told = two.gitmig(*command, code=2).stderr
        assert "`lines` in the settings names blog, which no revision" in told
        assert "gitmig history" in told


@pytest.mark.parametrize("kept_apart", ["labels", "lines"])
def test_revision_goes_on_the_head_that_is_named(two: Project, kept_apart: str) -> None:
    """A commit that changes models stops until `head` is set; then it has its revision (C17)."""
    if kept_apart == "labels":
        labelled(two)
        lines, name = "[tool.gitmig]\n", "blog"
    else:
        lines, name = LINES, "blog00000000"
        two.write("pyproject.toml", lines)
        two.commit_all("lines")
    two.gitmig("install")
    two.append("models.py", column("email"))
    two.git("add", "-A")
    told = two.run("git", "commit", "-m", "email", code=1).stderr
    assert "it could go on 2 heads: " in told and "shop00000001 (" in told
    assert f'such as head = "{name}@head"' in told
    two.write("pyproject.toml", f'{lines}head = "{name}@head"\n')
    two.git("add", "-A")
    two.git("commit", "-m", "email")
    [path] = two.new_revisions()
    assert parents_of(two, path) in (
        "down_revision = 'blog00000001'",
        'down_revision = "blog00000001"',
    )
    two.gitmig("check")


def test_commit_that_needs_no_revision(two: Project) -> None:
    """Where no revision is needed nobody is asked on which head (C17)."""
    labelled(two)
    two.gitmig("install")
    two.append("models.py", "\n    def greet(self):\n        return self.name\n")
    two.git("commit", "-a", "-m", "greet")
    assert two.status() == ""


def test_head_that_is_none(two: Project) -> None:
    """A `head` that the revisions do not have is named, with those that they have (C17)."""
    labelled(two)
    two.write("pyproject.toml", '[tool.gitmig]\nhead = "mail@head"\n')
    two.append("models.py", column("email"))
    two.git("add", "-A")
    result = two.gitmig("autogenerate", code=1)
    told = result.stdout + result.stderr
    assert "`head` in the settings, mail@head, is none" in told
    assert "blog@head" in told or "shop@head" in told
