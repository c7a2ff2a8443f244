"""Gate ``merge`` of ``gitmig check --base``: what a merge with today's base would give (H6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Project

BASE = "migrations/versions/base00000000.py"
MINE = "migrations/versions/mine00000000.py"
THEIRS = "migrations/versions/main00000000.py"
OLD_GIT = """\
#!/bin/sh
case "$*" in
*merge-tree*) echo 'usage: git merge-tree <base-tree> <branch1> <branch2>'; exit 129 ;;
esac
exec {git} "$@"
"""


def check(project: Project, *options: str, code: int = 0, **env: str) -> dict[str, Any]:
    """Check by reading against main; assert that nothing has changed by it; return the answer."""
    before = project.status(), objects(project)
    result = project.gitmig(
        "check", "--static", "--base", "main", "--format", "json", *options, code=code, **env
    )
    assert (project.status(), objects(project)) == before
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def objects(project: Project) -> str:
    """Return how many loose objects there are."""
    return project.git("count-objects").stdout


def gates(answer: dict[str, Any]) -> dict[str, str]:
    """Return the status of each gate."""
    return {gate["name"]: gate["status"] for gate in answer["gates"]}


def apart(project: Project, mine: str = "mine00000000", theirs: str = "main00000000") -> None:
    """Let a branch and main each have a revision on the same one; stand on the branch."""
    project.write("gitmig.toml", 'python = "/nowhere/python"\n')
    project.commit_all("no interpreter")
    project.git("switch", "-q", "-c", "feature")
    project.revision(mine, "base00000000", subject="mine", path=MINE)
    project.commit_all("mine", GIT_AUTHOR_NAME="Grace")
    project.git("switch", "-q", "main")
    project.revision(theirs, "base00000000", subject="theirs", path=THEIRS)
    project.commit_all("theirs", GIT_AUTHOR_NAME="Linus")
    project.git("switch", "-q", "feature")


def test_two_heads(project: Project) -> None:
    """One head here and two in the merge: both are named, with authors, and what to type."""
    apart(project)
    answer = check(project, code=1)
    assert gates(answer) == {"graph": "passed", "published": "passed", "merge": "failed"}
    (finding,) = answer["findings"]
    assert finding["code"] == "GM014" and finding["path"] == MINE and finding["line"] == 5
    assert f"mine00000000 (mine, {MINE}, by Grace, of this branch)" in finding["message"]
    assert f"main00000000 (theirs, {THEIRS}, by Linus, of main)" in finding["message"]
    assert finding["hint"].startswith("build on main00000000: type `git merge main`")
    assert "`gitmig merge-heads`" in finding["hint"]


def test_what_it_says_comes_true(project: Project) -> None:
    """The merge that was foretold has those heads; joined, there is nothing more to say."""
    apart(project)
    check(project, code=1)
    project.git("merge", "-q", "--no-edit", "main")
    assert "2 heads" in project.gitmig("check", "--static", code=1).stdout
    project.git("rm", "-q", "gitmig.toml")
    project.gitmig("merge-heads", "-q")
    project.commit_all("joined")
    assert gates(check(project)) == {"graph": "passed", "published": "passed"}


def test_one_id_in_two_files(project: Project) -> None:
    """Both sides made a revision of one id under different names."""
    apart(project, "same00000000", "same00000000")
    (finding,) = check(project, code=1)["findings"]
    assert finding["code"] == "GM015" and finding["path"] == MINE
    assert MINE in finding["message"] and THEIRS in finding["message"]
    assert "2 files would have one id" in finding["message"]


def test_a_revision_in_conflict(project: Project) -> None:
    """A revision file that the merge leaves in conflict is named, and its sides still count."""
    apart(project)
    project.git("mv", MINE, THEIRS)
    project.commit_all("the same name")
    findings = {each["code"]: each for each in check(project, code=1)["findings"]}
    assert set(findings) == {"GM014", "GM016"}
    assert f"a conflict in {THEIRS}" in findings["GM016"]["message"]
    assert f"git add {THEIRS}" in findings["GM016"]["hint"]


def test_a_parent_that_the_base_took_away(project: Project) -> None:
    """What this branch builds on is gone in the merge."""
    project.revision("next00000000", "base00000000")
    project.commit_all()
    apart(project)
    project.write(MINE, project.read(MINE).replace("'base0", "'next0"))
    project.commit_all("on the next")
    project.git("switch", "-q", "main")
    project.git("rm", "-q", "migrations/versions/next00000000.py")
    project.commit_all("gone")
    project.git("switch", "-q", "feature")
    answer = check(project, code=1)
    (finding,) = [each for each in answer["findings"] if each["code"] == "GM017"]
    assert "next00000000" in finding["message"] and finding["path"] == MINE


def test_what_is_staged_counts(project: Project) -> None:
    """A revision that is staged and not committed is merged, too."""
    apart(project)
    project.git("reset", "-q", "--soft", "HEAD~")
    (finding,) = check(project, code=1)["findings"]
    assert finding["code"] == "GM014" and "not committed" in finding["message"]


def test_a_base_that_is_merged_already(project: Project) -> None:
    """Nothing is to be merged where the base has nothing new, or is what is checked out."""
    project.git("switch", "-q", "-c", "feature")
    project.revision("mine00000000", "base00000000")
    project.commit_all()
    assert "merge" not in gates(check(project))
    project.git("switch", "-q", "main")
    assert "merge" not in gates(check(project))


def test_a_merge_that_is_fine(project: Project) -> None:
    """The base went on elsewhere: the gate passes."""
    apart(project)
    project.git("switch", "-q", "main")
    project.git("rm", "-q", THEIRS)
    project.commit_all("taken back")
    project.git("switch", "-q", "feature")
    assert gates(check(project))["merge"] == "passed"


def test_a_file_that_the_base_renamed(project: Project) -> None:
    """What the base renamed and this branch edited is one file in the merge, as git has it."""
    project.git("switch", "-q", "-c", "feature")
    project.write(BASE, project.read(BASE) + "\n\n# a remark\n")
    project.commit_all("remark")
    project.git("switch", "-q", "main")
    project.git("mv", BASE, "migrations/versions/0001_users.py")
    project.commit_all("renamed")
    project.git("switch", "-q", "feature")
    assert gates(check(project))["merge"] == "passed"


def test_the_newer_of_two_bases(project: Project, tmp_path: Path) -> None:
    """The base of origin counts where it is ahead of the one here: that is today's."""
    apart(project)
    clone = Project(tmp_path / "clone", project.env)
    project.git("clone", "-q", "--branch", "feature", str(project.path), str(clone.path))
    clone.git("branch", "-q", "main", "origin/main~")
    (finding,) = check(clone, code=1)["findings"]
    assert "with origin/main (" in finding["message"]
    assert "`git merge origin/main`" in finding["hint"]


