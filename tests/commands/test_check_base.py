"""``gitmig check --base``: what is published stays, and deployed databases get to the heads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import Project, branch

BASE = "migrations/versions/base00000000.py"


def test_a_branch_on_its_base(project: Project) -> None:
    """From empty, from the base branch's heads, down and up again: all passes (K1)."""
    branch(project)
    told = json.loads(project.gitmig("check", "--base", "main", "--format", "json").stdout)
    names = [gate["name"] for gate in told["gates"]]
    assert names == [
        *("graph", "published", "upgrade", "downgrade", "rows", "drift"),
        *("deploy", "rolling", "rules"),
    ]
    assert told["ok"] and project.status() == ""


@pytest.mark.parametrize("format_", ["text", "github", "gitlab", "sarif", "json", "junit"])
def test_a_base_whose_env_fails(project: Project, format_: str) -> None:
    """Where the base's own env.py fails the sentence says so; no format points to a file here."""
    project.write("conf.py", "import os\n\nNAME = os.environ['NOT_SET_ANYWHERE'][0]\n")
    env = project.read("migrations/env.py")
    project.write("migrations/env.py", env.replace("from models", "import conf\nfrom models", 1))
    project.commit_all("needs a variable")
    commit = project.git("rev-parse", "main").stdout.strip()
    branch(project)
    project.write("conf.py", "NAME = ''\n")
    project.commit_all("needs none")
    result = project.gitmig("check", "--base", "main", "--format", format_, code=2)
    told = result.stdout + result.stderr
    assert f"at the base ({commit[:12]}): conf.py:3: env.py failed: KeyError" in told
    for place in ("file=conf.py", '"path": "conf.py"', '"uri": "conf.py"', "\nconf.py:3"):
        assert place not in told


def test_formatting_may_change(project: Project) -> None:
    """Comments and layout of a published revision may change (H7)."""
    branch(project)
    project.write(BASE, project.read(BASE) + "\n\n# a remark\n")
    project.commit_all("remark")
    project.gitmig("check", "--base", "main", "--static")


@pytest.mark.parametrize(
    ("do", "code"),
    [("edit", "GM011"), ("delete", "GM012"), ("rename", "GM013")],
)
def test_published_revisions_stay(project: Project, do: str, code: str) -> None:
    """An edited, deleted or renamed published revision is reported, without running code (H7)."""
    branch(project)
    if do == "edit":
        project.write(BASE, project.read(BASE).replace("sa.String(50)", "sa.String(60)"))
    elif do == "delete":
        project.git("rm", "-q", BASE)
        more = "migrations/versions/more00000000.py"
        project.write(more, project.read(more).replace("'base00000000'", "None"))
    else:
        project.git("mv", BASE, BASE.replace("base0", "first_base0"))
    project.write("migrations/env.py", "raise SystemExit('was run')\n")
    project.commit_all(do)
    told = project.gitmig("check", "--base", "main", "--static", code=1).stdout
    assert f"{code} published revision base00000000" in told
    assert BASE in told and "was run" not in told


def test_a_deployed_database_that_is_left_behind(project: Project) -> None:
    """A chain that works from empty but not from the base's heads is found (K1)."""
    branch(project)
    old = "sa.Column('old', sa.Integer())"
    base = project.read(BASE).replace("sa.String(50))", f"sa.String(50)), {old}")
    project.write(BASE, base)
    more = "migrations/versions/more00000000.py"
    text = project.read(more).replace("op.add", "op.drop_column('users', 'old'); op.add")
    dropped = "    op.drop_column('users', 'email')"
    project.write(more, text.replace(dropped, f"{dropped}; op.add_column('users', {old})"))
    project.commit_all("slipped in")
    told = project.gitmig("check", "--base", "main", code=1).stdout
    assert "GM011" in told and "GM102 a database at the base" in told
    assert "no such column" in told
    (line,) = [each for each in told.splitlines() if "GM102" in each]
    assert line.startswith(f"{more}:12: error GM102 ") and line.count(more) == 1


def test_a_base_that_is_not_there(project: Project) -> None:
    """An unknown base is one sentence with what to type, and never green (K6)."""
    told = project.gitmig("check", "--base", "nowhere", code=2).stderr
    assert "there is no commit called nowhere" in told and "git branch --all" in told
    project.git("remote", "add", "origin", "elsewhere")
    told = project.gitmig("check", "--base", "nowhere", code=2).stderr
    assert "git fetch origin nowhere" in told


