"""`gitmig merge-heads`: two real branches, a real merge, one head."""

from __future__ import annotations

import json

import pytest
from support import INI, TEMPLATE, Project, column

MODELS = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    # more about users


class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
"""
FIRST = """\
op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("posts", sa.Column("id", sa.Integer(), primary_key=True))"""
SIDES = {"left": ("users", "email"), "right": ("posts", "title")}


def add(table: str, name: str) -> tuple[str, str]:
    """Return the code that adds a column, and the code that takes it away."""
    return (
        f'op.add_column("{table}", sa.Column("{name}", sa.String(200)))',
        f'op.drop_column("{table}", "{name}")',
    )


def edit_models(project: Project, side: str) -> None:
    """Add the column of a side to the models, far enough from that of the other side."""
    text = project.read("models.py")
    comment = "    # more about users\n"
    changed = text.replace(comment, comment + column("email"))
    project.write("models.py", changed if side == "left" else text + column("title"))


def begin(project: Project) -> None:
    """Commit models with two tables, and the revision that makes them."""
    project.write("models.py", MODELS)
    project.revision("base00000000", None, FIRST,
                     'op.drop_table("posts"); op.drop_table("users")')  # fmt: skip
    project.commit_all("two tables")


def branch(project: Project) -> None:
    """Make a branch for each side, with its column and its revision."""
    for side, (table, name) in SIDES.items():
        project.git("switch", "-qc", side, "main")
        edit_models(project, side)
        upgrade, downgrade = add(table, name)
        project.revision(side, "base00000000", upgrade, downgrade, f"add {table}.{name}")
        project.commit_all(side)


def change_sides(project: Project) -> None:
    """Make a branch for each side, with its column, and the revision that the hook puts in."""
    for side in SIDES:
        project.git("switch", "-qc", side, "main")
        edit_models(project, side)
        project.git("commit", "-qam", side)
        assert len(project.new_revisions()) == 1


@pytest.fixture
def merged(project: Project) -> Project:
    """Return a project in which git has merged two branches, each with a revision."""
    begin(project)
    branch(project)
    project.git("merge", "-q", "--no-edit", "left")
    return project


def merge_revision(project: Project) -> str:
    """Return the path of the file that merge-heads staged, and nothing else."""
    (line,) = project.status().splitlines()
    assert line.startswith("A  migrations/versions/")
    return line[3:]


def test_two_heads_become_one(merged: Project) -> None:
    """One merge revision that names both parents and their subjects is staged (H1)."""
    result = merged.gitmig("merge-heads")
    path = merge_revision(merged)
    assert f"{path} written and staged" in result.stdout
    text = merged.read(path)
    message = "merge left (add users.email, Ada) and right (add posts.title, Ada)"
    assert text.startswith(f'"""{message}\n') and message in result.stdout
    assert "down_revision = ('left', 'right')" in text
    merged.gitmig("check")


def test_every_way_up_ends_in_one_schema(merged: Project) -> None:
    """From each parent and from empty a real database reaches the one head (H1)."""
    merged.gitmig("merge-heads")
    for start in ("left", "right", ""):
        (merged.path / "app.db").unlink(missing_ok=True)
        if start:
            merged.gitmig("upgrade", start)
        merged.gitmig("upgrade")
        tables = merged.tables()
        assert tables["users"] == ["id", "email"] and tables["posts"] == ["id", "title"]
        assert "(head) (mergepoint)" in merged.gitmig("current", "-v").stdout


def test_again_changes_nothing(merged: Project) -> None:
    """With one head there is nothing to do, which is said (H1)."""
    merged.gitmig("merge-heads")
    before = merged.status()
    result = merged.gitmig("merge-heads")
    assert "one head" in result.stdout and "nothing to merge" in result.stdout
    assert merged.status() == before


def test_dry_run(merged: Project) -> None:
    """--dry-run shows the file and changes nothing (H1)."""
    result = merged.gitmig("merge-heads", "--dry-run", "-m", "join them")
    assert '"""join them' in result.stdout and "down_revision = ('left', 'right')" in result.stdout
    assert merged.status() == ""


