"""`gitmig fold`: the revisions of a real branch become one that does the same."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ENV, MODELS, Project, clean_environment, column

VERSIONS = "migrations/versions"
FIRST = f"{VERSIONS}/base00000000.py"
DECLARED = '    {0} = Column(String(200), info={{"renamed_from": "{1}"}})\n'


def revisions(project: Project) -> dict[str, str]:
    """Return the generated revisions of the work tree: id to path."""
    found = {}
    for path in sorted((project.path / VERSIONS).glob("*.py")):
        name = re.search(r"^revision = '(\w+)'", path.read_text(), re.MULTILINE)
        assert name is not None
        found[name[1]] = f"{VERSIONS}/{path.name}"
    return {name: path for name, path in found.items() if path != FIRST}


def commit(project: Project, message: str = "models") -> str:
    """Commit the models as they are; return the id of the revision that came with it."""
    project.git("commit", "-qam", message)
    (path,) = project.new_revisions()
    return next(name for name, known in revisions(project).items() if known == path)


def edit(project: Project, old: str, new: str) -> None:
    """Replace a text in the models."""
    text = project.read("models.py")
    assert old in text
    project.write("models.py", text.replace(old, new))


@pytest.fixture(scope="module")
def _branched(_template: Path, tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    folder = tmp_path_factory.mktemp("branched") / "repository"
    shutil.copytree(_template, folder)
    project = Project(folder, clean_environment(home))
    project.gitmig("install", "-q")
    project.git("switch", "-qc", "feature")
    for name in ("email", "phone", "title"):
        project.append("models.py", column(name))
        commit(project, name)
    return folder


@pytest.fixture
def branched(_branched: Path, tmp_path: Path, home: Path) -> Project:
    """Return a project on a branch with three commits, each with its generated revision."""
    folder = tmp_path / "repository"
    shutil.copytree(_branched, folder)
    return Project(folder, clean_environment(home))


@pytest.fixture
def branch(hooked: Project) -> Project:
    """Return a project at the beginning of a branch."""
    hooked.git("switch", "-qc", "feature")
    return hooked


def in_order(project: Project) -> list[str]:
    """Return the ids of the generated revisions, the first one first."""
    found = project.gitmig("history", "-q", "-r", "base00000000:").stdout
    return [line.split()[2].strip(",") for line in reversed(found.splitlines()[:-1])]


def schema(project: Project) -> list[str]:
    """Return the columns that all revisions end in, in a database made from nothing."""
    database = project.path / "app.db"
    database.unlink(missing_ok=True)
    project.gitmig("upgrade", "-q")
    columns = sorted(project.tables()["users"])
    database.unlink()
    return columns


def folded(project: Project) -> str:
    """Return the text of the one revision that is left of a branch."""
    (path,) = revisions(project).values()
    return project.read(path)


def undo_of(told: str) -> str:
    """Return the line that takes it back."""
    return told.partition("undo: ")[2].splitlines()[0]


def test_three_become_one(branched: Project) -> None:
    """One revision of the last one's id takes their place, and ends in the same schema (C8)."""
    before, published = schema(branched), branched.read(FIRST)
    branched.gitmig("upgrade", "-q")
    (last,) = branched.gitmig("current", "-q").stdout.split()[:1]
    result = branched.gitmig("fold", "--base", "main")
    assert list(revisions(branched)) == [last]
    assert "down_revision = 'base00000000'" in folded(branched)
    assert all(name in folded(branched) for name in ("email", "phone", "title"))
    assert "written and staged" in result.stdout and last in result.stdout
    assert branched.gitmig("current", "-q").stdout.split()[:2] == [last, "(head)"]
    assert branched.read(FIRST) == published
    branched.gitmig("check", "--base", "main")
    assert schema(branched) == before
    again = branched.status()
    assert "nothing to fold" in branched.gitmig("fold", "--base", "main").stdout
    assert branched.status() == again
    branched.git("commit", "-qm", "one revision")
    assert branched.status() == "" and FIRST not in branched.files_in()


