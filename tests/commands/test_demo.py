"""`gitmig demo`: the whole way, as anyone can see it."""

from __future__ import annotations

from pathlib import Path

from support import BIN, Project, clean_environment


def test_demo(tmp_path: Path, home: Path) -> None:
    """The demo ends with the graph of two branches that were joined, and leaves nothing behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    result = Project(tmp_path, clean_environment(home)).gitmig("demo", TMPDIR=str(temporary))
    commands = [line for line in result.stdout.splitlines() if line.startswith("$ ")]
    for command in ("gitmig init", "gitmig upgrade", "gitmig merge-heads", "gitmig check"):
        assert f"$ {command}" in commands
    assert "exit code" not in result.stdout and "Traceback" not in result.stdout
    graph = result.stdout.partition("$ gitmig graph\n")[2]
    assert graph.startswith("● ") and "(head)" in graph.splitlines()[0]
    assert "├─╮" in graph and "add users.email" in graph and "add users.phone" in graph
    assert result.stdout.rstrip().endswith("$ git status --short")
    kept = [path for path in temporary.rglob("*") if not path.name.startswith("gitmig-")]
    left = [path for path in kept if path.name != "lock"]  # of the folder for runs
    assert left == []
    assert not list(temporary.glob("gitmig-demo-*"))


def test_keep(tmp_path: Path, home: Path) -> None:
    """--keep leaves the repository, and says where; it is a project like any other."""
    environment = {**clean_environment(home), "TMPDIR": str(tmp_path)}
    result = Project(tmp_path, environment).gitmig("demo", "--keep")
    folder = Path(result.stdout.rpartition("The repository is in ")[2].strip())
    assert folder.parent == tmp_path
    kept = Project(folder, environment)
    assert kept.status() == ""
    assert kept.tables()["users"][0] == "id"
    kept.run(str(BIN / "alembic"), "check")