def test_message_and_no_stage(merged: Project) -> None:
    """-m is the message; --no-stage leaves the file to the user, and a second call adds none."""
    result = merged.gitmig("merge-heads", "-m", "join them", "--no-stage", "--format", "json")
    answer = json.loads(result.stdout)
    assert [head["id"] for head in answer["heads"]] == ["left", "right"]
    assert answer["written"]["message"] == "join them" and answer["staged"] is False
    assert merged.status() == f"?? {answer['written']['path']}\n"
    again = merged.gitmig("merge-heads", "--no-stage", code=1).stderr
    assert f"git add {answer['written']['path']}" in again
    assert merged.status() == f"?? {answer['written']['path']}\n"


NEW_TABLE = 'op.create_table("tags", sa.Column("id", sa.Integer()), sa.PrimaryKeyConstraint("id"))'
CREATE_COPY = 'op.execute("CREATE TABLE copy AS SELECT * FROM users")'


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        (
            add("users", "email"),
            add("users", "email"),
            "left.py:12 (add users.email by Ada) and "
            "migrations/versions/right.py:12 (add users.email by Ada)): ",
        ),
        (
            add("users", "email"),
            (CREATE_COPY, 'op.drop_table("copy")'),
            "left.py:12 (add users.email by Ada) and "
            "migrations/versions/right.py:12 (run CREATE TABLE copy AS SELECT * FROM users by Ada)",
        ),
        (
            (NEW_TABLE, 'op.drop_table("tags")'),
            (NEW_TABLE, 'op.drop_table("tags")'),
            "left.py:12 (create table tags by Ada) and ",
        ),
        (
            ('op.drop_table("posts")', "pass"),
            add("posts", "title"),
            "left.py:12 (drop table posts by Ada) and "
            "migrations/versions/right.py:12 (add posts.title by Ada)): ",
        ),
    ],
    ids=[
        "both add a column",
        "the order matters",
        "both make a table",
        "one drops what is altered",
    ],
)
def test_heads_that_may_not_be_joined(
    project: Project, left: tuple[str, str], right: tuple[str, str], told: str
) -> None:
    """Heads that meet are refused with both files named, before anything is written (H4)."""
    begin(project)
    paths = [
        project.revision(side, "base00000000", *code)
        for side, code in (("left", left), ("right", right))
    ]
    project.commit_all()
    result = project.gitmig("merge-heads", code=1)
    assert told in result.stderr and all(path in result.stderr for path in paths)
    assert "nothing was written" in result.stderr
    assert project.status() == ""


@pytest.mark.parametrize("way", ["op.execute", "op.get_bind().exec_driver_sql"])
def test_meeting_in_sql(project: Project, way: str) -> None:
    """An operation meets a statement, whoever sends it, by what its text names (H4)."""
    begin(project)
    project.revision("left", "base00000000", *add("users", "email"))
    sql = f'{way}("ALTER TABLE posts ADD COLUMN x"); {way}(\'ALTER TABLE "users" ADD email TEXT\')'
    project.revision("right", "base00000000", sql)
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert (
        "the heads meet, nothing was written "
        "(migrations/versions/left.py:12 (add users.email by Ada) and "
        'migrations/versions/right.py:12 (run ALTER TABLE "users" ADD email TEXT by Ada)): '
    ) in told
    assert "right.py:12: revision right fails on upgrade" in told and project.status() == ""


def test_an_index_on_an_expression(project: Project) -> None:
    """An operation that names an expression is watched like another (H4)."""
    begin(project)
    index = 'op.create_index("ix", "users", [sa.text("lower(id)")]); '
    project.revision("left", "base00000000", index + add("users", "email")[0])
    project.revision("right", "base00000000", *add("users", "email"))
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert "the heads meet" in told and "left.py:12 (add users.email by Ada) and " in told


def test_batch_is_told_once(project: Project) -> None:
    """What a batch asks for is told, and not the statements that it is carried out by (H4)."""
    begin(project)
    batch = 'with op.batch_alter_table("users") as b: b.add_column(sa.Column("email", sa.Text()))'
    project.revision("left", "base00000000", batch)
    project.revision("right", "base00000000", *add("users", "email"))
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert told.count(" and ") == 1 and "left.py:12 (add users.email by Ada) and " in told


