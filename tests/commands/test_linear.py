"""`gitmig merge-heads --rebase`: the branch comes after the base, by one line of one file (H3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import Project
from test_merge_heads import add, begin, edit_models

CHAIN = ("one", "two", "three")


@pytest.fixture
def feature(project: Project) -> Project:
    """Return a project on a branch with three chained revisions; main has gained one."""
    begin(project)
    project.git("tag", "base")
    project.git("switch", "-qc", "feature")
    parent = "base00000000"
    for name in CHAIN:
        project.revision(name, parent, *add("users", name), f"add {name}\n\nRevises: nothing\n")
        parent = name
    models = project.read("models.py")
    columns = "".join(f"    {name} = Column(String(200))\n" for name in CHAIN)
    comment = "    # more about users\n"
    project.write("models.py", models.replace(comment, comment + columns))
    project.commit_all("feature")
    project.git("switch", "-q", "main")
    edit_models(project, "right")
    project.revision("right", "base00000000", *add("posts", "title"), "add posts.title")
    project.commit_all("right")
    project.git("switch", "-q", "feature")
    return project


def changed(project: Project) -> set[str]:
    """Return the staged paths."""
    return set(project.git("diff", "--cached", "--name-only", "HEAD").stdout.split())


@pytest.mark.parametrize("way", ["merge", "rebase"])
def test_only_the_first_one_changes(feature: Project, way: str) -> None:
    """After `git merge` and after `git rebase` one line of one file is another (H3)."""
    feature.git(*(("merge", "-q", "--no-edit") if way == "merge" else ("rebase", "-q")), "main")
    path = "migrations/versions/one.py"
    before = feature.read(path)
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main")
    assert "one came after base00000000, and comes after right (add posts.title) now" in told.stdout
    assert changed(feature) == {path} and feature.read(path) != before
    old, new = before.splitlines(), feature.read(path).splitlines()
    different = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    assert different == [
        ("Revises: nothing", "Revises: right"),
        ("down_revision = 'base00000000'", "down_revision = 'right'"),
    ]
    feature.git("commit", "-qm", "in line")
    feature.gitmig("check", "--base", "main")
    again = feature.gitmig("merge-heads", "--rebase", "--base", "main")
    assert "nothing to merge" in again.stdout and feature.status() == ""


def test_a_database_that_has_it(feature: Project) -> None:
    """The line that mends a database at the branch's old place does so (H3)."""
    feature.gitmig("upgrade", "-q")
    feature.git("merge", "-q", "--no-edit", "main")
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main").stderr
    assert "a database that has one lacks what comes before it now" in told
    line = told.partition("there type `")[2].partition("`")[0]
    assert line == "gitmig sync"
    feature.gitmig("sync", "--yes")
    assert feature.tables()["posts"] == ["id", "title"]
    assert feature.tables()["users"] == ["id", *CHAIN]


def test_dry_run_and_json(feature: Project) -> None:
    """--dry-run says what would move and changes nothing."""
    feature.git("merge", "-q", "--no-edit", "main")
    before = feature.status()
    arguments = ("--rebase", "--base", "main", "--dry-run", "--format", "json")
    told = feature.gitmig("merge-heads", *arguments)
    [move] = json.loads(told.stdout)["moved"]
    assert (move["revision"], move["from"], move["to"]) == ("one", ["base00000000"], "right")
    assert feature.status() == before


def test_setting(feature: Project) -> None:
    """With merge = "linear" it is what merge-heads and the hook of a merge do (H2, H3)."""
    feature.write("gitmig.toml", 'merge = "linear"\nbase = "main"\n')
    feature.commit_all("settings")
    feature.gitmig("install", "-q")
    told = feature.git("merge", "--no-edit", "main", code=1)
    assert "comes after right" in told.stdout + told.stderr
    feature.git("commit", "-q", "--no-edit")
    assert feature.status() == "" and "one head" in feature.gitmig("merge-heads").stdout


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        pytest.param((), "no telling which side is published", 2, id="no base"),
        pytest.param(("--base", "feature"), "what is published keeps its parents", 1, id="both"),
        pytest.param(("--base", "nowhere"), "nowhere", 2, id="unknown"),
    ],
)
def test_refused(feature: Project, arguments: tuple[str, ...], said: str, code: int) -> None:
    """What cannot be known, and what is published, is said; nothing changes (H3)."""
    feature.git("merge", "-q", "--no-edit", "main")
    told = feature.gitmig("merge-heads", "--rebase", *arguments, code=code).stderr
    assert said in told and feature.status() == ""