def test_a_detached_head(project: Project) -> None:
    """What is checked out need not be a branch, as in CI."""
    apart(project)
    project.git("switch", "-q", "--detach")
    assert check(project, code=1)["findings"][0]["code"] == "GM014"


def test_labels_keep_heads_apart(project: Project) -> None:
    """Heads under different branch labels are meant to be two."""
    apart(project)
    labelled = project.read(MINE).replace("branch_labels = None", "branch_labels = ('reports',)")
    project.write(MINE, labelled)
    project.commit_all("labelled")
    assert gates(check(project))["merge"] == "passed"


def test_a_base_with_two_heads_of_its_own(project: Project) -> None:
    """Where the base itself has several heads that is what the sentence names."""
    project.git("branch", "-q", "feature")
    project.revision("one000000000", "base00000000")
    project.revision("two000000000", "base00000000")
    project.commit_all()
    project.git("switch", "-q", "feature")
    project.write("other.txt", "")
    project.commit_all()
    (finding,) = check(project, code=1)["findings"]
    assert finding["code"] == "GM014" and finding["message"].count("of main)") == 2
    assert "this branch" not in finding["message"]


def test_settings_in_conflict(project: Project) -> None:
    """Where the configuration itself is in conflict, the staged one tells where revisions are."""
    apart(project)
    for branch, line in (("feature", "x = 1"), ("main", "x = 2")):
        project.git("switch", "-q", branch)
        project.append("alembic.ini", f"{line}\n")
        project.commit_all(line)
    project.git("switch", "-q", "feature")
    assert check(project, code=1)["findings"][0]["code"] == "GM014"