def test_undo(branched: Project) -> None:
    """The line that is printed puts everything back."""
    files = revisions(branched)
    told = branched.gitmig("fold", "--base", "main").stderr
    assert undo_of(told).startswith("git restore --staged --worktree")
    branched.run("sh", "-c", undo_of(told))
    assert branched.status() == "" and revisions(branched) == files


def test_without_staging(branched: Project) -> None:
    """With --no-stage the index stays as it was, and there is a way back, too."""
    files = revisions(branched)
    told = branched.gitmig("fold", "--base", "main", "--no-stage").stderr
    assert branched.git("diff", "--cached", "--name-only").stdout == ""
    assert len(revisions(branched)) == 1
    branched.run("sh", "-c", undo_of(told))
    assert branched.status() == "" and revisions(branched) == files


def test_dry_run(branched: Project) -> None:
    """With --dry-run the file is shown and nothing changes."""
    result = branched.gitmig("fold", "--base", "main", "--dry-run", "-m", "all of it")
    assert "would write" in result.stdout and '"""all of it' in result.stdout
    assert branched.status() == "" and len(revisions(branched)) == 3


def test_json(branched: Project) -> None:
    """As JSON the report has the revisions that were folded and the one that was written."""
    old = revisions(branched)
    told = json.loads(branched.gitmig("fold", "--base", "main", "--format", "json").stdout)
    assert told["ok"] and told["staged"] and not told["dry_run"]
    assert {each["id"]: each["path"] for each in told["folded"]} == old
    assert told["folded"][-1]["id"] == told["written"]["revision"]
    assert [op["words"] for op in told["operations"]] == [
        "add users.email",
        "add users.phone",
        "add users.title",
    ]
    assert told["undo"].startswith("git restore")


def test_linked_work_tree(branched: Project, tmp_path: Path) -> None:
    """In a linked work tree, from a folder below the top, only that work tree changes."""
    branched.git("switch", "-q", "main")
    branched.git("worktree", "add", "-q", str(tmp_path / "linked"), "feature")
    linked = Project(tmp_path / "linked", branched.env)
    told = linked.gitmig("fold", "--base", "main", cwd="migrations").stderr
    assert len(revisions(linked)) == 1 and branched.status() == ""
    linked.run("sh", "-c", undo_of(told), cwd="migrations")
    assert linked.status() == "" and len(revisions(linked)) == 3


def test_dropped_and_added_again(branch: Project) -> None:
    """A column that goes and comes again is empty: it is refused to fold that to nothing (C8)."""
    models = branch.read("models.py")
    line = next(each for each in models.splitlines() if each.strip().startswith("name = "))
    for text in (models.replace(line + "\n", ""), models):
        branch.write("models.py", text)
        if branch.git("commit", "-qam", "name", code=None).returncode:
            branch.git("commit", "-qam", "name")
    told = branch.gitmig("fold", "--base", "main", code=1).stderr
    assert "users.name is dropped and comes again empty" in told
    assert branch.status() == ""


def test_renames_keep_their_rows(branch: Project) -> None:
    """What was renamed, even twice, keeps its values; a new column that was renamed is added."""
    branch.gitmig("upgrade", "-q")
    with sqlite3.connect(branch.path / "app.db") as database:
        database.execute("INSERT INTO users (name) VALUES ('Ada')")
    edit(branch, "    name =", "    full_name =")
    branch.append("models.py", column("mail"))
    commit(branch)
    edit(branch, column("mail"), DECLARED.format("contact", "mail"))
    commit(branch)
    edit(branch, "    full_name = Column(String(50))\n", DECLARED.format("called", "full_name"))
    commit(branch)
    branch.gitmig("fold", "--base", "main")
    assert "new_column_name='called'" in folded(branch) and "mail" not in folded(branch)
    branch.gitmig("upgrade", "-q")
    row = "SELECT called, contact FROM users"
    assert list(sqlite3.connect(branch.path / "app.db").execute(row)) == [("Ada", None)]
    branch.gitmig("downgrade", "-q", "base00000000")
    assert list(sqlite3.connect(branch.path / "app.db").execute("SELECT * FROM users")) == [
        (1, "Ada")
    ]


