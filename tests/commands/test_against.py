"""``gitmig check --against``: a team's open branches, with the base and each other (H6)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from support import Project

COUNTING = '#!/bin/sh\necho "$1" >> {notes}\nexec {git} "$@"\n'


def branch(
    project: Project, name: str, parent: str = "base00000000", id: str = "", path: str = ""
) -> str:
    """Make a branch off main with one revision, and go back; return the revision's id."""
    id = id or f"{name:0<12}"
    project.git("switch", "-q", "-c", name, "main")
    project.revision(id, parent, path=path)
    project.commit_all(name)
    project.git("switch", "-q", "main")
    return id


def against(project: Project, *options: str, code: int = 0, **env: str) -> dict[str, Any]:
    """Check by reading; assert that nothing has changed by it; return the answer."""
    before = project.status(), project.git("count-objects").stdout
    command = ("check", "--static", "--format", "json", *options)
    result = project.gitmig(*command, code=code, **env)
    assert (project.status(), project.git("count-objects").stdout) == before
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def table(answer: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Return with whom each branch collides, and why."""
    return {
        each["name"]: {(found["branch"], found["why"]) for found in each["collisions"]}
        for each in answer["branches"]
    }


def test_who_collides_with_whom(project: Project) -> None:
    """Two branches that build on the same revision collide, one without a revision does not."""
    branch(project, "email"), branch(project, "phone")
    project.git("branch", "nothing")
    answer = against(project, "--base", "main", "--against", "*", code=1)
    assert not answer["ok"] and answer["gates"][-1] == {
        "name": "against", "status": "failed", "seconds": 0.0, "reason": ""
    }  # fmt: skip
    assert table(answer) == {"email": {("phone", "two heads")}, "phone": {("email", "two heads")}}
    first = answer["branches"][0]
    assert [each["id"] for each in first["revisions"]] == ["email0000000"]
    assert first["collisions"][0]["what"] == ["email0000000", "phone0000000"]
    assert answer["findings"][-1]["code"] == "GM019"


def test_the_table(project: Project) -> None:
    """People get it as a table, and what to type; -q leaves only what collides."""
    branch(project, "email"), branch(project, "phone")
    branch(project, "later", "email0000000", path="migrations/versions/later.py")
    project.git("switch", "-q", "later")
    project.git("merge", "-q", "--no-edit", "email")
    project.git("switch", "-q", "main")
    told = project.gitmig("check", "--static", "--against", "*", code=1).stdout
    rows = [line.split("  ") for line in told.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["branch", "new revisions", "collides with", "why"] in cells
    assert ["email", "email0000000", "phone", "two heads: email0000000, phone0000000"] in cells
    assert "GM019 3 of 3 branches collide" in told and "`gitmig merge-heads`" in told


def test_branches_that_do_not_meet(project: Project) -> None:
    """A branch on another one is no collision: exit 0."""
    branch(project, "email")
    project.git("switch", "-q", "-c", "later", "email")
    project.revision("later0000000", "email0000000")
    project.commit_all()
    project.git("switch", "-q", "main")
    answer = against(project, "--against", "*")
    assert answer["ok"] and table(answer) == {"email": set(), "later": set()}
    assert "collides with" in project.gitmig("check", "--static", "--against", "*").stdout
    assert "collides" not in project.gitmig("check", "--static", "-q", "--against", "*").stdout


def test_collisions_with_the_base(project: Project) -> None:
    """What the base has got since is a collision of its own."""
    branch(project, "email")
    project.revision("main00000000", "base00000000")
    project.commit_all()
    answer = against(project, "--against", "email", code=1)
    assert table(answer) == {"email": {("main", "two heads")}}


def test_same_id_and_same_file(project: Project) -> None:
    """One id under two names, and two revisions under one name, are told as such."""
    branch(project, "one", id="same00000000", path="migrations/versions/one.py")
    branch(project, "two", id="same00000000", path="migrations/versions/two.py")
    branch(project, "three", path="migrations/versions/0002.py")
    branch(project, "four", path="migrations/versions/0002.py")
    found = table(against(project, "--against", "*", code=1))
    assert ("two", "same id") in found["one"] and ("one", "same id") in found["two"]
    assert ("four", "same file") in found["three"] and ("three", "same file") in found["four"]
    assert ("three", "same file") not in found["one"]


def test_a_file_that_both_edit(project: Project) -> None:
    """Edits of one file that git can join are no collision, those that it cannot are."""
    base = "migrations/versions/base00000000.py"
    text = project.read(base)
    edits = {
        "top": f"# top\n{text}",
        "end": f"{text}\n\n# end\n",
        "other": f"{text}\n\n# other\n",
    }
    for name, edited in edits.items():
        project.git("switch", "-q", "-c", name, "main")
        project.write(base, edited)
        project.commit_all(name)
    project.git("switch", "-q", "main")
    found = table(against(project, "--against", "*", code=1))
    assert found["top"] == set()
    assert found["end"] == {("other", "same file")} and found["other"] == {("end", "same file")}


BASE = "migrations/versions/base00000000.py"


def change_base(project: Project, name: str, *, to: str = "", line: str = "") -> None:
    """Make a branch off main that renames the published revision, or adds a line to it."""
    project.git("switch", "-q", "-c", name, "main")
    if to:
        project.git("mv", BASE, f"migrations/versions/{to}.py")
    if line:
        project.append(f"migrations/versions/{to}.py" if to else BASE, line)
    project.commit_all(name)
    project.git("switch", "-q", "main")


def test_renames_are_followed(project: Project) -> None:
    """A file that one branch renames and another edits is no collision where git joins them."""
    project.append(BASE, "# so that a line more\n" * 9)
    project.commit_all()
    change_base(project, "mover", to="moved")
    change_base(project, "editor", line="# more\n")
    change_base(project, "elsewhere", to="others")
    change_base(project, "both", to="moved", line="# less\n")
    found = table(against(project, "--against", "*", code=1))
    assert found["mover"] == {("elsewhere", "same id")}
    assert found["editor"] == {("both", "same file")}
    assert found["both"] == {("editor", "same file"), ("elsewhere", "same id")}
    assert found["elsewhere"] == {("mover", "same id"), ("both", "same id")}


def test_what_the_base_renamed(project: Project) -> None:
    """A branch that edits what the base has renamed since does not have it twice."""
    project.append(BASE, "# so that a line more\n" * 9)
    project.commit_all()
    change_base(project, "editor", line="# more\n")
    change_base(project, "mover", to="moved")
    project.git("merge", "-q", "mover")
    assert table(against(project, "--against", "editor")) == {"editor": set()}


def test_a_parent_that_another_takes_away(project: Project) -> None:
    """A branch that deletes what another builds on."""
    project.revision("next00000000", "base00000000")
    project.commit_all()
    branch(project, "later", "next00000000")
    project.git("switch", "-q", "-c", "less", "main")
    project.git("rm", "-q", "migrations/versions/next00000000.py")
    project.commit_all()
    project.git("switch", "-q", "main")
    found = table(against(project, "--against", "*", code=1))
    assert ("less", "no parent") in found["later"] and ("later", "no parent") in found["less"]


def test_labels_keep_branches_apart(project: Project) -> None:
    """Heads under different branch labels are meant to be several."""
    for name in ("reports", "billing"):
        branch(project, name)
        project.git("switch", "-q", name)
        path = f"migrations/versions/{name:0<12}.py"
        text = project.read(path).replace("branch_labels = None", f"branch_labels = ('{name}',)")
        project.write(path, text)
        project.commit_all()
    project.git("switch", "-q", "main")
    assert against(project, "--against", "*")["ok"]


def test_what_is_staged_is_one_of_them(project: Project) -> None:
    """With a base, the branch that is checked out counts, with what is staged on it."""
    branch(project, "email")
    project.git("switch", "-q", "-c", "phone")
    project.git("add", project.revision("phone0000000", "base00000000"))
    answer = against(project, "--base", "main", "--against", "e*", code=1)
    assert table(answer)["phone"] == {("email", "two heads")}
    assert table(against(project, "--base", "main", "--against", "*", code=1)).keys() == {
        "phone", "email"
    }  # fmt: skip


def test_pull_requests_of_a_remote(project: Project, tmp_path: Path) -> None:
    """Patterns are those of git for-each-ref; plain ones find branches of origin, too."""
    branch(project, "email"), branch(project, "phone")
    for number, name in enumerate(("email", "phone"), 1):
        project.git("update-ref", f"refs/pull/{number}/head", name)
    clone = Project(tmp_path / "clone", project.env)
    project.git("clone", "-q", str(project.path), str(clone.path))
    told = clone.gitmig("check", "--static", "--against", "refs/remotes/origin/pr/*", code=2)
    assert "no branch here matches refs/remotes/origin/pr/*" in told.stderr
    clone.git("fetch", "-q", "origin", "+refs/pull/*/head:refs/remotes/origin/pr/*")
    for pattern in ("refs/remotes/origin/pr/*", "origin/pr/*", "pr/*"):
        found = table(against(clone, "--base", "main", "--against", pattern, code=1))
        assert found.keys() == {"origin/pr/1", "origin/pr/2"}
    by_name = against(clone, "--against", "email", "--against", "origin/phone", code=1)
    assert table(by_name).keys() == {"origin/email", "origin/phone"}
    everything = table(against(clone, "--against", "refs/remotes/origin/*", code=1))
    assert everything.keys() == {"origin/email", "origin/phone"}


def test_one_branch_here_and_on_origin(project: Project, tmp_path: Path) -> None:
    """A plain name means the branch here where there is one; two names of one commit are one."""
    branch(project, "email")
    clone = Project(tmp_path / "clone", project.env)
    project.git("clone", "-q", str(project.path), str(clone.path))
    clone.git("branch", "-q", "email", "origin/email")
    assert table(against(clone, "--against", "email")) == {"email": set()}
    answer = against(clone, "--against", "refs/heads/*", "--against", "refs/remotes/origin/*")
    assert table(answer) == {"email": set()}


def test_a_branch_that_cannot_be_read(project: Project) -> None:
    """A broken file on a branch is named with the branch, and never green."""
    branch(project, "email")
    project.git("switch", "-q", "email")
    project.write("migrations/versions/email0000000.py", "def broken(:\n")
    project.commit_all()
    project.git("switch", "-q", "main")
    answer = against(project, "--against", "email", code=1)
    (collision,) = answer["branches"][0]["collisions"]
    assert collision["why"] == "unreadable" and "not valid Python" in collision["what"][0]


def test_a_branch_with_two_heads_of_its_own(project: Project) -> None:
    """Two heads of one branch are that branch's own."""
    branch(project, "email")
    project.git("switch", "-q", "email")
    project.revision("more00000000", "base00000000")
    project.commit_all()
    project.git("switch", "-q", "main")
    assert table(against(project, "--against", "email", code=1)) == {
        "email": {("email", "two heads")}
    }


def test_a_branch_from_elsewhere(project: Project) -> None:
    """A branch that shares no history is noted and not compared."""
    project.git("switch", "-q", "--orphan", "pages")
    project.write("index.html", "")
    project.commit_all()
    project.git("switch", "-q", "main")
    answer = against(project, "--against", "pages")
    assert answer["branches"][0]["note"] == "nothing in common with the base"


def test_a_shallow_clone(project: Project, tmp_path: Path) -> None:
    """Where history is cut off nobody can tell: the line to add, exit 2 (K6)."""
    branch(project, "email")
    project.write("other.txt", "")
    project.commit_all("main went on")
    clone = Project(tmp_path / "clone", project.env)
    url = f"file://{project.path}"
    project.git("clone", "-q", "--depth", "1", "--no-single-branch", url, str(clone.path))
    told = clone.gitmig("check", "--static", "--against", "email", code=2).stderr
    assert "have no common commit here" in told and "fetch-depth: 0" in told


def test_each_environment(project: Project) -> None:
    """With several environments each has its own table."""
    for path in ("alembic.ini", "migrations/env.py", "migrations/script.py.mako"):
        project.write(f"other/{path}", project.read(path))
    project.revision("otherbase000", None, path="other/migrations/versions/otherbase000.py")
    project.commit_all("another environment")
    branch(project, "email")
    branch(project, "phone", "otherbase000", path="other/migrations/versions/phone.py")
    branch(project, "fax", "otherbase000", path="other/migrations/versions/fax.py")
    answer = against(project, "--against", "*", code=1)
    found = {each["environment"]: table(each) for each in answer["environments"]}
    assert found["default"] == {"email": set(), "phone": set(), "fax": set()}
    assert found["other"]["email"] == set() and found["other"]["fax"] == {("phone", "two heads")}


def test_nothing_runs_and_little_is_started(project: Project, tmp_path: Path) -> None:
    """No interpreter is asked, and each branch costs one git process: its way back to the base."""
    project.write("gitmig.toml", 'python = "/nowhere/python"\n')
    project.commit_all("no interpreter")
    git, notes = project.run("sh", "-c", "command -v git").stdout.strip(), tmp_path / "notes"
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(COUNTING.format(git=git, notes=notes))
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{project.env['PATH']}"
    started = []
    for number in range(6):
        branch(project, f"topic{number}")
        if number % 3 == 2:
            notes.write_text("")
            against(project, "--against", "topic*", code=1, PATH=path)
            started.append(notes.read_text().split())
    few, many = started
    assert len(many) - len(few) == 3
    assert many.count("merge-base") == 6
    assert many.count("cat-file") <= 3 and many.count("for-each-ref") == 1


def test_no_commit_yet(empty: Project) -> None:
    """On an unborn branch there is no base to compare with, exit 2."""
    empty.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
    empty.write("migrations/env.py", "")
    empty.revision("base00000000", None)
    empty.git("add", "-A")
    told = empty.gitmig("check", "--static", "--against", "*", code=2).stderr
    assert "there is no commit on this branch yet" in told