def test_a_shallow_clone(project: Project, tmp_path: Path) -> None:
    """A clone that does not reach back to the base says the line to add, exit 2 (K6)."""
    branch(project)
    project.git("switch", "-q", "main")
    project.write("other.txt", "")
    project.commit_all("main moved on")
    url = f"file://{project.path}"
    clone = Project(tmp_path / "clone", project.env)
    project.git("clone", "-q", "--depth", "1", "--branch", "feature", url, str(clone.path))
    clone.git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    assert "fetch-depth: 0" in clone.gitmig("check", "--base", "main", code=2).stderr


def test_the_base_in_the_settings(project: Project) -> None:
    """``base`` in the settings counts where none is named."""
    project.write("gitmig.toml", 'base = "main"\n')
    project.commit_all("settings")
    branch(project)
    assert "published passed" in " ".join(project.gitmig("check").stdout.split())


def test_a_clone_that_is_cut_off_on_the_way(project: Project, tmp_path: Path) -> None:
    """Where a shallow clone knows a common commit, but not the newest, it is refused (K6).

    The revision that the branch merged from its base would count as the branch's own.
    """
    project.git("switch", "-q", "-c", "feature")
    project.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "work")
    project.git("switch", "-q", "main")
    project.revision("more00000000", "base00000000")
    project.commit_all("more")
    project.git("switch", "-q", "-c", "side")
    for number in range(5):
        project.git("commit", "-q", "--no-verify", "--allow-empty", "-m", f"side {number}")
    project.git("switch", "-q", "feature")
    project.git("merge", "-q", "--no-edit", "--no-verify", "side")
    project.git("switch", "-q", "main")
    project.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "newer")
    clone = Project(tmp_path / "clone", project.env)
    url = f"file://{project.path}"
    project.git("clone", "-q", "--depth", "3", "--branch", "feature", url, str(clone.path))
    clone.git("fetch", "-q", "--depth", "9", "origin", "main:refs/remotes/origin/main")
    told = clone.gitmig("check", "--static", "--base", "main", code=2).stderr
    assert "the history between HEAD and origin/main is cut off here" in told
    assert "fetch-depth: 0" in told
    clone.git("fetch", "-q", "--unshallow", "origin")
    clone.gitmig("check", "--static", "--base", "main")


def test_the_merge_that_hosts_check_out(project: Project, tmp_path: Path) -> None:
    """Of a merge with the base two commits are enough: nothing of the way is asked for."""
    branch(project)
    project.git("switch", "-q", "main")
    project.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "newer")
    project.git("switch", "-q", "-c", "merged")
    project.git("merge", "-q", "--no-edit", "--no-verify", "feature")
    clone = Project(tmp_path / "clone", project.env)
    project.git("clone", "-q", "--depth", "2", "--branch", "merged", f"file://{project.path}",
                str(clone.path))  # fmt: skip
    clone.git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    told = json.loads(clone.gitmig("check", "--static", "--base=main", "--format=json").stdout)
    assert [gate["name"] for gate in told["gates"]] == ["graph", "published"]


def test_nothing_but_the_base(project: Project, tmp_path: Path) -> None:
    """Where no file differs from the base the walk from empty says it all: no further workers."""
    runs = tmp_path / "runs"
    once = f"open({str(runs)!r}, 'a').write(str(__import__('os').getpid()) + ' ')\n"
    project.write("migrations/env.py", once + project.read("migrations/env.py"))
    project.commit_all("env.py tells who runs it")

    def workers() -> tuple[dict[str, str], int]:
        runs.unlink(missing_ok=True)
        told = json.loads(project.gitmig("check", "--base", "main", "--format", "json").stdout)
        gates = {gate["name"]: gate["status"] for gate in told["gates"]}
        return gates, len(set(runs.read_text().split()))

    gates, alone = workers()
    assert gates["deploy"] == gates["rolling"] == "passed" and alone == 1
    project.write("models.py", project.read("models.py") + "\n# its models are read, too\n")
    project.git("add", "-A")
    gates, beside = workers()
    assert gates["deploy"] == gates["rolling"] == "passed" and beside == 2


@pytest.mark.parametrize("command", ["check", "merge-heads", "fold"])
def test_a_base_that_is_empty(project: Project, command: str) -> None:
    """A base that a variable was to name, and did not, is no check without one."""
    told = project.gitmig(command, "--base", "", code=2).stderr
    assert "'--base': it names no branch" in told