def test_rows_that_would_stay_behind(branch: Project) -> None:
    """Where the old name is taken again one revision would not carry the rows: it is refused."""
    edit(branch, "    name =", "    full_name =")
    commit(branch)
    branch.append("models.py", column("name"))
    commit(branch)
    told = branch.gitmig("fold", "--base", "main", code=1).stderr
    assert "users.name became full_name" in told
    assert branch.status() == "" and len(revisions(branch)) == 2


def test_names_that_move_on(branch: Project) -> None:
    """Columns that exchange their names are refused with both names and the reason."""
    branch.append("models.py", column("nick", "String(50)"))
    commit(branch)
    branch.git("branch", "-f", "main")
    exchanged = branch.read("models.py").replace(
        "name = Column(String(50)", 'name = Column(String(50), info={"renamed_from": "nick"}'
    )
    nick = 'nick = Column(String(50), info={"renamed_from": "name"}'
    branch.write("models.py", exchanged.replace("nick = Column(String(50)", nick))
    commit(branch)
    branch.append("models.py", column("bio"))
    commit(branch)
    told = branch.gitmig("fold", "--base", "main", code=1).stderr
    assert "name became nick" in told and "nick became name" in told
    assert "such names move in a revision of their own" in told
    assert branch.status() == ""


@pytest.mark.parametrize("later", [0, 1, 2])
def test_edited_ones_are_kept_apart(branched: Project, later: int) -> None:
    """What comes after an edited revision is folded where there are two of it."""
    (edited,) = [path for path in revisions(branched).values() if "title" in path]
    branched.append(edited, "# a remark\n")
    branched.commit_all("remark")
    for number in range(later):
        branched.append("models.py", column(f"more{number}"))
        commit(branched)
    result = branched.gitmig("fold", "--base", "main", code=0 if later == 2 else 1)
    assert f"{edited} was edited" in result.stderr
    assert len(revisions(branched)) == (4 if later else 3)
    if later < 2:
        assert branched.status() == ""
    else:
        assert "# a remark" in branched.read(edited)
        branched.gitmig("check", "--base", "main")


def test_hand_written_ones_are_kept_apart(branched: Project) -> None:
    """A revision written by hand on top of the others is named, and nothing is folded."""
    branched.revision("hand00000000", in_order(branched)[-1])
    branched.commit_all("by hand")
    told = branched.gitmig("fold", "--base", "main", code=1).stderr
    assert f"{VERSIONS}/hand00000000.py is written by hand" in told
    assert branched.status() == ""


def test_published_by_the_tip(branched: Project) -> None:
    """What the base branch has by now, not only where the branch left it, is published."""
    branched.git("branch", "-f", "main", "feature")
    branched.git("commit", "-q", "--allow-empty", "--no-verify", "--amend", "-m", "another commit")
    assert "nothing to fold" in branched.gitmig("fold", "--base", "main").stdout
    assert branched.status() == ""


def test_older_differences_stay_out(branched: Project) -> None:
    """What the models ask for and no revision of the branch does is not folded in."""
    branched.append("models.py", column("unsaid"))
    branched.commit_all("no revision")
    branched.gitmig("fold", "--base", "main")
    assert "phone" in folded(branched) and "unsaid" not in folded(branched)


def test_another_schema_is_refused(branch: Project) -> None:
    """Where one revision would end in another schema, that is said and nothing changes."""
    branch.append("models.py", MODELS.partition("\n\n\n")[2].replace("User", "Post")
                  .replace("users", "posts"))  # fmt: skip
    commit(branch)
    branch.append("models.py", column("text"))
    commit(branch)
    branch.append("models.py", column("unsaid"))
    branch.commit_all("no revision")
    told = branch.gitmig("fold", "--base", "main", code=1).stderr
    assert "column posts.unsaid is left over" in told
    assert branch.status() == "" and len(revisions(branch)) == 2


