"""The notice after a switch of branches: which revisions are not here, and what to type (D2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import Project, services

NOTICE = "gitmig: not on this branch: email00000000 (add email)\n  → a database that has it: "


def revise(project: Project, name: str, parent: str = "base00000000", path: str = "") -> None:
    """Commit a revision."""
    project.revision(f"{name}00000000", parent, subject=f"add {name}", path=path)
    project.commit_all(name)


@pytest.fixture
def two(project: Project) -> Project:
    """Return a project with the hooks, on `feature`, which has a revision more than main."""
    project.gitmig("install", "-q")
    project.git("switch", "-qc", "feature")
    revise(project, "email")
    return project


def test_told(two: Project) -> None:
    """What only the branch has that was left is named, with `gitmig sync`; the way there is not."""
    told = two.git("switch", "-q", "main").stderr
    assert told == f"{NOTICE}gitmig sync\n"
    assert two.git("switch", "-q", "feature").stderr == "" and two.status() == ""


def test_the_line_mends_it(two: Project) -> None:
    """What it says to type takes the database to this branch."""
    two.gitmig("upgrade", "-q")
    line = two.git("switch", "-q", "main").stderr.split("has it: ")[1].split()
    two.gitmig(*line[1:])
    assert two.gitmig("current").stdout.split()[0] == "base00000000"


def test_no_database_is_opened(two: Project) -> None:
    """The notice comes from git alone: no database, no env.py, no interpreter of the project's."""
    two.write("migrations/env.py", "open('ran', 'w')\nraise SystemExit\n")
    two.write("gitmig.toml", 'python = "/nowhere"\n')
    two.commit_all("cannot run")
    assert NOTICE in two.git("switch", "-q", "main").stderr
    assert not list(two.path.glob("*.db")) and not (two.path / "ran").exists()


def test_many(two: Project) -> None:
    """Of many the newest three are named, the rest is counted."""
    parent = "email00000000"
    for name in ("b", "c", "d"):
        revise(two, name, parent)
        parent = f"{name}00000000"
    told = two.git("switch", "-q", "main").stderr
    assert "d00000000 (add d), c00000000 (add c), b00000000 (add b) and 1 more\n" in told
    assert "has them: gitmig sync" in told


def test_each_environment(project: Project) -> None:
    """Of several environments it is the one that lacks something, by its name (C17)."""
    services(project, "shop", "blog")
    project.gitmig("install", "-q")
    project.git("switch", "-qc", "feature")
    revise(project, "email", "shop00000000", "shop/migrations/versions/email.py")
    told = project.git("switch", "-q", "main").stderr
    assert told == f"{NOTICE}gitmig sync --env shop\n"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("checkout", "main", "--", "models.py"), id="of a file"),
        pytest.param(("checkout", "main", "--", "."), id="of all files"),
        pytest.param(("switch", "-c", "more"), id="a new branch"),
        pytest.param(("worktree", "add", "-q", "../tree", "main"), id="another work tree"),
        pytest.param(("rebase", "main"), id="a rebase"),
        pytest.param(("stash",), id="a stash"),
    ],
)
def test_silent(two: Project, command: tuple[str, ...]) -> None:
    """What is no other branch in this work tree says nothing, a rebase in the middle neither."""
    two.git("switch", "-q", "main", GITMIG_SKIP="1")
    revise(two, "phone")
    two.git("switch", "-q", "feature", GITMIG_SKIP="1")
    two.append("models.py", "\n")
    if command[0] == "rebase":
        two.git("commit", "-qam", "more")
    assert "not on this branch" not in two.git(*command).stderr


def test_skipped(two: Project) -> None:
    """GITMIG_SKIP=1 leaves it out."""
    assert two.git("switch", "-q", "main", GITMIG_SKIP="1").stderr == ""


def test_cannot_be_read(two: Project) -> None:
    """A branch whose settings cannot be read is checked out all the same, with one sentence."""
    two.git("switch", "-q", "main")
    two.write("gitmig.toml", "nonsense = 1\n")
    two.commit_all("bad")
    two.git("switch", "-q", "feature")
    told = two.git("switch", "-q", "main").stderr
    assert '"nonsense" is not a setting of gitmig' in told


def test_costs_one_process(two: Project, tmp_path: Path) -> None:
    """Where no revision is gone one git process is all; of files not even that."""
    log = tmp_path / "log"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "python3"):
        found = two.run("sh", "-c", f"command -v {name}").stdout.strip()
        script = folder / name
        script.write_text(f'#!/bin/sh\necho {name} >> {log}\nexec {found} "$@"\n')
        script.chmod(0o755)
    two.write("notes.py", "# more\n")
    two.commit_all("notes")
    hook = str(two.path / ".git/hooks/post-checkout")
    path = os.pathsep.join((str(folder), two.env["PATH"]))

    def count(flag: str, before: str) -> int:
        log.write_text("")
        two.run(hook, before, "HEAD", flag, PATH=path)
        return len(log.read_text().split())

    assert count("1", "HEAD~") == 1
    assert count("0", "HEAD~") == 0
