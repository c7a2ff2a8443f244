"""`gitmig graph`: the staged revisions as data, and as a picture."""

from __future__ import annotations

from support import Project

from gitmig.commands.graph import graph


def test_graph(project: Project) -> None:
    """The staged revisions are given, with the head marked; the picture goes to stdout."""
    project.revision("more00000000", "base00000000", subject="more")
    (report,) = graph(project.path)
    assert report.environment == "default" and report.marks == {"base00000000": "head"}
    project.git("add", "-A")
    (report,) = graph(project.path, "default")
    assert {each.id for each in report.revisions} == {"base00000000", "more00000000"}
    assert report.marks == {"more00000000": "head"} and report.findings == ()
    result = project.gitmig("graph")
    assert result.stdout == "● more00000000  more  (head)\n● base00000000  users\n"


def test_broken_graph(project: Project) -> None:
    """A broken graph is drawn as far as it goes; what is wrong goes to stderr."""
    path = project.revision("more00000000", "absent", subject="more")
    project.git("add", "-A")
    result = project.gitmig("graph")
    assert "more00000000" in result.stdout
    assert f"gitmig: {path}: GM002" in result.stderr