def test_what_takes_itself_back(branch: Project) -> None:
    """Where nothing would be left to write, that is said and nothing changes."""
    branch.append("models.py", column("email"))
    commit(branch)
    edit(branch, column("email"), "")
    branch.git("commit", "-qam", "no email", code=1)
    branch.git("commit", "-qam", "no email")
    assert "nothing left to write" in branch.gitmig("fold", "--base", "main", code=1).stderr
    assert branch.status() == "" and len(revisions(branch)) == 2


def test_first_revisions_of_all(branch: Project) -> None:
    """Where the base has no revision at all the folded one has no parent."""
    branch.git("switch", "-q", "--orphan", "none")
    branch.git("checkout", "-q", "main", "--", ".")
    branch.git("rm", "-qf", FIRST)
    branch.commit_all("no revision")
    branch.git("switch", "-qc", "first")
    commit_by_hand(branch)
    branch.append("models.py", column("email"))
    commit(branch)
    branch.gitmig("fold", "--base", "none")
    assert "down_revision = None" in folded(branch) and "email" in folded(branch)


def commit_by_hand(project: Project) -> None:
    """Generate what is missing, and commit it."""
    project.gitmig("autogenerate")
    project.commit_all("generated")


def test_killed_during_the_proof(branched: Project) -> None:
    """A run that is killed while it proves leaves nothing; the next one does it all."""
    kill = (
        "import os, signal\n"
        "if 'KILL' in os.environ and not any('phone' in name for name in "
        "os.listdir(os.path.join(os.path.dirname(__file__), 'versions'))):\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    branched.write("migrations/env.py", kill + ENV)
    branched.commit_all("kill")
    branched.gitmig("fold", "--base", "feature~4", code=-9, KILL="1")
    assert branched.status() == "" and len(revisions(branched)) == 3
    branched.gitmig("fold", "--base", "main")
    assert len(revisions(branched)) == 1


def test_index_is_held(branched: Project) -> None:
    """Where the index cannot be written everything is as it was."""
    lock = branched.write(".git/index.lock", "")
    assert "index.lock" in branched.gitmig("fold", "--base", "main", code=2).stderr
    lock.unlink()
    assert branched.status() == "" and len(revisions(branched)) == 3


def unstaged(project: Project) -> str:
    """Change a revision in the work tree."""
    path = revisions(project)[in_order(project)[0]]
    project.append(path, "# a remark\n")
    return f"{path} has changes that are not staged"


def uncommitted(project: Project) -> str:
    """Stage a fourth revision."""
    project.append("models.py", column("more"))
    project.git("add", "models.py")
    project.gitmig("autogenerate")
    return "is staged and not committed"


def stray(project: Project) -> str:
    """Leave a revision that follows the first one, unstaged."""
    path = project.revision("stray0000000", in_order(project)[0])
    return f"{path} is not staged and follows"


def two_heads(project: Project) -> str:
    """Commit a second head."""
    project.revision("other0000000", in_order(project)[0])
    project.commit_all("other")
    return "there are 2 heads"


def merging(project: Project) -> str:
    """Begin a merge."""
    project.git("switch", "-q", "-c", "aside", "main")
    project.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "aside")
    project.git("switch", "-q", "feature")
    project.git("merge", "-q", "--no-commit", "--no-ff", "aside")
    return "a merge is in progress"


@pytest.mark.parametrize(
    ("prepare", "code"),
    [(unstaged, 1), (uncommitted, 1), (stray, 1), (two_heads, 1), (merging, 2)],
)
def test_refused(branched: Project, prepare: Callable[[Project], str], code: int) -> None:
    """What would lose somebody's work is refused in one sentence."""
    reason = prepare(branched)
    before = branched.status(), revisions(branched)
    assert reason in branched.gitmig("fold", "--base", "main", code=code).stderr
    assert (branched.status(), revisions(branched)) == before