@pytest.mark.parametrize(
    ("third", "which", "hint"),
    [
        pytest.param(add("users", "x"), "aaa and ccc meet", "that both have", id="a pair"),
        pytest.param(
            (CREATE_COPY.replace("users", "posts").replace("copy", "other"), "pass"),
            "bbb and ccc do not commute",
            "let ccc depend on bbb with depends_on",
            id="in one order",
        ),
        pytest.param(
            (CREATE_COPY, "pass"),
            "aaa and ccc, ccc and ddd do not commute",
            "let one depend on another with depends_on",
            id="two pairs",
        ),
    ],
)
def test_which_of_several(project: Project, third: tuple[str, str], which: str, hint: str) -> None:
    """Of several heads the two that do not fit are named, and the operations of those (H4, H5)."""
    begin(project)
    sides = {"aaa": ("users", "x"), "bbb": ("posts", "y"), "ddd": ("users", "z")}
    for side, (table, name) in sides.items():
        project.revision(side, "base00000000", *add(table, name))
    project.revision("ccc", "base00000000", *third)
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert f"gitmig: of 4 heads {which}, nothing was written" in told and hint in told
    for side in ("aaa", "bbb", "ccc", "ddd"):
        assert (f"/{side}.py:12 " in told) == (side in which), told
    assert project.status() == ""


def test_every_order_of_three(project: Project) -> None:
    """Three that end alike whoever is first, and otherwise in one order of the six, are refused."""
    begin(project)
    project.revision("aaa", "base00000000", NEW_TABLE, 'op.drop_table("tags")')
    project.revision("bbb", "base00000000", *add("users", "x"))
    tags = 'tags = sa.inspect(op.get_bind()).has_table("tags"); '
    copy = """op.execute("CREATE TABLE copy AS SELECT * FROM users" if tags
               else "CREATE TABLE copy AS SELECT id, CAST('' AS TEXT) AS x FROM users")"""
    project.revision("ccc", "base00000000", tags + copy, 'op.drop_table("copy")')
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert "of 3 heads aaa and ccc do not commute" in told


THIRD = """found = sa.inspect(op.get_bind()).get_columns("users")
    both = {"p", "q"} <= {each["name"] for each in found}
    op.add_column("users", sa.Column("rr" if both else "r", sa.Text()))"""


def test_only_all_together(project: Project) -> None:
    """Where each two of three commute and the three do not, that is said (H4)."""
    begin(project)
    project.revision("aaa", "base00000000", *add("users", "p"))
    project.revision("bbb", "base00000000", *add("users", "q"))
    project.revision("ccc", "base00000000", THIRD)
    project.commit_all()
    told = project.gitmig("merge-heads", code=1).stderr
    assert "of 3 heads no two alone, but all together do not commute" in told
    assert all(f"{side}.py:" in told for side in ("aaa", "bbb", "ccc")) and project.status() == ""


def test_six_heads(project: Project) -> None:
    """Of more than five heads every two are tried in both orders, and that is said (H1, H5)."""
    begin(project)
    for number in range(6):
        project.revision(f"side{number}", "base00000000", *add("users", f"c{number}"))
    project.commit_all()
    told = project.gitmig("merge-heads").stderr
    assert "of 6 heads every two were replayed in both orders, and not all in every order" in told
    assert "'side5')" in project.read(merge_revision(project))


def test_three_heads(project: Project) -> None:
    """Three heads become one by one revision (H5)."""
    begin(project)
    project.revision("left", "base00000000", *add("users", "email"))
    project.revision("middle", "base00000000", *add("users", "phone"))
    project.revision("right", "base00000000", *add("posts", "title"))
    project.commit_all()
    project.gitmig("merge-heads")
    path = merge_revision(project)
    assert "down_revision = ('left', 'middle', 'right')" in project.read(path)
    project.gitmig("upgrade")
    assert sorted(project.tables()["users"]) == ["email", "id", "phone"]


def label(project: Project, path: str, name: str) -> None:
    """Give a revision a branch label."""
    text = project.read(path)
    project.write(path, text.replace("branch_labels = None", f'branch_labels = "{name}"'))


def test_labelled_heads_stay_apart(project: Project) -> None:
    """Heads under labels of their own are meant to be several and are not joined (H5)."""
    begin(project)
    for name, (table, field) in zip(("shop", "blog"), SIDES.values(), strict=True):
        label(project, project.revision(name, "base00000000", *add(table, field)), name + "s")
    project.commit_all()
    result = project.gitmig("merge-heads")
    assert "2 heads, kept apart by their labels (blog, shop), nothing to merge" in result.stdout
    assert project.status() == ""


