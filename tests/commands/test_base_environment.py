"""What is published stays published where the folder of the migrations is moved."""

from __future__ import annotations

import json
from typing import Any

from support import Project, branch


def check(project: Project) -> tuple[list[str], list[tuple[str, str]], Any]:
    """Return the gates that passed, and code and path of what was found; all of it last."""
    result = project.gitmig("check", "--base", "main", "--format", "json", code=None)
    told = json.loads(result.stdout)
    passed = [gate["name"] for gate in told["gates"] if gate["status"] == "passed"]
    return passed, [(each["code"], each["path"]) for each in told["findings"]], told


def move_migrations(project: Project) -> None:
    """Move the folder, and say so in the configuration."""
    project.git("mv", "migrations", "db")
    ini = project.read("alembic.ini")
    project.write("alembic.ini", ini.replace("migrations", "db"))
    project.commit_all("moved")


ALL = ["graph", "published", "upgrade", "downgrade", "rows", "drift", "deploy", "rolling", "rules"]


def test_moved_migrations(project: Project) -> None:
    """Files that move along with their folder are as published as before; every gate runs (H7)."""
    branch(project)
    move_migrations(project)
    passed, found, _ = check(project)
    assert (passed, found) == (ALL, [])


def test_edited_on_the_way(project: Project) -> None:
    """A published revision that is edited while its folder moves is found (H7)."""
    branch(project)
    move_migrations(project)
    path = "db/versions/base00000000.py"
    project.write(path, project.read(path).replace('"name", sa.String(50)', '"name", sa.Text()'))
    project.write("models.py", project.read("models.py").replace("String(50)", "Text"))
    project.write("models.py", project.read("models.py").replace("import Col", "import Text, Col"))
    project.commit_all("edited")
    passed, found, told = check(project)
    assert "published" not in passed and found[0] == ("GM011", path)
    hint = told["findings"][0]["hint"]
    assert hint.startswith("git show ") and f":migrations/versions/base00000000.py > {path}" in hint


def test_deleted_on_the_way(project: Project) -> None:
    """A published revision that is lost while the folder moves is found (H7)."""
    branch(project)
    project.revision("last00000000", "more00000000", "pass", "pass")
    project.commit_all("last")
    project.git("branch", "-f", "main")
    project.git("rm", "-q", "migrations/versions/last00000000.py")
    move_migrations(project)
    _, found, _ = check(project)
    assert ("GM012", "migrations/versions/last00000000.py") in found


def test_moved_service(project: Project) -> None:
    """A whole service may move: its base is run in the folder that it had there (H7)."""
    branch(project)
    project.write("service/.keep", "")
    project.git("mv", "alembic.ini", "models.py", "migrations", "service")
    project.commit_all("moved")
    passed, found, _ = check(project)
    assert (passed, found) == (ALL, [])


def test_a_base_that_cannot_be_read(project: Project) -> None:
    """Where it cannot be told what the base has, nothing is taken for new (H7)."""
    project.write("gitmig.toml", "downgrade = 'perhaps'\n")
    project.git("add", "-A")
    project.git("commit", "-q", "--no-verify", "-m", "broken settings")
    base = project.head()
    project.git("switch", "-q", "-c", "feature")
    project.git("rm", "-q", "gitmig.toml")
    move_migrations(project)
    told = project.gitmig("check", "--base", "main", code=2).stderr
    assert f"at the base ({base[:12]}): gitmig.toml" in told
