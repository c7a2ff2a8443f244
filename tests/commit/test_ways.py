"""Every way to commit a model change puts the revision into that very commit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support import ENV, INI, MODELS, TEMPLATE, Project, column

from gitmig import revisions

EMAIL = column("email")
PHONE = column("phone", "String(30)")

Command = Sequence[str]
STAGED = ["git", "add", "models.py"]


def only_revision(project: Project, commit: str = "HEAD") -> str:
    """Return the text of the one revision that a commit touched."""
    (path,) = project.new_revisions(commit)
    return project.git("show", f"{commit}:{path}").stdout


def parent_of(text: str) -> tuple[str, ...]:
    """Return the parents that a revision's text names."""
    revision = revisions.parse(text, "revision.py")
    assert revision is not None
    return revision.parents


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([STAGED, ["git", "commit", "-m", "email"]], id="plain"),
        pytest.param([["git", "commit", "-a", "-m", "email"]], id="-a"),
        pytest.param([["git", "commit", "-am", "email"]], id="-am"),
        pytest.param([["git", "commit", "-m", "email", "--include", "models.py"]], id="--include"),
        pytest.param([["git", "commit", "-m", "email", "models.py"]], id="path"),
        pytest.param([["git", "commit", "-m", "email", "."]], id="dot"),
        pytest.param([["git", "commit", "-m", "email", "--only", "models.py"]], id="--only"),
        pytest.param([STAGED, ["git", "commit", "-q", "-F", ".gitignore"]], id="message-file"),
    ],
)
def test_the_revision_is_in_the_commit(hooked: Project, commands: Sequence[Command]) -> None:
    """Each way of committing has the revision in that commit, and a clean tree (C1, C4, C5)."""
    hooked.append("models.py", EMAIL)
    output = ""
    for command in commands:
        output += hooked.run(*command).stderr
    (revision,) = hooked.new_revisions()
    assert hooked.files_in() == {"models.py", revision}
    assert parent_of(only_revision(hooked)) == ("base00000000",)
    assert f"{revision} added to the commit" in output
    assert hooked.status() == ""
    assert not (hooked.path / "app.db").exists()  # the developer's own database


def test_the_revision_works(hooked: Project) -> None:
    """It upgrades and downgrades, and nothing is missing after it (C1)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-am", "email")
    assert "nothing to generate" in hooked.gitmig("autogenerate").stderr
    hooked.gitmig("check")
    hooked.gitmig("upgrade")
    assert hooked.tables()["users"] == ["id", "name", "email"]
    hooked.gitmig("downgrade", "-1")
    assert hooked.tables()["users"] == ["id", "name"]
    assert hooked.status() == ""


def test_interactively(hooked: Project) -> None:
    """``git commit -p`` commits the chosen hunk and its revision (C3)."""
    hooked.write("models.py", "NOTE = 1\n" + MODELS + EMAIL)
    hooked.run("sh", "-c", "printf 'n\\ny\\n' | git commit -p -m email")
    (revision,) = hooked.new_revisions()
    assert hooked.files_in() == {"models.py", revision}
    assert hooked.git("show", "HEAD:models.py").stdout == MODELS + EMAIL
    assert hooked.status() == " M models.py\n"


@pytest.mark.parametrize("paths", [["models.py"], ["-a"]])
def test_the_next_commit_keeps_the_revision(hooked: Project, paths: list[str]) -> None:
    """The commit after ``git commit <path>`` touches its own files alone (C5)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-m", "email", *paths)
    hooked.write("README", "words\n")
    hooked.git("add", "README")
    hooked.git("commit", "-m", "words")
    assert hooked.files_in() == {"README"}
    assert hooked.status() == ""


def test_a_path_commit_leaves_other_staged_files_alone(hooked: Project) -> None:
    """``git commit <path>`` neither commits nor loses what else is staged (C5)."""
    hooked.write("README", "words\n")
    hooked.git("add", "README")
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-m", "email", "models.py")
    (revision,) = hooked.new_revisions()
    assert hooked.files_in() == {"models.py", revision}
    assert hooked.status() == "A  README\n"


def test_a_path_commit_without_the_repairing_hook_stops(hooked: Project) -> None:
    """Where nothing mends the index after ``git commit <path>`` it stops and says how (C5)."""
    (hooked.path / ".git/hooks/post-commit").unlink()
    hooked.append("models.py", EMAIL)
    before = hooked.head()
    told = hooked.git("commit", "-m", "email", "models.py", code=1).stderr
    assert hooked.head() == before
    (revision,) = (hooked.path / "migrations/versions").glob("*add_users_email.py")
    path = str(revision.relative_to(hooked.path))
    assert f"git add {path}" in told
    assert hooked.status() == f" M models.py\n?? {path}\n"
    hooked.git("add", path)
    hooked.git("commit", "-m", "email", "models.py", path)
    assert hooked.files_in() == {"models.py", path}
    assert hooked.status() == ""