@pytest.mark.parametrize("needed", ["one", "three"])
def test_what_the_base_depends_on(feature: Project, needed: str) -> None:
    """What the base names in `depends_on` cannot follow it; joining is named, and works (H5)."""
    feature.git("merge", "-q", "--no-edit", "main")
    path = "migrations/versions/right.py"
    text = feature.read(path).replace("depends_on = None", f"depends_on = '{needed}'")
    feature.write(path, text)
    feature.commit_all("needed")
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main", code=1).stderr
    assert "right depends on one and cannot come before it" in told and feature.status() == ""
    assert "`gitmig merge-heads --no-rebase`" in told
    feature.write("gitmig.toml", 'merge = "linear"\nbase = "main"\n')
    feature.gitmig("merge-heads", "--no-rebase")


def test_what_depends_on_the_base(feature: Project) -> None:
    """What the side that moves names in `depends_on` stays as it is (H3, H5)."""
    path = "migrations/versions/two.py"
    text = feature.read(path).replace("depends_on = None", "depends_on = 'right'")
    feature.write(path, text)
    feature.commit_all("needs right")
    feature.git("merge", "-q", "--no-edit", "main")
    feature.gitmig("merge-heads", "--rebase", "--base", "main")
    assert changed(feature) == {"migrations/versions/one.py"} and feature.read(path) == text
    assert feature.gitmig("heads").stdout.split()[0] == "three"


def test_does_not_run_in_one_line(feature: Project) -> None:
    """Where both sides have one operation nothing is written, and its place is said (H4)."""
    feature.git("switch", "-q", "main")
    feature.revision("more", "right", *add("users", "two"), "the same")
    feature.commit_all("the same", GIT_AUTHOR_NAME="Grace")
    feature.git("switch", "-q", "feature")
    feature.git("merge", "-q", "--no-edit", "main")
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main", code=1).stderr
    assert (
        "one after the other they do not run, nothing was written "
        "(migrations/versions/more.py:12 (add users.two by Grace) and "
        "migrations/versions/two.py:15 (add users.two by Ada)): migrations/versions/two.py:15: "
    ) in told
    assert "duplicate column name: two" in told and feature.status() == ""
    assert "drop or edit the operation that both sides have" in told


def test_sql_in_one_line(feature: Project) -> None:
    """What meets is named where one of the two is a statement, too (H4)."""
    feature.git("switch", "-q", "main")
    feature.revision("more", "right", 'op.execute("ALTER TABLE users ADD COLUMN two TEXT")')
    feature.commit_all("the same")
    feature.git("switch", "-q", "feature")
    feature.git("merge", "-q", "--no-edit", "main")
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main", code=1).stderr
    assert "more.py:12 (run ALTER TABLE users ADD COLUMN two TEXT by Ada) and " in told
    assert "two.py:15 (add users.two by Ada)" in told and feature.status() == ""


def test_fails_by_itself(feature: Project) -> None:
    """A side that fails without the other one is told as that (H4)."""
    path = "migrations/versions/three.py"
    feature.write(path, feature.read(path).replace('add_column("users"', 'add_column("nowhere"'))
    feature.commit_all("bad")
    feature.git("merge", "-q", "--no-edit", "main")
    told = feature.gitmig("merge-heads", "--rebase", "--base", "main", code=1).stderr
    assert "three fails by itself, nothing was written: " in told and f"{path}:15: " in told
    assert "both" not in told and feature.status() == ""


def test_on_the_base_branch_itself(feature: Project, tmp_path: Path) -> None:
    """On `main` what `origin` has stays, and what was not pushed yet comes after it (H3)."""
    feature.git("clone", "-q", "--bare", ".", str(tmp_path / "hub.git"))
    feature.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    feature.git("fetch", "-q")
    feature.write("gitmig.toml", 'merge = "linear"\nbase = "main"\n')
    feature.git("switch", "-qC", "main", "base")
    feature.revision("mine", "base00000000", *add("users", "mine"))
    feature.commit_all("mine")
    feature.gitmig("install", "-q")
    told = feature.git("rebase", "origin/main").stderr
    assert "There are 2 heads" in told and "gitmig merge-heads\n" in told
    assert "mine came after base00000000" in feature.gitmig("merge-heads").stdout
    assert changed(feature) == {"migrations/versions/mine.py"}


def test_in_the_middle_of_a_rebase(feature: Project, tmp_path: Path) -> None:
    """`main` is still where it was while it is rebased: what it alone has is not published."""
    feature.git("clone", "-q", "--bare", ".", str(tmp_path / "hub.git"))
    feature.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    feature.git("fetch", "-q")
    feature.git("switch", "-qC", "main", "base")
    feature.write("gitmig.toml", 'merge = "linear"\nbase = "main"\n')
    feature.revision("mine", "base00000000", *add("users", "mine"))
    feature.write("models.py", feature.read("models.py") + "    # mine\n")
    feature.commit_all("mine")
    assert "CONFLICT" in feature.git("rebase", "origin/main", code=1).stdout
    feature.git("checkout", "-q", "--ours", "models.py")
    feature.git("add", "models.py")
    checked = feature.gitmig("check", "--static", code=1).stdout
    assert "GM001" in checked and "--no-rebase" not in checked
    assert "mine came after base00000000" in feature.gitmig("merge-heads").stdout
