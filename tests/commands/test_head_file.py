"""The file that names the head: two branches conflict there, but not for who has the hooks."""

from __future__ import annotations

import pytest
from support import Project, services
from test_merge_heads import begin, change_sides

PATH = "migrations/HEAD"


@pytest.fixture
def team(project: Project) -> Project:
    """Return a project with a head file and two branches, each with a model change."""
    begin(project)
    project.write("gitmig.toml", f'head-file = "{PATH}"\n')
    project.git("add", ".")
    project.gitmig("install", "-q")
    project.gitmig("autogenerate", "-q")
    project.git("commit", "-qm", "head file")
    assert project.read(PATH) == "base00000000\n"
    change_sides(project)
    return project


def head(project: Project) -> str:
    """Return the head as Alembic says it."""
    return project.gitmig("heads").stdout.split()[0]


def test_follows_each_commit(team: Project) -> None:
    """The commit that brings a revision brings the line; the tree is clean."""
    assert team.read(PATH) == f"{head(team)}\n" and team.status() == ""
    assert PATH in team.files_in()
    team.gitmig("check", "--static")


def test_conflict_without_the_driver(team: Project) -> None:
    """Where git knows no driver, as on a hosting site, the merge conflicts in this one file."""
    team.git("config", "--remove-section", "merge.gitmig-head")
    (team.path / ".git/info/attributes").unlink()
    told = team.git("merge", "--no-edit", "left", code=1).stdout
    assert f"Merge conflict in {PATH}" in told and told.count("CONFLICT") == 1


def test_no_conflict_with_it(team: Project) -> None:
    """With the driver the heads join themselves, and the file names the one that is left (H2)."""
    team.git("merge", "--no-edit", "left", code=1)
    team.git("commit", "-q", "--no-edit")
    assert team.read(PATH) == f"{head(team)}\n" and team.status() == ""
    team.gitmig("check", "--static")


def test_untrue_is_found(team: Project) -> None:
    """A file that names another head fails the check; merge-heads mends it."""
    team.write(PATH, "another\n")
    team.git("add", PATH)
    told = team.gitmig("check", "--static", code=1).stdout
    assert f"{PATH}:1: error GM020 {PATH} does not name the head" in told
    team.gitmig("merge-heads")
    assert team.status() == ""


def test_uninstall(team: Project) -> None:
    """Uninstall takes the driver out of git's configuration and attributes again."""
    team.write(".git/info/attributes", "*.bin binary\n" + team.read(".git/info/attributes"))
    team.gitmig("uninstall", "-q")
    assert team.read(".git/info/attributes") == "*.bin binary\n"
    assert "gitmig" not in team.git("config", "--local", "--list").stdout


SERVICES = ("shop", "blog")


@pytest.fixture
def services_of_a_team(project: Project) -> Project:
    """Return two services with a head file each, and two branches that add to both."""
    services(project, *SERVICES)
    project.write(".gitignore", "*.db\n__pycache__/\n")
    project.write(
        "gitmig.toml",
        "".join(f'[environments.{name}]\nconfig = "{name}/alembic.ini"\n'
                f'head-file = "{name}/HEAD"\n' for name in SERVICES),
    )  # fmt: skip
    project.git("add", ".")
    project.gitmig("install", "-q")
    project.git("commit", "-qm", "head files")
    for name in SERVICES:
        assert project.read(f"{name}/HEAD") == f"{name}00000000\n"
    for side in ("left", "right"):
        project.git("switch", "-qc", side, "main")
        for name in SERVICES:
            more = f'\n\nclass {side.title()}(Base):\n    __tablename__ = "{side}"\n'
            text = project.read(f"{name}/models.py") + more
            text += "    id = Column(Integer, primary_key=True)\n"
            project.write(f"{name}/models.py", text)
        project.git("commit", "-qam", side)
        assert len(project.new_revisions()) == len(SERVICES) and project.status() == ""
    return project


def heads_of(project: Project) -> dict[str, str]:
    """Return the head of each service as Alembic says it."""
    return {name: project.gitmig("heads", "--env", name).stdout.split()[0] for name in SERVICES}


def test_one_for_each_environment(services_of_a_team: Project) -> None:
    """Each environment's file follows its own head, and a merge conflicts in no head file (C17)."""
    team = services_of_a_team
    team.git("merge", "--no-edit", "left", code=1)
    conflicts = team.git("diff", "--name-only", "--diff-filter=U").stdout.split()
    assert conflicts == [f"{name}/models.py" for name in sorted(SERVICES)]
    for name in SERVICES:
        ours = team.git("show", f"HEAD:{name}/models.py").stdout
        theirs = team.git("show", f"left:{name}/models.py").stdout
        more = theirs[theirs.index("\n\nclass Left") :]
        team.write(f"{name}/models.py", ours + more)
    team.git("commit", "-qam", "both")
    heads = heads_of(team)
    assert heads["shop"] != heads["blog"]
    for name, head_of_it in heads.items():
        assert team.read(f"{name}/HEAD") == f"{head_of_it}\n"
        assert {f"{name}/HEAD"} <= team.files_in()
    assert team.status() == ""
    team.gitmig("check", "--static")


def test_conflict_in_each_without_the_driver(services_of_a_team: Project) -> None:
    """Where git knows no driver each head file conflicts, by itself (C17)."""
    team = services_of_a_team
    team.git("config", "--remove-section", "merge.gitmig-head")
    told = team.git("merge", "--no-edit", "left", code=1).stdout
    assert all(f"Merge conflict in {name}/HEAD" in told for name in SERVICES)


def test_one_service_alone(services_of_a_team: Project) -> None:
    """Two branches that add to different services merge without a word (C17)."""
    team = services_of_a_team
    for name in SERVICES:
        team.git("switch", "-qc", f"only-{name}", "main")
        text = team.read(f"{name}/models.py")
        team.write(f"{name}/models.py", text + "    size = Column(Integer)\n")
        team.git("commit", "-qam", f"only {name}")
        assert team.files_in() > {f"{name}/HEAD"}
        assert len(team.files_in()) == 3
    team.git("merge", "-q", "--no-edit", "only-shop")
    for name, head_of_it in heads_of(team).items():
        assert team.read(f"{name}/HEAD") == f"{head_of_it}\n"
    assert team.status() == ""
    team.gitmig("check", "--static")


def test_shared_by_two(project: Project) -> None:
    """One file for two environments could be true for one of them only: refused, with both."""
    services(project, *SERVICES)
    project.write("gitmig.toml", 'head-file = "HEAD"\n')
    project.git("add", ".")
    told = project.gitmig("check", "--static", code=2).stderr
    assert "gitmig.toml: HEAD would be the head-file of both blog and shop" in told
    assert '[tool.gitmig.environments."shop"]' in told
