"""`gitmig check`: what is found by reading alone, with no code of the project run (H7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import REVISION, Project

BASE = "migrations/versions/base00000000.py"
MARK = "import os, pathlib\npathlib.Path(os.environ['MARK']).touch()\n"
CONFLICT = """\
<<<<<<< HEAD
revision = "aaaa00000000"
=======
revision = "bbbb00000000"
>>>>>>> other
"""


@pytest.fixture
def unrunnable(project: Project) -> Project:
    """Return the project with no interpreter that could run it."""
    project.write("gitmig.toml", 'python = "/nowhere/python"\n')
    project.commit_all("no interpreter")
    return project


def duplicate(project: Project) -> tuple[str, ...]:
    """Write a second file with the id of the first."""
    return BASE, project.revision("base00000000", None, path="migrations/versions/copy.py")


def overlong(project: Project) -> tuple[str, ...]:
    """Write a revision whose id does not fit the version table."""
    return (project.revision("x" * 33, "base00000000"),)


def unknown_parent(project: Project) -> tuple[str, ...]:
    """Write a revision on one that is not there."""
    return (project.revision("aaaa00000000", "gone00000000"),)


def cycle(project: Project) -> tuple[str, ...]:
    """Write two revisions on each other."""
    one = project.revision("aaaa00000000", "bbbb00000000")
    return one, project.revision("bbbb00000000", "aaaa00000000")


def markers(project: Project) -> tuple[str, ...]:
    """Write a revision with conflict markers."""
    text = REVISION.format(id="aaaa", parent="base", upgrade="pass", downgrade="pass", subject="")
    path = "migrations/versions/conflict.py"
    project.write(path, text.replace("revision = 'aaaa'\n", CONFLICT, 1))
    return (path,)


def latin(project: Project) -> tuple[str, ...]:
    """Write a revision in another encoding, without saying so."""
    path = project.revision("aaaa00000000", "base00000000")
    text = project.read(path).replace("revision aaaa", "r\xe9vision aaaa")
    (project.path / path).write_bytes(text.encode("latin-1"))
    return (path,)


def two_heads(project: Project) -> tuple[str, ...]:
    """Write two revisions on one."""
    one = project.revision("aaaa00000000", "base00000000")
    return one, project.revision("bbbb00000000", "base00000000")


BROKEN = {
    "duplicate id": (duplicate, "GM004", 5),
    "unknown parent": (unknown_parent, "GM002", 6),
    "cycle": (cycle, "GM003", 6),
    "conflict markers": (markers, "GM006", 5),
    "not UTF-8": (latin, "GM006", 1),
    "several heads": (two_heads, "GM001", 5),
}


@pytest.mark.parametrize("static", [True, False], ids=["--static", "all gates"])
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_graph(unrunnable: Project, fault: str, static: bool) -> None:
    """A graph that cannot be used is told with files and lines, and nothing is run (H7)."""
    write, code, line = BROKEN[fault]
    paths = write(unrunnable)
    unrunnable.git("add", "-A")
    options = ["--static"] if static else []
    result = unrunnable.gitmig("check", *options, "--format", "json", code=1)
    answer = json.loads(result.stdout)
    (finding,) = answer["findings"]
    assert finding["code"] == code and finding["severity"] == "error"
    assert finding["path"] in paths and finding["line"] == line
    assert all(path in finding["message"] + finding["path"] for path in paths)
    assert finding["hint"]
    statuses = [gate["status"] for gate in answer["gates"]]
    assert statuses == ["failed"] if static else ["failed", "skipped", "skipped", "skipped"]


def test_encoding_that_is_said(project: Project) -> None:
    """A revision that says in which encoding it is written is read like any other."""
    (path,) = latin(project)
    file = project.path / path
    file.write_bytes(b"# -*- coding: latin-1 -*-\n" + file.read_bytes())
    project.git("add", "-A")
    project.gitmig("check")


@pytest.mark.parametrize("name", ["0_earlier", "z_later"])
@pytest.mark.parametrize("base", [True, False])
def test_an_id_twice_is_told_at_the_new_file(unrunnable: Project, name: str, base: bool) -> None:
    """Of two files with one id the one that the base, or HEAD, lacks is to be changed (H7)."""
    if base:
        unrunnable.git("switch", "-q", "-c", "feature")
    text = unrunnable.read("migrations/versions/base00000000.py")
    unrunnable.write(f"migrations/versions/{name}.py", text)
    unrunnable.git("add", "-A")
    if base:
        unrunnable.git("commit", "-q", "-m", "again", "--no-verify")
    options = ["--base", "main"] if base else []
    result = unrunnable.gitmig("check", "--static", *options, code=1)
    assert f"migrations/versions/{name}.py:5: error GM004" in result.stdout


def test_overlong_id(unrunnable: Project) -> None:
    """An id of 33 characters is told, and is a warning: some version tables were widened (H7)."""
    (path,) = overlong(unrunnable)
    unrunnable.git("add", "-A")
    result = unrunnable.gitmig("check", "--static")
    assert f"{path}:5: warning GM005" in result.stdout
    assert "33 characters" in result.stdout


@pytest.mark.parametrize("fault", ["duplicate id", "unknown parent", "cycle", "conflict markers"])
@pytest.mark.parametrize("command", ["autogenerate", "merge-heads"])
def test_broken_graph_is_not_built_upon(unrunnable: Project, fault: str, command: str) -> None:
    """No revision is generated on a graph that cannot be used; exit 2, nothing changed (H7)."""
    paths = BROKEN[fault][0](unrunnable)
    unrunnable.git("add", "-A")
    before = unrunnable.status()
    result = unrunnable.gitmig(command, code=2)
    assert any(path in result.stderr for path in paths)
    assert unrunnable.status() == before


def test_static_runs_no_code(project: Project, tmp_path: Path) -> None:
    """--static imports neither env.py nor models nor revisions, and starts no interpreter."""
    for path in ("migrations/env.py", "models.py", BASE):
        project.write(path, MARK + project.read(path))
    project.write("gitmig.toml", f'python = "{project.path}/python"\n')
    script = project.write("python", f'#!/bin/sh\ntouch "{tmp_path}/started"\nexit 1\n')
    script.chmod(0o755)
    project.commit_all()
    mark = tmp_path / "mark"
    result = project.gitmig("check", "--static", MARK=str(mark))
    assert "✓ graph" in result.stdout and "upgrade" not in result.stdout
    assert not mark.exists() and not (tmp_path / "started").exists()


@pytest.mark.parametrize("options", [["--static"], []])
def test_nothing_found_is_not_green(project: Project, options: list[str]) -> None:
    """An environment without a single revision was not checked: exit 1 and what to do."""
    project.git("rm", "-q", BASE)
    result = project.gitmig("check", *options, code=1)
    assert "GM009 no revision is tracked in migrations/versions" in result.stdout
    assert "`gitmig autogenerate`" in result.stdout


def test_revision_that_is_not_staged(project: Project) -> None:
    """A revision that git does not know is not read: its child has an unknown parent (C7)."""
    project.revision("aaaa00000000", "base00000000")
    path = project.revision("bbbb00000000", "aaaa00000000")
    project.git("add", path)
    result = project.gitmig("check", "--static", code=1)
    assert f"{path}:6: error GM002" in result.stdout and "aaaa00000000" in result.stdout