def test_from_a_sub_directory(hooked: Project) -> None:
    """The folder one stands in does not matter (C6)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-m", "email", "../models.py", cwd="migrations")
    assert "add_column" in only_revision(hooked)
    hooked.append("models.py", PHONE)
    hooked.git("commit", "-am", "phone", cwd="migrations/versions")
    assert "phone" in only_revision(hooked)
    assert hooked.status() == ""


@pytest.mark.parametrize("options", [["-a"], ["{models}"], []], ids=["-a", "path", "plain"])
def test_in_a_linked_work_tree(hooked: Project, options: list[str]) -> None:
    """A linked work tree's commit gets its revision, also from its sub-directory (C6)."""
    hooked.git("worktree", "add", "-q", "-b", "topic", "../linked tree")
    linked = Project(hooked.path.parent / "linked tree", hooked.env)
    for cwd, line, models in (
        (".", EMAIL, "models.py"),
        ("migrations", PHONE, "../models.py"),
    ):
        linked.append("models.py", line)
        arguments = [option.format(models=models) for option in options]
        if not arguments:
            linked.git("add", models, cwd=cwd)
        linked.git("commit", "-m", "work", *arguments, cwd=cwd)
        assert len(linked.new_revisions()) == 1
        assert linked.status() == ""
    assert hooked.status() == ""
    assert hooked.files_in() != linked.files_in()


def test_the_first_commit(empty: Project) -> None:
    """On an unborn branch the first commit gets the first revision (C6)."""
    empty.write("models.py", MODELS)
    empty.write("alembic.ini", INI)
    empty.write("migrations/env.py", ENV)
    empty.write("migrations/script.py.mako", TEMPLATE)
    empty.write(".gitignore", "__pycache__/\n")
    empty.gitmig("install", "-q")
    empty.git("add", "-A")
    empty.git("commit", "-m", "first")
    text = only_revision(empty)
    assert parent_of(text) == ()
    assert "create_table" in text
    assert empty.status() == ""


def test_on_a_detached_head(hooked: Project) -> None:
    """A detached ``HEAD`` is committed to as a branch is (C6)."""
    hooked.git("checkout", "-q", "--detach")
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-am", "email")
    assert "add_column" in only_revision(hooked)
    assert hooked.status() == ""


@pytest.mark.parametrize(
    ("folder", "way"),
    [
        ("backend", "path"),
        ("in the back", "path"),
        ('d\'or "x"', "-a"),
        ("schön/日本", "path"),
        ("two\nlines", "path"),
        ("two\nlines", "-a"),
        ("[a]*?", "path"),
        ("-x $(id);", "path"),
    ],
)
def test_alembic_in_a_folder_of_any_name(empty: Project, folder: str, way: str) -> None:
    """``alembic.ini`` below the root, in a folder of any name, by ``-a`` and by path (C6, R4)."""
    empty.write(f"{folder}/models.py", MODELS)
    empty.write(f"{folder}/alembic.ini", INI)
    empty.write(f"{folder}/migrations/env.py", ENV)
    empty.write(f"{folder}/migrations/script.py.mako", TEMPLATE)
    empty.write(".gitignore", "__pycache__/\n")
    empty.gitmig("install", "-q")
    empty.git("add", "-A")
    empty.git("commit", "-m", "first")
    empty.append(f"{folder}/models.py", EMAIL)
    # an unstaged change elsewhere: the snapshot is a copy then
    empty.write("untracked.py", "raise RuntimeError\n")
    options = ["-a"] if way == "-a" else ["--", f":(top,literal){folder}/models.py"]
    empty.git("commit", "-m", "email", *options)
    text = shown(empty)
    assert "email" in text
    assert parent_of(text) == (revision_id(shown(empty, "HEAD~1")),)
    assert empty.status() == "?? untracked.py\n"


def revision_id(text: str) -> str:
    """Return the id that a revision's text names."""
    revision = revisions.parse(text, "revision.py")
    assert revision is not None
    return revision.id


def shown(project: Project, commit: str = "HEAD") -> str:
    """Return the one revision of a commit; its path may hold newlines."""
    listed = project.git("show", "--name-only", "--format=", "-z", commit).stdout
    (path,) = (each for each in listed.split("\0") if "/versions/" in each)
    return project.git("show", f"{commit}:{path}").stdout