def test_folders_that_the_base_moved(project: Project) -> None:
    """The merged configuration tells where the merged revisions are."""
    apart(project)
    project.git("switch", "-q", "main")
    project.git("mv", "migrations", "db")
    ini = project.read("alembic.ini").replace("= migrations", "= db")
    project.write("alembic.ini", ini)
    project.commit_all("moved")
    project.git("switch", "-q", "feature")
    codes = {each["code"] for each in check(project, code=1)["findings"]}
    assert codes & {"GM014", "GM016"} and "GM017" not in codes


def test_an_older_git(project: Project, tmp_path: Path) -> None:
    """Before git 2.38 files are compared by path; the outcome is the same, and that is said."""
    apart(project)
    git = project.run("sh", "-c", "command -v git").stdout.strip()
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(OLD_GIT.format(git=git))
    script.chmod(0o755)
    found = check(project, code=1, PATH=f"{script.parent}:{project.env['PATH']}")["findings"]
    assert [each["code"] for each in found] == ["GM018", "GM014"]
    assert found[0]["severity"] == "note" and "2.38" in found[0]["hint"]


@pytest.mark.parametrize("static", [True, False], ids=["--static", "all gates"])
def test_the_other_gates_run_all_the_same(project: Project, static: bool) -> None:
    """A stale branch fails by the gate alone, with and without a database (K1)."""
    apart(project)
    project.git("rm", "-q", "gitmig.toml")
    project.commit_all()
    options = ["--static"] if static else []
    told = project.gitmig("check", "--base", "main", *options, code=1).stdout
    assert "✗ merge" in told and ("✓ upgrade" in told) is not static


# --- bad input


def test_no_commit_yet(empty: Project) -> None:
    """On an unborn branch a base is one sentence, exit 2."""
    empty.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
    empty.write("migrations/env.py", "")
    empty.revision("base00000000", None)
    empty.git("add", "-A")
    assert "✓ graph" in empty.gitmig("check", "--static").stdout
    tree = empty.git("write-tree").stdout.strip()
    commit = empty.git("commit-tree", "-m", "elsewhere", tree).stdout.strip()
    empty.git("branch", "other", commit)
    told = empty.gitmig("check", "--static", "--base", "other", code=2).stderr
    assert "there is no commit on this branch yet" in told
    assert "there is no commit called main" in empty.gitmig(
        "check", "--static", "--base", "main", code=2
    ).stderr  # fmt: skip


def test_a_shallow_clone_without_the_base(project: Project, tmp_path: Path) -> None:
    """A clone of depth 1 has no base branch at all: the line to add in CI, exit 2 (K6)."""
    apart(project)
    clone = Project(tmp_path / "clone", project.env)
    url = f"file://{project.path}"
    project.git("clone", "-q", "--depth", "1", "--branch", "feature", url, str(clone.path))
    told = clone.gitmig("check", "--static", "--base", "main", code=2).stderr
    assert "there is no commit called main" in told and "fetch-depth: 0" in told
    command = told.partition("`")[2].partition("`")[0]
    clone.run("sh", "-c", command)
    assert check(clone, code=1)["findings"][0]["code"] == "GM014"


def test_a_revision_of_the_base_that_cannot_be_read(project: Project) -> None:
    """A file that main broke is named as coming with the merge."""
    apart(project)
    project.git("switch", "-q", "main")
    project.write(THEIRS, "def broken(:\n")
    project.commit_all("broken")
    project.git("switch", "-q", "feature")
    (finding,) = check(project, code=1)["findings"]
    assert finding["code"] == "GM017" and finding["path"] == THEIRS
    assert "not valid Python" in finding["message"]


def test_unmerged_paths(project: Project) -> None:
    """In a conflicted merge there is no tree to check: the path and what to type, exit 2."""
    apart(project)
    project.git("mv", MINE, THEIRS)
    project.commit_all("the same name")
    project.git("merge", "-q", "main", code=1)
    before = project.status()
    told = project.gitmig("check", "--static", "--base", "main", code=2).stderr
    assert f"{THEIRS} is unmerged" in told and "git add" in told
    assert project.status() == before
