"""`gitmig check --format F --output FILE`: which report goes where (K8)."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import Project, column


@pytest.fixture
def reports(project: Project) -> Path:
    """Return a folder for reports, outside the repository."""
    folder = project.path.parent / "reports"
    folder.mkdir()
    return folder


def test_several_files_at_once(project: Project, reports: Path) -> None:
    """Each file gets the format its name says, stdout its own; the work tree is untouched."""
    project.append("models.py", column("email"))
    project.commit_all()
    names = ["a.json", "b.sarif", "c.sarif.json", "d.xml", "e.md", "f.txt"]
    options = [f"--output={reports / name}" for name in names]
    result = project.gitmig("check", *options, f"--output=gitlab:{reports / 'q.json'}", code=1)
    assert "✗ drift     failed" in result.stdout and project.status() == ""
    text = {path.name: path.read_text(encoding="utf-8") for path in reports.iterdir()}
    assert set(text) == {*names, "q.json"}
    assert json.loads(text["a.json"])["command"] == "check"
    assert json.loads(text["b.sarif"])["version"] == json.loads(text["c.sarif.json"])["version"]
    assert ElementTree.fromstring(text["d.xml"]).tag == "testsuites"  # noqa: S314 - our own
    assert text["e.md"].startswith("### ❌") and "\x1b" not in text["f.txt"]
    assert "✗ drift     failed" in text["f.txt"]
    assert [each["check_name"] for each in json.loads(text["q.json"])] == ["GM301"]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("nowhere/report.json", "there is no directory nowhere"),
        (".", "is a directory"),
        ("report.dat", "the name of 'report.dat' says no format"),
        ("gitlb:report.json", "gitlb is no format; did you mean gitlab?"),
        ("sarif:", "names no file"),
    ],
)
def test_refused_before_anything_runs(project: Project, output: str, told: str) -> None:
    """A file that cannot be written is refused at once: env.py is not run."""
    project.write("migrations/env.py", "raise SystemExit('was run')\n")
    project.commit_all()
    name = output if ":" in output or "dat" in output else f"json:{output}"
    result = project.gitmig("check", "--output", name, code=2)
    assert told in result.stderr and "was run" not in result.stderr


def test_one_file_for_two_reports(project: Project, reports: Path) -> None:
    """Two reports in one file are refused, by whatever names."""
    (reports / "link.json").symlink_to(reports / "a.json")
    options = [f"--output={reports / 'a.json'}", f"--output=sarif:{reports / 'link.json'}"]
    told = project.gitmig("check", *options, code=2).stderr
    assert "twice" in told and not (reports / "a.json").exists()


def test_relative_to_the_directory(project: Project, reports: Path) -> None:
    """With -C a file's name starts there, as if gitmig was started there."""
    project.gitmig("check", "-C", str(project.path), "--static", "--output", "../reports/x.json",
                   cwd="migrations")  # fmt: skip
    assert json.loads((reports / "x.json").read_text())["ok"]


def test_written_in_one_move(project: Project, reports: Path) -> None:
    """An old report is replaced whole, with the rights of any new file; a link stays one."""
    old, link = reports / "old.json", reports / "link.json"
    old.write_text("old")
    link.symlink_to(old)
    before = old.stat().st_ino
    project.gitmig("check", "--static", "--output", str(link))
    assert json.loads(old.read_text())["ok"] and link.is_symlink()
    assert old.stat().st_ino != before and [*reports.iterdir()] != []
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o666 & ~mask
    assert {path.name for path in reports.iterdir()} == {"old.json", "link.json"}


def test_what_is_no_file(project: Project) -> None:
    """/dev/stderr and the like are written to, not replaced."""
    result = project.gitmig("check", "--static", "--output", "markdown:/dev/stderr")
    assert result.stderr.startswith("### ✅") and result.stdout.startswith("✓ graph")


def test_no_room(project: Project) -> None:
    """A report that cannot be written is told with its file."""
    told = project.gitmig("check", "--static", "--output", "json:/dev/full", code=2).stderr
    assert "--output /dev/full cannot be written: No space left on device" in told


def test_could_not_run(project: Project, reports: Path) -> None:
    """Where nothing could be checked the files say why, exit code 2 (K8)."""
    project.write("migrations/env.py", "import never_there\n")
    project.commit_all()
    names = ["a.json", "b.sarif", "d.xml", "e.md"]
    options = [f"--output={reports / name}" for name in names]
    result = project.gitmig("check", *options, code=2)
    assert "never_there" in result.stderr and result.stdout == ""
    for name in names:
        assert "never_there" in (reports / name).read_text(encoding="utf-8"), name
    told = json.loads((reports / "a.json").read_text())
    assert told == json.loads(project.gitmig("check", "--format", "json", code=2).stdout)


def test_no_repository(project: Project, tmp_path: Path) -> None:
    """Outside a repository, too."""
    outside = tmp_path / "outside"
    outside.mkdir()
    project.gitmig("check", "--output", "x.xml", cwd=str(outside), code=2)
    assert "not inside a git work tree" in (outside / "x.xml").read_text()


def test_nothing_by_itself(project: Project) -> None:
    """In GitHub Actions the output is the same as anywhere, unless a format is asked for."""
    in_actions = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_STEP_SUMMARY": "/nowhere"}
    told = project.gitmig("check", "--static", **in_actions)
    assert told.stdout == project.gitmig("check", "--static").stdout and "::" not in told.stdout


def test_markdown_on_postgresql(pg: Project) -> None:
    """The page for the pull request has the locks that were taken, and what was rewritten."""
    pg.git("switch", "-q", "-c", "feature")
    widen = 'op.alter_column("users", "id", type_=sa.BigInteger())'
    narrow = 'op.alter_column("users", "id", type_=sa.Integer())'
    path = pg.revision("more00000000", "base00000000", widen, narrow)
    models = pg.read("models.py").replace("id = Column(Integer", "id = Column(BigInteger")
    pg.write("models.py", models.replace("import Column", "import BigInteger, Column"))
    pg.commit_all("wide")
    page = pg.gitmig("check", "--base", "main", "--format", "markdown").stdout
    assert f"#### `more00000000` `{path}`" in page
    (line,) = [line for line in page.splitlines() if line.startswith("- alter users.id")]
    assert "locks `users` " in line and line.endswith("rewrites `users`, `users_pkey`")
    assert "-- upgrade\nALTER TABLE users ALTER COLUMN id TYPE BIGINT;\n-- downgrade\n" in page
    assert "dialect postgresql" in page