def test_heads_under_one_label(project: Project) -> None:
    """Only the heads of one label are joined; the other branch is left alone (H5)."""
    begin(project)
    label(project, project.revision("shop", "base00000000"), "shops")
    label(project, project.revision("blog", "base00000000"), "blogs")
    project.revision("blog_a", "blog", *add("posts", "title"))
    project.revision("blog_b", "blog", *add("posts", "text"))
    project.commit_all()
    project.gitmig("merge-heads")
    assert "down_revision = ('blog_a', 'blog_b')" in project.read(merge_revision(project))
    project.gitmig("upgrade", "heads")
    assert sorted(project.tables()["posts"]) == ["id", "text", "title"]


def test_house_style(merged: Project) -> None:
    """Template, file name and post-write hooks are the project's own (H1, C15)."""
    merged.write("migrations/script.py.mako", TEMPLATE + "\n# house template\n")
    script = merged.write("mark.sh", '#!/bin/sh\necho "# marked" >> "$1"\n')
    script.chmod(0o755)
    merged.write("ruff.toml", '[format]\nquote-style = "single"\n')
    merged.write(
        "alembic.ini",
        INI + "file_template = %%(year)d_%%(slug)s\ntruncate_slug_length = 12\n"
        "[post_write_hooks]\nhooks = ruff, mark\n"
        "ruff.type = exec\nruff.executable = ruff\nruff.options = format REVISION_SCRIPT_FILENAME\n"
        "mark.type = exec\nmark.executable = ./mark.sh\nmark.options = REVISION_SCRIPT_FILENAME\n",
    )
    merged.commit_all("house style")
    merged.gitmig("merge-heads")
    path = merge_revision(merged)
    assert path.endswith("_merge_left_.py")
    text = merged.read(path)
    assert "# house template\n# marked\n" in text
    assert "branch_labels = None\n" in text and "('left', 'right')" in text


def test_merge_without_two_heads(project: Project) -> None:
    """A merge that brings no second head is not stopped (H2)."""
    begin(project)
    project.gitmig("install", "-q")
    project.git("switch", "-qc", "left", "main")
    edit_models(project, "left")
    project.git("commit", "-qam", "left")
    project.git("switch", "-qc", "right", "main")
    project.write("notes.py", "# no model\n")
    project.git("add", "-A")
    project.git("commit", "-qm", "notes")
    project.git("merge", "-q", "--no-edit", "left")
    assert project.status() == ""


def test_quiet_where_there_is_nothing_to_merge(project: Project) -> None:
    """-q says nothing where there is nothing to do."""
    assert "nothing to merge" in project.gitmig("merge-heads").stdout
    assert project.gitmig("merge-heads", "-q").stdout == ""


def test_models_that_cannot_be_compared(merged: Project) -> None:
    """Heads are joined where the models cannot be compared, and that is said."""
    merged.append("models.py", column("team_id", "ForeignKey('nowhere.id')"))
    text = merged.read("models.py").replace("import Column", "import Column, ForeignKey")
    merged.write("models.py", text)
    merged.commit_all("a table that nobody declares")
    told = merged.gitmig("merge-heads").stderr
    assert "not compared with the models: " in told and "nowhere" in told
    assert "('left', 'right')" in merged.read(merge_revision(merged))


def test_much_that_the_models_ask_for(merged: Project) -> None:
    """Of what the models ask for beyond the joined schema the first few are told."""
    merged.append("models.py", "".join(column(f"more{number}") for number in range(12)))
    merged.commit_all("more")
    told = merged.gitmig("merge-heads").stderr
    assert "posts.more0" in told and "posts.more11" not in told and "and 4 more" in told


@pytest.mark.parametrize("where", ["base", "side", "other side"])
def test_a_side_that_fails_by_itself(project: Project, where: str) -> None:
    """A revision that fails on its own is named as what it is, no meeting of two; exit 2 (E13)."""
    begin(project)
    bad = 'op.execute("INSERT INTO nowhere VALUES (1)")'
    parent, path = "base00000000", ""
    if where == "base":
        parent = "more"
        path = project.revision("more", "base00000000", bad)
    left = project.revision("left", parent, *((bad,) if where == "side" else ()))
    right = project.revision("right", parent, *((bad,) if where == "other side" else ()))
    project.commit_all()
    told = project.gitmig("merge-heads", code=2).stderr
    guilty = {"base": path, "side": left, "other side": right}[where]
    assert guilty in told and "no such table: nowhere" in told
    assert "meet" not in told and project.status() == ""
