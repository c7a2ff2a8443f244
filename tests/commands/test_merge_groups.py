"""Several heads that belong together, several that do not, several environments (H2, H5, C17)."""

from __future__ import annotations

from support import INI, Project, column
from test_merge_heads import add, begin, label

LINEAR = ("merge-heads", "--rebase", "--base", "main")


def staged(project: Project) -> list[str]:
    """Return the paths that are staged, all of them new."""
    lines = project.status().splitlines()
    assert all(line.startswith("A  ") for line in lines), lines
    return [line[3:] for line in lines]


def parents_of(project: Project, path: str) -> str:
    """Return the line of a revision's parents."""
    [line] = [line for line in project.read(path).splitlines() if "down_revision = " in line]
    return line


def test_two_groups(project: Project) -> None:
    """Two labels with two heads each get a merge revision each, in one call (H5)."""
    begin(project)
    for name, table in (("shop", "users"), ("blog", "posts")):
        label(project, project.revision(name, "base00000000"), f"{name}s")
        for side in "ab":
            project.revision(f"{name}_{side}", name, *add(table, f"{name}_{side}"))
    project.commit_all()
    project.gitmig("merge-heads")
    told = {parents_of(project, path) for path in staged(project)}
    assert told == {
        "down_revision = ('blog_a', 'blog_b')",
        "down_revision = ('shop_a', 'shop_b')",
    }
    assert "2 heads, kept apart by their labels" in project.gitmig("merge-heads").stdout
    project.gitmig("upgrade", "heads")
    assert set(project.tables()["users"]) == {"id", "shop_a", "shop_b"}
    assert set(project.tables()["posts"]) == {"id", "blog_a", "blog_b"}


def test_one_group_that_may_not_be_joined(project: Project) -> None:
    """Where one of two groups is refused, nothing is written for the other one (H4, H5)."""
    begin(project)
    for name, table in (("shop", "users"), ("blog", "posts")):
        label(project, project.revision(name, "base00000000"), f"{name}s")
        for side in "ab":
            column_name = "same" if name == "shop" else side
            project.revision(f"{name}_{side}", name, *add(table, column_name))
    project.commit_all()
    assert "the heads meet" in project.gitmig("merge-heads", code=1).stderr
    assert project.status() == ""


def test_a_head_that_depends_on_the_other(project: Project) -> None:
    """`depends_on` orders the sides: each order runs the one before the other (H4, H5)."""
    begin(project)
    project.revision("left", "base00000000", *add("users", "email"))
    path = project.revision(
        "right",
        "base00000000",
        'op.create_index("by_email", "users", ["email"])',
        'op.drop_index("by_email", "users")',
    )
    project.commit_all("right cannot be before left")
    assert project.gitmig("merge-heads", code=2).returncode == 2
    project.write(path, project.read(path).replace("depends_on = None", "depends_on = 'left'"))
    project.commit_all("and says so")
    project.gitmig("merge-heads")
    [merge] = staged(project)
    assert parents_of(project, merge) == "down_revision = ('left', 'right')"
    project.gitmig("upgrade")
    assert project.tables()["users"] == ["id", "email"]


def test_two_histories(project: Project) -> None:
    """Two bases without labels are joined by a merge revision; a line is refused (H5)."""
    begin(project)
    tags = 'op.create_table("tags", sa.Column("id", sa.Integer(), primary_key=True))'
    project.git("switch", "-qc", "other")
    path = project.revision("other", None, tags, 'op.drop_table("tags")')
    project.commit_all("another history")
    refused = project.gitmig(*LINEAR, code=1).stderr
    assert f"{path} begins a history of its own" in refused and project.status() == ""
    project.gitmig("merge-heads")
    [merge] = staged(project)
    assert parents_of(project, merge) == "down_revision = ('base00000000', 'other')"
    project.gitmig("upgrade")
    assert set(project.tables()) >= {"tags", "users", "posts"}


def test_two_labelled_histories(project: Project) -> None:
    """Two bases under labels of their own stay apart (H5)."""
    begin(project)
    label(project, "migrations/versions/base00000000.py", "mine")
    label(project, project.revision("other", None), "others")
    project.commit_all()
    assert "kept apart by their labels" in project.gitmig("merge-heads").stdout
    assert project.status() == ""


def test_each_environment_in_one_merge(project: Project) -> None:
    """A merge that brings heads in two services of three joins those of each in its place (C17)."""
    services = ("shop", "blog", "mail")
    for name in services:
        project.write(f"{name}/alembic.ini", INI.replace("app.db", f"{name}.db"))
        for file in ("env.py", "script.py.mako"):
            project.write(f"{name}/migrations/{file}", project.read(f"migrations/{file}"))
        project.write(f"{name}/models.py", project.read("models.py"))
        old = project.read("migrations/versions/base00000000.py")
        project.write(f"{name}/migrations/versions/base00000000.py", old)
    project.git("rm", "-rqf", "migrations", "alembic.ini", "models.py")
    project.append(".gitignore", "*.db\n")
    project.commit_all("three services")
    project.gitmig("install", "-q")
    for side in ("left", "right"):
        project.git("switch", "-qc", side, "main")
        for name in services[:2]:
            path = f"{name}/migrations/versions/{side}.py"
            project.revision(side, "base00000000", *add("users", side), path=path)
        project.commit_all(side)
    for name in services[:2]:
        text = column("left") + column("right")
        project.append(f"{name}/models.py", text)
    project.commit_all("the models of both")
    project.git("merge", "--no-edit", "left", code=1)
    project.git("commit", "-q", "--no-edit")
    made = sorted(path for path in project.new_revisions() if "_merge_" in path)
    assert [path.split("/")[0] for path in made] == ["blog", "shop"]
    assert {parents_of(project, path) for path in made} == {"down_revision = ('left', 'right')"}
    assert project.status() == ""
    project.gitmig("check", "--static")


def test_a_history_of_merges(project: Project) -> None:
    """Four heads over a history of merges of merges become one; all that is applied is (H2, H5)."""
    begin(project)
    tips = ["base00000000"] * 4
    for number in range(6):
        for lane in range(4):
            name = f"r{number}{lane}"
            project.revision(name, tips[lane], *add("users", name))
            tips[lane] = name
        if number in (1, 3):  # lanes 0 and 1, then 1 and 2, are joined and part again
            lane = number // 2
            path = project.revision(f"m{number}", None)
            text = project.read(path)
            pair = repr((tips[lane], tips[lane + 1]))
            project.write(path, text.replace("down_revision = None", f"down_revision = {pair}"))
            tips[lane] = tips[lane + 1] = f"m{number}"
    project.commit_all("a busy history")
    project.gitmig("merge-heads")
    [merge] = staged(project)
    assert parents_of(project, merge) == f"down_revision = {tuple(tips)!r}"
    project.gitmig("upgrade")
    assert len(project.tables()["users"]) == 1 + 24
    assert "one head" in project.gitmig("merge-heads").stdout