def test_the_base_must_be_known(branched: Project, tmp_path: Path) -> None:
    """Without a base branch, or with one that is not there, nothing can be told."""
    assert "--base" in branched.gitmig("fold", code=2).stderr
    assert "no commit called nowhere" in branched.gitmig("fold", "--base", "nowhere", code=2).stderr
    url = f"file://{branched.path}"
    branched.git("clone", "-q", "--depth", "1", "--no-single-branch", url, str(tmp_path / "near"))
    near = Project(tmp_path / "near", branched.env)
    assert "--unshallow" in near.gitmig("fold", "--base", "main", code=2).stderr
    branched.write("gitmig.toml", 'base = "main"\n')
    branched.commit_all("settings")
    branched.gitmig("fold")
    assert len(revisions(branched)) == 1


def test_amending_leaves_it(branched: Project) -> None:
    """Amending the commit that folded adds a revision: the models before it are not those."""
    branched.gitmig("fold", "--base", "main")
    branched.git("commit", "-qm", "one revision")
    text = folded(branched)
    branched.append("models.py", column("more"))
    branched.git("commit", "-qa", "--amend", "--no-edit")
    assert len(revisions(branched)) == 2
    assert any(branched.read(path) == text for path in revisions(branched).values())
    assert branched.status() == ""


def test_ids_that_the_project_counts(branch: Project) -> None:
    """Where env.py numbers revisions the folded one has the id of the last one all the same."""
    count = """\
def number(context, revision, directives):
    if directives:
        from alembic.script import ScriptDirectory

        found = len(list(ScriptDirectory.from_config(config).walk_revisions()))
        directives[0].rev_id = f"{found + 1:04}"


"""
    env = ENV.replace("def run_migrations_online", count + "def run_migrations_online")
    marked = "target_metadata=target_metadata"
    more = f"{marked}, process_revision_directives=number"
    branch.write("migrations/env.py", env.replace(marked, more))
    branch.commit_all("count")
    for name in ("email", "phone"):
        branch.append("models.py", column(name))
        commit(branch)
    assert list(revisions(branch)) == ["0002", "0003"]
    branch.gitmig("fold", "--base", "main")
    assert list(revisions(branch)) == ["0003"]


def test_on_postgresql(pg: Project) -> None:
    """Enum members, CHECK texts and a renamed table are folded on PostgreSQL."""
    pg.append("models.py", '    kind = Column(Enum("a", "b", name="kind"))\n')
    edit(pg, "Column, Integer", "CheckConstraint, Column, Enum, Integer")
    pg.append("models.py", '    __table_args__ = (CheckConstraint("id > 0", name="positive"),)\n')
    pg.gitmig("install", "-q")
    pg.git("commit", "-qam", "a kind", code=1)  # a CHECK may fail on rows
    pg.git("commit", "-qam", "a kind")
    pg.git("switch", "-qc", "feature")
    edit(pg, '"a", "b"', '"a", "b", "c"')
    commit(pg)
    edit(pg, "id > 0", "id > 1")
    pg.git("commit", "-qam", "check", code=1)
    pg.git("commit", "-qam", "check")
    edit(pg, '"users"', '"app_users"')
    commit(pg)
    pg.gitmig("fold", "--base", "main")
    assert len(revisions(pg)) == 2
    (path,) = [line.split()[-1] for line in pg.status().splitlines() if line[0] in "AR"]
    text = pg.read(path)
    assert "ADD VALUE IF NOT EXISTS 'c'" in text and "id > 1" in text
    assert "op.rename_table('users', 'app_users')" in text
    # that rows break the new CHECK, and old code the new name, is true and not asked here
    pg.gitmig("check", "--base", "main", "--ignore", "GM5,GM6,GM7")
